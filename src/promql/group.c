#include "promql/group.h"

#include "promql/label_set.h"

struct labels group_labels(const struct promql_node *aggregate, struct labels labels,
                           struct label space[LABELS_MAX])
{
    const struct promql_names *names = &aggregate->aggregate.grouping;

    return aggregate->aggregate.without ? label_set_drop(labels, names, true, space)
                                        : label_set_keep(labels, names, space);
}

bool group_sort(struct evaluation *e, const uint32_t *group_of, size_t member_count,
                size_t group_count, uint32_t **ret_order, size_t **ret_starts)
{
    uint32_t *order = eval_alloc(e, member_count + 1, sizeof *order);
    size_t *starts = eval_alloc(e, group_count + 2, sizeof *starts);

    *ret_order = order;
    *ret_starts = starts;
    if (!order || !starts)
        return false;
    memset(starts, 0, (group_count + 2) * sizeof *starts);
    for (size_t i = 0; i < member_count; i++)
        starts[group_of[i] + 2]++;
    for (size_t g = 2; g < group_count + 2; g++)
        starts[g] += starts[g - 1];
    for (size_t i = 0; i < member_count; i++)
        order[starts[group_of[i] + 1]++] = (uint32_t)i;
    return true;
}
