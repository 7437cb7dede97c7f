/*
 * The parser while it runs: shared by parse.c (operators), parse_primary.c (all
 * else) and check.c (types).
 */
#ifndef FUSEBOX_PROMQL_PARSER_H
#define FUSEBOX_PROMQL_PARSER_H

#include "promql/lex.h"

struct parser {
    struct str text;
    struct lexer lexer;
    struct token now;
    size_t end; /* of the token before */
    struct arena *arena;
    struct diag *diag;
    int depth, nodes;
    bool matches_empty; /* of the selector that is checked: so far every matcher does */
};

enum err parser_next(struct parser *p) MUST_CHECK;
/* ERR_INVALID: "unexpected X in WHERE, expected Y". */
enum err parser_unexpected(struct parser *p, const char *where, const char *expected);
enum err parser_expect(struct parser *p, const char *symbol, const char *where) MUST_CHECK;
struct promql_node *parser_node(struct parser *p, enum promql_node_kind kind, size_t start,
                                enum err *ret_err) MUST_CHECK;
enum err parser_names(struct parser *p, struct promql_names *ret) MUST_CHECK;
enum err parser_expression(struct parser *p, struct promql_node **ret) MUST_CHECK;

/* Anything but operators and signs, with what stands behind it: [5m], offset, @. */
enum err parse_primary(struct parser *p, struct promql_node **ret) MUST_CHECK;

#endif
