/* Functions of each value and of each time. */
#include "promql/eval.h"
#include "promql/label_set.h"
#include "promql/vector.h"

struct mapping_values {
    struct relabelled relabelled;
    const struct promql_function *function;
    const double *scalars[PROMQL_SCALARS_MAX];
    double *values;
};

static double map_one(const struct mapping_values *m, double value, size_t step)
{
    double scalars[PROMQL_SCALARS_MAX] = { 0 };

    if (!eval_is_there(value))
        return EVAL_ABSENT;
    if (m->function->shape == PROMQL_OF_TIME)
        return m->function->code.time(value);
    for (int k = 0; k < PROMQL_SCALARS_MAX && m->scalars[k]; k++)
        scalars[k] = m->scalars[k][step];
    return m->function->code.value(value, scalars);
}

static enum err take_value(void *ctx, struct labels labels, const double *values)
{
    struct mapping_values *m = ctx;
    struct label space[LABELS_MAX];

    for (size_t i = 0; i < m->relabelled.e->count; i++)
        m->values[i] = map_one(m, values[i], i);
    if (!eval_any_there(m->values, m->relabelled.e->count))
        return ERR_OK;
    return relabelled_take(&m->relabelled, label_set_without_name(labels, space), m->values);
}

/* round(v) rounds to whole numbers. */
static enum err default_scalar(struct evaluation *e, const double **ret)
{
    double *ones = eval_numbers(e);

    for (size_t i = 0; ones && i < e->count; i++)
        ones[i] = 1;
    *ret = ones;
    return ones ? ERR_OK : eval_no_memory(e);
}

/* hour() and its like without an argument are of the step's own time. */
static enum err of_the_step(struct evaluation *e, struct mapping_values *m)
{
    for (size_t i = 0; i < e->count; i++)
        m->values[i] = m->function->code.time((double)eval_time_ms(e, i) / 1000);
    return m->relabelled.sink.take(m->relabelled.sink.ctx, (struct labels){ 0 }, m->values);
}

static enum err map_values(struct evaluation *e, const struct promql_node *node,
                           struct eval_sink sink)
{
    struct mapping_values m = { .relabelled = { .e = e, .sink = sink },
                                .function = node->call.function,
                                .values = eval_numbers(e) };
    enum err err = m.values ? ERR_OK : eval_no_memory(e);

    if (!err && node->call.arg_count == 0)
        return of_the_step(e, &m);
    for (size_t i = 1; i < node->call.arg_count && !err; i++)
        err = eval_scalar(e, node->call.args[i], &m.scalars[i - 1]);
    if (!err && m.function->shape == PROMQL_OF_VALUE && m.function->variadic &&
        node->call.arg_count == 1)
        err = default_scalar(e, &m.scalars[0]);
    if (err)
        return err;
    m.relabelled.distinct = eval_is_distinct(node->call.args[0]);
    err = eval_vector(e, node->call.args[0], (struct eval_sink){ take_value, &m });
    return err ? err : relabelled_end(&m.relabelled);
}

enum err eval_call(struct evaluation *e, const struct promql_node *node, struct eval_sink sink)
{
    switch (node->call.function->shape) {
    case PROMQL_OVER_RANGE:
        return eval_range_call(e, node, sink);
    case PROMQL_OF_VALUE:
    case PROMQL_OF_TIME:
        return map_values(e, node, sink);
    case PROMQL_SPECIAL:
        break;
    }
    return eval_special(e, node, sink);
}
