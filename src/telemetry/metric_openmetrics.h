/*
 * Metrics as OpenMetrics 1.0 text: a struct metric_out over a buffer.
 *
 *   struct metric_openmetrics w;
 *   struct metric_out out = metric_openmetrics_out(&w, &buf);
 *   ... families and samples ...
 *   metric_openmetrics_finish(&w);              the "# EOF" without which nobody takes it
 *
 * A counter's family stands without "_total", its samples with it; a counter whose
 * name has no "_total" is told as unknown, since OpenMetrics would rename it.
 *
 * Source    OpenMetrics specification 1.0.0, "Text format".
 */
#ifndef FUSEBOX_TELEMETRY_METRIC_OPENMETRICS_H
#define FUSEBOX_TELEMETRY_METRIC_OPENMETRICS_H

#include "telemetry/metric.h"

#define METRIC_OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

struct metric_openmetrics {
    struct buf *text;
    const char *family;
};

struct metric_out metric_openmetrics_out(struct metric_openmetrics *writer, struct buf *text);
void metric_openmetrics_finish(struct metric_openmetrics *writer);

#endif
