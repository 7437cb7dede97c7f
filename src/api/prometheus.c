/*
 * What Prometheus' HTTP API answers about targets, metadata, rules and alerts, in its
 * shape: {"status":"success","data":...}, and {"status":"error","errorType","error"}
 * for an argument that it would refuse.
 *
 * Source    Prometheus 2.42, HTTP API: Targets, Querying metric metadata.
 */
#include <unistd.h>

#include "api/api.h"
#include "api/prometheus_reply.h"
#include "model/duration.h"

enum {
    METADATA_READ_MAX_BYTES = 64 << 20,
    HOST_MAX_BYTES = 256,
};

/* --- metadata --- */

static void write_item(struct json *j, const struct metadata_item *item)
{
    json_open_object(j);
    json_key(j, "type");
    json_string(j, item->type);
    json_key(j, "help");
    json_string(j, item->help);
    json_key(j, "unit");
    json_string(j, item->unit);
    json_close_object(j);
}

/* Items of one metric stand together. limit < 0: all metrics. */
static void write_metadata(struct json *j, const struct metadata_item *items, size_t count,
                           int64_t limit)
{
    for (size_t i = 0; i < count && limit != 0; limit--) {
        struct str metric = items[i].metric;

        json_key_str(j, metric);
        json_open_array(j);
        for (; i < count && str_equals(items[i].metric, metric); i++)
            write_item(j, &items[i]);
        json_close_array(j);
    }
}

enum err api_metadata(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct arena arena = arena_limited(METADATA_READ_MAX_BYTES);
    struct str text, metric = STR("");
    struct metadata_item *items;
    int64_t limit = -1;
    size_t count;
    enum err err;

    if (http_request_arg(req, "limit", &text) && text.len && !str_parse_i64(text, &limit))
        return prometheus_error(reply, ERR_INVALID, "bad_data", "limit must be a number");
    http_request_arg(req, "metric", &metric);
    err = metadata_read(scrape_metadata(api->scraper), metric, &arena, &items, &count);
    if (!err) {
        struct json j = prometheus_open(reply);

        json_open_object(&j);
        write_metadata(&j, items, count, limit < 0 ? -1 : limit);
        json_close_object(&j);
        err = prometheus_close(&j, reply);
    }
    arena_release(&arena);
    return err;
}

/* --- targets --- */

static void write_labels(struct json *j, const char *key, struct labels labels)
{
    json_key(j, key);
    json_open_object(j);
    for (size_t i = 0; i < labels.count; i++) {
        json_key_str(j, labels.items[i].name);
        json_string(j, labels.items[i].value);
    }
    json_close_object(j);
}

static bool is_local(struct str host)
{
    return str_equals(host, STR("127.0.0.1")) || str_equals(host, STR("localhost")) ||
           str_equals(host, STR("[::1]"));
}

/* The URL as others may reach it: this machine's name instead of a loopback address. */
static const char *global_url(struct str url, struct arena *arena)
{
    char name[HOST_MAX_BYTES] = "";
    const char *colon = memmem(url.ptr, url.len, "://", 3);
    size_t from, len = 0;
    struct str host;

    if (!colon || gethostname(name, sizeof name - 1) != 0)
        return arena_copy(arena, url);
    from = (size_t)(colon - url.ptr) + 3;
    host = (struct str){ url.ptr + from, url.len - from };
    if (host.len && host.ptr[0] == '[')
        len = str_find(host, ']');
    while (len < host.len && host.ptr[len] != ':' && host.ptr[len] != '/' && host.ptr[len] != '?')
        len++;
    host.len = len;
    if (!is_local(host))
        return arena_copy(arena, url);
    return arena_printf(arena, "%.*s%s%.*s", (int)from, url.ptr, name, (int)(url.len - from - len),
                        url.ptr + from + len);
}

/* Go's zero time stands for never. */
static void write_time(struct json *j, const char *key, int64_t wall_ms)
{
    json_key(j, key);
    if (wall_ms < 0)
        json_cstr(j, "0001-01-01T00:00:00Z");
    else
        json_time(j, wall_ms);
}

static void write_duration(struct json *j, const char *key, int64_t ms)
{
    char text[DURATION_TEXT_BYTES];

    json_key(j, key);
    json_cstr(j, duration_format(ms, text));
}

static enum err write_target(struct json *j, const struct scrape_target_state *t,
                             struct arena *arena)
{
    const char *global = global_url(t->url, arena);

    if (!global)
        return arena_error(arena);
    json_open_object(j);
    write_labels(j, "discoveredLabels", t->discovered);
    write_labels(j, "labels", t->labels);
    json_key(j, "scrapePool");
    json_string(j, t->pool);
    json_key(j, "scrapeUrl");
    json_string(j, t->url);
    json_key(j, "globalUrl");
    json_cstr(j, global);
    json_key(j, "lastError");
    json_cstr(j, t->error);
    write_time(j, "lastScrape", t->started_ms);
    json_key(j, "lastScrapeDuration");
    json_rounded(j, t->duration_s, 9);
    json_key(j, "health");
    json_cstr(j, !t->known ? "unknown" : t->up ? "up" : "down");
    write_duration(j, "scrapeInterval", t->interval_ms);
    write_duration(j, "scrapeTimeout", t->timeout_ms);
    json_close_object(j);
    return ERR_OK;
}

/* `pool` empty: of all jobs. */
static enum err write_active(struct json *j, struct api *api, struct str pool)
{
    struct arena arena = arena_limited(API_TARGETS_MAX_BYTES);
    struct scrape_target_state *list;
    size_t count;
    enum err err = scrape_targets(api->scraper, &arena, &list, &count);

    for (size_t i = 0; !err && i < count; i++)
        if (!pool.len || str_equals(list[i].pool, pool))
            err = write_target(j, &list[i], &arena);
    arena_release(&arena);
    return err;
}

/* Nothing relabels here, so that no target is ever dropped. */
enum err api_targets(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct str state = STR(""), pool = STR("");
    enum err err = ERR_OK;
    struct json j;

    http_request_arg(req, "state", &state);
    http_request_arg(req, "scrapePool", &pool);
    j = prometheus_open(reply);
    json_open_object(&j);
    json_key(&j, "activeTargets");
    json_open_array(&j);
    if (!state.len || str_equals_nocase(state, STR("active")) ||
        str_equals_nocase(state, STR("any")))
        err = write_active(&j, ctx, pool);
    json_close_array(&j);
    json_key(&j, "droppedTargets");
    json_open_array(&j);
    json_close_array(&j);
    json_close_object(&j);
    return err ? err : prometheus_close(&j, reply);
}

/* --- rules and alerts: there are none, and Grafana asks for them --- */

static enum err answer_none(const char *key, struct http_reply *reply)
{
    struct json j = prometheus_open(reply);

    json_open_object(&j);
    json_key(&j, key);
    json_open_array(&j);
    json_close_array(&j);
    json_close_object(&j);
    return prometheus_close(&j, reply);
}

enum err api_rules(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct str type = STR("");

    (void)ctx;
    http_request_arg(req, "type", &type);
    if (type.len && !str_equals_nocase(type, STR("alert")) &&
        !str_equals_nocase(type, STR("record")))
        return prometheus_error(reply, ERR_INVALID, "bad_data",
                                "invalid parameter \"type\": it must be alert or record");
    return answer_none("groups", reply);
}

enum err api_alerts(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)ctx;
    return answer_none("alerts", reply);
}
