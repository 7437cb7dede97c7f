/* Functions that have code of their own. */
#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "promql/eval.h"
#include "promql/label_set.h"
#include "promql/vector.h"

/* --- absent --- */

struct missing {
    struct evaluation *e;
    const struct promql_node *matrix; /* NULL: of absent */
    double *values;                   /* 1 where nothing was there so far */
};

static enum err take_present(void *ctx, struct labels labels UNUSED, const double *values)
{
    struct missing *m = ctx;

    for (size_t i = 0; i < m->e->count; i++)
        if (eval_is_there(values[i]))
            m->values[i] = EVAL_ABSENT;
    return ERR_OK;
}

static enum err take_present_samples(void *ctx, struct labels labels UNUSED,
                                     const struct sample *samples, size_t count)
{
    struct missing *m = ctx;
    bool is_subquery = m->matrix->kind == PROMQL_NODE_SUBQUERY;
    const struct promql_when *when = is_subquery ? &m->matrix->subquery.when
                                                 : &m->matrix->selector.when;
    int64_t range_ms = is_subquery ? m->matrix->subquery.range_ms : m->matrix->selector.range_ms;
    struct eval_moments moments = eval_moments_of(m->e, when);
    size_t at = 0;

    for (size_t i = 0; i < m->e->count; i++) {
        int64_t end_ms = eval_moment_ms(&moments, i);
        int64_t first_ms = end_ms - range_ms + m->e->q->options.left_open;

        while (at < count && samples[at].ts_ms < first_ms)
            at++;
        if (at < count && samples[at].ts_ms <= end_ms)
            m->values[i] = EVAL_ABSENT;
    }
    return ERR_OK;
}

/* Labels that the selector demands by one equal matcher each. */
static struct labels wanted_labels(const struct promql_node *arg, struct label space[LABELS_MAX])
{
    struct labels labels = { space, 0 };

    arg = eval_unwrap(arg);
    if (arg->kind != PROMQL_NODE_SELECTOR)
        return labels;
    for (size_t i = 0; i < arg->selector.matcher_count; i++) {
        const struct matcher *m = &arg->selector.matchers[i];
        bool twice = false;

        for (size_t k = 0; k < arg->selector.matcher_count; k++)
            twice = twice || (k != i && str_equals(arg->selector.matchers[k].name, m->name));
        if (m->kind == MATCH_EQUAL && !twice && !str_equals(m->name, LABEL_METRIC_NAME) &&
            !label_set_put(labels, m->name, m->value, space, &labels))
            break;
    }
    return labels;
}

static enum err eval_absent(struct evaluation *e, const struct promql_node *node,
                            struct eval_sink sink)
{
    const struct promql_node *arg = node->call.args[0];
    struct missing m = { .e = e, .values = eval_numbers(e) };
    struct label space[LABELS_MAX];
    enum err err;

    if (!m.values)
        return eval_no_memory(e);
    for (size_t i = 0; i < e->count; i++)
        m.values[i] = 1;
    if (arg->type == PROMQL_MATRIX) {
        m.matrix = eval_unwrap(arg);
        err = eval_matrix(e, arg, (struct eval_samples_sink){ take_present_samples, &m });
    } else {
        err = eval_vector(e, arg, (struct eval_sink){ take_present, &m });
    }
    if (err || !eval_any_there(m.values, e->count))
        return err;
    return sink.take(sink.ctx, wanted_labels(arg, space), m.values);
}

/* --- labels --- */

struct relabelling {
    struct relabelled relabelled;
    const struct promql_node *node;
    struct regex *regex; /* of label_replace */
};

static enum err put(struct relabelling *r, struct labels labels, struct str name, struct str value,
                    const double *values)
{
    struct label space[LABELS_MAX];

    if (!label_set_put(labels, name, value, space, &labels))
        return diag_set(r->relabelled.e->diag, ERR_LIMIT, "a series has more than %d labels",
                        LABELS_MAX);
    return relabelled_take(&r->relabelled, labels, values);
}

static enum err take_replaced(void *ctx, struct labels labels, const double *values)
{
    struct relabelling *r = ctx;
    struct str from = labels_value(labels, eval_text(r->node->call.args[3])), value;
    enum err err;

    if (!regex_expand(r->regex, from, eval_text(r->node->call.args[2]), &r->relabelled.e->q->arena,
                      &value, &err))
        return relabelled_take(&r->relabelled, labels, values);
    return err ? err : put(r, labels, eval_text(r->node->call.args[1]), value, values);
}

static enum err take_joined(void *ctx, struct labels labels, const double *values)
{
    struct relabelling *r = ctx;
    struct buf joined = buf_limited(1 << 20);
    enum err err;

    for (size_t i = 3; i < r->node->call.arg_count; i++) {
        if (i > 3)
            buf_append_str(&joined, eval_text(r->node->call.args[2]));
        buf_append_str(&joined, labels_value(labels, eval_text(r->node->call.args[i])));
    }
    err = buf_error(&joined);
    if (!err)
        err = put(r, labels, eval_text(r->node->call.args[1]), buf_str(&joined), values);
    buf_release(&joined);
    return err;
}

static enum err check_label(struct evaluation *e, const struct promql_node *arg, const char *what,
                            const char *function)
{
    if (label_name_is_valid(eval_text(arg)))
        return ERR_OK;
    return eval_error(e, "invalid %s label name in %s(): %.*s", what, function,
                      STR_ARG(eval_text(arg)));
}

static enum err eval_label_replace(struct evaluation *e, const struct promql_node *node,
                                   struct eval_sink sink)
{
    struct relabelling r = { .relabelled = { .e = e, .sink = sink }, .node = node };
    struct diag why = { 0 };
    enum err err = regex_new(eval_text(node->call.args[4]), &r.regex, &why);

    if (err == ERR_INVALID || err == ERR_LIMIT)
        return eval_error(e, "invalid regular expression in label_replace(): %.*s",
                          STR_ARG(eval_text(node->call.args[4])));
    if (!err)
        err = check_label(e, node->call.args[1], "destination", "label_replace");
    if (!err)
        err = eval_vector(e, node->call.args[0], (struct eval_sink){ take_replaced, &r });
    if (!err)
        err = relabelled_end(&r.relabelled);
    regex_free(r.regex);
    return err;
}

static enum err eval_label_join(struct evaluation *e, const struct promql_node *node,
                                struct eval_sink sink)
{
    struct relabelling r = { .relabelled = { .e = e, .sink = sink }, .node = node };
    enum err err = ERR_OK;

    for (size_t i = 3; i < node->call.arg_count && !err; i++)
        err = check_label(e, node->call.args[i], "source", "label_join");
    if (!err)
        err = check_label(e, node->call.args[1], "destination", "label_join");
    if (!err)
        err = eval_vector(e, node->call.args[0], (struct eval_sink){ take_joined, &r });
    return err ? err : relabelled_end(&r.relabelled);
}

/* --- sorting: of an instant query --- */

struct sort_key {
    double value;
    size_t index;
};

/* Rising; a NaN comes last, whichever way. */
static int compare_rising(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;

    if (isnan(x->value) || isnan(y->value))
        return isnan(x->value) - isnan(y->value);
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static int compare_falling(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;

    if (isnan(x->value) || isnan(y->value) || x->value == y->value)
        return compare_rising(a, b);
    return x->value > y->value ? -1 : 1;
}

static enum err eval_sort(struct evaluation *e, const struct promql_node *node,
                          struct eval_sink sink)
{
    struct vector v;
    struct sort_key *keys;
    enum err err = vector_of_node(e, node->call.args[0], &v);

    if (err || e->count > 1)
        return err ? err : vector_give(e, &v, sink);
    keys = eval_alloc(e, v.count + 1, sizeof *keys);
    if (!keys)
        return eval_no_memory(e);
    for (size_t i = 0; i < v.count; i++)
        keys[i] = (struct sort_key){ v.items[i].values[0], i };
    qsort(keys, v.count, sizeof *keys,
          node->call.function->special == PROMQL_FN_SORT ? compare_rising : compare_falling);
    for (size_t i = 0; i < v.count && !err; i++)
        err = sink.take(sink.ctx, v.items[keys[i].index].labels, v.items[keys[i].index].values);
    return err;
}

struct label_order {
    const struct promql_node *node;
    bool falling;
};

static int compare_by_labels(const struct label_order *o, struct labels a, struct labels b)
{
    for (size_t i = 1; i < o->node->call.arg_count; i++) {
        struct str name = eval_text(o->node->call.args[i]);
        int order = str_compare(labels_value(a, name), labels_value(b, name));

        if (order)
            return o->falling ? -order : order;
    }
    return o->falling ? -labels_compare(a, b) : labels_compare(a, b);
}

static int compare_series(const void *a, const void *b, void *ctx)
{
    const struct vector_series *x = a, *y = b;

    return compare_by_labels(ctx, x->labels, y->labels);
}

static enum err eval_sort_by_label(struct evaluation *e, const struct promql_node *node,
                                   struct eval_sink sink)
{
    struct label_order order = { node,
                                 node->call.function->special == PROMQL_FN_SORT_BY_LABEL_DESC };
    struct vector v;
    enum err err = vector_of_node(e, node->call.args[0], &v);

    if (err)
        return err;
    if (e->count == 1 && v.count)
        qsort_r(v.items, v.count, sizeof *v.items, compare_series, &order);
    return vector_give(e, &v, sink);
}

/* --- times and numbers --- */

struct stamping {
    struct relabelled relabelled;
    double *values;
};

static enum err take_stamped(void *ctx, struct labels labels, const double *values)
{
    struct stamping *s = ctx;
    struct evaluation *e = s->relabelled.e;
    struct label space[LABELS_MAX];

    for (size_t i = 0; i < e->count; i++)
        s->values[i] = eval_is_there(values[i]) ? (double)eval_time_ms(e, i) / 1000 : EVAL_ABSENT;
    return relabelled_take(&s->relabelled, label_set_without_name(labels, space), s->values);
}

static enum err take_unnamed(void *ctx, struct labels labels, const double *values)
{
    struct label space[LABELS_MAX];

    return relabelled_take(ctx, label_set_without_name(labels, space), values);
}

/* Of a selector the samples' own times; of anything else the steps'. */
static enum err eval_timestamp(struct evaluation *e, const struct promql_node *node,
                               struct eval_sink sink)
{
    const struct promql_node *arg = eval_unwrap(node->call.args[0]);
    struct stamping s = { .relabelled = { e, sink, eval_is_distinct(arg), { 0 } } };
    enum err err;

    if (arg->kind == PROMQL_NODE_SELECTOR) {
        err = eval_timestamps(e, arg, (struct eval_sink){ take_unnamed, &s.relabelled });
        return err ? err : relabelled_end(&s.relabelled);
    }
    s.values = eval_numbers(e);
    if (!s.values)
        return eval_no_memory(e);
    err = eval_vector(e, arg, (struct eval_sink){ take_stamped, &s });
    return err ? err : relabelled_end(&s.relabelled);
}

static enum err eval_vector_of_scalar(struct evaluation *e, const struct promql_node *node,
                                      struct eval_sink sink)
{
    const double *values;
    enum err err = eval_scalar(e, node->call.args[0], &values);

    return err ? err : sink.take(sink.ctx, (struct labels){ 0 }, values);
}

enum err eval_special(struct evaluation *e, const struct promql_node *node, struct eval_sink sink)
{
    switch (node->call.function->special) {
    case PROMQL_FN_ABSENT:
    case PROMQL_FN_ABSENT_OVER_TIME:
        return eval_absent(e, node, sink);
    case PROMQL_FN_HISTOGRAM_QUANTILE:
        return eval_histogram_quantile(e, node, sink);
    case PROMQL_FN_LABEL_JOIN:
        return eval_label_join(e, node, sink);
    case PROMQL_FN_LABEL_REPLACE:
        return eval_label_replace(e, node, sink);
    case PROMQL_FN_SORT:
    case PROMQL_FN_SORT_DESC:
        return eval_sort(e, node, sink);
    case PROMQL_FN_SORT_BY_LABEL:
    case PROMQL_FN_SORT_BY_LABEL_DESC:
        return eval_sort_by_label(e, node, sink);
    case PROMQL_FN_TIMESTAMP:
        return eval_timestamp(e, node, sink);
    case PROMQL_FN_VECTOR:
        return eval_vector_of_scalar(e, node, sink);
    case PROMQL_FN_NATIVE_HISTOGRAM: /* nothing here is one */
    case PROMQL_FN_PI:               /* scalars: eval_scalar */
    case PROMQL_FN_SCALAR:
    case PROMQL_FN_TIME:
        break;
    }
    return ERR_OK;
}
