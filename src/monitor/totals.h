/*
 * The figures over all services, and their sparks: sums of counts first, ratios
 * of the sums then, never a mean of ratios. Services whose data is stale or
 * missing are left out of the rates.
 */
#ifndef FUSEBOX_MONITOR_TOTALS_H
#define FUSEBOX_MONITOR_TOTALS_H

#include "monitor/view.h"

struct totals_keeper {
    uint64_t sparks_hash; /* of which the next three are the sums */
    struct spark calls, success, retries;
    struct spark open; /* open breakers at the end of each step: nothing else remembers them */
};

/* Fills view->totals from its services and breakers. */
void totals_fill(struct totals_keeper *keeper, struct monitor_view *view);

#endif
