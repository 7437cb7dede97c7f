/*
 * The monitor's view as metrics, under the names of the reference documents
 * (requirements, section 9). What is not known has no sample.
 *
 * Threads   Value; from any thread.
 */
#ifndef FUSEBOX_API_EXPORT_H
#define FUSEBOX_API_EXPORT_H

#include "monitor/view.h"
#include "telemetry/metric.h"

/* What stored_history.h reads again. */
#define OWN_SERIES_CALLS         "fusebox_calls_total"
#define OWN_SERIES_ERRORS        "fusebox_errors_total"
#define OWN_SERIES_RETRIES       "fusebox_retries_total"
#define OWN_SERIES_DENIED        "fusebox_retries_denied_total"
#define OWN_SERIES_RETRY_LIMIT   "fusebox_retry_limit_per_second"
#define OWN_SERIES_UTILIZATION   "retry_budget_utilization_percent"
#define OWN_SERIES_FIRST_SUCCESS "fusebox_first_attempt_success_ratio"
#define OWN_SERIES_LATENCY       "fusebox_latency_seconds" /* by quantile */
#define OWN_SERIES_LAST_DATA     "fusebox_last_data_timestamp_seconds"

/* open_is_one: numbers the states 0 closed, 1 open, 2 half-open, as S0 does. */
void export_view(const struct monitor_view *view, bool open_is_one, const struct metric_out *out);

#endif
