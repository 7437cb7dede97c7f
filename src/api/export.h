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

/* open_is_one: numbers the states 0 closed, 1 open, 2 half-open, as S0 does. */
void export_view(const struct monitor_view *view, bool open_is_one, const struct metric_out *out);

#endif
