#include "api/api.h"

#include "base/json.h"
#include "model/duration.h"

enum { PERIOD_MIN_S = 60, PERIOD_MAX_S = 3600 };

struct monitor_view *api_view(struct api *api, struct http_reply *reply)
{
    struct monitor_view *view = publication_get(&api->views);

    if (!view) {
        reply->retry_after_s = 1;
        diag_set(&reply->diag, ERR_UNAVAILABLE, "Fusebox is starting: try again in a second");
    }
    return view;
}

struct json api_json(struct http_reply *reply)
{
    reply->body = buf_limited(API_BODY_MAX_BYTES);
    return json_to(&reply->body);
}

static struct str nearest_service(const struct monitor_view *view, struct str name)
{
    struct str nearest = STR_NONE;
    size_t best = name.len / 3 + 2;

    for (size_t i = 0; i < view->service_count; i++) {
        size_t distance = str_distance(view->services[i].name, name);

        if (distance < best) {
            best = distance;
            nearest = view->services[i].name;
        }
    }
    return nearest;
}

enum err api_no_service(const struct monitor_view *view, struct str name, struct http_reply *reply)
{
    struct str nearest = nearest_service(view, name);

    reply->field = "name";
    if (nearest.len)
        return diag_set(&reply->diag, ERR_NOT_FOUND,
                        "no service is called \"%.*s\"; did you mean \"%.*s\"?",
                        (int)(name.len < 80 ? name.len : 80), name.ptr,
                        (int)(nearest.len < 80 ? nearest.len : 80), nearest.ptr);
    return diag_set(&reply->diag, ERR_NOT_FOUND,
                    "no service is called \"%.*s\"; GET /api/v1/retry-monitoring/services lists "
                    "those that are known",
                    (int)(name.len < 80 ? name.len : 80), name.ptr);
}

enum err api_period(const struct http_request *req, int *ret_s, struct http_reply *reply)
{
    struct str text;
    int64_t ms;

    *ret_s = API_PERIOD_DEFAULT_S;
    if (!http_request_arg(req, "period", &text))
        return ERR_OK;
    if (duration_parse(text, &ms) && ms >= PERIOD_MIN_S * 1000 && ms <= PERIOD_MAX_S * 1000) {
        *ret_s = (int)(ms / 1000);
        return ERR_OK;
    }
    reply->field = "period";
    return diag_set(&reply->diag, ERR_INVALID,
                    "period must be a duration from 1m to 1h, as 15m; it was \"%.*s\"",
                    (int)(text.len < 40 ? text.len : 40), text.ptr);
}
