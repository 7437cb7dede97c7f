/*
 * query_exemplars: the exemplars in memory of the series that an expression
 * selects, in the shape of Prometheus' HTTP API.
 *
 * A series is found by its samples, and its exemplars by its reference. A target repeats an
 * exemplar for a while, so samples beside an exemplar's time stand for it, too.
 *
 * Source    Prometheus 2.42, HTTP API: Querying exemplars.
 */
#include <stdlib.h>

#include "api/promql_args.h"
#include "api/promql_json.h"
#include "base/number.h"
#include "ingest/exemplars.h"
#include "promql/source.h"

enum { EXEMPLARS_ARENA_MAX_BYTES = 64 << 20, SELECTORS_MAX = 64, SERIES_MAX_COUNT = 1 << 20 };
static const int64_t BESIDE_MS = 3600000;

struct asked {
    struct api *api;
    struct arena *arena;
    const struct promql_node *selectors[SELECTORS_MAX];
    size_t selector_count;
    int64_t start_ms, end_ms;
    struct vec series; /* struct labels, in the arena */
    enum err (*go_on)(void *ctx);
    void *ctx;
    enum err err;
};

/* --- the selectors of an expression --- */

static enum err add_selectors(struct asked *a, const struct promql_node *node, struct diag *diag);

static enum err add_args(struct asked *a, const struct promql_node *node, struct diag *diag)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < node->call.arg_count && !err; i++)
        err = add_selectors(a, node->call.args[i], diag);
    return err;
}

static enum err add_pair(struct asked *a, const struct promql_node *first,
                         const struct promql_node *second, struct diag *diag)
{
    enum err err = first ? add_selectors(a, first, diag) : ERR_OK;

    return err ? err : add_selectors(a, second, diag);
}

/* Recursion is bounded by PROMQL_NODES_MAX. */
static enum err add_selectors(struct asked *a, const struct promql_node *node, struct diag *diag)
{
    switch (node->kind) {
    case PROMQL_NODE_NUMBER:
    case PROMQL_NODE_TEXT:
        return ERR_OK;
    case PROMQL_NODE_SELECTOR:
        if (a->selector_count == SELECTORS_MAX)
            return diag_set(diag, ERR_LIMIT, "more than %d selectors", SELECTORS_MAX);
        a->selectors[a->selector_count++] = node;
        return ERR_OK;
    case PROMQL_NODE_SUBQUERY:
        return add_selectors(a, node->subquery.expr, diag);
    case PROMQL_NODE_CALL:
        return add_args(a, node, diag);
    case PROMQL_NODE_AGGREGATE:
        return add_pair(a, node->aggregate.param, node->aggregate.expr, diag);
    case PROMQL_NODE_BINARY:
        return add_pair(a, node->binary.left, node->binary.right, diag);
    case PROMQL_NODE_NEGATE:
    case PROMQL_NODE_PLUS:
    case PROMQL_NODE_PAREN:
        break;
    }
    return add_selectors(a, node->inner, diag);
}

/* --- their series --- */

static enum err copy(struct arena *arena, struct labels labels, struct labels *ret)
{
    struct buf bytes = buf_limited(LABELS_MAX_BYTES * 2);
    struct str kept;
    enum err err;

    labels_encode(labels, &bytes);
    err = buf_error(&bytes);
    if (!err && !arena_copy_str(arena, buf_str(&bytes), &kept))
        err = arena_error(arena);
    if (!err)
        err = labels_decode(kept, arena, ret);
    buf_release(&bytes);
    return err;
}

static bool keep(void *ctx, const struct tsdb_series_data *data)
{
    struct asked *a = ctx;
    struct labels *kept;

    a->err = a->go_on(a->ctx);
    if (a->err)
        return false;
    kept = vec_push(&a->series);
    a->err = kept ? copy(a->arena, data->labels, kept) : vec_error(&a->series);
    return a->err == ERR_OK;
}

static int compare(const void *x, const void *y)
{
    return labels_compare(*(const struct labels *)x, *(const struct labels *)y);
}

static enum err find_series(struct asked *a, struct diag *diag)
{
    struct promql_source source = promql_source_of(a->api->db);
    enum err err = ERR_OK;

    for (size_t i = 0; i < a->selector_count && !err; i++) {
        struct promql_wanted wanted = { a->selectors[i], a->start_ms - BESIDE_MS,
                                        a->end_ms + BESIDE_MS, SIZE_MAX };

        err = promql_source_select(&source, &wanted, keep, a, diag);
        err = a->err ? a->err : err;
    }
    if (a->series.count)
        qsort(a->series.items, a->series.count, sizeof(struct labels), compare);
    return err;
}

/* --- writing --- */

static void write_exemplar(struct json *j, const struct exemplar *e)
{
    char text[NUMBER_TEXT_BYTES];
    size_t len = number_format(e->value, text);

    json_open_object(j);
    json_key(j, "labels");
    promql_json_labels(j, e->labels);
    json_member_string(j, "value", (struct str){ text, len });
    json_key(j, "timestamp");
    promql_json_time(j, e->ts_ms);
    json_close_object(j);
}

static enum err write_series(struct asked *a, struct json *j, struct labels labels)
{
    struct arena arena = arena_limited(EXEMPLARS_ARENA_MAX_BYTES);
    uint32_t ref = tsdb_find_series(a->api->db, labels);
    struct exemplar *items;
    size_t count = 0;
    enum err err = ERR_OK;

    if (ref && a->api->scraper)
        err = exemplars_read(scrape_exemplars(a->api->scraper), ref, a->start_ms, a->end_ms, &arena,
                             &items, &count);
    if (!err && count) {
        json_open_object(j);
        json_key(j, "seriesLabels");
        promql_json_labels(j, labels);
        json_key(j, "exemplars");
        json_open_array(j);
        for (size_t i = 0; i < count; i++)
            write_exemplar(j, &items[i]);
        json_close_array(j);
        json_close_object(j);
    }
    arena_release(&arena);
    return err;
}

/* Several selectors may have found the same series. */
static enum err write_found(struct asked *a, struct http_reply *reply)
{
    struct json j = prometheus_open(reply);
    enum err err = ERR_OK;

    json_open_array(&j);
    for (size_t i = 0; i < a->series.count && !err; i++) {
        const struct labels *labels = vec_at(&a->series, i);

        if (i == 0 || !labels_equals(labels[0], labels[-1]))
            err = write_series(a, &j, *labels);
    }
    json_close_array(&j);
    return err ? err : prometheus_close(&j, reply);
}

static enum err take_args(struct asked *a, struct http_request *req, struct diag *diag)
{
    const struct promql_node *node;
    enum err err = promql_arg_query(req, a->arena, &node, diag);

    if (!err)
        err = promql_arg_time(req, "start", -PROMQL_TIME_MAX_MS, &a->start_ms, diag);
    if (!err)
        err = promql_arg_time(req, "end", PROMQL_TIME_MAX_MS, &a->end_ms, diag);
    if (!err && a->end_ms < a->start_ms)
        err = diag_set(diag, ERR_INVALID, "end timestamp must not be before start timestamp");
    return err ? err : add_selectors(a, node, diag);
}

void api_answer_exemplars(struct api *api, struct http_parked *parked, enum err (*go_on)(void *ctx),
                          void *ctx)
{
    struct arena arena = arena_limited(EXEMPLARS_ARENA_MAX_BYTES);
    struct http_reply reply = { .status = 200 };
    struct diag diag = { 0 };
    struct asked a = { .api = api,
                       .arena = &arena,
                       .series = vec_of(sizeof(struct labels), SERIES_MAX_COUNT),
                       .go_on = go_on,
                       .ctx = ctx };
    enum err err = take_args(&a, http_parked_request(parked), &diag);

    if (err) {
        err = promql_refuse(&reply, err, &diag);
    } else if (!a.selector_count) {
        reply.status = 204; /* as Prometheus: nothing was asked for */
    } else {
        err = find_series(&a, &diag);
        if (!err)
            err = write_found(&a, &reply);
        if (err)
            err = prometheus_error(&reply, err, NULL, diag.code ? diag_text(&diag) : err_text(err));
    }
    http_request_finish(parked, err, &reply);
    vec_release(&a.series);
    arena_release(&arena);
}

enum err api_query_exemplars(struct http_request *req, struct http_reply *reply, void *ctx)
{
    return prometheus_ask(req, reply, ctx, api_answer_exemplars);
}
