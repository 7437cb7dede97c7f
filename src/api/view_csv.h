/*
 * The views as CSV, for /export: docs/formats/views.md.
 *
 * Threads   Value; from any thread.
 */
#ifndef FUSEBOX_API_VIEW_CSV_H
#define FUSEBOX_API_VIEW_CSV_H

#include "base/buf.h"
#include "monitor/history.h"
#include "monitor/map_view.h"
#include "monitor/view.h"

/* A row per service, in the view's order. */
void view_csv_overview(struct buf *out, const struct monitor_view *view);

/* A row per step of the history, oldest first; the time is the step's end. */
void view_csv_history(struct buf *out, const struct service_history *history);

/* A row per edge of the map, in its order. */
void view_csv_map(struct buf *out, const struct monitor_view *view);

#endif
