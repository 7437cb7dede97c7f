/* Binary operators: a vector with a scalar here; two vectors in eval_match.c and eval_set.c. */
#include "promql/eval_binary.h"

#include "promql/arithmetic.h"
#include "promql/label_set.h"
#include "promql/vector.h"

/* atan2 keeps the name, as Prometheus 2.42 does. */
bool binary_drops_name(const struct promql_node *node)
{
    return node->binary.returns_bool ||
           (!promql_is_comparison(node->binary.op) && node->binary.op != PROMQL_ATAN2);
}

double binary_value(const struct promql_node *node, double left, double right)
{
    double value;
    bool keep = arithmetic(node->binary.op, left, right, &value);

    if (node->binary.returns_bool)
        return keep;
    return keep ? value : EVAL_ABSENT;
}

struct with_scalar {
    struct relabelled relabelled;
    const struct promql_node *node;
    const double *scalar;
    bool scalar_is_left;
    double *values;
};

/* A comparison keeps the vector's number, on whichever side it stands. */
static double value_of(const struct with_scalar *w, double value, double scalar)
{
    double result = w->scalar_is_left ? binary_value(w->node, scalar, value)
                                      : binary_value(w->node, value, scalar);

    if (promql_is_comparison(w->node->binary.op) && !w->node->binary.returns_bool &&
        eval_is_there(result))
        return value;
    return result;
}

static enum err take_operand(void *ctx, struct labels labels, const double *values)
{
    struct with_scalar *w = ctx;
    struct label space[LABELS_MAX];
    size_t count = w->relabelled.e->count;

    for (size_t i = 0; i < count; i++)
        w->values[i] = eval_is_there(values[i]) ? value_of(w, values[i], w->scalar[i])
                                                : EVAL_ABSENT;
    if (!eval_any_there(w->values, count))
        return ERR_OK;
    if (binary_drops_name(w->node))
        labels = label_set_without_name(labels, space);
    return relabelled_take(&w->relabelled, labels, w->values);
}

static enum err eval_with_scalar(struct evaluation *e, const struct promql_node *node,
                                 struct eval_sink sink)
{
    bool scalar_is_left = node->binary.left->type == PROMQL_SCALAR;
    const struct promql_node *vector = scalar_is_left ? node->binary.right : node->binary.left;
    const struct promql_node *scalar = scalar_is_left ? node->binary.left : node->binary.right;
    struct with_scalar w = { .relabelled = { .e = e, .sink = sink },
                             .node = node,
                             .scalar_is_left = scalar_is_left,
                             .values = eval_numbers(e) };
    enum err err = w.values ? eval_scalar(e, scalar, &w.scalar) : eval_no_memory(e);

    w.relabelled.distinct = !binary_drops_name(node) || eval_is_distinct(vector);
    if (!err)
        err = eval_vector(e, vector, (struct eval_sink){ take_operand, &w });
    return err ? err : relabelled_end(&w.relabelled);
}

/* --- two vectors --- */

struct labels binary_signature(const struct promql_node *node, struct labels labels,
                               struct label space[LABELS_MAX])
{
    return node->binary.on ? label_set_keep(labels, &node->binary.matching, space)
                           : label_set_drop(labels, &node->binary.matching, true, space);
}

static enum err find_groups(struct evaluation *e, const struct promql_node *node,
                            const struct vector *v, struct vector *groups, uint32_t *group_of)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < v->count && !err; i++) {
        struct label space[LABELS_MAX];
        struct vector_series *group;

        err = vector_find(e, groups, binary_signature(node, v->items[i].labels, space), &group);
        if (!err)
            group_of[i] = (uint32_t)(group - groups->items);
    }
    return err;
}

static enum err load_side(struct evaluation *e, const struct promql_node *node,
                          const struct promql_node *operand, struct binary_side *side,
                          struct vector *groups, uint32_t **ret_group_of)
{
    enum err err = vector_of_node(e, operand, &side->vector);

    *ret_group_of = err ? NULL : eval_alloc(e, side->vector.count + 1, sizeof **ret_group_of);
    if (!*ret_group_of)
        return err ? err : eval_no_memory(e);
    return find_groups(e, node, &side->vector, groups, *ret_group_of);
}

static bool sort_side(struct evaluation *e, struct binary_side *side, const uint32_t *group_of,
                      size_t group_count)
{
    return group_sort(e, group_of, side->vector.count, group_count, &side->order, &side->starts);
}

enum err eval_binary(struct evaluation *e, const struct promql_node *node, struct eval_sink sink)
{
    struct binary_match m = { .e = e, .node = node, .sink = sink };
    uint32_t *left_groups, *right_groups;
    enum err err;

    if (node->binary.left->type != PROMQL_VECTOR || node->binary.right->type != PROMQL_VECTOR)
        return eval_with_scalar(e, node, sink);
    err = load_side(e, node, node->binary.left, &m.left, &m.groups, &left_groups);
    if (!err)
        err = load_side(e, node, node->binary.right, &m.right, &m.groups, &right_groups);
    if (err)
        return err;
    if (!sort_side(e, &m.left, left_groups, m.groups.count) ||
        !sort_side(e, &m.right, right_groups, m.groups.count))
        return eval_no_memory(e);
    return promql_is_set_operator(node->binary.op) ? eval_set(&m) : eval_match(&m);
}
