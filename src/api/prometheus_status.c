/*
 * What Prometheus' HTTP API answers about itself, in its shape: version, run time,
 * configuration, flags and the make-up of what is in memory.
 *
 * What only a Go program has is empty or 0. Of the flags there are those of which
 * Fusebox has the like.
 *
 * Source    Prometheus 2.42, HTTP API: Status.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/api.h"
#include "api/prometheus_reply.h"
#include "config/config.h"
#include "model/duration.h"

/* Whose API this is: by it Grafana chooses what it asks for. */
#define PROMETHEUS_VERSION "2.42.0"

enum { STATUS_ARENA_MAX_BYTES = 4 << 20, TSDB_TOP_DEFAULT = 10, DIRECTORY_MAX_BYTES = 4096 };

static void write_text(struct json *j, const char *key, const char *value)
{
    json_key(j, key);
    json_cstr(j, value);
}

static void write_count(struct json *j, const char *key, uint64_t value)
{
    json_key(j, key);
    json_int(j, (int64_t)(value & INT64_MAX));
}

/* --- version and run time --- */

enum err api_buildinfo(struct http_request *req, struct http_reply *reply, void *ctx)
{
    static const char *const unknown[] = { "revision", "branch", "buildUser", "buildDate" };
    struct api *api = ctx;
    struct json j = prometheus_open(reply);

    (void)req;
    json_open_object(&j);
    write_text(&j, "version", PROMETHEUS_VERSION);
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        write_text(&j, unknown[i], "");
    write_text(&j, "goVersion", "");
    write_text(&j, "application", "fusebox");
    write_text(&j, "fusebox_version", api->version);
    json_close_object(&j);
    return prometheus_close(&j, reply);
}

/* "15d or 5GB"; empty: everything is kept. */
static void write_retention(struct json *j, struct api *api)
{
    char time[DURATION_TEXT_BYTES] = "", size[DURATION_TEXT_BYTES] = "";
    char both[2 * DURATION_TEXT_BYTES + 8];
    int64_t kept_ms = atomic_load(&api->retention_ms);
    uint64_t kept_bytes = atomic_load(&api->retention_bytes);

    if (kept_ms > 0)
        duration_format(kept_ms, time);
    if (kept_bytes)
        size_format((int64_t)(kept_bytes & INT64_MAX), size);
    snprintf(both, sizeof both, "%s%s%s", time, kept_ms > 0 && kept_bytes ? " or " : "", size);
    write_text(j, "storageRetention", both);
}

enum err api_runtimeinfo(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    char directory[DIRECTORY_MAX_BYTES];
    struct json j = prometheus_open(reply);
    struct tsdb_stats stats;

    (void)req;
    tsdb_stats(api->db, &stats);
    json_open_object(&j);
    json_key(&j, "startTime");
    json_time(&j, api->started_ms);
    write_text(&j, "CWD", getcwd(directory, sizeof directory) ? directory : "");
    json_key(&j, "reloadConfigSuccess");
    json_bool(&j, atomic_load(&api->own.reload_successful));
    json_key(&j, "lastConfigTime");
    json_time(&j, atomic_load(&api->own.reload_success_ms));
    write_count(&j, "corruptionCount", stats.damaged_count);
    write_count(&j, "goroutineCount", 0);
    write_count(&j, "GOMAXPROCS", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
    write_text(&j, "GOGC", "");
    write_text(&j, "GODEBUG", "");
    write_retention(&j, api);
    json_close_object(&j);
    return prometheus_close(&j, reply);
}

/* --- configuration and flags --- */

enum err api_config_text(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct config *cfg = api_config(ctx);
    struct json j = prometheus_open(reply);

    (void)req;
    json_open_object(&j);
    json_member_string(&j, "yaml", config_shown(cfg));
    json_close_object(&j);
    config_unref(cfg);
    return prometheus_close(&j, reply);
}

enum err api_flags(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    char text[DURATION_TEXT_BYTES];
    struct json j = prometheus_open(reply);

    (void)req;
    json_open_object(&j);
    write_text(&j, "config.file", api->config_file ? api->config_file : "");
    write_text(&j, "query.lookback-delta", duration_format(API_LOOKBACK_MS, text));
    snprintf(text, sizeof text, "%d", API_QUERY_MAX_SAMPLES);
    write_text(&j, "query.max-samples", text);
    write_text(&j, "storage.tsdb.path", api->data_dir);
    write_text(&j, "storage.tsdb.retention.size",
               size_format((int64_t)(atomic_load(&api->retention_bytes) & INT64_MAX), text));
    write_text(&j, "storage.tsdb.retention.time",
               duration_format(atomic_load(&api->retention_ms), text));
    write_text(&j, "web.enable-admin-api", "false");
    write_text(&j, "web.enable-lifecycle", "true");
    write_text(&j, "web.enable-remote-write-receiver", "true");
    json_close_object(&j);
    return prometheus_close(&j, reply);
}

/* --- what is in memory --- */

static void write_head(struct json *j, const struct cardinality *c, const struct tsdb_stats *stats)
{
    json_key(j, "headStats");
    json_open_object(j);
    write_count(j, "numSeries", c->series_count);
    write_count(j, "numLabelPairs", c->by_pair.total + c->by_metric.total);
    write_count(j, "chunkCount", stats->chunk_count);
    json_key(j, "minTime");
    json_int(j, stats->min_ts_ms);
    json_key(j, "maxTime");
    json_int(j, stats->max_ts_ms);
    json_close_object(j);
}

static void write_entry(struct json *j, struct str name, struct str value, uint64_t count,
                        struct arena *arena)
{
    char *pair = value.len ? arena_printf(arena, "%.*s=%.*s", STR_ARG(name), STR_ARG(value)) : NULL;

    json_open_object(j);
    json_key(j, "name");
    json_string(j, pair ? str_of(pair) : name);
    write_count(j, "value", count);
    json_close_object(j);
}

static void write_top(struct json *j, const char *key, const struct cardinality_top *top,
                      size_t limit, struct arena *arena)
{
    json_key(j, key);
    json_open_array(j);
    for (size_t i = 0; i < top->count && i < limit; i++)
        write_entry(j, top->items[i].name, STR_NONE, top->items[i].count, arena);
    json_close_array(j);
}

static int compare_bytes(const void *a, const void *b)
{
    const struct cardinality_entry *x = a, *y = b;

    return x->bytes == y->bytes ? str_compare(x->name, y->name) : x->bytes < y->bytes ? 1 : -1;
}

/* Sorts the labels anew. */
static void write_memory(struct json *j, struct cardinality_top *labels, size_t limit,
                         struct arena *arena)
{
    qsort(labels->items, labels->count, sizeof *labels->items, compare_bytes);
    json_key(j, "memoryInBytesByLabelName");
    json_open_array(j);
    for (size_t i = 0; i < labels->count && i < limit; i++)
        write_entry(j, labels->items[i].name, STR_NONE, labels->items[i].bytes, arena);
    json_close_array(j);
}

/* The greatest of both lists, each of which is in order: a metric is the pair __name__=METRIC. */
static void write_pairs(struct json *j, const struct cardinality *c, size_t limit,
                        struct arena *arena)
{
    const struct cardinality_top *metrics = &c->by_metric, *pairs = &c->by_pair;
    size_t m = 0, p = 0;

    json_key(j, "seriesCountByLabelValuePair");
    json_open_array(j);
    while (m + p < limit && (m < metrics->count || p < pairs->count)) {
        bool is_pair = m == metrics->count ||
                       (p < pairs->count && pairs->items[p].count >= metrics->items[m].count);
        const struct cardinality_entry *e = is_pair ? &pairs->items[p++] : &metrics->items[m++];

        if (is_pair)
            write_entry(j, e->name, e->value, e->count, arena);
        else
            write_entry(j, STR("__name__"), e->name, e->count, arena);
    }
    json_close_array(j);
}

enum err api_tsdb(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct arena arena = arena_limited(STATUS_ARENA_MAX_BYTES);
    int64_t limit = TSDB_TOP_DEFAULT;
    struct tsdb_stats stats;
    struct cardinality c;
    struct str text;
    enum err err;

    if (http_request_arg(req, "limit", &text) && (!str_parse_i64(text, &limit) || limit < 1))
        return prometheus_error(reply, ERR_INVALID, "bad_data", "limit must be a positive number");
    tsdb_stats(api->db, &stats);
    err = tsdb_cardinality(api->db, CARDINALITY_TOP_MAX, &arena, &c);
    if (!err) {
        struct json j = prometheus_open(reply);

        json_open_object(&j);
        write_head(&j, &c, &stats);
        write_top(&j, "seriesCountByMetricName", &c.by_metric, (size_t)limit, &arena);
        write_top(&j, "labelValueCountByLabelName", &c.by_label, (size_t)limit, &arena);
        write_memory(&j, &c.by_label, (size_t)limit, &arena);
        write_pairs(&j, &c, (size_t)limit, &arena);
        json_close_object(&j);
        err = prometheus_close(&j, reply);
    }
    arena_release(&arena);
    return err;
}
