/*
 * The evaluator's parts, which call each other along the tree.
 *
 *   eval_vector   eval.c            hands each series of a node to a sink
 *   eval_scalar   eval.c            one number per step
 *   eval_matrix   eval_selector.c   hands each series' samples to a sink
 *
 * What a sink is given is valid during the call only: values have one number per
 * step, SAMPLE_STALE_BITS where there is none; at least one is there. Each label set
 * comes once.
 *
 * Memory    eval_alloc: the query's arena, booked in the budget.
 */
#ifndef FUSEBOX_PROMQL_EVAL_H
#define FUSEBOX_PROMQL_EVAL_H

#include "promql/function.h"
#include "promql/query.h"

/* The steps of one evaluation: those of the query, or of a subquery. */
struct evaluation {
    struct promql_query *q;
    struct diag *diag;
    int64_t start_ms, step_ms;
    size_t count;
};

typedef enum err eval_take(void *ctx, struct labels labels, const double *values);
struct eval_sink {
    eval_take *take;
    void *ctx;
};

typedef enum err eval_take_samples(void *ctx, struct labels labels, const struct sample *samples,
                                   size_t count);
struct eval_samples_sink {
    eval_take_samples *take;
    void *ctx;
};

enum err eval_vector(struct evaluation *e, const struct promql_node *node,
                     struct eval_sink sink) MUST_CHECK;
enum err eval_scalar(struct evaluation *e, const struct promql_node *node,
                     const double **ret) MUST_CHECK;
enum err eval_matrix(struct evaluation *e, const struct promql_node *node,
                     struct eval_samples_sink sink) MUST_CHECK;

/* By kind of node. */
enum err eval_selector(struct evaluation *e, const struct promql_node *node,
                       struct eval_sink sink) MUST_CHECK; /* eval_selector.c */
enum err eval_timestamps(struct evaluation *e, const struct promql_node *selector,
                         struct eval_sink sink) MUST_CHECK;
enum err eval_range_call(struct evaluation *e, const struct promql_node *node,
                         struct eval_sink sink) MUST_CHECK; /* eval_range.c */
enum err eval_call(struct evaluation *e, const struct promql_node *node,
                   struct eval_sink sink) MUST_CHECK; /* eval_call.c */
enum err eval_special(struct evaluation *e, const struct promql_node *node,
                      struct eval_sink sink) MUST_CHECK; /* eval_special.c */
enum err eval_histogram_quantile(struct evaluation *e, const struct promql_node *node,
                                 struct eval_sink sink) MUST_CHECK; /* eval_histogram.c */
enum err eval_aggregate(struct evaluation *e, const struct promql_node *node,
                        struct eval_sink sink) MUST_CHECK; /* eval_aggregate.c */
enum err eval_rank(struct evaluation *e, const struct promql_node *node,
                   struct eval_sink sink) MUST_CHECK; /* eval_rank.c */
enum err eval_binary(struct evaluation *e, const struct promql_node *node,
                     struct eval_sink sink) MUST_CHECK; /* eval_binary.c */

/* --- tools --- */

#define EVAL_ABSENT sample_from_bits(SAMPLE_STALE_BITS)

static inline bool eval_is_there(double value)
{
    return !sample_is_stale(value);
}

static inline int64_t eval_time_ms(const struct evaluation *e, size_t step)
{
    return e->start_ms + (int64_t)step * e->step_ms;
}

/* The moments that a selector or subquery looks at, one per step; where @ says so, all the same. */
struct eval_moments {
    int64_t first_ms, stride_ms;
};
struct eval_moments eval_moments_of(const struct evaluation *e, const struct promql_when *when);
static inline int64_t eval_moment_ms(const struct eval_moments *m, size_t step)
{
    return m->first_ms + (int64_t)step * m->stride_ms;
}

/* NULL: then return eval_no_memory(e). */
void *eval_alloc(struct evaluation *e, size_t count, size_t size_bytes) MUST_CHECK;
/* An array of `count` items with room for one more: itself, or a copy twice as large. NULL as
 * above. */
void *eval_grow(struct evaluation *e, void *items, size_t count, size_t *max_count,
                size_t size_bytes) MUST_CHECK;
enum err eval_no_memory(struct evaluation *e);
double *eval_numbers(struct evaluation *e) MUST_CHECK;        /* one per step, not set */
double *eval_absent_numbers(struct evaluation *e) MUST_CHECK; /* one per step, none there */

/* What go_on of the options says. Call it once per series. */
enum err eval_go_on(struct evaluation *e) MUST_CHECK;
/* The same for long work within a series: asks once in a million values looked at. */
enum { EVAL_ASK_EACH_COUNT = 1 << 20 };
static inline enum err eval_worked(struct evaluation *e, size_t value_count)
{
    e->q->worked_count += value_count;
    if (e->q->worked_count < EVAL_ASK_EACH_COUNT)
        return ERR_OK;
    e->q->worked_count = 0;
    return eval_go_on(e);
}

enum err eval_error(struct evaluation *e, const char *format, ...) PRINTF_LIKE(2, 3);

bool eval_any_there(const double *values, size_t count);
const struct promql_node *eval_unwrap(const struct promql_node *node); /* out of parentheses */
struct str eval_text(const struct promql_node *node);                  /* of a string */

/* Are all label sets of the node's series different without the metric's name? */
bool eval_is_distinct(const struct promql_node *node);

#endif
