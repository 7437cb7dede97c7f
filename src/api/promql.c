/*
 * Queries in PromQL, in the shape of Prometheus' HTTP API: query, query_range,
 * format_query. The query thread reads the arguments, parses and evaluates; the
 * http thread only lays out.
 *
 * Source    Prometheus 2.42, HTTP API: expression queries.
 */
#include "api/api.h"
#include "api/prometheus_reply.h"
#include "api/promql_json.h"
#include "promql/parse.h"
#include "promql/print.h"

#include <stdio.h>

enum {
    TREE_MAX_BYTES = 4 << 20,
    RESULT_MAX_BYTES = 1 << 30,
    QUERY_MAX_BYTES = 1 << 30,
    QUERY_MAX_STEPS = 11001, /* the first and 11,000 behind it, as Prometheus */
    DEFAULT_STEP_MS = 60000,
};

/* ERR_OK: *ret is set. Else the error has been written into the reply. */
static bool take_time(struct http_request *req, const char *name, int64_t preset_ms, int64_t *ret,
                      struct http_reply *reply, enum err *err)
{
    char message[128];
    struct str text;

    *ret = preset_ms;
    if (!prometheus_arg(req, name, 0, &text) || !text.len) {
        if (preset_ms != INT64_MIN)
            return true;
        text = STR_NONE;
    } else if (prometheus_time(text, ret)) {
        return true;
    }
    snprintf(message, sizeof message,
             "invalid parameter \"%s\": cannot parse \"%.*s\" to a valid timestamp", name,
             (int)(text.len < 64 ? text.len : 64), text.ptr ? text.ptr : "");
    *err = prometheus_error(reply, ERR_INVALID, "bad_data", message);
    return false;
}

static bool take_step(struct http_request *req, int64_t *ret, struct http_reply *reply,
                      enum err *err)
{
    struct str text = STR_NONE;
    char message[160];

    if (prometheus_arg(req, "step", 0, &text) && prometheus_duration(text, ret)) {
        if (*ret > 0)
            return true;
        *err = prometheus_error(reply, ERR_INVALID, "bad_data",
                                "invalid parameter \"step\": zero or negative query resolution "
                                "step widths are not accepted. Try a positive integer");
        return false;
    }
    snprintf(message, sizeof message,
             "invalid parameter \"step\": cannot parse \"%.*s\" to a valid duration",
             (int)(text.len < 64 ? text.len : 64), text.ptr ? text.ptr : "");
    *err = prometheus_error(reply, ERR_INVALID, "bad_data", message);
    return false;
}

static bool is_range_route(const struct http_request *req)
{
    return http_request_route(req)->handler == api_query_range;
}

/* False: the error has been written. */
static bool take_expression(struct http_request *req, struct arena *arena,
                            const struct promql_node **ret, struct http_reply *reply, enum err *err)
{
    char message[DIAG_MESSAGE_BYTES + 32];
    struct diag diag = { 0 };
    struct str text = STR_NONE;

    (void)prometheus_arg(req, "query", 0, &text);
    *err = promql_parse(text, arena, ret, &diag);
    if (!*err && is_range_route(req) && (*ret)->type != PROMQL_SCALAR &&
        (*ret)->type != PROMQL_VECTOR) {
        snprintf(message, sizeof message,
                 "invalid expression type \"%s\" for range query, must be Scalar or instant Vector",
                 promql_type_name((*ret)->type));
        *err = prometheus_error(reply, ERR_INVALID, "bad_data", message);
        return false;
    }
    if (!*err)
        return true;
    snprintf(message, sizeof message, "invalid parameter \"query\": %s", diag_text(&diag));
    *err = *err == ERR_INVALID || *err == ERR_LIMIT
               ? prometheus_error(reply, *err, "bad_data", message)
               : *err;
    return false;
}

static bool take_range(struct http_request *req, struct promql_options *o, struct http_reply *reply,
                       enum err *err)
{
    if (!take_time(req, "start", INT64_MIN, &o->start_ms, reply, err) ||
        !take_time(req, "end", INT64_MIN, &o->end_ms, reply, err) ||
        !take_step(req, &o->step_ms, reply, err))
        return false;
    o->is_range = true;
    if (o->end_ms < o->start_ms)
        *err = prometheus_error(reply, ERR_INVALID, "bad_data",
                                "invalid parameter \"end\": end timestamp must not be before "
                                "start time");
    else if ((o->end_ms - o->start_ms) / o->step_ms + 1 > QUERY_MAX_STEPS)
        *err = prometheus_error(reply, ERR_INVALID, "bad_data",
                                "exceeded maximum resolution of 11,000 points per timeseries. Try "
                                "decreasing the query resolution (?step=XX)");
    else
        return true;
    return false;
}

static bool take_options(struct api *api, struct http_request *req, struct promql_options *o,
                         struct http_reply *reply, enum err *err)
{
    *o = (struct promql_options){ .source = promql_source_of(api->db),
                                  .step_ms = 1,
                                  .lookback_ms = API_LOOKBACK_MS,
                                  .default_step_ms = DEFAULT_STEP_MS,
                                  .max_samples = API_QUERY_MAX_SAMPLES,
                                  .max_bytes = QUERY_MAX_BYTES,
                                  .max_steps = QUERY_MAX_STEPS,
                                  .budget = api->budget };
    if (is_range_route(req))
        return take_range(req, o, reply, err);
    if (!take_time(req, "time", clock_wall_ms(&api->clock), &o->start_ms, reply, err))
        return false;
    o->end_ms = o->start_ms;
    return true;
}

/* --- on the query thread --- */

static enum err run(struct http_reply *reply, const struct promql_options *options,
                    const struct promql_node *node)
{
    struct promql_result result;
    struct promql_query query;
    struct diag diag = { 0 };
    enum err err;

    promql_query_init(&query, options);
    err = promql_run(&query, node, &result, &diag);
    if (err) {
        err = prometheus_error(reply, err, NULL, diag_text(&diag));
    } else {
        struct json j = prometheus_open(reply);

        promql_json_result(&j, options, &result);
        err = prometheus_close(&j, reply);
    }
    promql_query_release(&query);
    return err;
}

void api_answer_promql(struct api *api, struct http_parked *parked, enum err (*go_on)(void *ctx),
                       void *ctx)
{
    struct http_request *req = http_parked_request(parked);
    struct http_reply reply = { .status = 200 };
    struct arena arena = arena_limited(TREE_MAX_BYTES);
    const struct promql_node *node;
    struct promql_options options;
    enum err err = go_on(ctx);

    if (err)
        err = prometheus_error(&reply, err, NULL, err_text(err));
    else if (take_options(api, req, &options, &reply, &err) &&
             take_expression(req, &arena, &node, &reply, &err)) {
        options.go_on = go_on;
        options.ctx = ctx;
        err = run(&reply, &options, node);
    }
    http_request_finish(parked, err, &reply);
    arena_release(&arena);
}

/* --- on the http threads --- */

enum err api_query(struct http_request *req, struct http_reply *reply, void *ctx)
{
    return prometheus_ask(req, reply, ctx, api_answer_promql);
}

enum err api_query_range(struct http_request *req, struct http_reply *reply, void *ctx)
{
    return prometheus_ask(req, reply, ctx, api_answer_promql);
}

enum err api_format_query(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct arena arena = arena_limited(TREE_MAX_BYTES);
    const struct promql_node *node;
    enum err err;

    (void)ctx;
    if (take_expression(req, &arena, &node, reply, &err)) {
        struct buf text = buf_limited(PROMQL_TEXT_MAX_BYTES * 8);
        struct json j = prometheus_open(reply);

        promql_print_pretty(node, &text);
        json_string(&j, buf_str(&text));
        err = buf_error(&text) ? buf_error(&text) : prometheus_close(&j, reply);
        buf_release(&text);
    }
    arena_release(&arena);
    return err;
}
