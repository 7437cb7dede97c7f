/*
 * One service as the signals tell it: sliding counts of calls, errors and
 * retries, the last 15 minutes as sparks, and the verdicts on them.
 *
 *   service_watch_new -> { service_watch_add(signal) | service_watch_advance }* -> _free
 *
 * Resolution  How far apart the source's readings are, in seconds: the largest of
 *             the last few gaps but one. Rates use the smallest window of 60 s,
 *             5 min, 1 h that holds at least four readings.
 * Time        Unix milliseconds, passed in.
 * Threads     Owned by the evaluate thread.
 * Memory      Four windows of an hour: 15 to 60 KiB a service, with the largest count of a second;
 *             beside them what is made when first told: refused retries (an hour), durations,
 *             buckets, first attempts. Told everything at 100 a second, 52 KiB with three breakers.
 */
#ifndef FUSEBOX_MONITOR_SERVICE_H
#define FUSEBOX_MONITOR_SERVICE_H

#include "catalog/catalog.h"
#include "monitor/budget_models.h"
#include "monitor/first_attempts.h"
#include "monitor/latency.h"
#include "monitor/retry_budget.h"

enum { SERVICE_GAPS = 4, SERVICE_ENOUGH_CALLS = 20 };

struct service_watch {
    struct window calls, errors, retries, heard;
    /* From here on made when first told: of an hour, of 5 min; durations in DURATION_UNITS_PER_S.
     */
    struct window denied, timed_calls, durations;
    struct latency_watch *latency;
    struct first_attempts *first_attempts;
    bool calls_told, errors_told, retries_told, denied_told;
    double calls_total, errors_total, retries_total, denied_total;
    int64_t first_ms, last_ms; /* of readings; -1 */
    int gaps_s[SERVICE_GAPS];  /* ring of the last gaps between readings */
    uint32_t gap_count;
    enum health health;
    int64_t health_since_ms;
    struct budget_limits limits;
    struct budget_models models;
    struct spark spark_calls, spark_errors, spark_retries, spark_utilization;
    bool spark_moved;
    double utilization_percent; /* of the last judgement, for the spark */
};

/* `model_window_s` is the ratio model's window. NULL: no memory. */
struct service_watch *service_watch_new(int model_window_s) MUST_CHECK;
void service_watch_free(void *service); /* struct service_watch; void for catalog_apply */

/* Books one signal of the service itself (not of a breaker). */
void service_watch_add(struct service_watch *s, const struct signal *signal);

/* Totals count from here on: what was replayed is in the windows alone. */
void service_watch_begin_totals(struct service_watch *s);

/* Slides the windows to now and closes the sparks' steps. */
void service_watch_advance(struct service_watch *s, int64_t now_ms);

/* Fills the row; names and breaker counts are set before by the caller, who then calls
 * health_judge. */
void service_watch_view(struct service_watch *s, const struct catalog_service *known,
                        int64_t now_ms, struct service_view *view);

/*
 * Mean per second of one of its windows over the step that ends with to_s. A source that is slower
 * than the step books a whole gap at once: then the mean is over its last gap. NaN when less than
 * half of the expected readings came, or the ring no longer holds it all.
 */
float service_watch_mean(const struct service_watch *s, const struct window *w, bool told,
                         int64_t to_s, int step_s);

int service_resolution_s(const struct service_watch *s); /* 0: not known yet */

#endif
