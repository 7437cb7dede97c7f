/*
 * Who is silent for longer than catalog.discovered_ttl goes, and gives back all that
 * is kept of him: a service that nobody defined, with its breakers; a breaker that
 * is neither open nor half-open; an edge that no breaker guards and nobody declared.
 * Their places count no longer towards the catalog's limits, and the sink's epoch
 * goes on, since ids of subjects are given again.
 *
 * Time      Unix milliseconds, passed in. One walk over all that is known.
 * Threads   Owned by the evaluate thread.
 */
#ifndef FUSEBOX_MONITOR_RETIRE_H
#define FUSEBOX_MONITOR_RETIRE_H

#include "monitor/monitor_state.h"

void monitor_retire(struct monitor *m, int64_t now_ms);

#endif
