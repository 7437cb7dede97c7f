/* The views of the dashboard: docs/formats/views.md. */
#include "api/api.h"
#include "api/download.h"
#include "api/map_json.h"
#include "api/view_json.h"
#include "monitor/monitor.h"

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

/* Checks name and period while the client still waits on this thread, then parks. */
enum err api_service_page(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct str name = http_request_param(req, "name");
    struct monitor_view *view = api_view(api, reply);
    struct http_parked *parked;
    enum err err;
    int period_s;

    if (!view)
        return ERR_UNAVAILABLE;
    err = view_find_service(view, name) ? ERR_OK : api_no_service(view, name, reply);
    view_unref(view);
    if (!err)
        err = api_period(req, &period_s, reply);
    if (err)
        return err;
    parked = http_request_park(req);
    if (!parked)
        return ERR_OVERLOADED;
    err = api->ask_history(api->daemon, parked);
    if (err)
        http_request_finish(parked, err, reply);
    return ERR_OK;
}

void api_answer_history(struct api *api, const struct monitor *monitor, struct http_parked *parked)
{
    struct http_request *req = http_parked_request(parked);
    struct http_reply reply = { .status = 200 };
    struct str name = http_request_param(req, "name");
    struct monitor_view *view = api_view(api, &reply);
    const struct service_view *service = view ? view_find_service(view, name) : NULL;
    struct service_history history;
    enum err err = view ? ERR_OK : ERR_UNAVAILABLE;
    int period_s;

    if (!err)
        err = api_period(req, &period_s, &reply);
    if (!err && (!service || !monitor_history(monitor, name, view->now_ms, period_s, &history)))
        err = api_no_service(view, name, &reply);
    if (!err && http_request_route(req)->handler == api_service_export) {
        err = download_service(req, &reply, api, view, service, &history);
    } else if (!err) {
        reply.body = buf_limited(API_BODY_MAX_BYTES);
        view_json_service(&reply.body, http_request_arena(req), view, service, &history,
                          &(struct view_origin){ api->epoch, api->notices });
        err = buf_error(&reply.body);
    }
    http_request_finish(parked, err, &reply);
    view_unref(view);
}
