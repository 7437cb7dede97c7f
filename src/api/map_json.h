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

enum { NEIGHBOURS_MAX = 200 }; /* on each side of a service */

/* The whole of dashboard/dependency-map. */
void map_json(struct buf *out, const struct monitor_view *view, const struct view_origin *origin);

/* Its first members alone: which view it is of. */
void map_json_head(struct buf *out, const struct monitor_view *view,
                   const struct view_origin *origin);

/* The members callees and callers of a service's document, worst first. */
void map_json_neighbours(struct json *j, const struct monitor_view *view, struct str service);

/* fusebox_edge_attempts_per_call and fusebox_retry_amplification: what is known of them. */
void map_export(const struct monitor_view *view, const struct metric_out *out);

#endif
