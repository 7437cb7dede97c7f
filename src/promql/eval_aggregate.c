/*
 * Aggregations that add each series to its group as it comes and keep none of
 * them. Those that need the series themselves are in eval_rank.c.
 *
 * Source    Prometheus 2.42's engine: the mean and the variance by running updates.
 */
#include <math.h>

#include "promql/eval.h"
#include "promql/group.h"
#include "promql/vector.h"

/* What a group keeps beside its values, per step. */
struct sums {
    double *mean, *n; /* of avg, stddev and stdvar */
};

struct aggregating {
    struct evaluation *e;
    const struct promql_node *node;
    struct vector groups;
    struct sums *sums; /* per group */
    size_t sums_max;
};

static bool needs_sums(enum promql_aggregation op)
{
    return op == PROMQL_AVG || op == PROMQL_STDDEV || op == PROMQL_STDVAR;
}

static bool begin_group(struct aggregating *a, size_t group)
{
    a->groups.items[group].values = eval_absent_numbers(a->e);
    if (!a->groups.items[group].values)
        return false;
    if (!needs_sums(a->node->aggregate.op))
        return true;
    a->sums = eval_grow(a->e, a->sums, group, &a->sums_max, sizeof *a->sums);
    if (!a->sums)
        return false;
    a->sums[group] = (struct sums){ eval_numbers(a->e), eval_numbers(a->e) };
    return a->sums[group].mean && a->sums[group].n;
}

static double more(enum promql_aggregation op, double so_far, double value)
{
    switch (op) {
    case PROMQL_SUM:
        return so_far + value;
    case PROMQL_COUNT:
        return so_far + 1;
    case PROMQL_MIN:
        return value < so_far || isnan(so_far) ? value : so_far;
    case PROMQL_MAX:
        return value > so_far || isnan(so_far) ? value : so_far;
    default:
        return so_far;
    }
}

static void add_simple(enum promql_aggregation op, double *out, const double *values, size_t count)
{
    bool counts = op == PROMQL_COUNT || op == PROMQL_GROUP;

    for (size_t i = 0; i < count; i++) {
        if (!eval_is_there(values[i]))
            continue;
        if (!eval_is_there(out[i]))
            out[i] = counts ? 1 : values[i];
        else
            out[i] = more(op, out[i], values[i]);
    }
}

/* An infinite mean stays as it is unless the other infinity or a NaN comes. */
static bool mean_stays(double mean, double value)
{
    return isinf(mean) && (isfinite(value) || (isinf(value) && (mean > 0) == (value > 0)));
}

static void add_to_mean(double *out, const struct sums *s, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!eval_is_there(values[i]))
            continue;
        if (!eval_is_there(out[i])) {
            s->n[i] = 1;
            out[i] = s->mean[i] = values[i];
            continue;
        }
        s->n[i]++;
        if (!mean_stays(s->mean[i], values[i]))
            s->mean[i] += values[i] / s->n[i] - s->mean[i] / s->n[i];
        out[i] = s->mean[i];
    }
}

/* `out` has the sum of squared distances until the end. */
static void add_to_variance(double *out, const struct sums *s, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double off;

        if (!eval_is_there(values[i]))
            continue;
        if (!eval_is_there(out[i])) {
            s->n[i] = 1;
            s->mean[i] = values[i];
            out[i] = 0;
            continue;
        }
        s->n[i]++;
        off = values[i] - s->mean[i];
        s->mean[i] += off / s->n[i];
        out[i] += off * (values[i] - s->mean[i]);
    }
}

static enum err take_series(void *ctx, struct labels labels, const double *values)
{
    struct aggregating *a = ctx;
    enum promql_aggregation op = a->node->aggregate.op;
    struct label space[LABELS_MAX];
    struct vector_series *group;
    size_t number;
    enum err err = vector_find(a->e, &a->groups, group_labels(a->node, labels, space), &group);

    if (err)
        return err;
    number = (size_t)(group - a->groups.items);
    if (!group->values && !begin_group(a, number))
        return eval_no_memory(a->e);
    if (op == PROMQL_AVG)
        add_to_mean(group->values, &a->sums[number], values, a->e->count);
    else if (needs_sums(op))
        add_to_variance(group->values, &a->sums[number], values, a->e->count);
    else
        add_simple(op, group->values, values, a->e->count);
    return ERR_OK;
}

static void finish(const struct aggregating *a)
{
    enum promql_aggregation op = a->node->aggregate.op;

    for (size_t g = 0; g < a->groups.count; g++)
        for (size_t i = 0; i < a->e->count; i++) {
            double *value = &a->groups.items[g].values[i];

            if (!eval_is_there(*value))
                continue;
            *value /= a->sums[g].n[i];
            if (op == PROMQL_STDDEV)
                *value = sqrt(*value);
        }
}

enum err eval_aggregate(struct evaluation *e, const struct promql_node *node, struct eval_sink sink)
{
    struct aggregating a = { .e = e, .node = node };
    enum promql_aggregation op = node->aggregate.op;
    enum err err;

    if (node->aggregate.param)
        return eval_rank(e, node, sink);
    err = eval_vector(e, node->aggregate.expr, (struct eval_sink){ take_series, &a });
    if (err)
        return err;
    if (op == PROMQL_STDDEV || op == PROMQL_STDVAR)
        finish(&a);
    return vector_give(e, &a.groups, sink);
}
