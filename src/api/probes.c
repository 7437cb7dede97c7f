/* Probes: whether Fusebox itself works. What it watches may be in any state. */
#include "api/api.h"
#include "base/json.h"

static const char *upper_state(const struct breaker_counts *counts)
{
    static const char *const names[] = { "CLOSED", "HALF_OPEN", "OPEN", "DISABLED", "UNKNOWN" };

    return counts->total ? names[counts->worst] : "UNKNOWN";
}

static void check(struct json *j, const char *name, const char *status)
{
    json_key(j, name);
    json_cstr(j, status);
}

/* S2's body; the breaker in it stands for the worst of all. */
static void write_health(struct json *j, struct api *api, const struct monitor_view *view)
{
    const struct totals_view *t = &view->totals;
    bool degraded = t->breakers.in_state[BREAKER_OPEN] || t->services[HEALTH_UNHEALTHY];

    json_open_object(j);
    json_key(j, "timestamp");
    json_time(j, clock_wall_ms(&api->clock));
    json_key(j, "status");
    json_cstr(j, degraded ? "degraded" : "healthy");
    json_key(j, "version");
    json_cstr(j, api->version);
    json_key(j, "details");
    json_open_object(j);
    check(j, "database_status", "healthy");
    check(j, "circuit_breaker_status", upper_state(&t->breakers));
    json_close_object(j);
    json_key(j, "checks");
    json_open_object(j);
    check(j, "store", "healthy");
    check(j, "evaluation", "healthy");
    json_key(j, "services_unhealthy");
    json_int(j, t->services[HEALTH_UNHEALTHY]);
    json_key(j, "breakers_open");
    json_int(j, t->breakers.in_state[BREAKER_OPEN]);
    json_close_object(j);
    json_close_object(j);
}

/* The evaluation publishes at least once a second; much later it is stuck. */
static bool evaluation_is_stuck(struct api *api)
{
    static const int64_t patience_ms = 30000;

    return clock_wall_ms(&api->clock) - atomic_load(&api->own.evaluated_ms) > patience_ms;
}

enum err api_health(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct monitor_view *view = api_view(api, reply);
    struct json j;

    (void)req;
    if (!view)
        return ERR_UNAVAILABLE;
    if (evaluation_is_stuck(api)) {
        view_unref(view);
        return diag_set(&reply->diag, ERR_UNAVAILABLE,
                        "the evaluation has not run for 30 s: see the log");
    }
    j = api_json(reply);
    write_health(&j, api, view);
    view_unref(view);
    return buf_error(&reply->body);
}

enum err api_live(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)ctx;
    reply->fixed = STR("{\"status\":\"alive\"}");
    return ERR_OK;
}

enum err api_ready(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;

    (void)req;
    if (atomic_load(&api->ready)) {
        reply->fixed = STR("{\"status\":\"ready\"}");
        return ERR_OK;
    }
    reply->retry_after_s = 1;
    return diag_set(&reply->diag, ERR_UNAVAILABLE, "Fusebox is still reading its log");
}
