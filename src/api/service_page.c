/* dashboard/service/{name} and its export, with the history of a period: docs/formats/views.md. */
#include "api/api.h"
#include "api/download.h"
#include "api/negotiate.h"
#include "api/stored_history.h"
#include "api/view_json.h"
#include "model/duration.h"
#include "monitor/monitor.h"

enum { PERIOD_MIN_S = 60, PERIOD_MAX_S = 7 * 24 * 3600 };

static enum err read_period(const struct http_request *req, int *ret_s, struct http_reply *reply)
{
    struct str text;
    int64_t ms;

    *ret_s = API_PERIOD_DEFAULT_S;
    if (!http_request_arg(req, "period", &text))
        return ERR_OK;
    if (duration_parse(text, &ms) && ms >= PERIOD_MIN_S * INT64_C(1000) &&
        ms <= PERIOD_MAX_S * INT64_C(1000)) {
        *ret_s = (int)(ms / 1000);
        return ERR_OK;
    }
    reply->field = "period";
    return diag_set(&reply->diag, ERR_INVALID,
                    "period must be a duration from 1m to 7d, as 15m; it was \"%.*s\"",
                    (int)(text.len < 40 ? text.len : 40), text.ptr);
}

static enum err read_ask(const struct http_request *req, int64_t now_ms, struct history_ask *ret,
                         struct http_reply *reply)
{
    enum err err = read_period(req, &ret->period_s, reply);

    ret->now_ms = ret->end_ms = now_ms;
    return err ? err : api_time_arg(req, "end", &ret->end_ms, reply);
}

/* Checks what is asked while the client still waits on this thread, then parks. */
enum err api_service_page(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct str name = http_request_param(req, "name");
    struct monitor_view *view = api_view(api, reply);
    struct http_parked *parked;
    struct history_ask ask;
    enum err err;

    if (!view)
        return ERR_UNAVAILABLE;
    err = view_find_service(view, name) ? ERR_OK : api_no_service(view, name, reply);
    view_unref(view);
    if (!err)
        err = read_ask(req, 0, &ask, reply);
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

static enum err write_page(struct api *api, struct http_request *req,
                           const struct monitor_view *view, const struct service_view *service,
                           const struct service_history *history, struct http_reply *reply)
{
    if (http_request_route(req)->handler == api_service_export)
        return download_service(req, reply, api, view, service, history);
    reply->body = buf_limited(API_BODY_MAX_BYTES);
    view_json_service(&reply->body, http_request_arena(req), view, service, history,
                      &(struct view_origin){ api->epoch, api->notices });
    return buf_error(&reply->body);
}

void api_answer_history(struct api *api, const struct monitor *monitor, int64_t stored_ms,
                        struct http_parked *parked)
{
    struct http_request *req = http_parked_request(parked);
    struct http_reply reply = { .status = 200 };
    struct str name = http_request_param(req, "name");
    struct monitor_view *view = api_view(api, &reply);
    const struct service_view *service = view ? view_find_service(view, name) : NULL;
    struct history_ask ask = { .stored_ms = stored_ms };
    struct service_history history;
    enum err err = view ? read_ask(req, view->now_ms, &ask, &reply) : ERR_UNAVAILABLE;
    bool handed_on = false;

    if (!err && (!service || !monitor_history(monitor, name, &ask, &history)))
        err = api_no_service(view, name, &reply);
    if (!err && !history.stored) {
        err = write_page(api, req, view, service, &history, &reply);
    } else if (!err) {
        err = api->ask_stored(api->daemon, parked, stored_ms, &history);
        handed_on = !err;
    }
    view_unref(view);
    if (!handed_on)
        http_request_finish(parked, err, &reply);
}

void api_answer_stored(struct api *api, struct http_parked *parked, struct stored_ask *ask,
                       struct service_history *history)
{
    struct http_request *req = http_parked_request(parked);
    struct http_reply reply = { .status = 200 };
    struct monitor_view *view;
    const struct service_view *service;
    enum err err;

    ask->service = http_request_param(req, "name");
    err = stored_history_fill(ask, history, &reply.diag);
    view = err ? NULL : api_view(api, &reply);
    service = view ? view_find_service(view, ask->service) : NULL;
    if (service)
        err = write_page(api, req, view, service, history, &reply);
    else if (view)
        err = api_no_service(view, ask->service, &reply);
    else if (!err)
        err = ERR_UNAVAILABLE;
    view_unref(view);
    http_request_finish(parked, err, &reply);
}
