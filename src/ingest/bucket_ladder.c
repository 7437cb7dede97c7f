#include "ingest/bucket_ladder.h"

#include <math.h>

#include "base/mem.h"
#include "base/number.h"

bool bucket_bound(struct str le, double unit_s, double *ret_s)
{
    double bound;

    if (!number_parse(le, &bound) || !(bound >= 0))
        return false;
    *ret_s = bound * unit_s;
    return true;
}

struct bucket_rung *bucket_ladder_rung(struct bucket_ladder *l, double bound_s)
{
    struct bucket_rung **place = &l->first, *rung = NULL;

    while (*place && (*place)->bound_s < bound_s)
        place = &(*place)->next;
    if (*place && (*place)->bound_s <= bound_s)
        return *place;
    if (l->count < BUCKET_RUNGS_MAX)
        rung = mem_alloc_zero(1, sizeof *rung);
    if (!rung) {
        l->is_cut = true;
        return NULL;
    }
    rung->ladder = l;
    rung->bound_s = bound_s;
    rung->next = *place;
    *place = rung;
    l->count++;
    return rung;
}

void bucket_ladder_release(struct bucket_ladder *l)
{
    while (l->first) {
        struct bucket_rung *rung = l->first;

        l->first = rung->next;
        mem_free(rung);
    }
    l->count = 0;
}

void bucket_rung_add(struct bucket_rung *rung, double grown, uint64_t round)
{
    if (rung->round != round)
        rung->grown = 0;
    rung->grown += grown;
    rung->round = rung->ladder->round = round;
}

void bucket_ladder_settle(const struct bucket_ladder *l, uint64_t round, bucket_on_calls *on_calls,
                          void *ctx)
{
    const struct bucket_rung *rung = NULL;
    double from_s = 0, below = 0, calls = 0;

    if (l->is_cut || l->round != round)
        return;
    for (const struct bucket_rung *next = l->first; next; next = next->next) {
        if (next->round != round)
            continue;
        if (rung && calls > 0)
            on_calls(ctx, from_s, rung->bound_s, calls);
        if (rung)
            from_s = rung->bound_s;
        calls = fmax(0, next->grown - below);
        below += calls;
        rung = next;
    }
    if (rung)
        on_calls(ctx, from_s, rung->bound_s, calls);
}
