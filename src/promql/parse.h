/*
 * A PromQL text becomes a tree whose types are right, or an error with its place.
 *
 * By precedence climbing over the lexer's words, from loose to tight:
 *
 *   or | and unless | == != < <= > >= | + - | * / % atan2 | unary + - | ^ (to the right)
 *
 * Errors    ERR_INVALID: the diag has position_bytes, line, column and a sentence
 *           in the kind of Prometheus' ("1:4: parse error: unexpected ..."); ERR_LIMIT:
 *           a limit of ast.h is named; ERR_NOMEM.
 * Memory    The tree lives in the arena, and points into `text` as well.
 * Threads   Value.
 */
#ifndef FUSEBOX_PROMQL_PARSE_H
#define FUSEBOX_PROMQL_PARSE_H

#include "promql/ast.h"

enum err promql_parse(struct str text, struct arena *arena, const struct promql_node **ret,
                      struct diag *diag) MUST_CHECK;

/* A selector alone, as match[] has it: up{a="b"}. At least one matcher that does not match the
 * empty value. */
enum err promql_parse_selector(struct str text, struct arena *arena, const struct promql_node **ret,
                               struct diag *diag) MUST_CHECK;

#endif
