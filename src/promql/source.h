/*
 * Where a query's samples come from: the store of this daemon, or another one.
 *
 * Threads   select may be called by several threads at once.
 */
#ifndef FUSEBOX_PROMQL_SOURCE_H
#define FUSEBOX_PROMQL_SOURCE_H

#include "promql/ast.h"
#include "tsdb/tsdb.h"

struct promql_source {
    /* As tsdb_select: each series once, in any order, samples in [start_ms, end_ms] rising in
     * time, stale markers included; what is visited is valid during the call. */
    enum err (*select)(void *ctx, const struct matcher *matchers, size_t matcher_count,
                       int64_t start_ms, int64_t end_ms, size_t max_samples, tsdb_visit *visit,
                       void *visit_ctx);
    void *ctx;
};

struct promql_source promql_source_of(struct tsdb *db);

/* Of which series, and from when to when; NULL: of every series. */
struct promql_wanted {
    const struct promql_node *selector;
    int64_t start_ms, end_ms;
    size_t max_samples; /* of one series */
};

/* Selects what a selector finds. ERR_INVALID: a regular expression is none; else select's. */
enum err promql_source_select(const struct promql_source *source,
                              const struct promql_wanted *wanted, tsdb_visit *visit, void *ctx,
                              struct diag *diag) MUST_CHECK;

#endif
