/*
 * The verdict on one service: healthy, degraded, unhealthy or unknown, with the
 * reason in words.
 *
 *   unhealthy  five times the tolerated error ratio, or 5 % of calls, whichever is
 *              more; the retry budget is used up; or every breaker that is in
 *              service is open
 *   degraded   over the tolerated error ratio (the SLO's; 1 % where none is given);
 *              the budget past its warning threshold; any breaker open or half-open;
 *              or one that flaps, recovers slowly or lets too many failures through;
 *              or an instance that says so itself, or is silent (all of them: unhealthy)
 *   unknown    no data, stale, or too little to say, and nothing above is certain; without
 *              any source of calls instances that all say that they are healthy are believed
 *
 * Threads   Value.
 */
#ifndef FUSEBOX_MONITOR_HEALTH_H
#define FUSEBOX_MONITOR_HEALTH_H

#include "catalog/catalog.h"
#include "monitor/view.h"

/* Sets health, severity and reason of a row whose figures are complete. Reasons are made in the
 * arena. */
void health_judge(const struct catalog_service *known, struct arena *arena,
                  struct service_view *view);

#endif
