#include "tsdb/reclaim.h"

#include "base/size.h"

enum {
    STEP_SERIES = 65536, /* some milliseconds */
    EXPIRE_STEPS_MAX = 4,
    EXPIRE_INTERVAL_MAX_MS = 60000, /* a sweep touches every series: not more often than it frees */
    EXPIRES_PER_RETENTION = 64,
    PARTS = 16,
};

/* A new sweep begins when the cutoff has moved on by a step; one that is under way goes on. */
static bool is_due(const struct reclaim *r, const struct head *h, int64_t retention_ms,
                   int64_t cutoff_ms)
{
    int64_t step_ms = retention_ms / EXPIRES_PER_RETENTION;
    int64_t next_ms;

    if (step_ms > EXPIRE_INTERVAL_MAX_MS)
        step_ms = EXPIRE_INTERVAL_MAX_MS;
    if (!r->swept || h->sweep_ref || __builtin_add_overflow(r->swept_cutoff_ms, step_ms, &next_ms))
        return true;
    return cutoff_ms >= next_ms;
}

void reclaim_expired(struct reclaim *r, struct head *h, int64_t retention_ms, int64_t cutoff_ms)
{
    enum sweep sweep = SWEEP_MORE;

    if (!is_due(r, h, retention_ms, cutoff_ms))
        return;
    for (int i = 0; i < EXPIRE_STEPS_MAX && sweep == SWEEP_MORE; i++)
        sweep = head_sweep(h, cutoff_ms, STEP_SERIES);
    if (sweep != SWEEP_DONE)
        return;
    r->swept = true;
    r->swept_cutoff_ms = cutoff_ms;
}

static int64_t part_of_range(const struct reclaim *r)
{
    uint64_t span = (uint64_t)r->to_ms - (uint64_t)r->from_ms;

    return (int64_t)((uint64_t)r->from_ms + span / PARTS * r->part +
                     span % PARTS * r->part / PARTS);
}

void reclaim_memory(struct reclaim *r, struct head *h, size_t other_bytes, size_t limit_bytes,
                    unsigned steps_max)
{
    size_t goal_bytes = limit_bytes - limit_bytes / PARTS;

    if (limit_bytes == 0)
        return;
    if (!r->part && add_size(other_bytes, head_bytes(h)) > limit_bytes) {
        r->from_ms = h->min_ts_ms;
        r->to_ms = h->max_ts_ms;
        r->part = r->from_ms < r->to_ms;
    }
    for (unsigned i = 0; i < steps_max && r->part; i++) {
        enum sweep sweep = head_sweep(h, part_of_range(r), STEP_SERIES);

        if (sweep == SWEEP_BUSY)
            return;
        if (sweep == SWEEP_DONE)
            r->part++;
        if (r->part > PARTS || add_size(other_bytes, head_bytes(h)) <= goal_bytes)
            r->part = 0;
    }
}
