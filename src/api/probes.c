/* Probes: whether Fusebox itself works. What it watches may be in any state. */
#include "api/api.h"
#include "api/gateway_json.h"
#include "base/json.h"

enum { EVALUATION_PATIENCE_MS = 30000 };

static const char *upper_state(const struct breaker_counts *counts)
{
    return gateway_state_word(counts->total ? counts->worst : BREAKER_UNKNOWN);
}

static void check(struct json *j, const char *name, const char *status)
{
    json_member_cstr(j, name, status);
}

/* Whether Fusebox itself works. */
struct own_health {
    bool store_failing;    /* it does not take what comes: disk full, read-only, errors */
    bool evaluation_stuck; /* no new view for EVALUATION_PATIENCE_MS; two seconds are usual */
};

static bool works(const struct own_health *h)
{
    return !h->store_failing && !h->evaluation_stuck;
}

static const char *works_word(bool yes)
{
    return yes ? "healthy" : "unhealthy";
}

/* What anybody may know. */
static void write_verdict(struct json *j, struct api *api, const struct totals_view *t,
                          const struct own_health *h)
{
    bool degraded = t->breakers.in_state[BREAKER_OPEN] || t->services[HEALTH_UNHEALTHY];

    json_member_time(j, "timestamp", clock_wall_ms(&api->clock));
    json_member_cstr(j, "status", !works(h) ? "unhealthy" : degraded ? "degraded" : "healthy");
}

/* The rest of S2's body; the breaker in it stands for the worst of all. */
static void write_details(struct json *j, struct api *api, const struct totals_view *t,
                          const struct own_health *h)
{
    const char *store_word = works_word(!h->store_failing);

    json_member_cstr(j, "version", api->version);
    json_key(j, "details");
    json_open_object(j);
    check(j, "database_status", store_word);
    check(j, "circuit_breaker_status", upper_state(&t->breakers));
    json_close_object(j);
    json_key(j, "checks");
    json_open_object(j);
    check(j, "store", store_word);
    check(j, "evaluation", works_word(!h->evaluation_stuck));
    json_member_int(j, "services_unhealthy", t->services[HEALTH_UNHEALTHY]);
    json_member_int(j, "breakers_open", t->breakers.in_state[BREAKER_OPEN]);
    json_close_object(j);
    notices_write(api->notices, j);
}

static struct own_health own_health_of(struct api *api)
{
    int64_t silent_ms = clock_wall_ms(&api->clock) - atomic_load(&api->own.evaluated_ms);

    return (struct own_health){ .store_failing = atomic_load(&api->own.store_failing),
                                .evaluation_stuck = silent_ms > EVALUATION_PATIENCE_MS };
}

enum err api_health(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct monitor_view *view = api_view(api, reply);
    struct own_health health = own_health_of(api);
    struct json j;

    if (!view)
        return ERR_UNAVAILABLE;
    if (!works(&health))
        reply->status = err_http_status(ERR_UNAVAILABLE);
    j = api_json(reply);
    json_open_object(&j);
    write_verdict(&j, api, &view->totals, &health);
    if (http_request_role(req) >= HTTP_ROLE_READ)
        write_details(&j, api, &view->totals, &health);
    json_close_object(&j);
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
