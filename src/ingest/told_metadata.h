/*
 * Metadata that senders of remote write tell, beside that of the targets: the last
 * that was told of each metric, for as long as it is told again.
 *
 *   told_metadata_init -> told_metadata_keep_in -> { told_metadata_note }* -> told_metadata_release
 *
 * Time      Callers pass seconds of the monotonic clock. Prometheus repeats all it knows
 *           each minute; what was not repeated for TOLD_METADATA_KEPT_S is forgotten.
 * Threads   Locks itself.
 * Memory    An entry for each metric here, and its texts in the store, which is borrowed.
 * Limits    METADATA_MAX_COUNT metrics; further ones are left out.
 */
#ifndef FUSEBOX_INGEST_TOLD_METADATA_H
#define FUSEBOX_INGEST_TOLD_METADATA_H

#include <stdatomic.h>

#include "base/lock.h"
#include "base/map.h"
#include "ingest/metadata.h"

enum { TOLD_METADATA_KEPT_S = 60 * 60, TOLD_METADATA_SWEEP_S = 10 * 60 };

struct told_metadata {
    _Atomic(struct metadata *) store; /* NULL: there is none yet */
    struct lock lock;
    struct map by_metric;
    int64_t swept_s;
};

void told_metadata_init(struct told_metadata *t);
void told_metadata_release(struct told_metadata *t);
void told_metadata_keep_in(struct told_metadata *t, struct metadata *store);

/* The item's texts may go afterwards. Without a store, room or memory it is not kept. */
void told_metadata_note(struct told_metadata *t, const struct metadata_item *item, int64_t mono_s);

#endif
