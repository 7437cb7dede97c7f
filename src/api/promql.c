/*
 * Queries in PromQL, in the shape of Prometheus' HTTP API: query, query_range,
 * format_query, parse_query. The query thread reads the arguments, parses and evaluates; the
 * http thread only lays out.
 *
 * Source    Prometheus 2.42, HTTP API: expression queries.
 */
#include "api/promql_answer.h"
#include "api/promql_args.h"
#include "api/promql_tree.h"
#include "promql/print.h"

enum {
    QUERY_MAX_BYTES = 1 << 30,
    QUERY_MAX_STEPS = 11001, /* the first and 11,000 behind it, as Prometheus */
    DEFAULT_STEP_MS = 60000,
    TIMEOUT_MAX_MS = 3600000, /* the thread ends a query long before */
};

static bool is_range_route(const struct http_request *req)
{
    return http_request_route(req)->handler == api_query_range;
}

static enum err take_expression(struct http_request *req, struct arena *arena,
                                const struct promql_node **ret, struct diag *diag)
{
    enum err err = promql_arg_query(req, arena, ret, diag);

    if (!err && is_range_route(req) && (*ret)->type != PROMQL_SCALAR &&
        (*ret)->type != PROMQL_VECTOR)
        return diag_set(diag, ERR_INVALID,
                        "invalid parameter \"query\": invalid expression type \"%s\" for range "
                        "query, must be Scalar or instant Vector",
                        promql_type_name((*ret)->type));
    return err;
}

static enum err take_range(struct http_request *req, struct promql_options *o, struct diag *diag)
{
    enum err err = promql_arg_time(req, "start", INT64_MIN, &o->start_ms, diag);

    if (!err)
        err = promql_arg_time(req, "end", INT64_MIN, &o->end_ms, diag);
    if (!err)
        err = promql_arg_step(req, &o->step_ms, diag);
    if (err)
        return err;
    o->is_range = true;
    if (o->end_ms < o->start_ms)
        return diag_set(diag, ERR_INVALID,
                        "invalid parameter \"end\": end timestamp must not be before start time");
    if ((o->end_ms - o->start_ms) / o->step_ms + 1 > QUERY_MAX_STEPS)
        return diag_set(diag, ERR_INVALID,
                        "exceeded maximum resolution of 11,000 points per timeseries. Try "
                        "decreasing the query resolution (?step=XX)");
    return ERR_OK;
}

static enum err take_options(struct api *api, struct http_request *req, struct promql_options *o,
                             struct diag *diag)
{
    enum err err;

    *o = (struct promql_options){ .source = promql_source_of(api->db),
                                  .step_ms = 1,
                                  .lookback_ms = API_LOOKBACK_MS,
                                  .default_step_ms = DEFAULT_STEP_MS,
                                  .left_open = atomic_load(&api->left_open),
                                  .max_samples = API_QUERY_MAX_SAMPLES,
                                  .max_bytes = QUERY_MAX_BYTES,
                                  .max_steps = QUERY_MAX_STEPS,
                                  .budget = api->budget };
    if (is_range_route(req))
        return take_range(req, o, diag);
    err = promql_arg_time(req, "time", clock_wall_ms(&api->clock), &o->start_ms, diag);
    o->end_ms = o->start_ms;
    return err;
}

/* --- on the query thread --- */

/* The query's own time limit, beside what the thread says. */
struct patience {
    struct api *api;
    int64_t end_mono_ns;
    bool ended;
    enum err (*go_on)(void *ctx);
    void *ctx;
};

static enum err take_patience(struct http_request *req, struct patience *p, struct diag *diag)
{
    int64_t timeout_ms, arrived_ns = http_request_received_mono_ns(req);
    enum err err = promql_arg_timeout(req, &timeout_ms, diag);

    if (!err && timeout_ms < TIMEOUT_MAX_MS)
        p->end_mono_ns = arrived_ns + timeout_ms * 1000000;
    return err;
}

static enum err go_on_while(void *ctx)
{
    struct patience *p = ctx;
    enum err err = p->go_on(p->ctx);

    if (err || clock_mono_ns(&p->api->clock) < p->end_mono_ns)
        return err;
    if (!p->ended)
        atomic_fetch_add(&p->api->own.queries.timed_out, 1);
    p->ended = true;
    return ERR_TIMEOUT;
}

static enum err prepare(struct patience *p, struct http_request *req, struct promql_answer *a,
                        struct diag *diag)
{
    enum err err = take_options(p->api, req, &a->options, diag);

    if (!err)
        err = take_patience(req, p, diag);
    if (!err)
        err = take_expression(req, &a->tree, &a->node, diag);
    a->options.go_on = go_on_while;
    a->options.ctx = p;
    return err;
}

static enum err answer(struct patience *p, struct http_request *req, struct http_reply *reply)
{
    struct promql_answer *a = promql_answer_new(p->api);
    struct diag diag = { 0 };
    enum err err = a ? prepare(p, req, a, &diag) : ERR_NOMEM;

    if (!err)
        return promql_answer_give(a, req, reply);
    promql_answer_free(a);
    return promql_refuse(reply, err, &diag);
}

void api_answer_promql(struct api *api, struct http_parked *parked, enum err (*go_on)(void *ctx),
                       void *ctx)
{
    struct patience patience = { api, INT64_MAX, false, go_on, ctx };
    struct http_reply reply = { .status = 200 };
    enum err err = answer(&patience, http_parked_request(parked), &reply);

    http_request_finish(parked, err, &reply);
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

/* Parses the query and has its tree written as "data". */
static enum err answer_tree(struct http_request *req, struct http_reply *reply,
                            enum err (*write)(struct json *j, const struct promql_node *node))
{
    struct arena arena = arena_limited(PROMQL_TREE_MAX_BYTES);
    const struct promql_node *node;
    struct diag diag = { 0 };
    enum err err = promql_arg_query(req, &arena, &node, &diag);

    if (err) {
        err = promql_refuse(reply, err, &diag);
    } else {
        struct json j = prometheus_open(reply);

        err = write(&j, node);
        if (!err)
            err = prometheus_close(&j, reply);
    }
    arena_release(&arena);
    return err;
}

static enum err write_pretty(struct json *j, const struct promql_node *node)
{
    struct buf text = buf_limited(PROMQL_TEXT_MAX_BYTES * 8);
    enum err err;

    promql_print_pretty(node, &text);
    err = buf_error(&text);
    json_string(j, buf_str(&text));
    buf_release(&text);
    return err;
}

static enum err write_tree(struct json *j, const struct promql_node *node)
{
    promql_json_tree(j, node);
    return ERR_OK;
}

enum err api_format_query(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)ctx;
    return answer_tree(req, reply, write_pretty);
}

enum err api_parse_query(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)ctx;
    return answer_tree(req, reply, write_tree);
}
