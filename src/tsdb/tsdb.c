#include "tsdb/tsdb.h"

#include <limits.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/size.h"
#include "base/vec.h"
#include "tsdb/head.h"
#include "tsdb/index.h"
#include "tsdb/log.h"
#include "tsdb/reclaim.h"

enum { REPLAY_ROWS_PER_CHECK = 256 }; /* of the memory limit */

/* What is left of a batch after the samples from the future were taken out. */
struct accepted {
    const struct series_sample *items;
    size_t count;
    int64_t received_ms;
};

struct tsdb {
    struct tsdb_options options;
    struct index index;
    struct head head;
    struct log_store log;
    struct arena commit_arena;
    struct vec defining; /* references that the commit under way defines */
    _Atomic int64_t retention_ms;
    struct reclaim reclaim;
    uint64_t replayed_rows;
    _Atomic uint64_t future_count;
    _Atomic uint64_t refused_count;
    _Atomic uint64_t commits_count;
    _Atomic uint64_t commit_failures_count;
    _Atomic uint64_t replayed_samples_count;
    _Atomic int64_t replay_duration_ns;
    _Atomic int64_t last_commit_duration_ns;
};

static int64_t mono_ns(void)
{
    struct clock clock = clock_system();

    return clock_mono_ns(&clock);
}

static size_t memory_bytes(const struct tsdb *db)
{
    return index_bytes(&db->index) + head_bytes(&db->head);
}

static enum err on_loaded_series(void *ctx, uint32_t ref, struct labels labels)
{
    struct tsdb *db = ctx;
    enum err err = index_load(&db->index, ref, labels);

    if (!err)
        series_find(&db->index.table, ref)->flags = SERIES_DEFINED;
    return err;
}

static bool series_exist(const struct tsdb *db, const struct series_sample *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!series_find(&db->index.table, items[i].series))
            return false;
    return true;
}

/* Hands on what was new in the row, when some of it is recent enough. */
static void tell_replayed(struct tsdb *db, const struct sample_batch *batch)
{
    bool recent = false;

    for (size_t i = 0; i < batch->count && !recent; i++)
        recent = batch->items[i].ts_ms >= db->options.replay_from_ms;
    if (recent && db->options.on_replayed)
        db->options.on_replayed(db->options.ctx, db, batch);
}

static enum err on_loaded_batch(void *ctx, struct sample_batch *batch)
{
    struct tsdb *db = ctx;
    uint64_t chunks_needed = 0;
    enum err err;

    if (!series_exist(db, batch->items, batch->count))
        return ERR_CORRUPT;
    head_prepare(&db->head, batch->items, batch->count, &chunks_needed);
    err = head_reserve(&db->head, chunks_needed);
    if (err)
        return err;
    batch->count = head_append(&db->head, batch->items, batch->count, batch->items);
    tell_replayed(db, batch);
    if (++db->replayed_rows % REPLAY_ROWS_PER_CHECK == 0)
        reclaim_memory(&db->reclaim, &db->head, index_bytes(&db->index),
                       db->options.memory_limit_bytes, UINT_MAX);
    return ERR_OK;
}

static enum err load(struct tsdb *db, struct diag *diag)
{
    int64_t started_ns = mono_ns();
    enum err err = log_store_read_series(&db->log, on_loaded_series, db, diag);

    if (!err)
        err = log_store_read_rows(&db->log, on_loaded_batch, db, diag);
    db->replayed_samples_count = db->head.appended_count;
    db->head.appended_count = 0;
    db->head.out_of_order_count = 0;
    db->head.duplicate_count = 0;
    db->replay_duration_ns = mono_ns() - started_ns;
    return err;
}

enum err tsdb_open(const struct tsdb_options *options, struct tsdb **ret, struct diag *diag)
{
    struct tsdb *db = mem_alloc_zero(1, sizeof *db);
    enum err err;

    if (!db)
        return diag_set(diag, ERR_NOMEM, "%s: no memory to open the samples", options->dir);
    db->options = *options;
    db->options.dir = NULL; /* borrowed for this call only */
    db->retention_ms = options->retention_ms;
    db->commit_arena = arena_limited(SIZE_MAX);
    db->defining = vec_of(sizeof(uint32_t), SERIES_MAX);
    err = index_init(&db->index);
    if (!err)
        err = head_init(&db->head, &db->index.table);
    if (!err)
        err = log_store_open(&db->log, options->dir, options->relaxed, diag);
    if (!err)
        err = load(db, diag);
    if (err) {
        tsdb_close(db);
        return diag_set(diag, err, "%s: %s", options->dir, err_text(err));
    }
    *ret = db;
    return ERR_OK;
}

void tsdb_close(struct tsdb *db)
{
    if (!db)
        return;
    log_store_close(&db->log);
    head_release(&db->head);
    index_release(&db->index);
    vec_release(&db->defining);
    arena_release(&db->commit_arena);
    mem_free(db);
}

enum err tsdb_series(struct tsdb *db, struct labels labels, uint32_t *ret_ref)
{
    size_t limit = db->options.memory_limit_bytes;
    size_t chunks = head_bytes(&db->head);
    size_t room = limit == 0 ? SIZE_MAX : limit > chunks ? limit - chunks : 0;
    enum err err = index_series(&db->index, labels, room, ret_ref);

    if (err == ERR_LIMIT)
        atomic_fetch_add_explicit(&db->refused_count, 1, memory_order_relaxed);
    return err;
}

struct labels tsdb_labels(struct tsdb *db, uint32_t ref)
{
    const struct series *s = series_find(&db->index.table, ref);

    return s ? series_labels(s) : (struct labels){ 0 };
}

static enum err note_definition(struct tsdb *db, struct series *s, uint32_t ref)
{
    uint32_t *slot;

    if (s->flags & (SERIES_DEFINED | SERIES_DEFINING))
        return ERR_OK;
    slot = vec_push(&db->defining);
    if (!slot)
        return vec_error(&db->defining);
    *slot = ref;
    s->flags |= SERIES_DEFINING;
    return ERR_OK;
}

static void settle_definitions(struct tsdb *db, bool committed)
{
    for (size_t i = 0; i < db->defining.count; i++) {
        uint32_t ref = *(uint32_t *)vec_at(&db->defining, i);
        struct series *s = series_find(&db->index.table, ref);

        s->flags &= (uint8_t)~SERIES_DEFINING;
        if (committed)
            s->flags |= SERIES_DEFINED;
    }
    vec_clear(&db->defining);
}

/* A batch with samples from the future is copied without them. */
static enum err copy_until(struct tsdb *db, const struct sample_batch *batch, int64_t limit_ms,
                           struct accepted *ret)
{
    struct series_sample *copy = arena_alloc(&db->commit_arena,
                                             mul_size(batch->count, sizeof *copy));
    size_t count = 0;

    if (!copy)
        return arena_error(&db->commit_arena);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i].ts_ms <= limit_ms)
            copy[count++] = batch->items[i];
    *ret = (struct accepted){ copy, count, batch->received_ms };
    return ERR_OK;
}

static enum err accept_batch(struct tsdb *db, const struct sample_batch *batch, int64_t limit_ms,
                             struct accepted *ret)
{
    bool future = false;

    for (size_t i = 0; i < batch->count; i++) {
        uint32_t ref = batch->items[i].series;
        struct series *s = series_find(&db->index.table, ref);
        enum err err;

        if (!s)
            return ERR_INVALID;
        if (batch->items[i].ts_ms > limit_ms) {
            future = true;
            continue;
        }
        err = note_definition(db, s, ref);
        if (err)
            return err;
    }
    *ret = (struct accepted){ batch->items, batch->count, batch->received_ms };
    return future ? copy_until(db, batch, limit_ms, ret) : ERR_OK;
}

static enum err write_log(struct tsdb *db, const struct accepted *batches, size_t count)
{
    enum err err = log_store_begin(&db->log);

    if (err)
        return err;
    for (size_t i = 0; i < db->defining.count && !err; i++) {
        uint32_t ref = *(uint32_t *)vec_at(&db->defining, i);

        err = log_store_put_series(&db->log, ref, tsdb_labels(db, ref));
    }
    for (size_t i = 0; i < count && !err; i++)
        if (batches[i].count)
            err = log_store_put_batch(&db->log, batches[i].items, batches[i].count,
                                      batches[i].received_ms);
    if (!err)
        err = log_store_commit(&db->log);
    if (err)
        log_store_abort(&db->log);
    return err;
}

/* Reserves memory first: behind the commit nothing may fail. */
static enum err reserve_and_write(struct tsdb *db, const struct accepted *batches, size_t count)
{
    uint64_t chunks_needed = 0;
    size_t sample_count = 0;
    enum err err;

    for (size_t i = 0; i < count; i++) {
        head_prepare(&db->head, batches[i].items, batches[i].count, &chunks_needed);
        sample_count += batches[i].count;
    }
    err = head_reserve(&db->head, chunks_needed);
    if (!err && sample_count)
        err = write_log(db, batches, count);
    for (size_t i = 0; i < count && err; i++)
        head_cancel(&db->head, batches[i].items, batches[i].count);
    return err;
}

static enum err commit(struct tsdb *db, struct sample_batch *const *batches, size_t count,
                       int64_t limit_ms)
{
    struct accepted *accepted;
    uint64_t future_count = 0;
    enum err err = ERR_OK;

    arena_reset(&db->commit_arena);
    accepted = arena_alloc(&db->commit_arena, mul_size(count, sizeof *accepted));
    if (!accepted)
        return arena_error(&db->commit_arena);
    for (size_t i = 0; i < count && !err; i++) {
        err = accept_batch(db, batches[i], limit_ms, &accepted[i]);
        future_count += err ? 0 : batches[i]->count - accepted[i].count;
    }
    if (!err)
        err = reserve_and_write(db, accepted, count);
    settle_definitions(db, !err);
    if (err)
        return err;
    for (size_t i = 0; i < count; i++)
        head_append(&db->head, accepted[i].items, accepted[i].count, NULL);
    atomic_fetch_add_explicit(&db->future_count, future_count, memory_order_relaxed);
    return ERR_OK;
}

static int64_t add_ms(int64_t a_ms, int64_t b_ms)
{
    int64_t sum;

    if (__builtin_add_overflow(a_ms, b_ms, &sum))
        return b_ms < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

enum err tsdb_commit(struct tsdb *db, struct sample_batch *const *batches, size_t count,
                     int64_t now_ms)
{
    int64_t started_ns = mono_ns();
    int64_t future_ms = db->options.max_future_ms;
    int64_t limit_ms = future_ms ? add_ms(now_ms, future_ms) : INT64_MAX;
    enum err err = commit(db, batches, count, limit_ms);

    atomic_fetch_add_explicit(err ? &db->commit_failures_count : &db->commits_count, 1,
                              memory_order_relaxed);
    atomic_store_explicit(&db->last_commit_duration_ns, mono_ns() - started_ns,
                          memory_order_relaxed);
    return err;
}

enum err tsdb_maintain(struct tsdb *db, int64_t now_ms)
{
    int64_t retention_ms = atomic_load_explicit(&db->retention_ms, memory_order_relaxed);
    enum err err = ERR_OK;

    if (retention_ms > 0) {
        int64_t cutoff_ms = add_ms(now_ms, -retention_ms);

        reclaim_expired(&db->reclaim, &db->head, retention_ms, cutoff_ms);
        err = log_store_cut(&db->log, cutoff_ms);
    }
    reclaim_memory(&db->reclaim, &db->head, index_bytes(&db->index), db->options.memory_limit_bytes,
                   RECLAIM_STEPS_MAX);
    return err ? err : log_store_checkpoint(&db->log);
}

void tsdb_set_retention(struct tsdb *db, int64_t retention_ms)
{
    atomic_store_explicit(&db->retention_ms, retention_ms, memory_order_relaxed);
}

/* The matchers that the postings have not answered. */
static bool others_accept(const struct matcher *matchers, size_t count, struct labels labels)
{
    for (size_t i = 0; i < count; i++)
        if (!index_answers(&matchers[i]) && !matcher_matches(&matchers[i], labels))
            return false;
    return true;
}

enum err tsdb_select(struct tsdb *db, const struct matcher *matchers, size_t matcher_count,
                     int64_t start_ms, int64_t end_ms, size_t max_samples, tsdb_visit *visit,
                     void *ctx)
{
    struct sample_list list = { 0 };
    uint32_t *refs = NULL;
    size_t count = 0;
    bool go_on = true;
    enum err err = index_select(&db->index, matchers, matcher_count, &refs, &count);

    for (size_t i = 0; i < count && go_on && !err; i++) {
        struct tsdb_series_data data = { .ref = refs[i], .labels = tsdb_labels(db, refs[i]) };

        if (!others_accept(matchers, matcher_count, data.labels))
            continue;
        err = head_read(&db->head, refs[i], start_ms, end_ms, max_samples, &list);
        data.samples = list.items;
        data.count = list.count;
        if (!err && list.count)
            go_on = visit(ctx, &data);
    }
    mem_free(list.items);
    mem_free(refs);
    return err;
}

void tsdb_stats(struct tsdb *db, struct tsdb_stats *ret)
{
    *ret = (struct tsdb_stats){
        .series_count = db->index.series_count,
        .chunk_count = slab_used_count(&db->head.slab),
        .memory_bytes = memory_bytes(db),
        .samples_appended_count = db->head.appended_count,
        .samples_out_of_order_count = db->head.out_of_order_count,
        .samples_duplicate_count = db->head.duplicate_count,
        .samples_future_count = db->future_count,
        .series_refused_count = db->refused_count,
        .commits_count = db->commits_count,
        .commit_failures_count = db->commit_failures_count,
        .log_rows_count = db->log.row_count,
        .log_bytes = db->log.body_bytes,
        .replayed_samples_count = db->replayed_samples_count,
        .replay_duration_ns = db->replay_duration_ns,
        .last_commit_duration_ns = db->last_commit_duration_ns,
        .min_ts_ms = db->head.min_ts_ms,
        .max_ts_ms = db->head.max_ts_ms,
    };
}
