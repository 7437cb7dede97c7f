/* Breakers as references S1 (a map by service) and S2 (a list) show them. */
#include "api/api.h"
#include "api/view_json.h"

/* Open before half-open before the rest; the first of equals. */
static const struct breaker_view *worst_of(const struct monitor_view *view,
                                           const struct service_view *s)
{
    for (uint32_t i = 0; i < s->breaker_count; i++)
        if (view->breakers[s->first_breaker + i].state == s->breakers.worst)
            return &view->breakers[s->first_breaker + i];
    return NULL;
}

static void s1_entry(struct json *j, const struct breaker_view *b)
{
    json_key_str(j, b->service);
    json_open_object(j);
    json_member_string(j, "name", b->name);
    json_member_cstr(j, "state", breaker_state_name(b->state));
    json_member_rounded(j, "failure_count", b->failures, 0);
    json_member_rounded(j, "success_count",
                        b->requests < b->failures ? 0 : b->requests - b->failures, 0);
    json_member_time(j, "last_failure_time", b->last_failure_ms);
    json_member_bool(j, "healthy", b->state == BREAKER_CLOSED || b->state == BREAKER_HALF_OPEN);
    json_key(j, "configuration");
    json_null(j); /* what is only observed does not tell its thresholds */
    json_close_object(j);
}

static void all_breakers(struct json *j, const struct monitor_view *view, struct str service,
                         struct str name)
{
    json_key(j, "breakers");
    json_open_array(j);
    for (size_t i = 0; i < view->breaker_count; i++) {
        const struct breaker_view *b = &view->breakers[i];

        if ((service.len && !str_equals(b->service, service)) ||
            (name.len && !str_equals(b->name, name)))
            continue;
        view_json_breaker(j, b);
    }
    json_close_array(j);
}

enum err api_breaker_health(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct monitor_view *view = api_view(api, reply);
    struct json j;

    (void)req;
    if (!view)
        return ERR_UNAVAILABLE;
    j = api_json(reply);
    json_open_object(&j);
    json_member_time(&j, "timestamp", view->now_ms);
    json_key(&j, "circuit_breakers");
    json_open_object(&j);
    for (size_t i = 0; i < view->service_count; i++) {
        const struct breaker_view *worst = worst_of(view, &view->services[i]);

        if (worst)
            s1_entry(&j, worst);
    }
    json_close_object(&j);
    all_breakers(&j, view, STR_NONE, STR_NONE);
    json_close_object(&j);
    view_unref(view);
    return buf_error(&reply->body);
}

enum err api_breaker_status(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct str service = STR_NONE, name = STR_NONE;
    struct monitor_view *view = api_view(api, reply);
    struct json j;

    if (!view)
        return ERR_UNAVAILABLE;
    (void)http_request_arg(req, "service", &service);
    (void)http_request_arg(req, "name", &name);
    if (service.len && !view_find_service(view, service)) {
        enum err err = api_no_service(view, service, reply);

        reply->field = "service";
        view_unref(view);
        return err;
    }
    j = api_json(reply);
    json_open_object(&j);
    json_member_time(&j, "timestamp", view->now_ms);
    json_key(&j, "counts");
    json_open_object(&j);
    view_json_breaker_counts(&j, &view->totals.breakers);
    json_close_object(&j);
    all_breakers(&j, view, service, name);
    json_close_object(&j);
    view_unref(view);
    return buf_error(&reply->body);
}
