/*
 * Which blocks are merged next. Pure: a list in, a run out.
 *
 * No block reaches over midnight, so a day's blocks are merged with one another
 * only; a run is neighbours by sequence, so that of two values of one sample the
 * first still wins. Two reasons:
 *   a run of COMPACT_FAN blocks of one level          they become one of the next
 *   a day that is over and has rested, with several   they become one
 *
 *   level 0  ▪▪▪▪ ▪▪▪▪ ▪▪▪▪ ▪▪▪▪ ▪▪      a day of seals
 *   level 1  ▬▬▬▬ ▬▬▬▬ ▬▬▬▬ ▬▬▬▬
 *   level 2  ████████████████████
 *
 * Limits    COMPACT_RUN_MAX blocks in a run.
 * Threads   Value.
 */
#ifndef FUSEBOX_TSDB_COMPACT_H
#define FUSEBOX_TSDB_COMPACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COMPACT_FAN = 4,
    COMPACT_RUN_MAX = 32,
    COMPACT_REST_MS = 60 * 60 * 1000, /* a day rests when no block was added for so long */
};

#define COMPACT_DAY_MS INT64_C(86400000)

struct compact_block {
    int64_t seq;
    int64_t day; /* days since 1970, of all its samples */
    int level;
    int64_t created_ms;
};

/* Sorted by day, then seq. *ret_first, *ret_count: the run; false: nothing is due. */
bool compact_pick(const struct compact_block *blocks, size_t count, int64_t now_ms,
                  size_t *ret_first, size_t *ret_count);

/* Days since 1970, rounded down; right for negative times too. */
int64_t compact_day_of(int64_t ts_ms);

#endif
