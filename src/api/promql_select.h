/*
 * The stored series that a selector finds, handed out one after the other.
 *
 * Threads   The query threads.
 */
#ifndef FUSEBOX_API_PROMQL_SELECT_H
#define FUSEBOX_API_PROMQL_SELECT_H

#include "promql/ast.h"
#include "tsdb/tsdb.h"

/* NULL: every series. Those with a sample in [start_ms, end_ms], as tsdb_select; ERR_INVALID: a
 * regular expression is none. */
enum err promql_select(struct tsdb *db, const struct promql_node *selector, int64_t start_ms,
                       int64_t end_ms, tsdb_visit *visit, void *ctx, struct diag *diag) MUST_CHECK;

#endif
