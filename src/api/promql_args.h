/*
 * The arguments of queries: times, a limit, an expression.
 *
 * An argument that is not right is ERR_INVALID (or ERR_LIMIT, ERR_NOMEM of an expression) with
 * Prometheus' sentence in the diag; promql_refuse answers with it.
 */
#ifndef FUSEBOX_API_PROMQL_ARGS_H
#define FUSEBOX_API_PROMQL_ARGS_H

#include "api/prometheus_reply.h"
#include "promql/ast.h"

enum { PROMQL_TREE_MAX_BYTES = 4 << 20 }; /* of an expression's arena */

/* INT64_MIN as preset: the argument has to be given. */
enum err promql_arg_time(struct http_request *req, const char *name, int64_t preset_ms,
                         int64_t *ret_ms, struct diag *diag) MUST_CHECK;
enum err promql_arg_step(struct http_request *req, int64_t *ret_ms, struct diag *diag) MUST_CHECK;
/* How long the query may take; INT64_MAX: it does not say. */
enum err promql_arg_timeout(struct http_request *req, int64_t *ret_ms,
                            struct diag *diag) MUST_CHECK;
/* 0: none. */
enum err promql_arg_limit(struct http_request *req, int64_t *ret, struct diag *diag) MUST_CHECK;
/* `query`, parsed into the arena. */
enum err promql_arg_query(struct http_request *req, struct arena *arena,
                          const struct promql_node **ret, struct diag *diag) MUST_CHECK;

/* The error document of an argument: "bad_data". ERR_OK, or the buffer's error. */
enum err promql_refuse(struct http_reply *reply, enum err err, const struct diag *diag);

#endif
