/*
 * Views to take away: what /export answers, with a name for the file.
 *
 * Threads   Value; from any thread.
 */
#ifndef FUSEBOX_API_DOWNLOAD_H
#define FUSEBOX_API_DOWNLOAD_H

#include "api/api.h"
#include "monitor/history.h"

/* Completes the reply of a service's /export; called by whoever has the history. */
enum err download_service(struct http_request *req, struct http_reply *reply, struct api *api,
                          const struct monitor_view *view, const struct service_view *service,
                          const struct service_history *history) MUST_CHECK;

#endif
