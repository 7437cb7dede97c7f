/*
 * The words of a PromQL text, with their places. It allocates nothing: a token
 * points into the text.
 *
 *   lexer_init(&l, text) -> { lexer_next(&l, &token, diag) }* until TOKEN_END
 *
 * Keywords (operators, aggregations, by, without, on, ignoring, group_left,
 * group_right, bool, offset) are identifiers to the lexer, known in any case by
 * token_is_word: where a name is allowed, so is a keyword. Inf and NaN are numbers
 * in any case. Durations are told from numbers by their unit.
 *
 * Threads   Value.
 * Source    The lexical grammar of Prometheus 2.42.
 */
#ifndef FUSEBOX_PROMQL_LEX_H
#define FUSEBOX_PROMQL_LEX_H

#include "base/diag.h"
#include "promql/ast.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,     /* a metric's, label's or function's name, or a keyword; colons allowed */
    TOKEN_NUMBER,   /* number is set */
    TOKEN_DURATION, /* duration_ms is set */
    TOKEN_STRING,   /* raw, with its quotes: lex_unquote */
    TOKEN_SYMBOL,   /* ( ) { } [ ] , : @ + - * / % ^ == != < <= > >= = =~ !~ */
};

struct token {
    enum token_kind kind;
    struct promql_place place;
    struct str text;
    double number;
    int64_t duration_ms;
};

struct lexer {
    struct str text;
    size_t at;
    bool in_braces, in_brackets; /* where a colon is no part of a name */
};

void lexer_init(struct lexer *l, struct str text);

/* ERR_INVALID: the diag says what is wrong, with position_bytes, line and column. */
enum err lexer_next(struct lexer *l, struct token *ret, struct diag *diag) MUST_CHECK;

bool token_is_symbol(const struct token *t, const char *symbol);
bool token_is_word(const struct token *t, const char *lower_case);

/* The value of a string token: escapes of Go's double and single quotes; backquotes are raw.
 * ERR_INVALID (with the place), ERR_NOMEM, ERR_LIMIT. */
enum err lex_unquote(const struct token *t, struct str whole_text, struct arena *arena,
                     struct str *ret, struct diag *diag) MUST_CHECK;

/* Sets the diag with line and column of a byte of the text; returns ERR_INVALID. */
enum err lex_error(struct diag *diag, struct str whole_text, size_t at, const char *format, ...)
    PRINTF_LIKE(4, 5);

#endif
