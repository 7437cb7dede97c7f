/*
 * Groups of series: of an aggregation, or of those that a binary operator matches.
 */
#ifndef FUSEBOX_PROMQL_GROUP_H
#define FUSEBOX_PROMQL_GROUP_H

#include "promql/eval.h"

/* The labels of the group that a series belongs to. */
struct labels group_labels(const struct promql_node *aggregate, struct labels labels,
                           struct label space[LABELS_MAX]);

/*
 * Sorts members by the number of their group, in their order within it: those of
 * group g are order[starts[g] .. starts[g + 1]). False: no memory (eval_no_memory).
 */
bool group_sort(struct evaluation *e, const uint32_t *group_of, size_t member_count,
                size_t group_count, uint32_t **ret_order, size_t **ret_starts) MUST_CHECK;

#endif
