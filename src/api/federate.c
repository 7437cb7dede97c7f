/*
 * /federate: the newest sample of each series that selectors find, as Prometheus
 * text with its time, for another Prometheus to scrape.
 *
 * A series without an instance gets an empty one, so that a scrape with honor_labels
 * does not put its own target's there.
 *
 * Source    Prometheus 2.42, Federation.
 */
#include <stdlib.h>

#include "api/long_answer.h"
#include "api/negotiate.h"
#include "api/prometheus_reply.h"
#include "base/mem.h"
#include "base/number.h"
#include "promql/parse.h"
#include "promql/source.h"
#include "telemetry/metric.h"

enum {
    FEDERATE_ARENA_MAX_BYTES = 256 << 20,
    FEDERATE_SELECTORS_MAX = 64,
    FEDERATE_SERIES_MAX = 1 << 22,
    LABELS_ARENA_MAX_BYTES = 1 << 20,
    KEY_MAX_BYTES = 1 << 16
};

struct newest {
    struct str metric, key; /* the labels in their byte form */
    struct sample sample;
};

struct federation {
    struct long_answer answer;
    struct http_request *req;
    struct arena arena;
    enum err (*go_on)(void *ctx);
    void *ctx;
    struct map found; /* label sets in their byte form: struct newest */
    struct buf key;
    enum err err;

    /* While it is written. */
    struct newest **list; /* by metric, then by labels */
    size_t count, next;
    struct arena labels; /* of one series */
};

/* --- gathering --- */

static enum err enter(struct federation *f, struct str metric, const struct sample *sample)
{
    struct newest *n;

    if (map_find(&f->found, buf_str(&f->key)))
        return ERR_OK;
    n = arena_alloc_zero(&f->arena, 1, sizeof *n);
    if (!n || !arena_copy_str(&f->arena, buf_str(&f->key), &n->key) ||
        !arena_copy_str(&f->arena, metric, &n->metric))
        return arena_error(&f->arena);
    n->sample = *sample;
    return map_put(&f->found, n->key, n);
}

static bool visit(void *ctx, const struct tsdb_series_data *data)
{
    struct federation *f = ctx;
    const struct sample *last = data->count ? &data->samples[data->count - 1] : NULL;

    f->err = f->go_on(f->ctx);
    if (!f->err && last && !sample_is_stale(last->value)) {
        buf_clear(&f->key);
        labels_encode(data->labels, &f->key);
        f->err = buf_error(&f->key);
        if (!f->err)
            f->err = enter(f, labels_value(data->labels, STR("__name__")), last);
    }
    return f->err == ERR_OK;
}

static enum err gather(struct federation *f, struct diag *diag)
{
    int64_t now_ms = clock_wall_ms(&f->answer.api->clock);
    struct promql_source source = promql_source_of(f->answer.api->db);
    struct promql_wanted wanted = { NULL, now_ms - API_LOOKBACK_MS, now_ms, SIZE_MAX };
    struct str text;
    enum err err = ERR_OK;

    for (size_t n = 0; !err && prometheus_arg(f->req, "match[]", n, &text); n++) {
        if (n == FEDERATE_SELECTORS_MAX)
            return diag_set(diag, ERR_INVALID, "more than %d match[] parameters",
                            FEDERATE_SELECTORS_MAX);
        err = promql_parse_selector(text, &f->arena, &wanted.selector, diag);
        if (!err)
            err = promql_source_select(&source, &wanted, visit, f, diag);
        err = f->err ? f->err : err;
    }
    return err;
}

/* --- writing --- */

static int compare_newest(const void *a, const void *b)
{
    const struct newest *x = *(struct newest *const *)a, *y = *(struct newest *const *)b;
    int by_metric = str_compare(x->metric, y->metric);

    return by_metric ? by_metric : str_compare(x->key, y->key);
}

static void write_label(struct buf *out, const char *before, struct str name, struct str value)
{
    buf_printf(out, "%s%.*s=\"", before, STR_ARG(name));
    metric_append_escaped(out, value, true);
    buf_append_byte(out, '"');
}

static void write_newest(struct buf *out, const struct newest *n, struct labels labels)
{
    char number[NUMBER_TEXT_BYTES];
    const char *before = "{";

    buf_append_str(out, n->metric);
    for (size_t i = 0; i < labels.count; i++) {
        if (str_equals(labels.items[i].name, STR("__name__")))
            continue;
        write_label(out, before, labels.items[i].name, labels.items[i].value);
        before = ",";
    }
    if (!labels_value(labels, STR("instance")).len)
        write_label(out, before, STR("instance"), STR_NONE);
    number_format(n->sample.value, number);
    buf_printf(out, "} %s %lld\n", number, (long long)n->sample.ts_ms);
}

static enum err sort_found(struct federation *f)
{
    struct map_entry *entry;
    size_t cursor = 0;

    f->list = arena_alloc_zero(&f->arena, f->found.count + 1, sizeof *f->list);
    if (!f->list)
        return arena_error(&f->arena);
    while ((entry = map_next(&f->found, &cursor)))
        f->list[f->count++] = entry->value;
    qsort(f->list, f->count, sizeof *f->list, compare_newest);
    map_release(&f->found);
    return ERR_OK;
}

static bool write_more(void *ctx, struct buf *out)
{
    struct federation *f = ctx;

    for (; f->next < f->count && out->len < LONG_ANSWER_PIECE_BYTES; f->next++) {
        const struct newest *n = f->list[f->next];
        struct labels labels;
        enum err err;

        arena_reset(&f->labels);
        err = labels_decode(n->key, &f->labels, &labels);
        if (f->next == 0 || !str_equals(n->metric, f->list[f->next - 1]->metric))
            buf_printf(out, "# TYPE %.*s untyped\n", STR_ARG(n->metric));
        if (err)
            out->failed = err;
        else
            write_newest(out, n, labels);
    }
    return f->next < f->count;
}

/* --- the whole --- */

static void free_federation(void *ctx)
{
    struct federation *f = ctx;

    map_release(&f->found);
    buf_release(&f->key);
    arena_release(&f->labels);
    arena_release(&f->arena);
    mem_free(f);
}

static struct federation *federation_new(struct api *api, struct http_request *req)
{
    struct federation *f = mem_alloc_zero(1, sizeof *f);

    if (!f)
        return NULL;
    f->answer = (struct long_answer){
        .api = api, .write = write_more, .free = free_federation, .ctx = f
    };
    f->req = req;
    f->arena = arena_limited(FEDERATE_ARENA_MAX_BYTES);
    f->labels = arena_limited(LABELS_ARENA_MAX_BYTES);
    f->found = map_limited(FEDERATE_SERIES_MAX);
    f->key = buf_limited(KEY_MAX_BYTES);
    return f;
}

/* Takes the federation. */
static enum err find(struct federation *f, struct http_reply *reply)
{
    enum err err = gather(f, &reply->diag);

    if (!err)
        err = sort_found(f);
    if (!err)
        err = long_answer_book(&f->answer, f->arena.used_bytes, &reply->diag);
    if (!err)
        return long_answer_give(&f->answer, f->req, reply);
    free_federation(f);
    return err;
}

static void answer(struct api *api, struct http_parked *parked, enum err (*go_on)(void *ctx),
                   void *ctx)
{
    struct federation *f = federation_new(api, http_parked_request(parked));
    struct http_reply reply = { .status = 200,
                                .content_type = api_format_type(API_FORMAT_PROMETHEUS) };
    enum err err = ERR_NOMEM;

    if (f) {
        f->go_on = go_on;
        f->ctx = ctx;
        err = find(f, &reply);
    }
    http_request_finish(parked, err, &reply);
}

enum err api_federate(struct http_request *req, struct http_reply *reply, void *ctx)
{
    return prometheus_ask(req, reply, ctx, answer);
}
