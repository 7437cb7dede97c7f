/*
 * Frames of the event streams: what changed since the frame before.
 *
 *   frames_new -> { frames_send(view) }* -> frames_free
 *
 * A row is sent when its JSON differs from what was sent last, its sparks when one
 * of their steps has closed. Nothing is rendered for a topic without clients.
 *
 * Threads   Owned by the evaluate thread.
 */
#ifndef FUSEBOX_API_FRAMES_H
#define FUSEBOX_API_FRAMES_H

#include "api/api.h"
#include "monitor/monitor.h"

struct frames;

struct frames *frames_new(struct api *api); /* NULL: no memory */
void frames_free(struct frames *f);

/*
 * Sends the new view to all streams: what people must hear of at once, and with_figures (or while
 * those of the time before are still on their way) every row that changed. Lack of memory loses the
 * frame: clients see the gap in seq.
 */
void frames_send(struct frames *f, const struct monitor *monitor, const struct monitor_view *view,
                 bool with_figures);

#endif
