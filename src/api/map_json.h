/*
 * The map of dependencies as JSON and as metrics: docs/formats/views.md.
 *
 * Threads   Value; from any thread.
 */
#ifndef FUSEBOX_API_MAP_JSON_H
#define FUSEBOX_API_MAP_JSON_H

#include "api/view_json.h"
#include "monitor/map_view.h"
#include "telemetry/metric.h"

/* The whole of dashboard/dependency-map. */
void map_json(struct buf *out, const struct monitor_view *view, const struct view_origin *origin);

/* Its first members alone: which view it is of. */
void map_json_head(struct buf *out, const struct monitor_view *view,
                   const struct view_origin *origin);

/* fusebox_edge_attempts_per_call and fusebox_retry_amplification: what is known of them. */
void map_export(const struct monitor_view *view, const struct metric_out *out);

#endif
