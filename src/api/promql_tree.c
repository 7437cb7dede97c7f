/*
 * {"type":"call","func":{"name":"rate","argTypes":["matrix"],"variadic":0,"returnType":"vector"},
 *  "args":[{"type":"matrixSelector","name":"up","range":300000,"offset":0,
 *           "matchers":[{"name":"__name__","value":"up","type":"="}],
 *           "timestamp":null,"startOrEnd":null}]}
 *
 * Times are milliseconds; a sign in front of a number belongs to the number.
 */
#include "api/promql_tree.h"

#include "base/number.h"
#include "promql/function.h"
#include "promql/print.h"

/* NULL becomes null. */
static void write_node(struct json *j, const char *key, const struct promql_node *node)
{
    json_key(j, key);
    if (node)
        promql_json_tree(j, node);
    else
        json_null(j);
}

static void write_names(struct json *j, const char *key, const struct promql_names *names)
{
    json_key(j, key);
    json_open_array(j);
    for (size_t i = 0; i < names->count; i++)
        json_string(j, names->items[i]);
    json_close_array(j);
}

static const char *type_word(enum promql_type type)
{
    static const char *const words[] = {
        [PROMQL_SCALAR] = "scalar",
        [PROMQL_STRING] = "string",
        [PROMQL_VECTOR] = "vector",
        [PROMQL_MATRIX] = "matrix",
    };

    return words[type];
}

/* --- leaves --- */

static void write_when(struct json *j, const struct promql_when *when)
{
    json_member_int(j, "offset", when->offset_ms);
    json_key(j, "timestamp");
    if (when->at == PROMQL_AT_TIME)
        json_int(j, when->at_ms);
    else
        json_null(j);
    json_member_cstr(j, "startOrEnd",
                     when->at == PROMQL_AT_START ? "start"
                     : when->at == PROMQL_AT_END ? "end"
                                                 : NULL);
}

static void write_selector(struct json *j, const struct promql_node *node)
{
    bool is_range = node->selector.range_ms > 0;

    json_member_cstr(j, "type", is_range ? "matrixSelector" : "vectorSelector");
    json_member_string(j, "name", node->selector.name);
    if (is_range)
        json_member_int(j, "range", node->selector.range_ms);
    json_key(j, "matchers");
    json_open_array(j);
    for (size_t i = 0; i < node->selector.matcher_count; i++) {
        const struct matcher *m = &node->selector.matchers[i];

        json_open_object(j);
        json_member_string(j, "name", m->name);
        json_member_string(j, "value", m->value);
        json_member_cstr(j, "type", promql_matcher_text(m->kind));
        json_close_object(j);
    }
    json_close_array(j);
    write_when(j, &node->selector.when);
}

static void write_number(struct json *j, const struct promql_node *node)
{
    char text[NUMBER_PLAIN_BYTES];
    size_t len = number_format_plain(node->number, text);

    json_member_cstr(j, "type", "numberLiteral");
    json_member_string(j, "val", (struct str){ text, len });
}

static void write_string(struct json *j, const struct promql_node *node)
{
    json_member_cstr(j, "type", "stringLiteral");
    json_member_string(j, "val", node->text);
}

/* --- what stands around others --- */

static void write_subquery(struct json *j, const struct promql_node *node)
{
    json_member_cstr(j, "type", "subquery");
    write_node(j, "expr", node->subquery.expr);
    json_member_int(j, "range", node->subquery.range_ms);
    json_member_int(j, "step", node->subquery.step_ms);
    write_when(j, &node->subquery.when);
}

static void write_function(struct json *j, const struct promql_function *f)
{
    json_key(j, "func");
    json_open_object(j);
    json_member_cstr(j, "name", f->name);
    json_key(j, "argTypes");
    json_open_array(j);
    for (int i = 0; i < f->arg_count; i++)
        json_cstr(j, type_word(f->args[i]));
    json_close_array(j);
    json_member_int(j, "variadic", f->variadic);
    json_member_cstr(j, "returnType", type_word(f->returns));
    json_close_object(j);
}

static void write_call(struct json *j, const struct promql_node *node)
{
    json_member_cstr(j, "type", "call");
    write_function(j, node->call.function);
    json_key(j, "args");
    json_open_array(j);
    for (size_t i = 0; i < node->call.arg_count; i++)
        promql_json_tree(j, node->call.args[i]);
    json_close_array(j);
}

static void write_aggregate(struct json *j, const struct promql_node *node)
{
    json_member_cstr(j, "type", "aggregation");
    json_member_cstr(j, "op", promql_aggregation_text(node->aggregate.op));
    write_node(j, "expr", node->aggregate.expr);
    write_node(j, "param", node->aggregate.param);
    write_names(j, "grouping", &node->aggregate.grouping);
    json_member_bool(j, "without", node->aggregate.without);
}

static void write_matching(struct json *j, const struct promql_node *node)
{
    static const char *const words[] = {
        [PROMQL_ONE_TO_ONE] = "one-to-one",
        [PROMQL_MANY_TO_ONE] = "many-to-one",
        [PROMQL_ONE_TO_MANY] = "one-to-many",
        [PROMQL_MANY_TO_MANY] = "many-to-many",
    };

    json_key(j, "matching");
    if (node->binary.left->type != PROMQL_VECTOR || node->binary.right->type != PROMQL_VECTOR) {
        json_null(j);
        return;
    }
    json_open_object(j);
    json_member_cstr(j, "card", words[node->binary.cardinality]);
    write_names(j, "labels", &node->binary.matching);
    json_member_bool(j, "on", node->binary.on);
    write_names(j, "include", &node->binary.include);
    json_close_object(j);
}

static void write_binary(struct json *j, const struct promql_node *node)
{
    json_member_cstr(j, "type", "binaryExpr");
    json_member_cstr(j, "op", promql_operator_text(node->binary.op));
    write_node(j, "lhs", node->binary.left);
    write_node(j, "rhs", node->binary.right);
    write_matching(j, node);
    json_member_bool(j, "bool", node->binary.returns_bool);
}

static void write_inner(struct json *j, const struct promql_node *node)
{
    bool is_sign = node->kind != PROMQL_NODE_PAREN;

    json_member_cstr(j, "type", is_sign ? "unaryExpr" : "parenExpr");
    if (is_sign)
        json_member_cstr(j, "op", node->kind == PROMQL_NODE_PLUS ? "+" : "-");
    write_node(j, "expr", node->inner);
}

/* Recursion is bounded by PROMQL_NODES_MAX. */
void promql_json_tree(struct json *j, const struct promql_node *node)
{
    static void (*const writers[])(struct json *, const struct promql_node *) = {
        [PROMQL_NODE_NUMBER] = write_number,     [PROMQL_NODE_TEXT] = write_string,
        [PROMQL_NODE_SELECTOR] = write_selector, [PROMQL_NODE_SUBQUERY] = write_subquery,
        [PROMQL_NODE_CALL] = write_call,         [PROMQL_NODE_AGGREGATE] = write_aggregate,
        [PROMQL_NODE_BINARY] = write_binary,     [PROMQL_NODE_NEGATE] = write_inner,
        [PROMQL_NODE_PLUS] = write_inner,        [PROMQL_NODE_PAREN] = write_inner,
    };

    json_open_object(j);
    writers[node->kind](j, node);
    json_close_object(j);
}
