/*
 * What was committed, once more, in the order of time: slices of the range are
 * read series by series and handed out by time, so memory is bounded by a slice.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/size.h"
#include "tsdb/internal.h"

enum {
    SLICE_MS = 5 * 60 * 1000,
    SLICE_SAMPLES_MAX = 1 << 26,
};

struct replaying {
    struct tsdb *db;
    struct vec items; /* struct series_sample */
    enum err err;
    tsdb_on_batch *on_batch;
    void *ctx;
};

/* A series that has left memory comes back, since what is handed out names it by reference. */
static bool take_series(void *ctx, const struct tsdb_series_data *data)
{
    struct replaying *r = ctx;
    uint32_t ref;

    r->err = tsdb_series(r->db, data->labels, &ref);
    if (r->err == ERR_LIMIT) {
        r->err = ERR_OK; /* counted as refused */
        return true;
    }
    for (size_t i = 0; i < data->count && !r->err; i++) {
        struct series_sample *item = vec_push(&r->items);

        if (item)
            *item = (struct series_sample){ ref, data->samples[i].ts_ms, data->samples[i].value };
        else
            r->err = vec_error(&r->items);
    }
    return !r->err;
}

static int compare_items(const void *a, const void *b)
{
    const struct series_sample *x = a, *y = b;

    if (x->ts_ms != y->ts_ms)
        return x->ts_ms < y->ts_ms ? -1 : 1;
    return x->series < y->series ? -1 : x->series > y->series;
}

static enum err hand_out(struct replaying *r, size_t first, size_t count)
{
    const struct series_sample *items = vec_at(&r->items, first);
    struct sample_batch *batch = sample_batch_new(count);

    if (!batch)
        return ERR_NOMEM;
    batch->received_ms = items[0].ts_ms;
    batch->count = count;
    memcpy(batch->items, items, count * sizeof *items);
    r->on_batch(r->ctx, batch);
    sample_batch_free(batch);
    return ERR_OK;
}

static enum err hand_out_all(struct replaying *r)
{
    const struct series_sample *items = r->items.items;
    enum err err = ERR_OK;

    if (r->items.count)
        qsort(r->items.items, r->items.count, sizeof *items, compare_items);
    for (size_t first = 0, end; first < r->items.count && !err; first = end) {
        end = first + 1;
        while (end < r->items.count && items[end].ts_ms == items[first].ts_ms)
            end++;
        err = hand_out(r, first, end - first);
    }
    vec_clear(&r->items);
    return err;
}

static enum err replay_slice(struct replaying *r, const struct str *names, size_t name_count,
                             int64_t start_ms, int64_t end_ms)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < name_count && !err; i++) {
        struct matcher matcher = { MATCH_EQUAL, LABEL_METRIC_NAME, names[i], NULL };

        err = tsdb_select(r->db, &matcher, 1, start_ms, end_ms, SLICE_SAMPLES_MAX, take_series, r);
        err = err ? err : r->err;
    }
    return err ? err : hand_out_all(r);
}

enum err tsdb_replay(struct tsdb *db, const struct str *names, size_t name_count, int64_t start_ms,
                     int64_t end_ms, tsdb_on_batch *on_batch, void *ctx)
{
    struct replaying r = {
        .db = db,
        .items = vec_of(sizeof(struct series_sample), SLICE_SAMPLES_MAX),
        .on_batch = on_batch,
        .ctx = ctx,
    };
    enum err err = ERR_OK;

    for (int64_t at_ms = start_ms; at_ms <= end_ms && !err; at_ms += SLICE_MS) {
        int64_t last_ms = at_ms + SLICE_MS - 1 < end_ms ? at_ms + SLICE_MS - 1 : end_ms;

        err = replay_slice(&r, names, name_count, at_ms, last_ms);
    }
    vec_release(&r.items);
    return err;
}
