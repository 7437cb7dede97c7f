/*
 * Reclaim: which chunks leave memory, and when.
 *
 * Two reasons: everything in a chunk is past the retention, or memory is over
 * its limit; then the oldest sixteenth of the time in memory goes, and the next,
 * until it is a sixteenth under the limit. Both go on over several calls when
 * there are many series, and both give up for this time while a reader is inside.
 *
 *   { reclaim_expired | reclaim_memory }*      all-zero is a good beginning
 *
 * Threads   Owned by the write thread.
 * Memory    A plain value; nothing to release.
 */
#ifndef FUSEBOX_TSDB_RECLAIM_H
#define FUSEBOX_TSDB_RECLAIM_H

#include "tsdb/head.h"

enum { RECLAIM_STEPS_MAX = 64 }; /* per call in a running store; a step is 65,536 series */

struct reclaim {
    bool swept; /* swept_cutoff_ms is of a sweep that ended */
    int64_t swept_cutoff_ms;
    unsigned part; /* 0: memory is not being reclaimed, else the sixteenth that goes */
    int64_t from_ms, to_ms;
};

void reclaim_expired(struct reclaim *r, struct head *h, int64_t retention_ms, int64_t cutoff_ms);

/* other_bytes: memory that counts but cannot be dropped here. limit_bytes 0: no limit. */
void reclaim_memory(struct reclaim *r, struct head *h, size_t other_bytes, size_t limit_bytes,
                    unsigned steps_max);

#endif
