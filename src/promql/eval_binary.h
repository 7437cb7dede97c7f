/*
 * Two vectors whose series were put into groups of equal signature: the labels that
 * `on` names, or all but those that `ignoring` names.
 */
#ifndef FUSEBOX_PROMQL_EVAL_BINARY_H
#define FUSEBOX_PROMQL_EVAL_BINARY_H

#include "promql/group.h"
#include "promql/vector.h"

struct binary_side {
    struct vector vector;
    uint32_t *order; /* group_sort */
    size_t *starts;
};

struct binary_match {
    struct evaluation *e;
    const struct promql_node *node;
    struct eval_sink sink;
    struct binary_side left, right;
    struct vector groups; /* signatures */
};

static inline const struct vector_series *binary_member(const struct binary_side *side, size_t at)
{
    return &side->vector.items[side->order[at]];
}

/* What the operator makes of two numbers; EVAL_ABSENT when a comparison does not hold. */
double binary_value(const struct promql_node *node, double left, double right);
bool binary_drops_name(const struct promql_node *node);
struct labels binary_signature(const struct promql_node *node, struct labels labels,
                               struct label space[LABELS_MAX]);

enum err eval_set(struct binary_match *m) MUST_CHECK;   /* eval_set.c */
enum err eval_match(struct binary_match *m) MUST_CHECK; /* eval_match.c */

#endif
