#include "promql/parse.h"

#include <math.h>

#include "base/arena.h"
#include "promql/check.h"
#include "promql/function.h"
#include "promql/parser.h"

/* --- tokens --- */

enum err parser_next(struct parser *p)
{
    p->end = p->now.place.end;
    return lexer_next(&p->lexer, &p->now, p->diag);
}

/* What stands there, in the words of an error. */
static struct str found(const struct parser *p)
{
    return p->now.kind == TOKEN_END ? STR("end of input") : p->now.text;
}

enum err parser_unexpected(struct parser *p, const char *where, const char *expected)
{
    return lex_error(p->diag, p->text, p->now.place.start, "unexpected \"%.*s\" in %s%s%s",
                     STR_ARG(found(p)), where, expected ? ", expected " : "",
                     expected ? expected : "");
}

enum err parser_expect(struct parser *p, const char *symbol, const char *where)
{
    if (!token_is_symbol(&p->now, symbol))
        return parser_unexpected(p, where, symbol);
    return parser_next(p);
}

struct promql_node *parser_node(struct parser *p, enum promql_node_kind kind, size_t start,
                                enum err *ret_err)
{
    struct promql_node *node;

    *ret_err = ERR_LIMIT;
    if (++p->nodes > PROMQL_NODES_MAX) {
        diag_set(p->diag, ERR_LIMIT, "the expression has more than %d parts", PROMQL_NODES_MAX);
        return NULL;
    }
    node = arena_alloc_zero(p->arena, 1, sizeof *node);
    *ret_err = node ? ERR_OK : arena_error(p->arena);
    if (node) {
        node->kind = kind;
        node->place.start = (uint32_t)start;
    }
    return node;
}

/* --- operators --- */

enum level { LEVEL_OR, LEVEL_AND, LEVEL_COMPARE, LEVEL_ADD, LEVEL_MULTIPLY, LEVEL_POWER };

static const struct operator_word {
    const char *text; /* lower case */
    enum promql_operator op;
    enum level level;
} operator_words[] = {
    { "or", PROMQL_OR, LEVEL_OR },
    { "and", PROMQL_AND, LEVEL_AND },
    { "unless", PROMQL_UNLESS, LEVEL_AND },
    { "==", PROMQL_EQUAL, LEVEL_COMPARE },
    { "!=", PROMQL_NOT_EQUAL, LEVEL_COMPARE },
    { "<", PROMQL_LESS, LEVEL_COMPARE },
    { "<=", PROMQL_LESS_EQUAL, LEVEL_COMPARE },
    { ">", PROMQL_GREATER, LEVEL_COMPARE },
    { ">=", PROMQL_GREATER_EQUAL, LEVEL_COMPARE },
    { "+", PROMQL_ADD, LEVEL_ADD },
    { "-", PROMQL_SUBTRACT, LEVEL_ADD },
    { "*", PROMQL_MULTIPLY, LEVEL_MULTIPLY },
    { "/", PROMQL_DIVIDE, LEVEL_MULTIPLY },
    { "%", PROMQL_MODULO, LEVEL_MULTIPLY },
    { "atan2", PROMQL_ATAN2, LEVEL_MULTIPLY },
    { "^", PROMQL_POWER, LEVEL_POWER },
};

static const struct operator_word *operator_at(const struct token *t)
{
    for (size_t i = 0; i < ARRAY_LEN(operator_words); i++)
        if ((t->kind == TOKEN_SYMBOL || t->kind == TOKEN_WORD) &&
            str_equals_nocase(t->text, str_of(operator_words[i].text)))
            return &operator_words[i];
    return NULL;
}

static enum err parse_expr(struct parser *p, enum level least, struct promql_node **ret);

/* (a, b,) of by, on, group_left and their like. */
enum err parser_names(struct parser *p, struct promql_names *ret)
{
    struct str names[PROMQL_GROUPING_MAX], *kept;
    enum err err = parser_expect(p, "(", "grouping opts");

    ret->count = 0;
    while (!err && !token_is_symbol(&p->now, ")")) {
        if (p->now.kind != TOKEN_WORD || str_find(p->now.text, ':') < p->now.text.len)
            return parser_unexpected(p, "grouping opts", "label");
        if (ret->count == PROMQL_GROUPING_MAX)
            return lex_error(p->diag, p->text, p->now.place.start, "more than %d labels",
                             PROMQL_GROUPING_MAX);
        names[ret->count++] = p->now.text;
        err = parser_next(p);
        if (!err && !token_is_symbol(&p->now, ")"))
            err = parser_expect(p, ",", "grouping opts");
    }
    if (!err)
        err = parser_next(p);
    kept = err ? NULL : arena_alloc_zero(p->arena, ret->count + 1, sizeof *kept);
    if (!kept)
        return err ? err : arena_error(p->arena);
    memcpy(kept, names, ret->count * sizeof *kept);
    ret->items = kept;
    return ERR_OK;
}

/* bool, on (...), ignoring (...), group_left (...), group_right (...). */
static enum err parse_modifiers(struct parser *p, struct promql_node *node)
{
    bool left, matched = false;
    enum err err = ERR_OK;

    if (token_is_word(&p->now, "bool")) {
        node->binary.returns_bool = true;
        err = parser_next(p);
    }
    if (!err && (token_is_word(&p->now, "on") || token_is_word(&p->now, "ignoring"))) {
        node->binary.on = token_is_word(&p->now, "on");
        node->binary.has_matching = matched = true;
        err = parser_next(p);
        if (!err)
            err = parser_names(p, &node->binary.matching);
    }
    left = token_is_word(&p->now, "group_left");
    if (err || (!left && !token_is_word(&p->now, "group_right")))
        return err;
    if (!matched)
        return parser_unexpected(p, "binary expression", "on or ignoring before it");
    node->binary.cardinality = left ? PROMQL_MANY_TO_ONE : PROMQL_ONE_TO_MANY;
    err = parser_next(p);
    if (!err && token_is_symbol(&p->now, "("))
        err = parser_names(p, &node->binary.include);
    return err;
}

static enum err parse_binary(struct parser *p, const struct operator_word *word,
                             struct promql_node *left, struct promql_node **ret)
{
    struct promql_node *right = NULL;
    enum err err;
    struct promql_node *node = parser_node(p, PROMQL_NODE_BINARY, left->place.start, &err);

    if (!err) {
        node->binary.op = word->op;
        node->binary.left = left;
        if (promql_is_set_operator(word->op))
            node->binary.cardinality = PROMQL_MANY_TO_MANY;
        err = parser_next(p);
    }
    if (!err)
        err = parse_modifiers(p, node);
    if (!err) /* a power binds to the right */
        err = parse_expr(p, word->level + (word->level != LEVEL_POWER), &right);
    if (err)
        return err;
    node->binary.right = right;
    node->place.end = right->place.end;
    *ret = node;
    return check_binary(p, node);
}

static enum err parse_sign(struct parser *p, struct promql_node **ret)
{
    bool minus = token_is_symbol(&p->now, "-");
    size_t start = p->now.place.start;
    struct promql_node *node, *inner = NULL;
    enum err err = parser_next(p);

    if (!err)
        err = parse_expr(p, LEVEL_POWER, &inner);
    if (!err)
        err = check_sign(p, inner);
    if (err)
        return err;
    *ret = inner;
    if (inner->kind == PROMQL_NODE_NUMBER) {
        inner->number = minus ? -inner->number : inner->number;
        inner->place.start = (uint32_t)start;
        return ERR_OK;
    }
    node = parser_node(p, minus ? PROMQL_NODE_NEGATE : PROMQL_NODE_PLUS, start, &err);
    if (err)
        return err;
    node->inner = inner;
    node->type = inner->type;
    node->place.end = inner->place.end;
    *ret = node;
    return ERR_OK;
}

static enum err parse_operand(struct parser *p, struct promql_node **ret)
{
    if (token_is_symbol(&p->now, "+") || token_is_symbol(&p->now, "-"))
        return parse_sign(p, ret);
    return parse_primary(p, ret);
}

static enum err climb(struct parser *p, enum level least, struct promql_node **ret)
{
    const struct operator_word *word;
    enum err err = parse_operand(p, ret);

    while (!err && (word = operator_at(&p->now)) && word->level >= least)
        err = parse_binary(p, word, *ret, ret);
    return err;
}

static enum err parse_expr(struct parser *p, enum level least, struct promql_node **ret)
{
    enum err err;

    if (p->depth >= PROMQL_DEPTH_MAX)
        return diag_set(p->diag, ERR_LIMIT, "the expression is nested more than %d deep",
                        PROMQL_DEPTH_MAX);
    p->depth++;
    err = climb(p, least, ret);
    p->depth--;
    return err;
}

enum err parser_expression(struct parser *p, struct promql_node **ret)
{
    return parse_expr(p, LEVEL_OR, ret);
}

/* --- whole texts --- */

static enum err begin(struct parser *p, struct str text, struct arena *arena, struct diag *diag)
{
    *p = (struct parser){ .text = text, .arena = arena, .diag = diag };
    if (text.len > PROMQL_TEXT_MAX_BYTES)
        return diag_set(diag, ERR_LIMIT, "the expression is longer than %d bytes",
                        PROMQL_TEXT_MAX_BYTES);
    lexer_init(&p->lexer, text);
    return parser_next(p);
}

enum err promql_parse(struct str text, struct arena *arena, const struct promql_node **ret,
                      struct diag *diag)
{
    struct parser p;
    struct promql_node *node = NULL;
    enum err err = begin(&p, text, arena, diag);

    if (!err && p.now.kind == TOKEN_END)
        return lex_error(diag, text, text.len, "no expression found in input");
    if (!err)
        err = parser_expression(&p, &node);
    if (!err && p.now.kind != TOKEN_END)
        err = parser_unexpected(&p, "the expression", "an operator or its end");
    if (!err)
        *ret = node;
    return err;
}

enum err promql_parse_selector(struct str text, struct arena *arena, const struct promql_node **ret,
                               struct diag *diag)
{
    enum err err = promql_parse(text, arena, ret, diag);

    if (!err && ((*ret)->kind != PROMQL_NODE_SELECTOR || (*ret)->type != PROMQL_VECTOR ||
                 (*ret)->selector.when.at != PROMQL_AT_STEP || (*ret)->selector.when.offset_ms))
        err = lex_error(diag, text, 0, "this is no selector of series; one is up{job=\"a\"}");
    return err;
}
