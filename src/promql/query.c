#include "promql/query.h"

#include <stdlib.h>

#include "promql/eval.h"
#include "promql/vector.h"

void promql_query_init(struct promql_query *q, const struct promql_options *options)
{
    *q = (struct promql_query){ .options = *options, .arena = arena_limited(options->max_bytes) };
}

void promql_query_release(struct promql_query *q)
{
    arena_release(&q->arena);
    if (q->booked_bytes)
        budget_give(q->options.budget, BUDGET_QUERY, q->booked_bytes);
    q->booked_bytes = 0;
}

static enum err plan(struct promql_query *q, struct evaluation *e, struct diag *diag)
{
    const struct promql_options *o = &q->options;

    *e = (struct evaluation){ .q = q,
                              .diag = diag,
                              .start_ms = o->start_ms,
                              .step_ms = o->step_ms > 0 ? o->step_ms : 1,
                              .count = 1 };
    if (o->end_ms < o->start_ms)
        return diag_set(diag, ERR_INVALID, "end timestamp must not be before start time");
    e->count += (size_t)(o->end_ms - o->start_ms) / (size_t)e->step_ms;
    if (e->count > o->max_steps)
        return diag_set(diag, ERR_INVALID,
                        "exceeded maximum resolution of %zu points per timeseries. Try decreasing "
                        "the query resolution (?step=XX)",
                        o->max_steps);
    return ERR_OK;
}

/* --- results --- */

static int compare_series(const void *a, const void *b)
{
    const struct vector_series *x = a, *y = b;

    return labels_compare(x->labels, y->labels);
}

/* An instant query keeps the order that these give. */
static bool is_ordered(const struct promql_node *node)
{
    if (node->kind == PROMQL_NODE_PLUS)
        return is_ordered(eval_unwrap(node->inner));
    if (node->kind == PROMQL_NODE_AGGREGATE)
        return node->aggregate.op == PROMQL_TOPK || node->aggregate.op == PROMQL_BOTTOMK;
    if (node->kind != PROMQL_NODE_CALL || node->call.function->shape != PROMQL_SPECIAL)
        return false;
    return node->call.function->special >= PROMQL_FN_SORT &&
           node->call.function->special <= PROMQL_FN_SORT_BY_LABEL_DESC;
}

static enum err run_vector(struct evaluation *e, const struct promql_node *node,
                           struct promql_result *ret)
{
    struct vector v;
    enum err err = vector_of_node(e, node, &v);

    if (err)
        return err;
    if (v.count && (e->count > 1 || !is_ordered(eval_unwrap(node))))
        qsort(v.items, v.count, sizeof *v.items, compare_series);
    ret->series = eval_alloc(e, v.count + 1, sizeof *ret->series);
    if (!ret->series)
        return eval_no_memory(e);
    for (size_t i = 0; i < v.count; i++)
        ret->series[ret->series_count++] = (struct promql_series){ .labels = v.items[i].labels,
                                                                   .values = v.items[i].values };
    return ERR_OK;
}

/* A range vector that an instant query asks for: the samples themselves. */
struct raw {
    struct evaluation *e;
    struct vector labels; /* values are unused */
    struct promql_series *series;
    size_t count, max;
};

static enum err take_raw(void *ctx, struct labels labels, const struct sample *samples,
                         size_t count)
{
    struct raw *r = ctx;
    struct vector_series *kept;
    struct sample *copy = eval_alloc(r->e, count, sizeof *copy);
    enum err err = copy ? vector_find(r->e, &r->labels, labels, &kept) : eval_no_memory(r->e);

    if (err)
        return err;
    memcpy(copy, samples, count * sizeof *copy);
    r->series = eval_grow(r->e, r->series, r->count, &r->max, sizeof *r->series);
    if (!r->series)
        return eval_no_memory(r->e);
    r->series[r->count++] = (struct promql_series){ .labels = kept->labels,
                                                    .samples = copy,
                                                    .sample_count = count };
    return ERR_OK;
}

static int compare_raw(const void *a, const void *b)
{
    const struct promql_series *x = a, *y = b;

    return labels_compare(x->labels, y->labels);
}

static enum err run_matrix(struct evaluation *e, const struct promql_node *node,
                           struct promql_result *ret)
{
    struct raw r = { .e = e };
    enum err err = eval_matrix(e, node, (struct eval_samples_sink){ take_raw, &r });

    if (err)
        return err;
    if (r.count)
        qsort(r.series, r.count, sizeof *r.series, compare_raw);
    ret->series = r.series;
    ret->series_count = r.count;
    return ERR_OK;
}

enum err promql_run(struct promql_query *q, const struct promql_node *node,
                    struct promql_result *ret, struct diag *diag)
{
    struct evaluation e;
    struct diag unread = { 0 };
    bool is_range = q->options.is_range;
    enum err err = plan(q, &e, diag ? diag : &unread);

    *ret = (struct promql_result){ .type = node->type,
                                   .step_count = e.count,
                                   .is_range = is_range };
    if (!err && is_range && node->type != PROMQL_SCALAR && node->type != PROMQL_VECTOR)
        err = eval_error(&e, "a range query cannot be of a %s", promql_type_name(node->type));
    if (err)
        return err;
    switch (node->type) {
    case PROMQL_SCALAR:
        return eval_scalar(&e, node, &ret->scalars);
    case PROMQL_VECTOR:
        return run_vector(&e, node, ret);
    case PROMQL_MATRIX:
        return run_matrix(&e, node, ret);
    case PROMQL_STRING:
        break;
    }
    ret->text = eval_text(node);
    return ERR_OK;
}
