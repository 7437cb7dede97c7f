/*
 * What the series in memory are made of, as metrics: the OWN_CARDINALITY_TOP
 * greatest metrics, jobs, instances and labels. Looked at once a minute, since
 * it walks over the index.
 *
 * Time      Passed in.
 * Threads   Locks itself; nothing is called with the lock held.
 * Memory    own_cardinality_init / _release; all-zero may be released.
 */
#ifndef FUSEBOX_API_OWN_CARDINALITY_H
#define FUSEBOX_API_OWN_CARDINALITY_H

#include "base/lock.h"
#include "telemetry/metric.h"
#include "tsdb/tsdb.h"

enum { OWN_CARDINALITY_TOP = 10 };

struct cardinality_seen; /* one look, shared by who exports it */

struct own_cardinality {
    struct lock lock;
    int64_t read_mono_ns;
    struct cardinality_seen *seen; /* NULL: not looked yet */
};

void own_cardinality_init(struct own_cardinality *c);
void own_cardinality_release(struct own_cardinality *c);

/* Looks again when the last look is a minute ago; without memory the last one stays. */
void own_cardinality_look(struct own_cardinality *c, struct tsdb *db, int64_t mono_ns);
void own_cardinality_export(struct own_cardinality *c, const struct metric_out *out);

#endif
