/*
 * Fusebox's own and derived series on their way into the store: what /metrics
 * shows, with job="fusebox" and the listening address as instance, each
 * self.interval. A series that was stored the time before and is not told now
 * (a state that became unknown) gets a stale marker.
 *
 * Threads   Owned by the evaluate thread.
 * Limits    OWN_SERIES_MAX samples a time; the rest is left out and counted.
 */
#ifndef FUSEBOX_DAEMON_OWN_SERIES_H
#define FUSEBOX_DAEMON_OWN_SERIES_H

#include "api/api.h"
#include "base/arena.h"

enum { OWN_SERIES_MAX = 500000 };

struct own_series {
    struct tsdb *db;
    struct queue *batches;
    struct budget *budget; /* NULL: no limit */
    struct clock clock;
    struct str instance;
    struct arena arena;         /* of one label set */
    struct sample_batch *batch; /* being filled */
    const char *family;
    size_t left_out_count;
    uint32_t *stored; /* references of the batch before, sorted */
    size_t stored_count;
};

void own_series_store(struct own_series *o, struct api *api);
/* These references stand for no series any longer. */
void own_series_forget(struct own_series *o, const uint32_t *refs, size_t count);
void own_series_release(struct own_series *o); /* all-zero is allowed */

#endif
