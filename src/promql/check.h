/*
 * Types: what each kind of node demands of its parts. Each sets the node's type, or
 * says what is wrong at its place.
 */
#ifndef FUSEBOX_PROMQL_CHECK_H
#define FUSEBOX_PROMQL_CHECK_H

#include "promql/parser.h"

enum err check_binary(struct parser *p, struct promql_node *node) MUST_CHECK;
enum err check_sign(struct parser *p, const struct promql_node *inner) MUST_CHECK;
enum err check_call(struct parser *p, struct promql_node *node) MUST_CHECK;
enum err check_aggregate(struct parser *p, struct promql_node *node) MUST_CHECK;
enum err check_selector(struct parser *p, struct promql_node *node) MUST_CHECK;

#endif
