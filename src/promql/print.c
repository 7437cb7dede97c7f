#include "promql/print.h"

#include <math.h>

#include "base/number.h"
#include "model/duration.h"
#include "promql/function.h"

enum { LINE_MAX_BYTES = 100, INDENT = 2 };

const char *promql_operator_text(enum promql_operator op)
{
    static const char *const texts[] = {
        "+",  "-", "*",  "/", "%",  "^",   "atan2", "==",
        "!=", "<", "<=", ">", ">=", "and", "or",    "unless",
    };

    return texts[op];
}

const char *promql_aggregation_text(enum promql_aggregation op)
{
    static const char *const texts[] = {
        "sum",    "avg",    "count", "min",     "max",      "group",
        "stddev", "stdvar", "topk",  "bottomk", "quantile", "count_values",
    };

    return texts[op];
}

/* --- leaves --- */

/* Bytes that are no UTF-8 go by number. */
static void print_quoted(struct str s, struct buf *out)
{
    static const char plain[] = "\a\b\f\n\r\t\v\\\"", names[] = "abfnrtv\\\"";
    bool is_utf8 = str_is_utf8(s);

    buf_append_byte(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        const char *known = c ? strchr(plain, c) : NULL;

        if (known)
            buf_printf(out, "\\%c", names[known - plain]);
        else if (c < ' ' || c == 127 || (c > 127 && !is_utf8))
            buf_printf(out, "\\x%02x", c);
        else
            buf_append_byte(out, (char)c);
    }
    buf_append_byte(out, '"');
}

static void print_number(double value, struct buf *out)
{
    char text[NUMBER_TEXT_BYTES];
    size_t len = number_format_brief(value, text);

    buf_append(out, text, len);
}

static void print_duration(int64_t ms, struct buf *out)
{
    char text[DURATION_TEXT_BYTES];

    if (ms < 0)
        buf_append_byte(out, '-');
    buf_append_cstr(out, duration_format(ms < 0 ? -ms : ms, text));
}

static void print_names(const struct promql_names *names, struct buf *out)
{
    buf_append_byte(out, '(');
    for (size_t i = 0; i < names->count; i++) {
        if (i)
            buf_append_cstr(out, ", ");
        buf_append_str(out, names->items[i]);
    }
    buf_append_byte(out, ')');
}

const char *promql_matcher_text(enum matcher_kind kind)
{
    static const char *const texts[] = { "=", "!=", "=~", "!~" };

    return texts[kind];
}

/* The matcher that stands for the name before the braces. */
static bool is_name(const struct promql_node *node, size_t i)
{
    return node->selector.name.len && i + 1 == node->selector.matcher_count;
}

static void print_selector(const struct promql_node *node, struct buf *out)
{
    const char *before = "{";

    buf_append_str(out, node->selector.name);
    for (size_t i = 0; i < node->selector.matcher_count; i++) {
        const struct matcher *m = &node->selector.matchers[i];

        if (is_name(node, i))
            continue;
        buf_append_cstr(out, before);
        buf_append_str(out, m->name);
        buf_append_cstr(out, promql_matcher_text(m->kind));
        print_quoted(m->value, out);
        before = ",";
    }
    if (*before == ',')
        buf_append_byte(out, '}');
    if (node->selector.range_ms) {
        buf_append_byte(out, '[');
        print_duration(node->selector.range_ms, out);
        buf_append_byte(out, ']');
    }
}

static void print_when(const struct promql_when *when, struct buf *out)
{
    if (when->at == PROMQL_AT_TIME)
        buf_printf(out, " @ %.3f", (double)when->at_ms / 1000);
    else if (when->at != PROMQL_AT_STEP)
        buf_append_cstr(out, when->at == PROMQL_AT_START ? " @ start()" : " @ end()");
    if (when->offset_ms) {
        buf_append_cstr(out, " offset ");
        print_duration(when->offset_ms, out);
    }
}

static void print_subquery_end(const struct promql_node *node, struct buf *out)
{
    buf_append_byte(out, '[');
    print_duration(node->subquery.range_ms, out);
    buf_append_byte(out, ':');
    if (node->subquery.step_ms)
        print_duration(node->subquery.step_ms, out);
    buf_append_byte(out, ']');
    print_when(&node->subquery.when, out);
}

/* --- what stands around others --- */

/* "sum by (a) " or "sum". */
static void print_aggregate_head(const struct promql_node *node, struct buf *out)
{
    buf_append_cstr(out, promql_aggregation_text(node->aggregate.op));
    if (!node->aggregate.without && node->aggregate.grouping.count == 0)
        return;
    buf_append_cstr(out, node->aggregate.without ? " without " : " by ");
    print_names(&node->aggregate.grouping, out);
    buf_append_byte(out, ' ');
}

/* "+ on (a) group_left (b)". */
static void print_operator(const struct promql_node *node, struct buf *out)
{
    bool groups = node->binary.cardinality == PROMQL_MANY_TO_ONE ||
                  node->binary.cardinality == PROMQL_ONE_TO_MANY;

    buf_append_cstr(out, promql_operator_text(node->binary.op));
    if (node->binary.returns_bool)
        buf_append_cstr(out, " bool");
    if (node->binary.has_matching) {
        buf_append_cstr(out, node->binary.on ? " on " : " ignoring ");
        print_names(&node->binary.matching, out);
    }
    if (groups) {
        buf_append_cstr(out, node->binary.cardinality == PROMQL_MANY_TO_ONE ? " group_left "
                                                                            : " group_right ");
        print_names(&node->binary.include, out);
    }
}

static void print_call(const struct promql_node *node, struct buf *out)
{
    buf_append_cstr(out, node->call.function->name);
    buf_append_byte(out, '(');
    for (size_t i = 0; i < node->call.arg_count; i++) {
        if (i)
            buf_append_cstr(out, ", ");
        promql_print(node->call.args[i], out);
    }
    buf_append_byte(out, ')');
}

static void print_aggregate(const struct promql_node *node, struct buf *out)
{
    print_aggregate_head(node, out);
    buf_append_byte(out, '(');
    if (node->aggregate.param) {
        promql_print(node->aggregate.param, out);
        buf_append_cstr(out, ", ");
    }
    promql_print(node->aggregate.expr, out);
    buf_append_byte(out, ')');
}

static void print_binary(const struct promql_node *node, struct buf *out)
{
    promql_print(node->binary.left, out);
    buf_append_byte(out, ' ');
    print_operator(node, out);
    buf_append_byte(out, ' ');
    promql_print(node->binary.right, out);
}

void promql_print(const struct promql_node *node, struct buf *out)
{
    switch (node->kind) {
    case PROMQL_NODE_NUMBER:
        print_number(node->number, out);
        break;
    case PROMQL_NODE_TEXT:
        print_quoted(node->text, out);
        break;
    case PROMQL_NODE_SELECTOR:
        print_selector(node, out);
        print_when(&node->selector.when, out);
        break;
    case PROMQL_NODE_SUBQUERY:
        promql_print(node->subquery.expr, out);
        print_subquery_end(node, out);
        break;
    case PROMQL_NODE_CALL:
        print_call(node, out);
        break;
    case PROMQL_NODE_AGGREGATE:
        print_aggregate(node, out);
        break;
    case PROMQL_NODE_BINARY:
        print_binary(node, out);
        break;
    case PROMQL_NODE_NEGATE:
    case PROMQL_NODE_PLUS:
        buf_append_byte(out, node->kind == PROMQL_NODE_PLUS ? '+' : '-');
        promql_print(node->inner, out);
        break;
    case PROMQL_NODE_PAREN:
        buf_append_byte(out, '(');
        promql_print(node->inner, out);
        buf_append_byte(out, ')');
        break;
    }
}

/* --- over lines --- */

static void indent(int level, struct buf *out)
{
    for (int i = 0; i < level * INDENT; i++)
        buf_append_byte(out, ' ');
}

/* Prints it on one line when that is short enough. */
static bool fits(const struct promql_node *node, int level, struct buf *out)
{
    size_t start = out->len;

    indent(level, out);
    promql_print(node, out);
    if (out->len - start <= LINE_MAX_BYTES)
        return true;
    out->len = start;
    return false;
}

static void pretty(const struct promql_node *node, int level, struct buf *out);

static void pretty_arg(const struct promql_node *arg, bool last, int level, struct buf *out)
{
    pretty(arg, level + 1, out);
    buf_append_cstr(out, last ? "\n" : ",\n");
}

static void pretty_call(const struct promql_node *node, int level, struct buf *out)
{
    indent(level, out);
    buf_append_cstr(out, node->call.function->name);
    buf_append_cstr(out, "(\n");
    for (size_t i = 0; i < node->call.arg_count; i++)
        pretty_arg(node->call.args[i], i + 1 == node->call.arg_count, level, out);
    indent(level, out);
    buf_append_byte(out, ')');
}

static void pretty_aggregate(const struct promql_node *node, int level, struct buf *out)
{
    indent(level, out);
    print_aggregate_head(node, out);
    buf_append_cstr(out, "(\n");
    if (node->aggregate.param)
        pretty_arg(node->aggregate.param, false, level, out);
    pretty_arg(node->aggregate.expr, true, level, out);
    indent(level, out);
    buf_append_byte(out, ')');
}

static void pretty_binary(const struct promql_node *node, int level, struct buf *out)
{
    pretty(node->binary.left, level + 1, out);
    buf_append_byte(out, '\n');
    indent(level, out);
    print_operator(node, out);
    buf_append_byte(out, '\n');
    pretty(node->binary.right, level + 1, out);
}

/* Behind a sign nothing may be indented: the part's own lines are, one level further. */
static void pretty_around(const struct promql_node *node, const char *open, const char *close,
                          int level, struct buf *out)
{
    indent(level, out);
    buf_append_cstr(out, open);
    buf_append_byte(out, '\n');
    pretty(node->inner, level + 1, out);
    if (*close) {
        buf_append_byte(out, '\n');
        indent(level, out);
        buf_append_cstr(out, close);
    }
}

static void pretty(const struct promql_node *node, int level, struct buf *out)
{
    if (fits(node, level, out))
        return;
    switch (node->kind) {
    case PROMQL_NODE_CALL:
        pretty_call(node, level, out);
        break;
    case PROMQL_NODE_AGGREGATE:
        pretty_aggregate(node, level, out);
        break;
    case PROMQL_NODE_BINARY:
        pretty_binary(node, level, out);
        break;
    case PROMQL_NODE_PAREN:
        pretty_around(node, "(", ")", level, out);
        break;
    case PROMQL_NODE_NEGATE:
    case PROMQL_NODE_PLUS:
        pretty_around(node, node->kind == PROMQL_NODE_PLUS ? "+" : "-", "", level, out);
        break;
    case PROMQL_NODE_SUBQUERY:
        pretty(node->subquery.expr, level, out);
        print_subquery_end(node, out);
        break;
    case PROMQL_NODE_NUMBER:
    case PROMQL_NODE_TEXT:
    case PROMQL_NODE_SELECTOR:
        indent(level, out);
        promql_print(node, out);
        break;
    }
}

void promql_print_pretty(const struct promql_node *node, struct buf *out)
{
    pretty(node, 0, out);
}

/* --- equal trees --- */

static bool same_names(const struct promql_names *a, const struct promql_names *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; i < a->count && same; i++)
        same = str_equals(a->items[i], b->items[i]);
    return same;
}

static bool same_when(const struct promql_when *a, const struct promql_when *b)
{
    return a->offset_ms == b->offset_ms && a->at == b->at && a->at_ms == b->at_ms;
}

static bool same_selector(const struct promql_node *a, const struct promql_node *b)
{
    bool same = str_equals(a->selector.name, b->selector.name) &&
                a->selector.matcher_count == b->selector.matcher_count &&
                a->selector.range_ms == b->selector.range_ms &&
                same_when(&a->selector.when, &b->selector.when);

    for (size_t i = 0; same && i < a->selector.matcher_count; i++) {
        const struct matcher *x = &a->selector.matchers[i], *y = &b->selector.matchers[i];

        same = x->kind == y->kind && str_equals(x->name, y->name) && str_equals(x->value, y->value);
    }
    return same;
}

static bool same_call(const struct promql_node *a, const struct promql_node *b)
{
    bool same = a->call.function == b->call.function && a->call.arg_count == b->call.arg_count;

    for (size_t i = 0; same && i < a->call.arg_count; i++)
        same = promql_node_equals(a->call.args[i], b->call.args[i]);
    return same;
}

static bool same_aggregate(const struct promql_node *a, const struct promql_node *b)
{
    return a->aggregate.op == b->aggregate.op && a->aggregate.without == b->aggregate.without &&
           same_names(&a->aggregate.grouping, &b->aggregate.grouping) &&
           !a->aggregate.param == !b->aggregate.param &&
           (!a->aggregate.param || promql_node_equals(a->aggregate.param, b->aggregate.param)) &&
           promql_node_equals(a->aggregate.expr, b->aggregate.expr);
}

static bool same_binary(const struct promql_node *a, const struct promql_node *b)
{
    return a->binary.op == b->binary.op && a->binary.returns_bool == b->binary.returns_bool &&
           a->binary.has_matching == b->binary.has_matching && a->binary.on == b->binary.on &&
           a->binary.cardinality == b->binary.cardinality &&
           same_names(&a->binary.matching, &b->binary.matching) &&
           same_names(&a->binary.include, &b->binary.include) &&
           promql_node_equals(a->binary.left, b->binary.left) &&
           promql_node_equals(a->binary.right, b->binary.right);
}

static bool same_subquery(const struct promql_node *a, const struct promql_node *b)
{
    return a->subquery.range_ms == b->subquery.range_ms &&
           a->subquery.step_ms == b->subquery.step_ms &&
           same_when(&a->subquery.when, &b->subquery.when) &&
           promql_node_equals(a->subquery.expr, b->subquery.expr);
}

bool promql_node_equals(const struct promql_node *a, const struct promql_node *b)
{
    if (a->kind != b->kind || a->type != b->type)
        return false;
    switch (a->kind) {
    case PROMQL_NODE_NUMBER:
        return a->number == b->number || (isnan(a->number) && isnan(b->number));
    case PROMQL_NODE_TEXT:
        return str_equals(a->text, b->text);
    case PROMQL_NODE_SELECTOR:
        return same_selector(a, b);
    case PROMQL_NODE_SUBQUERY:
        return same_subquery(a, b);
    case PROMQL_NODE_CALL:
        return same_call(a, b);
    case PROMQL_NODE_AGGREGATE:
        return same_aggregate(a, b);
    case PROMQL_NODE_BINARY:
        return same_binary(a, b);
    case PROMQL_NODE_NEGATE:
    case PROMQL_NODE_PLUS:
    case PROMQL_NODE_PAREN:
        return promql_node_equals(a->inner, b->inner);
    }
    return false;
}
