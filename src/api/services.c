/* The retry monitoring resources of reference S0: status, health, the list of services. */
#include "api/api.h"
#include "api/view_json.h"

enum { SERVICES_PAGE_DEFAULT = 1000, SERVICES_PAGE_MAX = 10000 };

static void uptime(struct json *j, const struct api *api, int64_t now_ms)
{
    json_member_cstr(j, "version", api->version);
    json_member_int(j, "uptime_s", (now_ms - api->started_ms) / 1000);
}

static enum err targets(struct json *j, struct api *api)
{
    struct arena arena = arena_limited(API_TARGETS_MAX_BYTES);
    struct scrape_target_state *list = NULL;
    size_t count = 0;
    enum err err = scrape_targets(api->scraper, &arena, &list, &count);

    json_key(j, "targets");
    json_open_array(j);
    for (size_t i = 0; i < count; i++) {
        json_open_object(j);
        json_member_string(j, "job", list[i].job);
        json_member_string(j, "url", list[i].url);
        json_key(j, "up");
        if (list[i].known)
            json_bool(j, list[i].up);
        else
            json_null(j);
        json_member_cstr(j, "error", list[i].error[0] ? list[i].error : NULL);
        json_key(j, "last_ms");
        if (list[i].last_ms < 0)
            json_null(j);
        else
            json_int(j, list[i].last_ms);
        json_member_rounded(j, "duration_s", list[i].duration_s, 6);
        json_member_int(j, "samples", (int64_t)list[i].samples);
        json_close_object(j);
    }
    json_close_array(j);
    arena_release(&arena);
    return err;
}

static void store(struct json *j, struct api *api)
{
    struct tsdb_stats s;

    tsdb_stats(api->db, &s);
    json_key(j, "store");
    json_open_object(j);
    json_member_int(j, "series", (int64_t)s.series_count);
    json_member_int(j, "samples_appended", (int64_t)s.samples_appended_count);
    json_member_int(j, "memory_bytes", (int64_t)s.memory_bytes);
    json_member_rounded(j, "replay_s", (double)s.replay_duration_ns / 1e9, 3);
    json_close_object(j);
}

enum err api_status(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct monitor_view *view = api_view(api, reply);
    struct json j;
    enum err err;

    (void)req;
    if (!view)
        return ERR_UNAVAILABLE;
    j = api_json(reply);
    view_json_head(&j, view, &(struct view_origin){ api->epoch, api->notices });
    json_member_cstr(&j, "status", "running");
    uptime(&j, api, view->now_ms);
    json_member_cstr(&j, "config_file", api->config_file);
    json_member_bool(&j, "config_last_reload_successful", atomic_load(&api->own.reload_successful));
    view_json_sentence(&j, &view->sentence);
    view_json_totals(&j, &view->totals);
    store(&j, api);
    err = targets(&j, api);
    json_close_object(&j);
    view_unref(view);
    return err ? err : buf_error(&reply->body);
}

/* Whole numbers of a list's paging. ERR_INVALID names the argument. */
static enum err page_arg(const struct http_request *req, const char *name, int64_t max,
                         int64_t *value, struct http_reply *reply)
{
    struct str text;

    if (!http_request_arg(req, name, &text))
        return ERR_OK;
    if (str_parse_i64(text, value) && *value >= 0 && *value <= max)
        return ERR_OK;
    reply->field = name;
    return diag_set(&reply->diag, ERR_INVALID, "%s must be a whole number from 0 to %lld", name,
                    (long long)max);
}

enum err api_services(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    int64_t limit = SERVICES_PAGE_DEFAULT, offset = 0;
    enum err err = page_arg(req, "limit", SERVICES_PAGE_MAX, &limit, reply);
    struct monitor_view *view;
    struct json j;

    if (!err)
        err = page_arg(req, "offset", INT32_MAX, &offset, reply);
    view = err ? NULL : api_view(api, reply);
    if (!view)
        return err ? err : ERR_UNAVAILABLE;
    j = api_json(reply);
    view_json_head(&j, view, &(struct view_origin){ api->epoch, api->notices });
    json_member_int(&j, "total", (int64_t)view->service_count);
    json_member_int(&j, "limit", limit);
    json_member_int(&j, "offset", offset);
    json_key(&j, "services");
    json_open_array(&j);
    for (size_t i = (size_t)offset; i < view->service_count && i < (size_t)(offset + limit); i++) {
        json_open_object(&j);
        view_json_row_members(&j, &view->services[i], ROW_PLAIN);
        json_close_object(&j);
    }
    json_close_array(&j);
    json_close_object(&j);
    view_unref(view);
    return buf_error(&reply->body);
}

/* One service in the health report: the verdict and its reason, without the figures. */
static void report_line(struct json *j, const struct service_view *s)
{
    json_open_object(j);
    json_member_string(j, "service", s->name);
    json_member_cstr(j, "health", health_name(s->health));
    json_member_cstr(j, "reason", s->reason);
    json_member_cstr(j, "evidence", evidence_name(s->evidence));
    json_member_time(j, "since", s->since_ms);
    json_member_cstr(j, "risk", risk_name(s->budget.risk));
    view_json_breaker_counts(j, &s->breakers);
    json_close_object(j);
}

enum err api_health_report(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct monitor_view *view = api_view(api, reply);
    struct json j;

    (void)req;
    if (!view)
        return ERR_UNAVAILABLE;
    j = api_json(reply);
    view_json_head(&j, view, &(struct view_origin){ api->epoch, api->notices });
    json_member_cstr(&j, "status",
                     view->totals.services[HEALTH_UNHEALTHY]  ? "unhealthy"
                     : view->totals.services[HEALTH_DEGRADED] ? "degraded"
                                                              : "healthy");
    uptime(&j, api, view->now_ms);
    view_json_sentence(&j, &view->sentence);
    view_json_totals(&j, &view->totals);
    json_key(&j, "services");
    json_open_array(&j);
    for (size_t i = 0; i < view->service_count; i++)
        report_line(&j, &view->services[i]);
    json_close_array(&j);
    json_close_object(&j);
    view_unref(view);
    return buf_error(&reply->body);
}
