/* /metrics: Prometheus text of what the monitor knows and of Fusebox itself. */
#include "api/api.h"
#include "api/export.h"

enum err api_metrics(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct monitor_view *view = api_view(api, reply);
    struct metric_text writer;
    struct metric_out out;

    (void)req;
    if (!view)
        return ERR_UNAVAILABLE;
    reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
    reply->body = buf_limited(API_BODY_MAX_BYTES);
    out = metric_text_out(&writer, &reply->body);
    export_view(view, api->open_is_one, &out);
    own_export(&api->own, &out);
    view_unref(view);
    return buf_error(&reply->body);
}
