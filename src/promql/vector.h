/*
 * A vector that is held: series with their values at all steps, found by their labels.
 *
 *   { vector_add | vector_put }* -> items[0 .. count)
 *
 * Memory    The query's arena.
 */
#ifndef FUSEBOX_PROMQL_VECTOR_H
#define FUSEBOX_PROMQL_VECTOR_H

#include "promql/eval.h"

struct vector_series {
    struct labels labels;
    double *values;
    uint64_t hash;
};

struct vector {
    struct vector_series *items;
    size_t count, capacity_count;
    uint32_t *slots; /* index + 1, by hash; NULL: nothing was looked up yet */
    size_t slot_count;
};

/* Adds a copy; nobody has these labels yet, or nobody asks. */
enum err vector_add(struct evaluation *e, struct vector *v, struct labels labels,
                    const double *values) MUST_CHECK;
/* The series of these labels; a new one has no values (NULL). Its address holds until the next. */
enum err vector_find(struct evaluation *e, struct vector *v, struct labels labels,
                     struct vector_series **ret) MUST_CHECK;
/* Puts values into the series of these labels; ERR_INVALID when one is there already at a step. */
enum err vector_merge(struct evaluation *e, struct vector *v, struct labels labels,
                      const double *values) MUST_CHECK;

/* An eval_take that holds what it is given; ctx is this. */
struct vector_holder {
    struct evaluation *e;
    struct vector vector;
};
eval_take vector_hold;
/* The whole of a node. */
enum err vector_of_node(struct evaluation *e, const struct promql_node *node,
                        struct vector *ret) MUST_CHECK;

/* Gives each series that has a value to the sink. */
enum err vector_give(struct evaluation *e, const struct vector *v,
                     struct eval_sink sink) MUST_CHECK;

/*
 * For nodes that give series other labels: passes them on as they come, or, when `distinct` is
 * false, merges those that have become equal and gives them at the end.
 */
struct relabelled {
    struct evaluation *e;
    struct eval_sink sink;
    bool distinct;
    struct vector merged;
};
enum err relabelled_take(struct relabelled *r, struct labels labels,
                         const double *values) MUST_CHECK;
enum err relabelled_end(struct relabelled *r) MUST_CHECK;

#endif
