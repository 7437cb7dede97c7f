/*
 * A PromQL expression as a tree, with types and the place of each part in its text.
 *
 *   selector     up{job="a"} offset 5m @ end()      range_ms > 0: up[5m]
 *   subquery     expr[1h:1m]                        step_ms 0: the default step
 *   call         rate(...)                          args in the order of the function's row
 *   aggregate    sum by (a) (expr)                  param before expr: topk(3, expr)
 *   binary       a * on (x) group_left (y) b
 *   negate       -expr                              a plus sign leaves no node
 *   paren        (expr)                             kept, so that printing gives it back
 *
 * Memory    Everything lives in the arena that the parser was given; strings may
 *           point into the text. Nodes are immutable after parsing.
 * Limits    PROMQL_DEPTH_MAX, PROMQL_NODES_MAX, PROMQL_TEXT_MAX_BYTES.
 * Source    The language of Prometheus 2.42.
 */
#ifndef FUSEBOX_PROMQL_AST_H
#define FUSEBOX_PROMQL_AST_H

#include "model/matcher.h"

enum {
    PROMQL_TEXT_MAX_BYTES = 16 << 10,
    PROMQL_DEPTH_MAX = 64,
    PROMQL_NODES_MAX = 1000,
    PROMQL_MATCHERS_MAX = 64, /* of one selector */
    PROMQL_GROUPING_MAX = 64, /* labels of one by, without, on, ignoring or group_x */
};

/* Sums of times, ranges and offsets fit into 64 bits by far. */
static const int64_t PROMQL_DURATION_MAX_MS = INT64_MAX / 1000000; /* 292 years, as Prometheus */
static const int64_t PROMQL_TIME_MAX_MS = INT64_C(1) << 61;        /* of a query's steps */
static const int64_t PROMQL_AT_MAX_MS = INT64_C(1) << 50;          /* of @: printed without loss */

enum promql_type {
    PROMQL_SCALAR,
    PROMQL_STRING,
    PROMQL_VECTOR, /* instant vector */
    PROMQL_MATRIX, /* range vector */
};

const char *
promql_type_name(enum promql_type type); /* scalar, string, instant vector, range vector */

enum promql_node_kind {
    PROMQL_NODE_NUMBER,
    PROMQL_NODE_TEXT,
    PROMQL_NODE_SELECTOR,
    PROMQL_NODE_SUBQUERY,
    PROMQL_NODE_CALL,
    PROMQL_NODE_AGGREGATE,
    PROMQL_NODE_BINARY,
    PROMQL_NODE_NEGATE,
    PROMQL_NODE_PLUS, /* a sign that changes nothing */
    PROMQL_NODE_PAREN,
};

enum promql_aggregation {
    PROMQL_SUM,
    PROMQL_AVG,
    PROMQL_COUNT,
    PROMQL_MIN,
    PROMQL_MAX,
    PROMQL_GROUP,
    PROMQL_STDDEV,
    PROMQL_STDVAR,
    PROMQL_TOPK, /* these four have a parameter */
    PROMQL_BOTTOMK,
    PROMQL_QUANTILE,
    PROMQL_COUNT_VALUES, /* a string: the label's name */
};

enum promql_operator {
    PROMQL_ADD,
    PROMQL_SUBTRACT,
    PROMQL_MULTIPLY,
    PROMQL_DIVIDE,
    PROMQL_MODULO,
    PROMQL_POWER,
    PROMQL_ATAN2,
    PROMQL_EQUAL, /* comparisons ... */
    PROMQL_NOT_EQUAL,
    PROMQL_LESS,
    PROMQL_LESS_EQUAL,
    PROMQL_GREATER,
    PROMQL_GREATER_EQUAL,
    PROMQL_AND, /* ... and operators on sets */
    PROMQL_OR,
    PROMQL_UNLESS,
};

static inline bool promql_is_comparison(enum promql_operator op)
{
    return op >= PROMQL_EQUAL && op <= PROMQL_GREATER_EQUAL;
}

static inline bool promql_is_set_operator(enum promql_operator op)
{
    return op >= PROMQL_AND;
}

/* Bytes [start, end) of the text. */
struct promql_place {
    uint32_t start, end;
};

/* When a selector or a subquery is evaluated, other than at the step. */
enum promql_at { PROMQL_AT_STEP, PROMQL_AT_TIME, PROMQL_AT_START, PROMQL_AT_END };
struct promql_when {
    int64_t offset_ms; /* may be negative */
    enum promql_at at;
    int64_t at_ms; /* of PROMQL_AT_TIME */
};

struct promql_names {
    const struct str *items;
    size_t count;
};

struct promql_function; /* function.h */

enum promql_cardinality {
    PROMQL_ONE_TO_ONE,
    PROMQL_MANY_TO_ONE,  /* group_left */
    PROMQL_ONE_TO_MANY,  /* group_right */
    PROMQL_MANY_TO_MANY, /* operators on sets */
};

struct promql_node {
    enum promql_node_kind kind;
    enum promql_type type;
    struct promql_place place;
    union {
        double number;
        struct str text;
        struct {
            struct str name; /* written before the braces; empty: none. Is a matcher, too */
            const struct matcher *matchers;
            size_t matcher_count;
            int64_t range_ms; /* 0: an instant vector */
            struct promql_when when;
        } selector;
        struct {
            const struct promql_node *expr;
            int64_t range_ms, step_ms;
            struct promql_when when;
        } subquery;
        struct {
            const struct promql_function *function;
            const struct promql_node *const *args;
            size_t arg_count;
        } call;
        struct {
            enum promql_aggregation op;
            const struct promql_node *param; /* NULL: has none */
            const struct promql_node *expr;
            struct promql_names grouping;
            bool without;
        } aggregate;
        struct {
            enum promql_operator op;
            const struct promql_node *left, *right;
            bool returns_bool;
            bool has_matching, on; /* on, else ignoring */
            enum promql_cardinality cardinality;
            struct promql_names matching; /* labels of on or ignoring */
            struct promql_names include;  /* labels of group_left or group_right */
        } binary;
        const struct promql_node *inner; /* of negate, plus and paren */
    };
};

#endif
