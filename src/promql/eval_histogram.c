/*
 * histogram_quantile over classic buckets: the series that are alike but for `le`,
 * the name included, are one histogram. The result is without the name.
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
    err = vector_find(h->e, &h->groups, label_set_drop(labels, &only_le, false, space), &group);
    if (err)
        return err;
    kept = eval_numbers(h->e);
    h->items = eval_grow(h->e, h->items, h->count, &h->capacity_count, sizeof *h->items);
    if (!kept || !h->items)
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
    double most = -INFINITY;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (kept && buckets[kept - 1].bound == buckets[i].bound)
            buckets[kept - 1].count += buckets[i].count;
        else
            buckets[kept++] = buckets[i];
    }
    for (size_t i = 0; i < kept; i++) {
        if (buckets[i].count > most)
            most = buckets[i].count;
        else if (buckets[i].count < most)
            buckets[i].count = most;
    }
    return kept;
}

/* The first bucket that holds the rank, else the last. Halves its way as Prometheus does, which
 * tells where a count is NaN. */
static size_t find_bucket(const struct bucket *buckets, size_t count, double rank)
{
    size_t from = 0, to = count - 1;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (buckets[middle].count >= rank)
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

static double quantile_of(double q, struct bucket *buckets, size_t count)
{
    double rank, start = 0, inside;
    size_t b;

    if (isnan(q) || q < 0 || q > 1)
        return isnan(q) ? NAN : q < 0 ? -INFINITY : INFINITY;
    if (count == 0 || !(isinf(buckets[count - 1].bound) && buckets[count - 1].bound > 0))
        return NAN;
    count = tidy(buckets, count);
    if (count < 2 || buckets[count - 1].count == 0)
        return NAN;
    rank = q * buckets[count - 1].count;
    b = find_bucket(buckets, count, rank);
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

static enum err give_groups(struct histograms *h, const double *q, struct relabelled *results)
{
    struct bucket *buckets = eval_alloc(h->e, h->count + 1, sizeof *buckets);
    double *out = eval_numbers(h->e);
    struct label space[LABELS_MAX];
    struct labels labels;
    enum err err = buckets && out ? ERR_OK : eval_no_memory(h->e);
    size_t to;

    if (h->count)
        qsort(h->items, h->count, sizeof *h->items, compare_buckets);
    for (size_t from = 0; from < h->count && !err; from = to) {
        for (to = from; to < h->count && h->items[to].group == h->items[from].group; to++)
            ;
        err = eval_worked(h->e, (to - from) * h->e->count);
        if (err)
            break;
        fill_group(h, from, to, q, buckets, out);
        labels = h->groups.items[h->items[from].group].labels;
        err = relabelled_take(results, label_set_without_name(labels, space), out);
    }
    return err ? err : relabelled_end(results);
}

enum err eval_histogram_quantile(struct evaluation *e, const struct promql_node *node,
                                 struct eval_sink sink)
{
    struct histograms h = { .e = e };
    struct relabelled results = { e, sink, eval_is_distinct(node->call.args[1]), { 0 } };
    const double *q;
    enum err err = eval_scalar(e, node->call.args[0], &q);

    if (!err)
        err = eval_vector(e, node->call.args[1], (struct eval_sink){ take_bucket, &h });
    return err ? err : give_groups(&h, q, &results);
}
