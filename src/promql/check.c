#include "promql/check.h"

#include <stdio.h>

#include "promql/function.h"
#include "promql/print.h"

const char *promql_type_name(enum promql_type type)
{
    static const char *const names[] = { "scalar", "string", "instant vector", "range vector" };

    return names[type];
}

static bool is_operand(const struct promql_node *node)
{
    return node->type == PROMQL_SCALAR || node->type == PROMQL_VECTOR;
}

enum err check_sign(struct parser *p, const struct promql_node *inner)
{
    if (is_operand(inner))
        return ERR_OK;
    return lex_error(p->diag, p->text, inner->place.start,
                     "unary expression only allowed on expressions of type scalar or instant "
                     "vector, got \"%s\"",
                     promql_type_name(inner->type));
}

/* A label must not be in on (...) and in group_left (...) at once. */
static enum err check_include(struct parser *p, const struct promql_node *node)
{
    for (size_t i = 0; node->binary.on && i < node->binary.include.count; i++)
        for (size_t k = 0; k < node->binary.matching.count; k++)
            if (str_equals(node->binary.include.items[i], node->binary.matching.items[k]))
                return lex_error(p->diag, p->text, node->place.start,
                                 "label \"%.*s\" must not occur in ON and GROUP clause at once",
                                 STR_ARG(node->binary.include.items[i]));
    return ERR_OK;
}

static enum err check_scalars(struct parser *p, const struct promql_node *node, bool both)
{
    if (promql_is_set_operator(node->binary.op))
        return lex_error(p->diag, p->text, node->place.start,
                         "set operator \"%s\" not allowed in binary scalar expression",
                         promql_operator_text(node->binary.op));
    if (node->binary.has_matching)
        return lex_error(p->diag, p->text, node->place.start,
                         "vector matching only allowed between instant vectors");
    if (both && promql_is_comparison(node->binary.op) && !node->binary.returns_bool)
        return lex_error(p->diag, p->text, node->place.start,
                         "comparisons between scalars must use BOOL modifier");
    return ERR_OK;
}

enum err check_binary(struct parser *p, struct promql_node *node)
{
    const struct promql_node *left = node->binary.left, *right = node->binary.right;
    bool vectors = left->type == PROMQL_VECTOR && right->type == PROMQL_VECTOR;
    bool scalars = left->type == PROMQL_SCALAR && right->type == PROMQL_SCALAR;

    if (!is_operand(left) || !is_operand(right))
        return lex_error(p->diag, p->text,
                         is_operand(left) ? right->place.start : left->place.start,
                         "binary expression must contain only scalar and instant vector types");
    if (node->binary.returns_bool && !promql_is_comparison(node->binary.op))
        return lex_error(p->diag, p->text, node->place.start,
                         "bool modifier can only be used on comparison operators");
    node->type = scalars ? PROMQL_SCALAR : PROMQL_VECTOR;
    if (!vectors)
        return check_scalars(p, node, scalars);
    if (promql_is_set_operator(node->binary.op) && node->binary.cardinality != PROMQL_MANY_TO_MANY)
        return lex_error(p->diag, p->text, node->place.start,
                         "no grouping allowed for \"%s\" operation",
                         promql_operator_text(node->binary.op));
    return check_include(p, node);
}

static enum err check_count(struct parser *p, const struct promql_node *node)
{
    const struct promql_function *f = node->call.function;
    size_t most = (size_t)f->arg_count, least = most - (f->variadic != 0);

    if (f->variadic < 0)
        most = PROMQL_ARGS_MAX;
    if (node->call.arg_count >= least && node->call.arg_count <= most)
        return ERR_OK;
    return lex_error(p->diag, p->text, node->place.start,
                     "expected %s%zu argument(s) in call to \"%s\", got %zu",
                     least == most                  ? ""
                     : node->call.arg_count < least ? "at least "
                                                    : "at most ",
                     node->call.arg_count < least ? least : most, f->name, node->call.arg_count);
}

static enum err expect_type(struct parser *p, const struct promql_node *node,
                            enum promql_type wanted, const char *where)
{
    if (node->type == wanted)
        return ERR_OK;
    return lex_error(p->diag, p->text, node->place.start, "expected type %s in %s, got %s",
                     promql_type_name(wanted), where, promql_type_name(node->type));
}

enum err check_call(struct parser *p, struct promql_node *node)
{
    const struct promql_function *f = node->call.function;
    enum err err = check_count(p, node);
    char where[64];

    node->type = f->returns;
    snprintf(where, sizeof where, "call to function \"%s\"", f->name);
    for (size_t i = 0; i < node->call.arg_count && !err; i++) {
        size_t row = i < (size_t)f->arg_count ? i : (size_t)f->arg_count - 1;

        err = expect_type(p, node->call.args[i], f->args[row], where);
    }
    return err;
}

enum err check_aggregate(struct parser *p, struct promql_node *node)
{
    enum err err = expect_type(p, node->aggregate.expr, PROMQL_VECTOR, "aggregation expression");

    node->type = PROMQL_VECTOR;
    if (err || !node->aggregate.param)
        return err;
    return expect_type(p, node->aggregate.param,
                       node->aggregate.op == PROMQL_COUNT_VALUES ? PROMQL_STRING : PROMQL_SCALAR,
                       "aggregation parameter");
}

/* Patterns are compiled again for each query: here only to hear what is wrong with them. */
static enum err check_pattern(struct parser *p, const struct promql_node *node,
                              const struct matcher *m)
{
    struct regex *regex = NULL;
    struct diag why = { 0 };
    enum err err = regex_new(m->value, &regex, &why);
    bool accepts_nothing;

    if (err == ERR_INVALID || err == ERR_LIMIT)
        return lex_error(p->diag, p->text, node->place.start, "%s", diag_text(&why));
    if (err)
        return err;
    accepts_nothing = regex_matches(regex, STR_NONE) == (m->kind == MATCH_REGEX);
    regex_free(regex);
    p->matches_empty = p->matches_empty && accepts_nothing;
    return ERR_OK;
}

static enum err check_matcher(struct parser *p, const struct promql_node *node,
                              const struct matcher *m)
{
    if (m->kind == MATCH_REGEX || m->kind == MATCH_NOT_REGEX)
        return check_pattern(p, node, m);
    p->matches_empty = p->matches_empty && matcher_accepts(m, STR_NONE);
    return ERR_OK;
}

/* It must not select everything, nor name its metric twice. */
enum err check_selector(struct parser *p, struct promql_node *node)
{
    enum err err = ERR_OK;

    node->type = PROMQL_VECTOR;
    p->matches_empty = true;
    for (size_t i = 0; i < node->selector.matcher_count && !err; i++) {
        const struct matcher *m = &node->selector.matchers[i];

        if (node->selector.name.len && i + 1 < node->selector.matcher_count &&
            m->kind == MATCH_EQUAL && str_equals(m->name, LABEL_METRIC_NAME))
            return lex_error(p->diag, p->text, node->place.start,
                             "metric name must not be set twice: \"%.*s\" or \"%.*s\"",
                             STR_ARG(node->selector.name), STR_ARG(m->value));
        err = check_matcher(p, node, m);
    }
    if (!err && p->matches_empty)
        err = lex_error(p->diag, p->text, node->place.start,
                        "vector selector must contain at least one non-empty matcher");
    return err;
}
