/* and, or, unless: by signature and step. */
#include "promql/eval_binary.h"

/* 1 where one of the group has a value, else absent. */
static void find_presence(const struct binary_match *m, const struct binary_side *side,
                          size_t group, double *out)
{
    for (size_t i = 0; i < m->e->count; i++)
        out[i] = EVAL_ABSENT;
    for (size_t at = side->starts[group]; at < side->starts[group + 1]; at++)
        for (size_t i = 0; i < m->e->count; i++)
            if (eval_is_there(binary_member(side, at)->values[i]))
                out[i] = 1;
}

/* The side's series where the other side is there, or is not. */
static enum err give_where(const struct binary_match *m, const struct binary_side *side,
                           size_t group, const double *presence, bool wanted, double *out,
                           struct eval_sink sink)
{
    enum err err = ERR_OK;

    for (size_t at = side->starts[group]; at < side->starts[group + 1] && !err; at++) {
        const struct vector_series *series = binary_member(side, at);

        for (size_t i = 0; i < m->e->count; i++)
            out[i] = eval_is_there(presence[i]) == wanted ? series->values[i] : EVAL_ABSENT;
        if (eval_any_there(out, m->e->count))
            err = sink.take(sink.ctx, series->labels, out);
    }
    return err;
}

static enum err take_merged(void *ctx, struct labels labels, const double *values)
{
    struct vector_holder *h = ctx;

    return vector_merge(h->e, &h->vector, labels, values);
}

/* A series may be of the left at one step and of the right at another. */
static enum err eval_or(struct binary_match *m, double *presence, double *out)
{
    struct vector_holder merged = { .e = m->e };
    struct eval_sink sink = { take_merged, &merged };
    enum err err = vector_give(m->e, &m->left.vector, sink);

    for (size_t g = 0; g < m->groups.count && !err; g++) {
        find_presence(m, &m->left, g, presence);
        err = give_where(m, &m->right, g, presence, false, out, sink);
    }
    return err ? err : vector_give(m->e, &merged.vector, m->sink);
}

enum err eval_set(struct binary_match *m)
{
    double *presence = eval_numbers(m->e), *out = eval_numbers(m->e);
    enum err err = presence && out ? ERR_OK : eval_no_memory(m->e);

    if (!err && m->node->binary.op == PROMQL_OR)
        return eval_or(m, presence, out);
    for (size_t g = 0; g < m->groups.count && !err; g++) {
        find_presence(m, &m->right, g, presence);
        err = give_where(m, &m->left, g, presence, m->node->binary.op == PROMQL_AND, out, m->sink);
    }
    return err;
}
