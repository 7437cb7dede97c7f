/* Numbers, strings, selectors, calls, aggregations, parentheses, and what stands behind them. */
#include <math.h>

#include "base/arena.h"
#include "promql/check.h"
#include "promql/function.h"

static const struct {
    const char *name;
    enum promql_aggregation op;
} aggregations[] = {
    { "sum", PROMQL_SUM },           { "avg", PROMQL_AVG },
    { "count", PROMQL_COUNT },       { "min", PROMQL_MIN },
    { "max", PROMQL_MAX },           { "group", PROMQL_GROUP },
    { "stddev", PROMQL_STDDEV },     { "stdvar", PROMQL_STDVAR },
    { "topk", PROMQL_TOPK },         { "bottomk", PROMQL_BOTTOMK },
    { "quantile", PROMQL_QUANTILE }, { "count_values", PROMQL_COUNT_VALUES },
};

static bool find_aggregation(const struct token *t, enum promql_aggregation *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(aggregations); i++)
        if (token_is_word(t, aggregations[i].name)) {
            *ret = aggregations[i].op;
            return true;
        }
    return false;
}

/* The token behind the present one; an error is found when it is its turn. */
static struct token look_ahead(const struct parser *p)
{
    struct lexer lexer = p->lexer;
    struct token t;

    if (lexer_next(&lexer, &t, NULL))
        t = (struct token){ .kind = TOKEN_END };
    return t;
}

/* --- selectors --- */

static enum err parse_matcher(struct parser *p, struct matcher *m)
{
    static const struct {
        const char *symbol;
        enum matcher_kind kind;
    } kinds[] = { { "=", MATCH_EQUAL },
                  { "!=", MATCH_NOT_EQUAL },
                  { "=~", MATCH_REGEX },
                  { "!~", MATCH_NOT_REGEX } };
    size_t k = 0;
    enum err err;

    if (p->now.kind != TOKEN_WORD)
        return parser_unexpected(p, "label matching", "identifier or \"}\"");
    *m = (struct matcher){ .name = p->now.text };
    err = parser_next(p);
    while (!err && k < ARRAY_LEN(kinds) && !token_is_symbol(&p->now, kinds[k].symbol))
        k++;
    if (!err && k == ARRAY_LEN(kinds))
        return parser_unexpected(p, "label matching", "label matching operator");
    if (!err) {
        m->kind = kinds[k].kind;
        err = parser_next(p);
    }
    if (!err && p->now.kind != TOKEN_STRING)
        return parser_unexpected(p, "label matching", "string");
    if (!err)
        err = lex_unquote(&p->now, p->text, p->arena, &m->value, p->diag);
    return err ? err : parser_next(p);
}

/* Behind the opening brace; the matcher of the name comes last. */
static enum err parse_matchers(struct parser *p, struct matcher *list, size_t *count)
{
    enum err err = ERR_OK;

    while (!err && !token_is_symbol(&p->now, "}")) {
        if (*count == PROMQL_MATCHERS_MAX - 1)
            return lex_error(p->diag, p->text, p->now.place.start, "more than %d label matchers",
                             PROMQL_MATCHERS_MAX - 1);
        err = parse_matcher(p, &list[(*count)++]);
        if (!err && !token_is_symbol(&p->now, "}"))
            err = parser_expect(p, ",", "label matching");
    }
    return err ? err : parser_next(p);
}

/* The word that may stand before the braces is the present token, when `named`. */
static enum err parse_selector(struct parser *p, bool named, struct promql_node **ret)
{
    struct matcher list[PROMQL_MATCHERS_MAX], *kept;
    size_t count = 0;
    enum err err;
    struct promql_node *node = parser_node(p, PROMQL_NODE_SELECTOR, p->now.place.start, &err);

    if (!err && named) {
        node->selector.name = p->now.text;
        err = parser_next(p);
    }
    if (!err && token_is_symbol(&p->now, "{")) {
        err = parser_next(p);
        if (!err)
            err = parse_matchers(p, list, &count);
    }
    if (err)
        return err;
    if (named)
        list[count++] = (struct matcher){ .name = LABEL_METRIC_NAME, .value = node->selector.name };
    kept = arena_alloc_zero(p->arena, count + 1, sizeof *kept);
    if (!kept)
        return arena_error(p->arena);
    memcpy(kept, list, count * sizeof *kept);
    node->selector.matchers = kept;
    node->selector.matcher_count = count;
    node->place.end = (uint32_t)p->end;
    *ret = node;
    return check_selector(p, node);
}

/* --- calls and aggregations --- */

/* (a, b, c): no comma at the end. */
static enum err parse_args(struct parser *p, const struct promql_node **args, size_t *ret_count)
{
    enum err err = parser_expect(p, "(", "call");

    *ret_count = 0;
    while (!err && !token_is_symbol(&p->now, ")")) {
        struct promql_node *arg;

        if (*ret_count == PROMQL_ARGS_MAX)
            return lex_error(p->diag, p->text, p->now.place.start, "more than %d arguments",
                             PROMQL_ARGS_MAX);
        err = parser_expression(p, &arg);
        if (err)
            return err;
        args[(*ret_count)++] = arg;
        if (token_is_symbol(&p->now, ")"))
            break;
        err = parser_expect(p, ",", "call");
        if (!err && token_is_symbol(&p->now, ")"))
            return parser_unexpected(p, "call", "an argument");
    }
    return err ? err : parser_expect(p, ")", "call");
}

static enum err parse_call(struct parser *p, struct promql_node **ret)
{
    const struct promql_function *function = promql_function_find(p->now.text);
    const struct promql_node *args[PROMQL_ARGS_MAX], **kept;
    size_t start = p->now.place.start, count;
    struct promql_node *node;
    enum err err;

    if (!function)
        return lex_error(p->diag, p->text, start, "unknown function with name \"%.*s\"",
                         STR_ARG(p->now.text));
    node = parser_node(p, PROMQL_NODE_CALL, start, &err);
    if (!err)
        err = parser_next(p);
    if (!err)
        err = parse_args(p, args, &count);
    if (err)
        return err;
    kept = arena_alloc_zero(p->arena, count + 1, sizeof *kept);
    if (!kept)
        return arena_error(p->arena);
    memcpy(kept, args, count * sizeof *kept);
    node->call.function = function;
    node->call.args = kept;
    node->call.arg_count = count;
    node->place.end = (uint32_t)p->end;
    *ret = node;
    return check_call(p, node);
}

static bool is_grouping(const struct token *t)
{
    return token_is_word(t, "by") || token_is_word(t, "without");
}

static enum err parse_grouping(struct parser *p, struct promql_node *node)
{
    enum err err;

    node->aggregate.without = token_is_word(&p->now, "without");
    err = parser_next(p);
    return err ? err : parser_names(p, &node->aggregate.grouping);
}

/* One argument, or a parameter before it. */
static enum err take_aggregate_args(struct parser *p, struct promql_node *node,
                                    const struct promql_node **args, size_t count)
{
    size_t wanted = 1 + (node->aggregate.op >= PROMQL_TOPK);

    if (count == 0)
        return lex_error(p->diag, p->text, node->place.start,
                         "no arguments for aggregate expression provided");
    if (count != wanted)
        return lex_error(p->diag, p->text, node->place.start,
                         "wrong number of arguments for aggregate expression provided, expected "
                         "%zu, got %zu",
                         wanted, count);
    node->aggregate.param = wanted == 2 ? args[0] : NULL;
    node->aggregate.expr = args[wanted - 1];
    return ERR_OK;
}

static enum err parse_aggregate(struct parser *p, enum promql_aggregation op,
                                struct promql_node **ret)
{
    const struct promql_node *args[PROMQL_ARGS_MAX];
    size_t count = 0;
    bool before;
    enum err err;
    struct promql_node *node = parser_node(p, PROMQL_NODE_AGGREGATE, p->now.place.start, &err);

    if (err)
        return err;
    node->aggregate.op = op;
    err = parser_next(p);
    before = !err && is_grouping(&p->now);
    if (before)
        err = parse_grouping(p, node);
    if (!err)
        err = parse_args(p, args, &count);
    if (!err)
        err = take_aggregate_args(p, node, args, count);
    if (!err && !before && is_grouping(&p->now))
        err = parse_grouping(p, node);
    if (err)
        return err;
    node->place.end = (uint32_t)p->end;
    *ret = node;
    return check_aggregate(p, node);
}

/* --- what stands alone --- */

static enum err parse_number(struct parser *p, struct promql_node **ret)
{
    enum err err;
    struct promql_node *node = parser_node(p, PROMQL_NODE_NUMBER, p->now.place.start, &err);

    if (err)
        return err;
    node->number = p->now.number;
    node->type = PROMQL_SCALAR;
    node->place = p->now.place;
    *ret = node;
    return parser_next(p);
}

static enum err parse_text(struct parser *p, struct promql_node **ret)
{
    enum err err;
    struct promql_node *node = parser_node(p, PROMQL_NODE_TEXT, p->now.place.start, &err);

    if (!err)
        err = lex_unquote(&p->now, p->text, p->arena, &node->text, p->diag);
    if (err)
        return err;
    node->type = PROMQL_STRING;
    node->place = p->now.place;
    *ret = node;
    return parser_next(p);
}

static enum err parse_paren(struct parser *p, struct promql_node **ret)
{
    struct promql_node *inner;
    enum err err;
    struct promql_node *node = parser_node(p, PROMQL_NODE_PAREN, p->now.place.start, &err);

    if (!err)
        err = parser_next(p);
    if (!err)
        err = parser_expression(p, &inner);
    if (!err && !token_is_symbol(&p->now, ")"))
        return lex_error(p->diag, p->text, p->now.place.start, "unclosed left parenthesis");
    if (!err)
        err = parser_next(p);
    if (err)
        return err;
    node->inner = inner;
    node->type = inner->type;
    node->place.end = (uint32_t)p->end;
    *ret = node;
    return ERR_OK;
}

static bool is_no_name(const struct token *t)
{
    return token_is_word(t, "bool") || token_is_word(t, "on") || token_is_word(t, "ignoring") ||
           token_is_word(t, "group_left") || token_is_word(t, "group_right");
}

static enum err parse_word(struct parser *p, struct promql_node **ret)
{
    struct token next = look_ahead(p);
    enum promql_aggregation op;

    if (find_aggregation(&p->now, &op) && (token_is_symbol(&next, "(") || is_grouping(&next)))
        return parse_aggregate(p, op, ret);
    if (token_is_symbol(&next, "("))
        return parse_call(p, ret);
    if (is_no_name(&p->now))
        return parser_unexpected(p, "the expression", NULL);
    return parse_selector(p, true, ret);
}

static enum err parse_alone(struct parser *p, struct promql_node **ret)
{
    switch (p->now.kind) {
    case TOKEN_NUMBER:
        return parse_number(p, ret);
    case TOKEN_STRING:
        return parse_text(p, ret);
    case TOKEN_WORD:
        return parse_word(p, ret);
    case TOKEN_SYMBOL:
        if (token_is_symbol(&p->now, "("))
            return parse_paren(p, ret);
        if (token_is_symbol(&p->now, "{"))
            return parse_selector(p, false, ret);
        break;
    case TOKEN_DURATION:
    case TOKEN_END:
        break;
    }
    return parser_unexpected(p, "the expression", NULL);
}

/* --- what stands behind --- */

static struct promql_when *when_of(struct promql_node *node)
{
    if (node->kind == PROMQL_NODE_SELECTOR)
        return &node->selector.when;
    return node->kind == PROMQL_NODE_SUBQUERY ? &node->subquery.when : NULL;
}

static enum err take_duration(struct parser *p, const char *where, int64_t *ret)
{
    if (p->now.kind != TOKEN_DURATION)
        return parser_unexpected(p, where, "duration");
    if (p->now.duration_ms <= 0)
        return lex_error(p->diag, p->text, p->now.place.start, "duration must be greater than 0");
    *ret = p->now.duration_ms;
    return parser_next(p);
}

static enum err make_range(struct parser *p, struct promql_node *node, int64_t range_ms)
{
    enum err err;

    if (node->kind != PROMQL_NODE_SELECTOR || node->type != PROMQL_VECTOR)
        return lex_error(p->diag, p->text, node->place.start,
                         "ranges only allowed for vector selectors");
    if (node->selector.when.offset_ms)
        return lex_error(p->diag, p->text, node->place.start,
                         "no offset modifiers allowed before range");
    if (node->selector.when.at != PROMQL_AT_STEP)
        return lex_error(p->diag, p->text, node->place.start,
                         "no @ modifiers allowed before range");
    node->selector.range_ms = range_ms;
    node->type = PROMQL_MATRIX;
    err = parser_expect(p, "]", "matrix selector");
    node->place.end = (uint32_t)p->end;
    return err;
}

static enum err make_subquery(struct parser *p, struct promql_node **at, int64_t range_ms)
{
    enum err err;
    struct promql_node *node = parser_node(p, PROMQL_NODE_SUBQUERY, (*at)->place.start, &err);

    if (!err && (*at)->type != PROMQL_VECTOR)
        return lex_error(p->diag, p->text, (*at)->place.start,
                         "subquery is only allowed on instant vector, got %s instead",
                         promql_type_name((*at)->type));
    if (!err)
        err = parser_next(p);
    if (!err && !token_is_symbol(&p->now, "]"))
        err = take_duration(p, "subquery selector", &node->subquery.step_ms);
    if (!err)
        err = parser_expect(p, "]", "subquery selector");
    if (err)
        return err;
    node->subquery.expr = *at;
    node->subquery.range_ms = range_ms;
    node->type = PROMQL_MATRIX;
    node->place.end = (uint32_t)p->end;
    *at = node;
    return ERR_OK;
}

static enum err parse_brackets(struct parser *p, struct promql_node **at)
{
    int64_t range_ms = 0;
    enum err err = parser_next(p);

    if (!err)
        err = take_duration(p, "subquery or range", &range_ms);
    if (err)
        return err;
    if (token_is_symbol(&p->now, ":"))
        return make_subquery(p, at, range_ms);
    return make_range(p, *at, range_ms);
}

static bool take_minus(struct parser *p, enum err *err)
{
    bool minus = token_is_symbol(&p->now, "-");

    *err = minus || token_is_symbol(&p->now, "+") ? parser_next(p) : ERR_OK;
    return minus;
}

static enum err parse_offset(struct parser *p, struct promql_node *node)
{
    struct promql_when *when = when_of(node);
    int64_t offset_ms = 0;
    bool minus = false;
    enum err err;

    if (!when)
        return lex_error(p->diag, p->text, p->now.place.start,
                         "offset modifier must be preceded by an instant vector selector or "
                         "range vector selector or a subquery");
    if (when->offset_ms)
        return lex_error(p->diag, p->text, p->now.place.start,
                         "offset may not be set multiple times");
    err = parser_next(p);
    if (!err)
        minus = take_minus(p, &err);
    if (!err)
        err = take_duration(p, "offset", &offset_ms);
    when->offset_ms = minus ? -offset_ms : offset_ms;
    node->place.end = (uint32_t)p->end;
    return err;
}

/* start() or end(). */
static enum err parse_at_word(struct parser *p, struct promql_when *when)
{
    enum err err;

    when->at = token_is_word(&p->now, "start") ? PROMQL_AT_START : PROMQL_AT_END;
    err = parser_next(p);
    if (!err)
        err = parser_expect(p, "(", "@ modifier");
    return err ? err : parser_expect(p, ")", "@ modifier");
}

static enum err parse_at_time(struct parser *p, struct promql_when *when)
{
    bool minus = false;
    double unix_s;
    enum err err = ERR_OK;

    minus = take_minus(p, &err);
    if (err)
        return err;
    if (p->now.kind != TOKEN_NUMBER)
        return parser_unexpected(p, "@ modifier", "timestamp");
    unix_s = minus ? -p->now.number : p->now.number;
    if (!(fabs(unix_s) * 1000 < (double)PROMQL_AT_MAX_MS))
        return lex_error(p->diag, p->text, p->now.place.start,
                         "timestamp out of bounds for @ modifier");
    when->at = PROMQL_AT_TIME;
    when->at_ms = (int64_t)round(unix_s * 1000);
    return parser_next(p);
}

static enum err parse_at(struct parser *p, struct promql_node *node)
{
    struct promql_when *when = when_of(node);
    enum err err;

    if (!when)
        return lex_error(p->diag, p->text, p->now.place.start,
                         "@ modifier must be preceded by an instant vector selector or range "
                         "vector selector or a subquery");
    if (when->at != PROMQL_AT_STEP)
        return lex_error(p->diag, p->text, p->now.place.start,
                         "@ <timestamp> may not be set multiple times");
    err = parser_next(p);
    if (!err)
        err = token_is_word(&p->now, "start") || token_is_word(&p->now, "end")
                  ? parse_at_word(p, when)
                  : parse_at_time(p, when);
    node->place.end = (uint32_t)p->end;
    return err;
}

enum err parse_primary(struct parser *p, struct promql_node **ret)
{
    enum err err = parse_alone(p, ret);

    while (!err) {
        if (token_is_symbol(&p->now, "["))
            err = parse_brackets(p, ret);
        else if (token_is_word(&p->now, "offset"))
            err = parse_offset(p, *ret);
        else if (token_is_symbol(&p->now, "@"))
            err = parse_at(p, *ret);
        else
            break;
    }
    return err;
}
