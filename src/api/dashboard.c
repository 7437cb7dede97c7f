/* The views of everything: docs/formats/views.md. One service: service_page.c. */
#include "api/api.h"
#include "api/map_json.h"
#include "api/view_json.h"

enum err api_overview(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct monitor_view *view = api_view(api, reply);

    (void)req;
    if (!view)
        return ERR_UNAVAILABLE;
    reply->body = buf_limited(API_BODY_MAX_BYTES);
    view_json_overview(&reply->body, view, &(struct view_origin){ api->epoch, api->notices });
    view_unref(view);
    return buf_error(&reply->body);
}

enum err api_map(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct monitor_view *view = api_view(api, reply);

    (void)req;
    if (!view)
        return ERR_UNAVAILABLE;
    reply->body = buf_limited(API_BODY_MAX_BYTES);
    map_json(&reply->body, view, &(struct view_origin){ api->epoch, api->notices });
    view_unref(view);
    return buf_error(&reply->body);
}
