/*
 * A tree as PromQL text: parsing what is printed gives an equal tree.
 *
 *   promql_print          on one line, as error messages and links have it
 *   promql_print_pretty   over lines where one is too long, as format_query has it
 */
#ifndef FUSEBOX_PROMQL_PRINT_H
#define FUSEBOX_PROMQL_PRINT_H

#include "base/buf.h"
#include "promql/ast.h"

void promql_print(const struct promql_node *node, struct buf *out);
void promql_print_pretty(const struct promql_node *node, struct buf *out);

const char *promql_operator_text(enum promql_operator op); /* "+", "and" */
const char *promql_aggregation_text(enum promql_aggregation op);
const char *promql_matcher_text(enum matcher_kind kind); /* "=~" */

/* Equal but for places. */
bool promql_node_equals(const struct promql_node *a, const struct promql_node *b);

#endif
