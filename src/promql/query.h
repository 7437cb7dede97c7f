/*
 * Evaluates a tree over a range of steps: by series, not by step.
 *
 * A node is evaluated for all steps at once and hands each of its series, with one
 * value per step, to who asked for it: a selector decodes a series' samples once
 * and slides its windows over them; an aggregation adds them to its groups and
 * keeps none of them; only a binary operator and sorting hold whole vectors.
 *
 *   promql_query_init(&q, &options)
 *   promql_run(&q, node, &result, diag)
 *   promql_query_release(&q)                   the result is gone then
 *
 * An instant query has one step. Values that are not there have the bits
 * SAMPLE_STALE_BITS (sample_is_stale); a NaN that was computed is a value.
 *
 * Errors    ERR_INVALID (Prometheus' "execution": many-to-many matching, a bad
 *           label name, ...), ERR_LIMIT (the limit is named), ERR_NOMEM, those of the
 *           source, and what go_on answers.
 * Memory    One arena per query, limited by max_bytes and booked in the budget.
 * Time      Passed in; a deadline is a matter of go_on.
 * Threads   One thread runs one query.
 */
#ifndef FUSEBOX_PROMQL_QUERY_H
#define FUSEBOX_PROMQL_QUERY_H

#include "promql/ast.h"
#include "promql/source.h"

struct promql_options {
    struct promql_source source;
    bool is_range;
    int64_t start_ms, end_ms, step_ms; /* instant: start == end, step 1; PROMQL_TIME_MAX_MS */
    int64_t lookback_ms;               /* 300,000 */
    int64_t default_step_ms;           /* of subqueries without one: 60,000 */
    bool left_open;                    /* ranges as Prometheus 3 has them */
    size_t max_samples;                /* that may be held at once: 50,000,000 */
    size_t max_bytes;                  /* of the arena */
    size_t max_steps;                  /* 11,001 */
    struct budget *budget;             /* NULL: no limit but max_bytes */
    enum err (*go_on)(void *ctx);      /* asked often: ERR_OK, or why to give up; NULL */
    void *ctx;
};

struct promql_query {
    struct promql_options options;
    struct arena arena;
    uint64_t samples_read_count;
    size_t worked_count; /* values looked at since go_on was asked */
    size_t booked_bytes;
    bool over_budget;
};

struct promql_series {
    struct labels labels;
    const double *values;         /* one per step; SAMPLE_STALE_BITS: none */
    const struct sample *samples; /* of a range vector that an instant query asked for */
    size_t sample_count;
};

struct promql_result {
    enum promql_type type;
    bool is_range; /* of a range query: then vectors and scalars are a matrix */
    size_t step_count;
    struct promql_series *series; /* instant: in the order that sort gave, else of labels */
    size_t series_count;
    const double *scalars; /* of a scalar: one per step */
    struct str text;       /* of a string */
};

void promql_query_init(struct promql_query *q, const struct promql_options *options);
enum err promql_run(struct promql_query *q, const struct promql_node *node,
                    struct promql_result *ret, struct diag *diag) MUST_CHECK;
void promql_query_release(struct promql_query *q);

#endif
