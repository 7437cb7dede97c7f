/*
 * The figures over all services, and their sparks: sums of counts first, ratios
 * and percentiles of the sums then, never a mean of ratios. Services whose data
 * is stale or missing are left out of the rates.
 *
 *   { totals_begin -> totals_add_latency* -> totals_fill }* -> totals_release
 */
#ifndef FUSEBOX_MONITOR_TOTALS_H
#define FUSEBOX_MONITOR_TOTALS_H

#include "monitor/latency.h"
#include "monitor/view.h"

struct totals_keeper {
    uint64_t sparks_hash; /* of which the next three are the sums */
    struct spark calls, success, retries;
    struct spark open; /* open breakers at the end of each step: nothing else remembers them */
    struct latency_watch *latency; /* of all services; made when the first tells buckets */
};

void totals_begin(struct totals_keeper *keeper);

/* What a service's calls in its window lasted; its row is filled. Without memory for it the
 * percentiles are not known. */
void totals_add_latency(struct totals_keeper *keeper, const struct service_view *row,
                        struct latency_watch *latency);

/* All-zero is allowed. */
void totals_release(struct totals_keeper *keeper);

/* Fills view->totals from its services and breakers. */
void totals_fill(struct totals_keeper *keeper, struct monitor_view *view);

#endif
