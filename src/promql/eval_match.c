/*
 * Arithmetic and comparisons of two vectors: within a group, at each step, one
 * series of the one side meets one (one to one) or any number of the other.
 *
 * Who meets whom may change from step to step, so a result is made for each pair,
 * and results of equal labels are one series.
 */
#include "promql/eval_binary.h"
#include "promql/label_set.h"

enum { NOBODY = UINT32_MAX };

struct matching {
    struct binary_match *m;
    struct binary_side *many, *one; /* of one to one: left, right */
    bool swapped;                   /* many is the right one */
    bool direct;                    /* no two results have equal labels */
    uint32_t *one_at;               /* per step: which member of the one side is there */
    double *any_many;               /* per step: is anything on the many side? */
    double *matched;                /* one to one: per step, has the group a result? */
    double *out;
    struct vector merged;
};

static enum err many_to_many(const struct matching *x, size_t group, size_t a, size_t b)
{
    struct buf text = buf_limited(1 << 16);
    enum err err;

    buf_append_byte(&text, '{');
    labels_print_pairs(x->m->groups.items[group].labels, &text);
    buf_printf(&text, "} on the %s hand-side of the operation: [", x->swapped ? "left" : "right");
    labels_print(binary_member(x->one, a)->labels, &text);
    buf_append_cstr(&text, ", ");
    labels_print(binary_member(x->one, b)->labels, &text);
    err = diag_set(x->m->e->diag, ERR_INVALID,
                   "found duplicate series for the match group %.*s];many-to-many matching not "
                   "allowed: matching labels must be unique on one side",
                   (int)(text.len < 150 ? text.len : 150), text.data ? text.data : "");
    buf_release(&text);
    return err;
}

/* Which one of the group is there at each step; two at once are an error where anything could
 * match. */
static enum err find_ones(struct matching *x, size_t group)
{
    size_t steps = x->m->e->count;

    for (size_t i = 0; i < steps; i++)
        x->one_at[i] = NOBODY;
    for (size_t at = x->one->starts[group]; at < x->one->starts[group + 1]; at++)
        for (size_t i = 0; i < steps; i++) {
            if (!eval_is_there(binary_member(x->one, at)->values[i]))
                continue;
            if (x->one_at[i] != NOBODY && eval_is_there(x->any_many[i]))
                return many_to_many(x, group, x->one_at[i], at);
            x->one_at[i] = (uint32_t)at;
        }
    return ERR_OK;
}

static bool result_labels(const struct matching *x, struct labels many, struct labels one,
                          struct label space[LABELS_MAX], struct labels *ret)
{
    const struct promql_node *node = x->m->node;
    struct label without[LABELS_MAX];

    *ret = many;
    if (node->binary.cardinality == PROMQL_ONE_TO_ONE)
        *ret = node->binary.on ? label_set_keep(many, &node->binary.matching, space)
                               : label_set_drop(many, &node->binary.matching, false, space);
    if (binary_drops_name(node)) {
        *ret = label_set_without_name(*ret, without);
        memcpy(space, without, ret->count * sizeof *space);
        ret->items = space;
    }
    for (size_t i = 0; i < node->binary.include.count; i++) {
        struct str name = node->binary.include.items[i];

        if (!label_set_put(*ret, name, labels_value(one, name), space, ret))
            return false;
    }
    return true;
}

/* The values of one pair. Gives whether there is any. */
static enum err fill_pair(struct matching *x, const struct vector_series *many, size_t one_at,
                          bool *ret_any)
{
    const struct vector_series *one = binary_member(x->one, one_at);
    bool one_to_one = x->m->node->binary.cardinality == PROMQL_ONE_TO_ONE;

    *ret_any = false;
    for (size_t i = 0; i < x->m->e->count; i++) {
        x->out[i] = EVAL_ABSENT;
        if (x->one_at[i] != one_at || !eval_is_there(many->values[i]))
            continue;
        x->out[i] = x->swapped ? binary_value(x->m->node, one->values[i], many->values[i])
                               : binary_value(x->m->node, many->values[i], one->values[i]);
        if (!eval_is_there(x->out[i]))
            continue;
        *ret_any = true;
        if (one_to_one && eval_is_there(x->matched[i]))
            return eval_error(x->m->e, "multiple matches for labels: many-to-one matching must be "
                                       "explicit (group_left/group_right)");
        x->matched[i] = 1;
    }
    return ERR_OK;
}

static enum err give_pair(struct matching *x, const struct vector_series *many, size_t one_at)
{
    struct label space[LABELS_MAX];
    struct labels labels;

    if (!result_labels(x, many->labels, binary_member(x->one, one_at)->labels, space, &labels))
        return diag_set(x->m->e->diag, ERR_LIMIT, "a series has more than %d labels", LABELS_MAX);
    if (x->direct)
        return x->m->sink.take(x->m->sink.ctx, labels, x->out);
    if (vector_merge(x->m->e, &x->merged, labels, x->out) == ERR_INVALID) {
        *x->m->e->diag = (struct diag){ 0 };
        return eval_error(x->m->e, "multiple matches for labels: grouping labels must ensure "
                                   "unique matches");
    }
    return ERR_OK;
}

static enum err match_group(struct matching *x, size_t group)
{
    enum err err = find_ones(x, group);
    bool any;

    for (size_t i = 0; i < x->m->e->count && !err; i++)
        x->matched[i] = EVAL_ABSENT;
    for (size_t many = x->many->starts[group]; many < x->many->starts[group + 1] && !err; many++)
        for (size_t one = x->one->starts[group]; one < x->one->starts[group + 1] && !err; one++) {
            err = eval_worked(x->m->e, x->m->e->count);
            if (!err)
                err = fill_pair(x, binary_member(x->many, many), one, &any);
            if (!err && any)
                err = give_pair(x, binary_member(x->many, many), one);
        }
    return err;
}

static bool prepare(struct matching *x)
{
    struct evaluation *e = x->m->e;

    x->one_at = eval_alloc(e, e->count, sizeof *x->one_at);
    x->any_many = eval_absent_numbers(e);
    x->matched = eval_numbers(e);
    x->out = eval_numbers(e);
    if (!x->one_at || !x->any_many || !x->matched || !x->out)
        return false;
    for (size_t s = 0; s < x->many->vector.count; s++)
        for (size_t i = 0; i < e->count; i++)
            if (eval_is_there(x->many->vector.items[s].values[i]))
                x->any_many[i] = 1;
    return true;
}

/* One of each in every group: then each group has one result, and its labels are its own. */
static bool is_simple(const struct matching *x)
{
    const struct promql_node *node = x->m->node;

    for (size_t g = 0; g < x->m->groups.count; g++)
        if (x->one->starts[g + 1] - x->one->starts[g] > 1)
            return false;
    if (node->binary.cardinality != PROMQL_ONE_TO_ONE)
        return node->binary.include.count == 0 &&
               eval_is_distinct(x->swapped ? node->binary.right : node->binary.left);
    for (size_t g = 0; g < x->m->groups.count; g++)
        if (x->many->starts[g + 1] - x->many->starts[g] > 1)
            return false;
    return true;
}

enum err eval_match(struct binary_match *m)
{
    bool swapped = m->node->binary.cardinality == PROMQL_ONE_TO_MANY;
    struct matching x = { .m = m,
                          .many = swapped ? &m->right : &m->left,
                          .one = swapped ? &m->left : &m->right,
                          .swapped = swapped };
    enum err err = prepare(&x) ? ERR_OK : eval_no_memory(m->e);

    x.direct = is_simple(&x);
    for (size_t g = 0; g < m->groups.count && !err; g++)
        err = match_group(&x, g);
    return err ? err : vector_give(m->e, &x.merged, m->sink);
}
