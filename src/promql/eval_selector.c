/*
 * Selectors: what the source has, at the steps. Each series is decoded once and
 * its samples are walked along with the steps.
 */
#include "promql/eval.h"

#include "base/arena.h"
#include "promql/vector.h"

/* The first and the last moment that the steps look at. */
static void span(const struct evaluation *e, const struct promql_when *when, int64_t *ret_first,
                 int64_t *ret_last)
{
    struct eval_moments moments = eval_moments_of(e, when);

    *ret_first = eval_moment_ms(&moments, 0);
    *ret_last = eval_moment_ms(&moments, e->count - 1);
}

/* Selects from the source; `visit` leaves its error in *err and returns false. */
static enum err select_all(struct evaluation *e, const struct promql_node *node, int64_t first_ms,
                           int64_t last_ms, tsdb_visit *visit, void *ctx, const enum err *visit_err)
{
    struct promql_wanted wanted = { node, first_ms, last_ms, e->q->options.max_samples };
    enum err err = promql_source_select(&e->q->options.source, &wanted, visit, ctx, e->diag);

    if (*visit_err)
        return *visit_err;
    if (err == ERR_LIMIT)
        diag_set(e->diag, err, "a series has more than %zu samples in the range",
                 e->q->options.max_samples);
    return err;
}

/* --- instant vectors --- */

struct selecting {
    struct evaluation *e;
    struct eval_sink sink;
    struct eval_moments moments;
    int64_t back_ms; /* how far a step looks back */
    bool timestamps; /* the samples' times in seconds instead of their values */
    double *values;
    enum err err;
};

static int64_t lookback_ms(const struct evaluation *e)
{
    return e->q->options.lookback_ms - e->q->options.left_open;
}

/* A stale marker says itself that no value is there. */
static double value_of(const struct selecting *s, const struct sample *sample)
{
    return s->timestamps && eval_is_there(sample->value) ? (double)sample->ts_ms / 1000
                                                         : sample->value;
}

/* Each step has the newest sample at or before its moment that is not older than the lookback. */
static void fill_steps(struct selecting *s, const struct tsdb_series_data *data)
{
    const struct sample *next = data->samples, *end = next + data->count;
    size_t count = s->e->count;
    int64_t at_ms = s->moments.first_ms;

    for (size_t i = 0; i < count; i++, at_ms += s->moments.stride_ms) {
        while (next < end && next->ts_ms <= at_ms)
            next++;
        s->values[i] = next > data->samples && next[-1].ts_ms >= at_ms - s->back_ms
                           ? value_of(s, next - 1)
                           : EVAL_ABSENT;
    }
}

static bool visit_instant(void *ctx, const struct tsdb_series_data *data)
{
    struct selecting *s = ctx;

    s->e->q->samples_read_count += data->count;
    s->err = eval_go_on(s->e);
    if (s->err)
        return false;
    fill_steps(s, data);
    if (eval_any_there(s->values, s->e->count))
        s->err = s->sink.take(s->sink.ctx, data->labels, s->values);
    return s->err == ERR_OK;
}

static enum err select_instant(struct evaluation *e, const struct promql_node *node,
                               struct eval_sink sink, bool timestamps)
{
    struct selecting s = { .e = e,
                           .sink = sink,
                           .moments = eval_moments_of(e, &node->selector.when),
                           .back_ms = lookback_ms(e),
                           .timestamps = timestamps,
                           .values = eval_numbers(e) };

    if (!s.values)
        return eval_no_memory(e);
    return select_all(e, node, s.moments.first_ms - s.back_ms,
                      eval_moment_ms(&s.moments, e->count - 1), visit_instant, &s, &s.err);
}

enum err eval_selector(struct evaluation *e, const struct promql_node *node, struct eval_sink sink)
{
    return select_instant(e, node, sink, false);
}

enum err eval_timestamps(struct evaluation *e, const struct promql_node *selector,
                         struct eval_sink sink)
{
    return select_instant(e, selector, sink, true);
}

/* --- range vectors --- */

struct ranging {
    struct evaluation *e;
    struct eval_samples_sink sink;
    struct sample *kept; /* without stale markers; grows */
    size_t kept_max;
    enum err err;
};

static size_t count_stale(const struct tsdb_series_data *data)
{
    size_t count = 0;

    for (size_t i = 0; i < data->count; i++)
        count += sample_is_stale(data->samples[i].value);
    return count;
}

/* Copies what is no stale marker; false: no memory. */
static bool keep(struct ranging *r, const struct tsdb_series_data *data, size_t *ret_count)
{
    if (data->count > r->kept_max) {
        r->kept = eval_alloc(r->e, 2 * data->count, sizeof *r->kept);
        r->kept_max = r->kept ? 2 * data->count : 0;
        if (!r->kept)
            return false;
    }
    *ret_count = 0;
    for (size_t i = 0; i < data->count; i++)
        if (!sample_is_stale(data->samples[i].value))
            r->kept[(*ret_count)++] = data->samples[i];
    return true;
}

static bool visit_range(void *ctx, const struct tsdb_series_data *data)
{
    struct ranging *r = ctx;
    const struct sample *samples = data->samples;
    size_t count = data->count;

    r->e->q->samples_read_count += data->count;
    r->err = eval_go_on(r->e);
    if (!r->err && count_stale(data)) {
        if (!keep(r, data, &count))
            r->err = eval_no_memory(r->e);
        samples = r->kept;
    }
    if (!r->err && count)
        r->err = r->sink.take(r->sink.ctx, data->labels, samples, count);
    return r->err == ERR_OK;
}

/* --- subqueries --- */

struct sampling {
    struct evaluation inner;
    struct eval_samples_sink sink;
    struct sample *samples;
};

/* The values of an inner series at its steps are the samples of the range. */
static enum err take_inner(void *ctx, struct labels labels, const double *values)
{
    struct sampling *s = ctx;
    size_t count = 0;

    for (size_t i = 0; i < s->inner.count; i++)
        if (eval_is_there(values[i]))
            s->samples[count++] = (struct sample){ eval_time_ms(&s->inner, i), values[i] };
    return s->sink.take(s->sink.ctx, labels, s->samples, count);
}

/* Inner steps are whole multiples of their length. */
static enum err plan_inner(struct evaluation *e, const struct promql_node *node,
                           struct evaluation *inner)
{
    int64_t step_ms = node->subquery.step_ms ? node->subquery.step_ms
                                             : e->q->options.default_step_ms;
    int64_t first_ms, last_ms, start_ms;

    span(e, &node->subquery.when, &first_ms, &last_ms);
    first_ms -= node->subquery.range_ms;
    start_ms = first_ms / step_ms * step_ms;
    if (start_ms < first_ms)
        start_ms += step_ms;
    *inner = *e;
    inner->start_ms = start_ms;
    inner->step_ms = step_ms;
    inner->count = last_ms < start_ms ? 0 : (size_t)((last_ms - start_ms) / step_ms) + 1;
    if (inner->count > e->q->options.max_samples)
        return diag_set(e->diag, ERR_LIMIT, "a subquery has more than %zu steps",
                        e->q->options.max_samples);
    return ERR_OK;
}

static enum err sample_subquery(struct evaluation *e, const struct promql_node *node,
                                struct eval_samples_sink sink)
{
    struct sampling s = { .sink = sink };
    enum err err = plan_inner(e, node, &s.inner);

    if (err || s.inner.count == 0)
        return err;
    s.samples = eval_alloc(e, s.inner.count, sizeof *s.samples);
    if (!s.samples)
        return eval_no_memory(e);
    return eval_vector(&s.inner, node->subquery.expr, (struct eval_sink){ take_inner, &s });
}

enum err eval_matrix(struct evaluation *e, const struct promql_node *node,
                     struct eval_samples_sink sink)
{
    struct ranging r = { .e = e, .sink = sink };
    int64_t first_ms, last_ms;

    node = eval_unwrap(node);
    if (node->kind == PROMQL_NODE_SUBQUERY)
        return sample_subquery(e, node, sink);
    span(e, &node->selector.when, &first_ms, &last_ms);
    return select_all(e, node, first_ms - node->selector.range_ms + e->q->options.left_open,
                      last_ms, visit_range, &r, &r.err);
}
