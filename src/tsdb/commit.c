/* The way of samples in: judged, logged, and then readable. */
#include "base/size.h"
#include "tsdb/internal.h"

/* What is left of a batch after the samples that are not taken were left out. */
struct accepted {
    const struct series_sample *items;
    size_t count;
    int64_t received_ms;
    const struct batch_events *events;
    struct samples_left_out *left_out;
};

/* What a commit takes. */
struct commit {
    int64_t latest_ms;   /* later samples are from the future */
    int64_t oldest_ms;   /* older samples are past the retention */
    int64_t in_order_ms; /* a sample from here on is never too late */
};

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

/* SAMPLE_FAULTS: the sample is taken. So is one that is late because it comes again: appending
 * says whether it is the same. */
static enum sample_fault judge(struct tsdb *db, const struct commit *c,
                               const struct series_sample *item)
{
    double value;

    if (!series_find(&db->index.table, item->series))
        return SAMPLE_ORPHANED;
    if (item->ts_ms > c->latest_ms)
        return SAMPLE_TOO_FAR;
    if (item->ts_ms < c->oldest_ms)
        return SAMPLE_TOO_OLD;
    if (item->ts_ms < c->in_order_ms &&
        head_is_late_by(&db->head, item->series, item->ts_ms, db->options.late_window_ms) &&
        !head_find(&db->head, item->series, item->ts_ms, &value))
        return SAMPLE_TOO_LATE;
    return SAMPLE_FAULTS;
}

/* A batch with samples that are not taken is copied without them, from `first` on. */
static enum err copy_taken(struct tsdb *db, const struct commit *c, struct sample_batch *batch,
                           size_t first, struct accepted *ret)
{
    struct series_sample *copy = arena_alloc(&db->commit_arena,
                                             mul_size(batch->count, sizeof *copy));
    size_t count = first;

    if (!copy)
        return arena_error(&db->commit_arena);
    memcpy(copy, batch->items, first * sizeof *copy);
    for (size_t i = first; i < batch->count; i++) {
        enum sample_fault fault = judge(db, c, &batch->items[i]);

        if (fault == SAMPLE_FAULTS)
            copy[count++] = batch->items[i];
        else
            sample_leave_out(&batch->left_out, fault, &batch->items[i]);
    }
    ret->items = copy;
    ret->count = count;
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

static enum err accept_batch(struct tsdb *db, const struct commit *c, struct sample_batch *batch,
                             struct accepted *ret)
{
    size_t i = 0;
    enum err err;

    batch->left_out = (struct samples_left_out){ 0 }; /* of the try before */
    while (i < batch->count && judge(db, c, &batch->items[i]) == SAMPLE_FAULTS)
        i++;
    *ret = (struct accepted){ batch->items, batch->count, batch->received_ms, &batch->events,
                              &batch->left_out };
    err = i < batch->count ? copy_taken(db, c, batch, i, ret) : ERR_OK;
    return err ? err : define_all(db, ret);
}

static enum err write_batch(struct tsdb *db, const struct accepted *batch)
{
    enum err err = ERR_OK;

    if (batch->count)
        err = log_store_put_batch(&db->log, batch->items, batch->count, batch->received_ms);
    if (!err && batch->events->count)
        err = event_rows_put(&db->events, batch->events, batch->received_ms);
    return err;
}

static enum err write_log(struct tsdb *db, const struct accepted *batches, size_t count)
{
    enum err err = log_store_begin(&db->log);

    event_rows_begin(&db->events);
    for (size_t i = 0; i < db->defining.count && !err; i++) {
        struct label space[LABELS_MAX];
        uint32_t ref = *(uint32_t *)vec_at(&db->defining, i);

        err = log_store_put_series(&db->log, ref, tsdb_labels(db, ref, space));
    }
    for (size_t i = 0; i < count && !err; i++)
        err = write_batch(db, &batches[i]);
    if (!err)
        err = log_store_commit(&db->log);
    if (err)
        log_store_abort(&db->log);
    else
        event_rows_keep(&db->events);
    return err;
}

/* Reserves memory first: behind the commit nothing may fail. */
static enum err reserve_and_write(struct tsdb *db, const struct accepted *batches, size_t count)
{
    struct head_need need = { 0 };
    bool is_empty = true;
    enum err err;

    for (size_t i = 0; i < count; i++) {
        head_prepare(&db->head, batches[i].items, batches[i].count, &need);
        is_empty &= !batches[i].count && !batches[i].events->count;
    }
    err = head_reserve(&db->head, &need);
    if (!err && !is_empty)
        err = write_log(db, batches, count);
    for (size_t i = 0; i < count && err; i++)
        head_cancel(&db->head, batches[i].items, batches[i].count);
    return err;
}

/* The head has counted those of another value, with all whose time was there. */
static void count_left_out(struct tsdb *db, const struct samples_left_out *left_out)
{
    tsdb_count(&db->future_count, left_out->by[SAMPLE_TOO_FAR].count);
    tsdb_count(&db->too_old_count, left_out->by[SAMPLE_TOO_OLD].count);
    tsdb_count(&db->out_of_order_count, left_out->by[SAMPLE_TOO_LATE].count);
    tsdb_count(&db->orphaned_count, left_out->by[SAMPLE_ORPHANED].count);
}

static enum err commit(struct tsdb *db, struct sample_batch *const *batches, size_t count,
                       const struct commit *c)
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
    for (size_t i = 0; i < count; i++) {
        head_append(&db->head, accepted[i].items, accepted[i].count, db->index.epoch,
                    accepted[i].left_out);
        count_left_out(db, accepted[i].left_out);
    }
    return ERR_OK;
}

static struct commit limits_of(const struct tsdb *db, int64_t now_ms)
{
    int64_t retention_ms = db->retention_ms;
    int64_t window_ms = db->options.late_window_ms;
    int64_t future_ms = db->options.max_future_ms;

    return (struct commit){
        .latest_ms = future_ms ? clock_add_ms(now_ms, future_ms) : INT64_MAX,
        .oldest_ms = retention_ms ? clock_add_ms(now_ms, -retention_ms) : INT64_MIN,
        .in_order_ms = retention_ms && window_ms ? clock_add_ms(now_ms, -window_ms) : INT64_MIN,
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
