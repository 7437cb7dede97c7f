/*
 * histogram_quantile over classic buckets: the series that are alike but for `le`
 * are one histogram.
 *
 * Source    Prometheus 2.42's promql/quantile.go: linear interpolation within the
 *           bucket that holds the rank, the last finite bound above it.
 */
#include <math.h>
#include <stdlib.h>

#include "base/number.h"
#include "promql/eval.h"
#include "promql/label_set.h"
#include "promql/vector.h"

struct bucket_series {
    double bound;
    const double *values;
    uint32_t group;
};

struct bucket {
    double bound, count;
};

struct histograms {
    struct evaluation *e;
    struct vector groups; /* labels alone; the values of a group are its result */
    struct bucket_series *items;
    size_t count, capacity_count;
};

static bool make_room(struct histograms *h)
{
    size_t wanted = h->capacity_count ? 2 * h->capacity_count : 64;
    struct bucket_series *items;

    if (h->count < h->capacity_count)
        return true;
    items = eval_alloc(h->e, wanted, sizeof *items);
    if (!items)
        return false;
    if (h->count)
        memcpy(items, h->items, h->count * sizeof *items);
    h->items = items;
    h->capacity_count = wanted;
    return true;
}

static enum err take_bucket(void *ctx, struct labels labels, const double *values)
{
    static const struct str le = { "le", 2 };
    static const struct promql_names only_le = { &le, 1 };
    struct histograms *h = ctx;
    struct label space[LABELS_MAX];
    struct vector_series *group;
    double bound, *kept;
    enum err err;

    if (!number_parse(labels_value(labels, le), &bound) || isnan(bound))
        return ERR_OK; /* no bucket */
    err = vector_find(h->e, &h->groups, label_set_drop(labels, &only_le, true, space), &group);
    if (err)
        return err;
    kept = eval_numbers(h->e);
    if (!kept || !make_room(h))
        return eval_no_memory(h->e);
    memcpy(kept, values, h->e->count * sizeof *kept);
    h->items[h->count++] = (struct bucket_series){ bound, kept,
                                                   (uint32_t)(group - h->groups.items) };
    return ERR_OK;
}

static int compare_buckets(const void *a, const void *b)
{
    const struct bucket_series *x = a, *y = b;

    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return x->bound < y->bound ? -1 : x->bound > y->bound;
}

/* Buckets of one bound are one, and counts never fall. Gives how many are left. */
static size_t tidy(struct bucket *buckets, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (kept && buckets[kept - 1].bound == buckets[i].bound)
            buckets[kept - 1].count += buckets[i].count;
        else
            buckets[kept++] = buckets[i];
    }
    for (size_t i = 1; i < kept; i++)
        if (buckets[i].count < buckets[i - 1].count)
            buckets[i].count = buckets[i - 1].count;
    return kept;
}

static double quantile_of(double q, struct bucket *buckets, size_t count)
{
    double rank, start = 0, inside;
    size_t b = 0;

    if (isnan(q) || q < 0 || q > 1)
        return isnan(q) ? NAN : q < 0 ? -INFINITY : INFINITY;
    if (count == 0 || !(isinf(buckets[count - 1].bound) && buckets[count - 1].bound > 0))
        return NAN;
    count = tidy(buckets, count);
    if (count < 2 || buckets[count - 1].count == 0 || isnan(buckets[count - 1].count))
        return NAN;
    rank = q * buckets[count - 1].count;
    while (b < count - 1 && !(buckets[b].count >= rank))
        b++;
    if (b == count - 1)
        return buckets[count - 2].bound;
    if (b == 0 && buckets[0].bound <= 0)
        return buckets[0].bound;
    inside = buckets[b].count;
    if (b > 0) {
        start = buckets[b - 1].bound;
        inside -= buckets[b - 1].count;
        rank -= buckets[b - 1].count;
    }
    return start + (buckets[b].bound - start) * (rank / inside);
}

/* All steps of one histogram: its buckets stand in items[from .. to), by bound. */
static void fill_group(const struct histograms *h, size_t from, size_t to, const double *q,
                       struct bucket *space, double *out)
{
    for (size_t step = 0; step < h->e->count; step++) {
        size_t count = 0;

        for (size_t i = from; i < to; i++)
            if (eval_is_there(h->items[i].values[step]))
                space[count++] = (struct bucket){ h->items[i].bound, h->items[i].values[step] };
        out[step] = count ? quantile_of(q[step], space, count) : EVAL_ABSENT;
    }
}

static enum err give_groups(struct histograms *h, const double *q, struct eval_sink sink)
{
    struct bucket *space = eval_alloc(h->e, h->count + 1, sizeof *space);
    double *out = eval_numbers(h->e);
    enum err err = space && out ? ERR_OK : eval_no_memory(h->e);
    size_t to;

    if (h->count)
        qsort(h->items, h->count, sizeof *h->items, compare_buckets);
    for (size_t from = 0; from < h->count && !err; from = to) {
        for (to = from; to < h->count && h->items[to].group == h->items[from].group; to++)
            ;
        err = eval_worked(h->e, (to - from) * h->e->count);
        if (err)
            break;
        fill_group(h, from, to, q, space, out);
        err = sink.take(sink.ctx, h->groups.items[h->items[from].group].labels, out);
    }
    return err;
}

enum err eval_histogram_quantile(struct evaluation *e, const struct promql_node *node,
                                 struct eval_sink sink)
{
    struct histograms h = { .e = e };
    const double *q;
    enum err err = eval_scalar(e, node->call.args[0], &q);

    if (!err)
        err = eval_vector(e, node->call.args[1], (struct eval_sink){ take_bucket, &h });
    return err ? err : give_groups(&h, q, sink);
}
