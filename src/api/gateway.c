/* The gateway's monitoring resources of reference S2. */
#include "api/api.h"
#include "api/gateway_json.h"

enum err api_gateway_dashboard(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct monitor_view *view = api_view(api, reply);
    struct gateway_self self = { .version = api->version, .started_ms = api->started_ms };

    (void)req;
    if (!view)
        return ERR_UNAVAILABLE;
    own_summarize(&api->own, &self.summary);
    reply->body = buf_limited(API_BODY_MAX_BYTES);
    gateway_json_dashboard(&reply->body, view, api->gateway, &self);
    view_unref(view);
    return buf_error(&reply->body);
}

enum err api_gateway_breakers(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct str service = STR_NONE, name = STR_NONE;
    struct monitor_view *view = api_view(api, reply);
    enum err err = view ? ERR_OK : ERR_UNAVAILABLE;

    (void)http_request_arg(req, "service", &service);
    (void)http_request_arg(req, "name", &name);
    if (!err && service.len && !view_find_service(view, service)) {
        err = api_no_service(view, service, reply);
        reply->field = "service";
    }
    if (!err) {
        reply->body = buf_limited(API_BODY_MAX_BYTES);
        gateway_json_breakers(&reply->body, view, service, name);
        err = buf_error(&reply->body);
    }
    view_unref(view);
    return err;
}
