/*
 * An expression's tree as "data" of parse_query, in Prometheus' shape: each node
 * an object with its type and parts.
 *
 * Threads   Value.
 * Source    Prometheus 3.0, HTTP API: Parsing a PromQL expression into an abstract syntax tree.
 */
#ifndef FUSEBOX_API_PROMQL_TREE_H
#define FUSEBOX_API_PROMQL_TREE_H

#include "base/json.h"
#include "promql/ast.h"

void promql_json_tree(struct json *j, const struct promql_node *node);

#endif
