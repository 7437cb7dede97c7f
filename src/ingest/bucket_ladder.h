/*
 * The buckets of one classic histogram, from totals to what lies between two bounds.
 *
 *   le   0.1  0.5  1   +Inf          from  0    0.1  0.5  1
 *   grew   3    7  7      8    ->    to    0.1  0.5  1    +Inf
 *                                    calls   3    4  0    1
 *
 * Each counter's growth is added to the rung of its bound; series that differ in other labels add
 * up. At the end of a batch only the rungs that were told of in it are looked at, so that a bound
 * that is gone, or new, divides nothing wrongly. A rung that tells less than one below it (a
 * counter of it was missing, or fell) is taken as equal to that.
 *
 *   bucket_ladder_rung -> { bucket_rung_add* -> bucket_ladder_settle }* -> bucket_ladder_release
 *
 * Memory    Rungs do not move; all-zero is an empty ladder.
 * Threads   Single owner.
 * Limits    BUCKET_RUNGS_MAX bounds; a ladder that would have more says nothing.
 */
#ifndef FUSEBOX_INGEST_BUCKET_LADDER_H
#define FUSEBOX_INGEST_BUCKET_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { BUCKET_RUNGS_MAX = 256 };

struct bucket_rung {
    struct bucket_ladder *ladder;
    struct bucket_rung *next; /* with a higher bound */
    double bound_s;
    double grown; /* in the round */
    uint64_t round;
};

struct bucket_ladder {
    struct bucket_rung *first;
    size_t count;
    bool is_cut;    /* a bound found no place */
    uint64_t round; /* the newest in which it was told of */
};

/* The upper bound in seconds that a label `le` says in a unit of so many seconds; false: it says
 * none that a duration has. */
bool bucket_bound(struct str le, double unit_s, double *ret_s);

/* The rung of a bound, new or known. NULL: no memory, or the limit; then the ladder is cut. */
struct bucket_rung *bucket_ladder_rung(struct bucket_ladder *l, double bound_s);
void bucket_ladder_release(struct bucket_ladder *l);

/* What a counter of the bound grew by. Rounds have numbers from 1. */
void bucket_rung_add(struct bucket_rung *rung, double grown, uint64_t round);

typedef void bucket_on_calls(void *ctx, double from_s, double bound_s, double calls);
/* What the round told, from the lowest bound to the highest, that one also when it is 0. */
void bucket_ladder_settle(const struct bucket_ladder *l, uint64_t round, bucket_on_calls *on_calls,
                          void *ctx);

#endif
