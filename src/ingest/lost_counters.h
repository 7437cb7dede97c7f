/*
 * Lost counters: where the counters stood whose series left the store's memory.
 *
 * A series that comes back has another reference, and nothing else says that it was
 * here before. A counter that went on meanwhile must not be taken for one that began
 * at 0: its whole past would be booked at once. So the last values of the newest
 * LOST_COUNTERS_MAX are kept under the hash of their labels. Where that was not
 * possible, the source is marked, and series that it brings later book nothing for
 * their first sample.
 *
 *   lost_counters_put -> lost_counters_take         all-zero is a good beginning
 *
 * Threads   Owned by the mapping.
 * Memory    One table, made with the first entry; lost_counters_release.
 */
#ifndef FUSEBOX_INGEST_LOST_COUNTERS_H
#define FUSEBOX_INGEST_LOST_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "ingest/mapping_subject.h"

enum { LOST_COUNTERS_MAX = 1 << 14 };

struct lost_counter {
    uint64_t hash;                 /* of the labels */
    struct mapping_source *source; /* NULL: the place is free */
    double last;
    int64_t last_ts_ms;
};

struct lost_counters {
    struct lost_counter *places; /* by hash; a newer one drives out an older one */
};

void lost_counters_release(struct lost_counters *l);

/* What finds no memory, and what it drives out, marks its source. */
void lost_counters_put(struct lost_counters *l, const struct lost_counter *counter);

/* Takes the entry out. False: it is not there. */
bool lost_counters_take(struct lost_counters *l, uint64_t hash, struct lost_counter *ret);

#endif
