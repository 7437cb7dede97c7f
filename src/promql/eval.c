/* What all parts of the evaluator use, and the way to each of them. */
#include "promql/eval.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/size.h"
#include "promql/arithmetic.h"
#include "promql/label_set.h"
#include "promql/vector.h"

enum { FIRST_COUNT = 16, BOOK_BYTES = 1 << 20 };

/* --- tools --- */

/* What the arena has handed out is booked by whole pieces. */
static bool book(struct promql_query *q)
{
    while (q->options.budget && q->arena.used_bytes > q->booked_bytes) {
        if (!budget_take_assured(q->options.budget, BUDGET_QUERY, BOOK_BYTES))
            return false;
        q->booked_bytes += BOOK_BYTES;
    }
    return true;
}

void *eval_alloc(struct evaluation *e, size_t count, size_t size_bytes)
{
    void *ptr = arena_alloc(&e->q->arena, mul_size(count, size_bytes));

    if (!ptr || book(e->q))
        return ptr;
    e->q->over_budget = true;
    return NULL;
}

void *eval_grow(struct evaluation *e, void *items, size_t count, size_t *max_count,
                size_t size_bytes)
{
    size_t wanted = *max_count ? 2 * *max_count : FIRST_COUNT;
    void *bigger;

    if (count < *max_count)
        return items;
    bigger = eval_alloc(e, wanted, size_bytes);
    if (!bigger)
        return NULL;
    if (count)
        memcpy(bigger, items, count * size_bytes);
    *max_count = wanted;
    return bigger;
}

enum err eval_no_memory(struct evaluation *e)
{
    if (e->q->over_budget)
        return diag_set(e->diag, ERR_OVERLOADED,
                        "the memory budget is used up; ask again later, or for less at once");
    if (arena_error(&e->q->arena) != ERR_LIMIT)
        return ERR_NOMEM;
    return diag_set(e->diag, ERR_LIMIT,
                    "the query needs more than %zu bytes of memory; narrow it, or ask with a "
                    "longer step",
                    e->q->options.max_bytes);
}

double *eval_numbers(struct evaluation *e)
{
    return eval_alloc(e, e->count, sizeof(double));
}

double *eval_absent_numbers(struct evaluation *e)
{
    double *numbers = eval_numbers(e);

    for (size_t i = 0; numbers && i < e->count; i++)
        numbers[i] = EVAL_ABSENT;
    return numbers;
}

enum err eval_go_on(struct evaluation *e)
{
    const struct promql_options *o = &e->q->options;
    enum err err = o->go_on ? o->go_on(o->ctx) : ERR_OK;

    if (err == ERR_TIMEOUT)
        diag_set(e->diag, err, "query timed out in expression evaluation");
    if (err == ERR_CANCELLED)
        diag_set(e->diag, err, "query was canceled in expression evaluation");
    return err;
}

enum err eval_error(struct evaluation *e, const char *format, ...)
{
    char message[DIAG_MESSAGE_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return diag_set(e->diag, ERR_INVALID, "%s", message);
}

bool eval_any_there(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (eval_is_there(values[i]))
            return true;
    return false;
}

const struct promql_node *eval_unwrap(const struct promql_node *node)
{
    while (node->kind == PROMQL_NODE_PAREN)
        node = node->inner;
    return node;
}

struct str eval_text(const struct promql_node *node)
{
    return eval_unwrap(node)->text;
}

struct eval_moments eval_moments_of(const struct evaluation *e, const struct promql_when *when)
{
    switch (when->at) {
    case PROMQL_AT_TIME:
        return (struct eval_moments){ when->at_ms - when->offset_ms, 0 };
    case PROMQL_AT_START:
        return (struct eval_moments){ e->q->options.start_ms - when->offset_ms, 0 };
    case PROMQL_AT_END:
        return (struct eval_moments){ e->q->options.end_ms - when->offset_ms, 0 };
    case PROMQL_AT_STEP:
        break;
    }
    return (struct eval_moments){ e->start_ms - when->offset_ms, e->step_ms };
}

static bool names_metric(const struct promql_node *selector)
{
    for (size_t i = 0; i < selector->selector.matcher_count; i++)
        if (selector->selector.matchers[i].kind == MATCH_EQUAL &&
            str_equals(selector->selector.matchers[i].name, LABEL_METRIC_NAME))
            return true;
    return false;
}

static bool call_is_distinct(const struct promql_node *node)
{
    const struct promql_function *f = node->call.function;

    if (f->special == PROMQL_FN_LABEL_JOIN || f->special == PROMQL_FN_LABEL_REPLACE)
        return false;
    return !f->keeps_name || eval_is_distinct(node->call.args[0]);
}

/* By (...) keeps the name only when it is asked for. */
static bool groups_by_name(const struct promql_node *node)
{
    for (size_t i = 0; i < node->aggregate.grouping.count; i++)
        if (str_equals(node->aggregate.grouping.items[i], LABEL_METRIC_NAME))
            return !node->aggregate.without;
    return false;
}

static bool binary_is_distinct(const struct promql_node *node)
{
    bool left_is_vector = node->binary.left->type == PROMQL_VECTOR;

    if (node->binary.op == PROMQL_OR)
        return false;
    if (!promql_is_comparison(node->binary.op) && !promql_is_set_operator(node->binary.op))
        return node->binary.op != PROMQL_ATAN2;
    return node->binary.returns_bool ||
           eval_is_distinct(left_is_vector ? node->binary.left : node->binary.right);
}

bool eval_is_distinct(const struct promql_node *node)
{
    switch (node->kind) {
    case PROMQL_NODE_SELECTOR:
        return names_metric(node);
    case PROMQL_NODE_SUBQUERY:
        return eval_is_distinct(node->subquery.expr);
    case PROMQL_NODE_CALL:
        return call_is_distinct(node);
    case PROMQL_NODE_AGGREGATE:
        if (node->aggregate.op == PROMQL_TOPK || node->aggregate.op == PROMQL_BOTTOMK)
            return eval_is_distinct(node->aggregate.expr);
        return !groups_by_name(node);
    case PROMQL_NODE_BINARY:
        return binary_is_distinct(node);
    case PROMQL_NODE_PLUS:
    case PROMQL_NODE_PAREN:
        return eval_is_distinct(node->inner);
    case PROMQL_NODE_NEGATE:
    case PROMQL_NODE_NUMBER:
    case PROMQL_NODE_TEXT:
        break;
    }
    return true;
}

/* --- scalars --- */

static double operate(enum promql_operator op, double a, double b)
{
    double value;
    bool keep = arithmetic(op, a, b, &value);

    return promql_is_comparison(op) ? keep : value;
}

static enum err scalar_binary(struct evaluation *e, const struct promql_node *node, double *out)
{
    const double *left, *right;
    enum err err = eval_scalar(e, node->binary.left, &left);

    if (!err)
        err = eval_scalar(e, node->binary.right, &right);
    for (size_t i = 0; i < e->count && !err; i++)
        out[i] = operate(node->binary.op, left[i], right[i]);
    return err;
}

static enum err scalar_negate(struct evaluation *e, const struct promql_node *node, double *out)
{
    const double *inner;
    enum err err = eval_scalar(e, node->inner, &inner);

    for (size_t i = 0; i < e->count && !err; i++)
        out[i] = -inner[i];
    return err;
}

/* How many series have a value at each step, and the value of one of them. */
struct only_one {
    struct evaluation *e;
    double *out;
};

static enum err take_only(void *ctx, struct labels labels UNUSED, const double *values)
{
    struct only_one *o = ctx;

    for (size_t i = 0; i < o->e->count; i++)
        if (eval_is_there(values[i])) /* the second makes it NaN for good */
            o->out[i] = eval_is_there(o->out[i]) ? NAN : values[i];
    return ERR_OK;
}

static enum err scalar_of_vector(struct evaluation *e, const struct promql_node *arg, double *out)
{
    struct only_one one = { e, out };
    enum err err;

    for (size_t i = 0; i < e->count; i++)
        out[i] = EVAL_ABSENT;
    err = eval_vector(e, arg, (struct eval_sink){ take_only, &one });
    for (size_t i = 0; i < e->count && !err; i++)
        if (!eval_is_there(out[i]))
            out[i] = NAN;
    return err;
}

static enum err scalar_call(struct evaluation *e, const struct promql_node *node, double *out)
{
    if (node->call.function->special == PROMQL_FN_SCALAR)
        return scalar_of_vector(e, node->call.args[0], out);
    for (size_t i = 0; i < e->count; i++)
        out[i] = node->call.function->special == PROMQL_FN_PI ? 3.14159265358979323846
                                                              : (double)eval_time_ms(e, i) / 1000;
    return ERR_OK;
}

enum err eval_scalar(struct evaluation *e, const struct promql_node *node, const double **ret)
{
    double *out;
    enum err err = ERR_OK;

    node = eval_unwrap(node);
    if (node->kind == PROMQL_NODE_PLUS)
        return eval_scalar(e, node->inner, ret);
    out = eval_numbers(e);
    if (!out)
        return eval_no_memory(e);
    if (node->kind == PROMQL_NODE_BINARY)
        err = scalar_binary(e, node, out);
    else if (node->kind == PROMQL_NODE_NEGATE)
        err = scalar_negate(e, node, out);
    else if (node->kind == PROMQL_NODE_CALL)
        err = scalar_call(e, node, out);
    else
        for (size_t i = 0; i < e->count; i++)
            out[i] = node->number;
    *ret = out;
    return err;
}

/* --- vectors --- */

struct negating {
    struct relabelled relabelled;
    double *values;
};

static enum err take_negated(void *ctx, struct labels labels, const double *values)
{
    struct negating *n = ctx;
    struct label space[LABELS_MAX];

    for (size_t i = 0; i < n->relabelled.e->count; i++)
        n->values[i] = eval_is_there(values[i]) ? -values[i] : EVAL_ABSENT;
    return relabelled_take(&n->relabelled, label_set_without_name(labels, space), n->values);
}

static enum err eval_negate(struct evaluation *e, const struct promql_node *node,
                            struct eval_sink sink)
{
    struct negating n = { .relabelled = { e, sink, eval_is_distinct(node->inner), { 0 } },
                          .values = eval_numbers(e) };
    enum err err;

    if (!n.values)
        return eval_no_memory(e);
    err = eval_vector(e, node->inner, (struct eval_sink){ take_negated, &n });
    return err ? err : relabelled_end(&n.relabelled);
}

enum err eval_vector(struct evaluation *e, const struct promql_node *node, struct eval_sink sink)
{
    enum err err = eval_go_on(e);

    if (err)
        return err;
    node = eval_unwrap(node);
    switch (node->kind) {
    case PROMQL_NODE_SELECTOR:
        return eval_selector(e, node, sink);
    case PROMQL_NODE_CALL:
        return eval_call(e, node, sink);
    case PROMQL_NODE_AGGREGATE:
        return eval_aggregate(e, node, sink);
    case PROMQL_NODE_BINARY:
        return eval_binary(e, node, sink);
    case PROMQL_NODE_NEGATE:
        return eval_negate(e, node, sink);
    case PROMQL_NODE_PLUS:
        return eval_vector(e, node->inner, sink);
    case PROMQL_NODE_SUBQUERY:
    case PROMQL_NODE_PAREN:
    case PROMQL_NODE_NUMBER:
    case PROMQL_NODE_TEXT:
        break;
    }
    return eval_error(e, "this is no instant vector"); /* the parser has seen to it */
}
