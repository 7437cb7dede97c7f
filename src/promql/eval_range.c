/* Functions over a range: one window of each series slides along the steps. */
#include "promql/eval.h"
#include "promql/label_set.h"
#include "promql/vector.h"

struct sliding {
    struct evaluation *e;
    const struct promql_function *function;
    struct eval_moments moments;
    int64_t range_ms;
    const double *scalars[PROMQL_SCALARS_MAX];
    struct eval_sink sink;
    double *values, *scratch;
    const struct sample **marks; /* of this series */
    size_t room_count, mark_count;
    bool distinct;
    struct vector seen; /* label sets that were given, when they may repeat */
};

/* From the first sample inside the window of a step to the first behind it; the marks likewise,
 * but none at the window's first sample: it has no one before it. */
struct reach {
    size_t from, to, mark_from, mark_to;
};

static void slide(const struct sliding *s, struct reach *r, const struct sample *samples,
                  size_t count, int64_t end_ms)
{
    int64_t first_ms = end_ms - s->range_ms + s->e->q->options.left_open;

    while (r->to < count && samples[r->to].ts_ms <= end_ms)
        r->to++;
    while (r->from < r->to && samples[r->from].ts_ms < first_ms)
        r->from++;
    while (r->mark_to < s->mark_count && s->marks[r->mark_to] < samples + r->to)
        r->mark_to++;
    while (r->mark_from < r->mark_to && s->marks[r->mark_from] <= samples + r->from)
        r->mark_from++;
}

/* The value of one step, whose window has been slid to. */
static enum err fill_step(struct sliding *s, struct promql_window *w, size_t step)
{
    for (int k = 0; k < PROMQL_SCALARS_MAX && s->scalars[k]; k++)
        w->scalars[k] = s->scalars[k][step];
    if (w->count == 0 || !s->function->code.range(w, &s->values[step]))
        s->values[step] = EVAL_ABSENT;
    if (w->complaint)
        return eval_error(s->e, "%s: %s", s->function->name, w->complaint);
    return eval_worked(s->e, w->count + 1);
}

static enum err fill_steps(struct sliding *s, const struct sample *samples, size_t count)
{
    bool same = s->moments.stride_ms == 0 && !s->scalars[0]; /* at all steps */
    struct promql_window w = { .scratch = s->scratch };
    struct reach r = { 0 };
    enum err err = ERR_OK;

    for (size_t i = 0; i < s->e->count && !err; i++) {
        if (same && i) {
            s->values[i] = s->values[0];
            continue;
        }
        w.end_ms = eval_moment_ms(&s->moments, i);
        w.start_ms = w.end_ms - s->range_ms;
        w.at_ms = eval_time_ms(s->e, i);
        slide(s, &r, samples, count, w.end_ms);
        w.samples = samples + r.from;
        w.count = r.to - r.from;
        w.marks = s->marks + r.mark_from;
        w.mark_count = r.mark_to - r.mark_from;
        err = fill_step(s, &w, i);
    }
    return err;
}

static enum err check_new(struct sliding *s, struct labels labels)
{
    struct vector_series *series;
    enum err err;

    if (s->distinct)
        return ERR_OK;
    err = vector_find(s->e, &s->seen, labels, &series);
    if (err)
        return err;
    if (series->values)
        return eval_error(s->e, "vector cannot contain metrics with the same labelset");
    series->values = s->values; /* any address will do */
    return ERR_OK;
}

static bool make_room(struct sliding *s, size_t count)
{
    if (count <= s->room_count)
        return true;
    s->room_count = 0;
    s->scratch = eval_alloc(s->e, 2 * count, sizeof *s->scratch);
    s->marks = eval_alloc(s->e, 2 * count, sizeof *s->marks);
    if (!s->scratch || !s->marks)
        return false;
    s->room_count = 2 * count;
    return true;
}

static enum err take_samples(void *ctx, struct labels labels, const struct sample *samples,
                             size_t count)
{
    struct sliding *s = ctx;
    struct label space[LABELS_MAX];
    enum err err;

    if (!make_room(s, count))
        return eval_no_memory(s->e);
    if (s->function->mark)
        s->mark_count = s->function->mark(samples, count, s->marks);
    err = fill_steps(s, samples, count);
    if (err || !eval_any_there(s->values, s->e->count))
        return err;
    if (!s->function->keeps_name)
        labels = label_set_without_name(labels, space);
    err = check_new(s, labels);
    return err ? err : s->sink.take(s->sink.ctx, labels, s->values);
}

static enum err take_args(struct sliding *s, const struct promql_node *node,
                          const struct promql_node **ret_matrix)
{
    size_t scalars = 0;
    enum err err = ERR_OK;

    for (size_t i = 0; i < node->call.arg_count && !err; i++) {
        if (node->call.args[i]->type == PROMQL_MATRIX)
            *ret_matrix = eval_unwrap(node->call.args[i]);
        else
            err = eval_scalar(s->e, node->call.args[i], &s->scalars[scalars++]);
    }
    return err;
}

enum err eval_range_call(struct evaluation *e, const struct promql_node *node,
                         struct eval_sink sink)
{
    struct sliding s = { .e = e, .function = node->call.function, .sink = sink };
    const struct promql_node *matrix = NULL;
    enum err err = take_args(&s, node, &matrix);
    bool is_subquery;

    if (err)
        return err;
    is_subquery = matrix->kind == PROMQL_NODE_SUBQUERY;
    s.moments = eval_moments_of(e, is_subquery ? &matrix->subquery.when : &matrix->selector.when);
    s.range_ms = is_subquery ? matrix->subquery.range_ms : matrix->selector.range_ms;
    s.distinct = s.function->keeps_name || eval_is_distinct(matrix);
    s.values = eval_numbers(e);
    if (!s.values)
        return eval_no_memory(e);
    return eval_matrix(e, matrix, (struct eval_samples_sink){ take_samples, &s });
}
