/*
 * Which series, label names and label values there are, in the shape of
 * Prometheus' HTTP API: series, labels, label/{name}/values.
 *
 * Source    Prometheus 2.42, HTTP API: Querying metadata.
 */
#include <stdlib.h>

#include "api/long_answer.h"
#include "api/promql_args.h"
#include "api/promql_json.h"
#include "base/mem.h"
#include "promql/parse.h"
#include "promql/source.h"

enum {
    SERIES_ARENA_MAX_BYTES = 256 << 20,
    LABELS_ARENA_MAX_BYTES = 1 << 20,
    SELECTORS_MAX = 64,
    NAMES_MAX = 1 << 22,
};

struct finding {
    struct long_answer answer;
    struct http_request *req;
    struct arena arena;
    int64_t start_ms, end_ms, limit; /* limit 0: none */
    const struct promql_node *selectors[SELECTORS_MAX];
    size_t selector_count;
    enum err (*go_on)(void *ctx);
    void *ctx;
    struct str label; /* of label/{name}/values; else empty */
    bool finds_series;
    struct map found; /* label sets in their byte form, names or values */
    struct buf key;
    enum err err;

    /* While it is written. */
    struct str *texts; /* what was found, in order */
    size_t count, next;
    bool is_cut;
    struct arena labels; /* of one series */
    struct json json;
};

static enum err take_selectors(struct finding *f, struct diag *diag)
{
    struct str text;
    enum err err = ERR_OK;

    for (size_t n = 0; !err && prometheus_arg(f->req, "match[]", n, &text); n++) {
        if (n == SELECTORS_MAX)
            return diag_set(diag, ERR_INVALID, "more than %d match[] parameters", SELECTORS_MAX);
        err = promql_parse_selector(text, &f->arena, &f->selectors[n], diag);
        f->selector_count += !err;
    }
    return err;
}

/* --- gathering --- */

/* Enters a copy of the text unless it is there. */
static enum err enter(struct finding *f, struct str text)
{
    struct str kept;

    if (map_find(&f->found, text))
        return ERR_OK;
    if (!arena_copy_str(&f->arena, text, &kept))
        return arena_error(&f->arena);
    return map_put(&f->found, kept, f);
}

static enum err enter_names(struct finding *f, struct labels labels)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < labels.count && !err; i++)
        err = enter(f, labels.items[i].name);
    return err;
}

static enum err enter_series(struct finding *f, struct labels labels)
{
    buf_clear(&f->key);
    labels_encode(labels, &f->key);
    return buf_error(&f->key) ? buf_error(&f->key) : enter(f, buf_str(&f->key));
}

static bool visit(void *ctx, const struct tsdb_series_data *data)
{
    struct finding *f = ctx;
    struct str value = f->label.len ? labels_value(data->labels, f->label) : STR_NONE;

    f->err = f->go_on(f->ctx);
    if (f->err)
        return false;
    if (f->label.len)
        f->err = value.len ? enter(f, value) : ERR_OK;
    else if (f->finds_series)
        f->err = enter_series(f, data->labels);
    else
        f->err = enter_names(f, data->labels);
    return f->err == ERR_OK;
}

static enum err select_one(struct finding *f, const struct promql_node *selector, struct diag *diag)
{
    struct promql_source source = promql_source_of(f->answer.api->db);
    struct promql_wanted wanted = { selector, f->start_ms, f->end_ms, SIZE_MAX };
    enum err err = promql_source_select(&source, &wanted, visit, f, diag);

    return f->err ? f->err : err;
}

static enum err gather(struct finding *f, struct diag *diag)
{
    enum err err = ERR_OK;

    if (f->selector_count == 0)
        return select_one(f, NULL, diag);
    for (size_t i = 0; i < f->selector_count && !err; i++)
        err = select_one(f, f->selectors[i], diag);
    return err;
}

/* --- writing --- */

static int compare_texts(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static enum err sort_found(struct finding *f)
{
    struct map_entry *entry;
    size_t cursor = 0;

    f->texts = arena_alloc_zero(&f->arena, f->found.count + 1, sizeof *f->texts);
    if (!f->texts)
        return arena_error(&f->arena);
    while ((entry = map_next(&f->found, &cursor)))
        f->texts[f->count++] = entry->key;
    qsort(f->texts, f->count, sizeof *f->texts, compare_texts);
    f->is_cut = f->limit && f->count > (size_t)f->limit;
    if (f->is_cut)
        f->count = (size_t)f->limit;
    map_release(&f->found);
    return ERR_OK;
}

static void write_series(struct finding *f, struct str bytes)
{
    struct labels labels;
    enum err err;

    arena_reset(&f->labels);
    err = labels_decode(bytes, &f->labels, &labels);
    if (err)
        f->json.out->failed = err;
    else
        promql_json_labels(&f->json, labels);
}

static bool write_more(void *ctx, struct buf *out)
{
    struct finding *f = ctx;

    if (f->next == 0) {
        f->json = prometheus_begin(out);
        json_open_array(&f->json);
    }
    f->json.out = out;
    for (; f->next < f->count && out->len < LONG_ANSWER_PIECE_BYTES; f->next++) {
        if (f->finds_series)
            write_series(f, f->texts[f->next]);
        else
            json_string(&f->json, f->texts[f->next]);
    }
    if (f->next < f->count)
        return true;
    json_close_array(&f->json);
    if (f->is_cut)
        prometheus_warn(&f->json, "results truncated due to limit");
    json_close_object(&f->json);
    return false;
}

/* --- the whole --- */

static void free_finding(void *ctx)
{
    struct finding *f = ctx;

    map_release(&f->found);
    buf_release(&f->key);
    arena_release(&f->labels);
    arena_release(&f->arena);
    mem_free(f);
}

static struct finding *finding_new(struct api *api, struct http_request *req)
{
    struct finding *f = mem_alloc_zero(1, sizeof *f);

    if (!f)
        return NULL;
    f->answer = (struct long_answer){
        .api = api, .write = write_more, .free = free_finding, .ctx = f
    };
    f->req = req;
    f->finds_series = http_request_route(req)->handler == api_series;
    f->arena = arena_limited(SERIES_ARENA_MAX_BYTES);
    f->labels = arena_limited(LABELS_ARENA_MAX_BYTES);
    f->found = map_limited(NAMES_MAX);
    f->key = buf_limited(1 << 16);
    return f;
}

static enum err take_args(struct finding *f, struct diag *diag)
{
    enum err err;

    f->label = http_request_param(f->req, "name");
    if (f->label.len && !label_name_is_valid(f->label))
        return diag_set(diag, ERR_INVALID, "invalid label name: \"%.*s\"", STR_ARG(f->label));
    err = take_selectors(f, diag);
    if (!err)
        err = promql_arg_time(f->req, "start", -PROMQL_TIME_MAX_MS, &f->start_ms, diag);
    if (!err)
        err = promql_arg_time(f->req, "end", PROMQL_TIME_MAX_MS, &f->end_ms, diag);
    if (!err)
        err = promql_arg_limit(f->req, &f->limit, diag);
    if (!err && f->selector_count == 0 && f->finds_series)
        err = diag_set(diag, ERR_INVALID, "no match[] parameter provided");
    return err;
}

/* Takes the finding. */
static enum err find(struct finding *f, struct http_reply *reply)
{
    enum err err = gather(f, &reply->diag);

    if (!err)
        err = sort_found(f);
    if (!err)
        err = long_answer_book(&f->answer, f->arena.used_bytes, &reply->diag);
    if (err)
        free_finding(f);
    else
        err = long_answer_give(&f->answer, f->req, reply);
    return err ? prometheus_failed(reply, err) : ERR_OK;
}

void api_answer_series(struct api *api, struct http_parked *parked, enum err (*go_on)(void *ctx),
                       void *ctx)
{
    struct finding *f = finding_new(api, http_parked_request(parked));
    struct http_reply reply = { .status = 200 };
    struct diag diag = { 0 };
    enum err err = ERR_NOMEM;

    if (f) {
        f->go_on = go_on;
        f->ctx = ctx;
        err = take_args(f, &diag);
    }
    if (!err) {
        err = find(f, &reply);
    } else {
        if (f)
            free_finding(f);
        err = promql_refuse(&reply, err, &diag);
    }
    http_request_finish(parked, err, &reply);
}

/* --- on the http threads --- */

static enum err ask(struct http_request *req, struct http_reply *reply, struct api *api)
{
    return prometheus_ask(req, reply, api, api_answer_series);
}

enum err api_series(struct http_request *req, struct http_reply *reply, void *ctx)
{
    return ask(req, reply, ctx);
}

enum err api_label_names(struct http_request *req, struct http_reply *reply, void *ctx)
{
    return ask(req, reply, ctx);
}

enum err api_label_values(struct http_request *req, struct http_reply *reply, void *ctx)
{
    return ask(req, reply, ctx);
}
