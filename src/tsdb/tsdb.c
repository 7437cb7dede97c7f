#include "tsdb/tsdb.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/size.h"
#include "tsdb/internal.h"

enum {
    RESERVE_PART = 8, /* of the budget, that new series leave to the known ones */
    DOOMED_MAX = 1 << 20,
};

/* What is left of a batch after the samples that are not taken were left out. */
struct accepted {
    const struct series_sample *items;
    size_t count;
    int64_t received_ms;
};

/* What a commit takes, and what it left out. */
struct commit {
    int64_t latest_ms;   /* later samples are from the future */
    int64_t oldest_ms;   /* older samples are past the retention */
    int64_t in_order_ms; /* a sample from here on is never too late */
    uint64_t future_count, too_old_count, late_count, orphaned_count;
};

int64_t tsdb_mono_ns(void)
{
    struct clock clock = clock_system();

    return clock_mono_ns(&clock);
}

int64_t tsdb_add_ms(int64_t a_ms, int64_t b_ms)
{
    int64_t sum;

    if (__builtin_add_overflow(a_ms, b_ms, &sum))
        return b_ms < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

bool tsdb_path(const char *dir, const char *name, char ret[TSDB_PATH_BYTES])
{
    int len = snprintf(ret, TSDB_PATH_BYTES, "%s/%s", dir, name);

    return len > 0 && len < TSDB_PATH_BYTES;
}

void tsdb_note_damage(void *ctx, const char *path, uint64_t offset_bytes, const char *what)
{
    struct tsdb *db = ctx;

    damages_note(&db->damages, db->now_ms, path, offset_bytes, what);
}

void tsdb_book_memory(struct tsdb *db)
{
    budget_set(db->budget, BUDGET_INDEX, index_bytes(&db->index));
    budget_set(db->budget, BUDGET_HEAD, head_bytes(&db->head));
}

/* --- opening --- */

static enum err on_loaded_series(void *ctx, uint32_t ref, struct labels labels)
{
    struct tsdb *db = ctx;
    enum err err = index_load(&db->index, ref, labels);

    if (!err)
        series_find(&db->index.table, ref)->flags = SERIES_DEFINED;
    return err;
}

static void on_damaged_row(void *ctx, const char *path, const char *table, int64_t id,
                           const char *what)
{
    char words[200];

    snprintf(words, sizeof words, "table %s, row %lld: %.120s", table, (long long)id, what);
    tsdb_note_damage(ctx, path, (uint64_t)id, words);
}

/* Samples of series whose definition is damaged cannot be named; the row keeps them. */
static void leave_out_orphans(struct tsdb *db, struct sample_batch *batch)
{
    size_t kept = 0;

    for (size_t i = 0; i < batch->count; i++)
        if (series_find(&db->index.table, batch->items[i].series))
            batch->items[kept++] = batch->items[i];
    db->replayed_orphans += batch->count - kept;
    batch->count = kept;
}

static enum err on_loaded_batch(void *ctx, struct sample_batch *batch)
{
    struct tsdb *db = ctx;
    struct head_need need = { 0 };
    enum err err;

    leave_out_orphans(db, batch);
    head_prepare(&db->head, batch->items, batch->count, &need);
    err = head_reserve(&db->head, &need);
    if (err) {
        head_cancel(&db->head, batch->items, batch->count);
        return err;
    }
    head_append(&db->head, batch->items, batch->count, db->index.epoch);
    return ERR_OK;
}

static enum err load_log(struct tsdb *db, struct diag *diag)
{
    int64_t started_ns = tsdb_mono_ns();
    enum err err = log_store_read_series(&db->log, on_loaded_series, on_damaged_row, db, diag);

    if (!err)
        err = log_store_read_rows(&db->log, on_loaded_batch, on_damaged_row, db, diag);
    if (!err)
        err = log_store_set_aside(&db->log, db->now_ms, diag);
    if (db->replayed_orphans)
        tsdb_note_damage(db, db->log.path, 0, "table log: samples of series without a definition");
    db->replayed_samples_count = db->head.appended_count;
    db->head.appended_count = 0;
    db->head.late_count = 0;
    db->head.duplicate_count = 0;
    db->replay_duration_ns = tsdb_mono_ns() - started_ns;
    return err;
}

static void init_values(struct tsdb *db, const struct tsdb_options *options)
{
    struct clock clock = clock_system();

    db->options = *options;
    db->options.dir = db->dir;
    db->now_ms = clock_wall_ms(&clock);
    db->retention_ms = options->retention_ms;
    db->retention_bytes = options->retention_bytes;
    db->budget = options->budget ? options->budget : &db->own_budget;
    db->commit_arena = arena_limited(SIZE_MAX);
    db->defining = vec_of(sizeof(uint32_t), SERIES_MAX);
    db->doomed = vec_of(sizeof(struct doomed_file), DOOMED_MAX);
    lock_init(&db->request_lock, LOCK_RANK_PUBLISH);
    damages_init(&db->damages);
}

static enum err open_parts(struct tsdb *db, struct diag *diag)
{
    enum err err = index_init(&db->index);

    if (!err)
        err = head_init(&db->head, &db->index.table);
    if (!err)
        err = block_sets_init(&db->sets);
    if (!err)
        err = file_make_dir(db->blocks_dir, diag);
    if (!err)
        err = log_store_open(&db->log, db->dir, db->options.relaxed, diag);
    if (!err)
        err = manifest_open(&db->manifest, &db->log, diag);
    if (!err)
        err = tsdb_open_files(db, diag);
    return err ? err : load_log(db, diag);
}

/* set_aside: why samples.db is not to be used; NULL: it is. */
static enum err open_store(const struct tsdb_options *options, const struct diag *set_aside,
                           struct tsdb **ret, struct diag *diag)
{
    struct tsdb *db = mem_alloc_zero(1, sizeof *db);
    enum err err = ERR_OK;

    if (!db)
        return diag_set(diag, ERR_NOMEM, "%s: no memory to open the samples", options->dir);
    init_values(db, options);
    if ((size_t)snprintf(db->dir, sizeof db->dir, "%s", options->dir) >= sizeof db->dir ||
        !tsdb_path(db->dir, "blocks", db->blocks_dir))
        err = diag_set(diag, ERR_LIMIT, "%s: the path is too long", options->dir);
    if (!err && set_aside)
        err = tsdb_set_samples_aside(db, set_aside, diag);
    if (!err)
        err = open_parts(db, diag);
    if (err == ERR_INVALID) /* our own SQL: then the tables are not ours any more */
        err = ERR_CORRUPT;
    if (err) {
        tsdb_close(db);
        return diag_set(diag, err, "%s: %s", options->dir, err_text(err));
    }
    tsdb_book_memory(db);
    *ret = db;
    return ERR_OK;
}

enum err tsdb_open(const struct tsdb_options *options, struct tsdb **ret, struct diag *diag)
{
    struct diag why = { 0 };
    enum err err = open_store(options, NULL, ret, &why);

    if (err == ERR_CORRUPT && options->recover)
        return open_store(options, &why, ret, diag);
    if (err == ERR_CORRUPT)
        return diag_set(diag, err,
                        "%s; start once with --set storage.recover=true: it is set aside, the "
                        "blocks are kept and what was not sealed yet is lost",
                        diag_text(&why));
    return err ? diag_set(diag, err, "%s", diag_text(&why)) : ERR_OK;
}

void tsdb_close(struct tsdb *db)
{
    if (!db)
        return;
    mem_free(db->settling.marks_ms);
    manifest_close(&db->manifest);
    log_store_close(&db->log);
    block_sets_release(&db->sets);
    head_release(&db->head);
    index_release(&db->index);
    damages_release(&db->damages);
    lock_release(&db->request_lock);
    vec_release(&db->defining);
    vec_release(&db->doomed);
    arena_release(&db->commit_arena);
    budget_set(db->budget, BUDGET_INDEX, 0);
    budget_set(db->budget, BUDGET_HEAD, 0);
    budget_set(db->budget, BUDGET_BLOCKS, 0);
    mem_free(db);
}

/* --- series --- */

/* How many bytes the index may take in all, so that known series keep room to grow. */
static size_t index_room(const struct tsdb *db)
{
    size_t limit = db->budget->limit_bytes;
    size_t room = budget_room_bytes(db->budget);

    if (atomic_load_explicit(&db->refuse_new, memory_order_relaxed))
        return 0;
    if (limit == 0)
        return SIZE_MAX;
    return room > limit / RESERVE_PART
               ? add_size(index_bytes(&db->index), room - limit / RESERVE_PART)
               : 0;
}

enum err tsdb_series(struct tsdb *db, struct labels labels, uint32_t *ret_ref)
{
    enum err err = index_series(&db->index, labels, index_room(db), ret_ref);

    if (err == ERR_LIMIT)
        tsdb_count(&db->refused_count, 1);
    else if (!err)
        budget_set(db->budget, BUDGET_INDEX, index_bytes(&db->index));
    return err;
}

void tsdb_refuse_new_series(struct tsdb *db, bool refuse)
{
    atomic_store(&db->refuse_new, refuse);
}

struct labels tsdb_labels(struct tsdb *db, uint32_t ref, struct label space[LABELS_MAX])
{
    return index_labels(&db->index, ref, space);
}

/* --- commit --- */

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

/* Counts why a sample is not taken; NULL: it is. */
static uint64_t *why_not(struct tsdb *db, struct commit *c, const struct series_sample *item)
{
    if (!series_find(&db->index.table, item->series))
        return &c->orphaned_count;
    if (item->ts_ms > c->latest_ms)
        return &c->future_count;
    if (item->ts_ms < c->oldest_ms)
        return &c->too_old_count;
    if (item->ts_ms < c->in_order_ms &&
        head_is_late_by(&db->head, item->series, item->ts_ms, db->options.late_window_ms))
        return &c->late_count;
    return NULL;
}

/* A batch with samples that are not taken is copied without them, from `first` on. */
static enum err copy_taken(struct tsdb *db, struct commit *c, const struct sample_batch *batch,
                           size_t first, struct accepted *ret)
{
    struct series_sample *copy = arena_alloc(&db->commit_arena,
                                             mul_size(batch->count, sizeof *copy));
    size_t count = first;

    if (!copy)
        return arena_error(&db->commit_arena);
    memcpy(copy, batch->items, first * sizeof *copy);
    for (size_t i = first; i < batch->count; i++) {
        uint64_t *counter = why_not(db, c, &batch->items[i]);

        if (counter)
            ++*counter;
        else
            copy[count++] = batch->items[i];
    }
    *ret = (struct accepted){ copy, count, batch->received_ms };
    return ERR_OK;
}

static enum err define_all(struct tsdb *db, const struct accepted *batch)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < batch->count && !err; i++) {
        uint32_t ref = batch->items[i].series;

        err = note_definition(db, series_find(&db->index.table, ref), ref);
    }
    return err;
}

static enum err accept_batch(struct tsdb *db, struct commit *c, const struct sample_batch *batch,
                             struct accepted *ret)
{
    size_t i = 0;
    enum err err;

    while (i < batch->count && !why_not(db, c, &batch->items[i]))
        i++;
    *ret = (struct accepted){ batch->items, batch->count, batch->received_ms };
    err = i < batch->count ? copy_taken(db, c, batch, i, ret) : ERR_OK;
    return err ? err : define_all(db, ret);
}

static enum err write_log(struct tsdb *db, const struct accepted *batches, size_t count)
{
    enum err err = log_store_begin(&db->log);

    for (size_t i = 0; i < db->defining.count && !err; i++) {
        struct label space[LABELS_MAX];
        uint32_t ref = *(uint32_t *)vec_at(&db->defining, i);

        err = log_store_put_series(&db->log, ref, tsdb_labels(db, ref, space));
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
    struct head_need need = { 0 };
    size_t sample_count = 0;
    enum err err;

    for (size_t i = 0; i < count; i++) {
        head_prepare(&db->head, batches[i].items, batches[i].count, &need);
        sample_count += batches[i].count;
    }
    err = head_reserve(&db->head, &need);
    if (!err && sample_count)
        err = write_log(db, batches, count);
    for (size_t i = 0; i < count && err; i++)
        head_cancel(&db->head, batches[i].items, batches[i].count);
    return err;
}

static void count_left_out(struct tsdb *db, const struct commit *c)
{
    tsdb_count(&db->future_count, c->future_count);
    tsdb_count(&db->too_old_count, c->too_old_count);
    tsdb_count(&db->out_of_order_count, c->late_count);
    tsdb_count(&db->orphaned_count, c->orphaned_count);
}

static enum err commit(struct tsdb *db, struct sample_batch *const *batches, size_t count,
                       struct commit *c)
{
    struct accepted *accepted;
    enum err err = ERR_OK;

    arena_reset(&db->commit_arena);
    accepted = arena_alloc(&db->commit_arena, mul_size(count, sizeof *accepted));
    if (!accepted)
        return arena_error(&db->commit_arena);
    for (size_t i = 0; i < count && !err; i++)
        err = accept_batch(db, c, batches[i], &accepted[i]);
    if (!err)
        err = reserve_and_write(db, accepted, count);
    settle_definitions(db, !err);
    if (err)
        return err;
    for (size_t i = 0; i < count; i++)
        head_append(&db->head, accepted[i].items, accepted[i].count, db->index.epoch);
    count_left_out(db, c);
    return ERR_OK;
}

static struct commit limits_of(const struct tsdb *db, int64_t now_ms)
{
    int64_t retention_ms = db->retention_ms;
    int64_t window_ms = db->options.late_window_ms;
    int64_t future_ms = db->options.max_future_ms;

    return (struct commit){
        .latest_ms = future_ms ? tsdb_add_ms(now_ms, future_ms) : INT64_MAX,
        .oldest_ms = retention_ms ? tsdb_add_ms(now_ms, -retention_ms) : INT64_MIN,
        .in_order_ms = retention_ms && window_ms ? tsdb_add_ms(now_ms, -window_ms) : INT64_MIN,
    };
}

enum err tsdb_commit(struct tsdb *db, struct sample_batch *const *batches, size_t count,
                     int64_t now_ms)
{
    int64_t started_ns = tsdb_mono_ns();
    struct commit c = limits_of(db, now_ms);
    size_t limit = db->budget->limit_bytes;
    enum err err = ERR_OVERLOADED; /* the head alone is over the budget: seals do not keep up */

    db->now_ms = now_ms;
    if (limit == 0 || head_bytes(&db->head) <= limit)
        err = commit(db, batches, count, &c);
    budget_set(db->budget, BUDGET_HEAD, head_bytes(&db->head));
    tsdb_count(err ? &db->commit_failures_count : &db->commits_count, 1);
    atomic_store_explicit(&db->last_commit_duration_ns, tsdb_mono_ns() - started_ns,
                          memory_order_relaxed);
    return err;
}

bool tsdb_sync_failed(struct tsdb *db)
{
    return db_sync_failed(db->log.db);
}

void tsdb_set_retention(struct tsdb *db, int64_t retention_ms, uint64_t retention_bytes)
{
    atomic_store_explicit(&db->retention_ms, retention_ms, memory_order_relaxed);
    atomic_store_explicit(&db->retention_bytes, retention_bytes, memory_order_relaxed);
}
