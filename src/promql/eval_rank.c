/*
 * Aggregations that need the series themselves: topk, bottomk, quantile and
 * count_values.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "promql/eval.h"
#include "promql/function_code.h"
#include "promql/group.h"
#include "promql/label_set.h"
#include "promql/vector.h"

struct ranking {
    struct evaluation *e;
    const struct promql_node *node;
    struct vector members;
    struct vector groups; /* labels alone */
    uint32_t *group_of;   /* per member */
    size_t group_of_max;
};

static enum err take_member(void *ctx, struct labels labels, const double *values)
{
    struct ranking *r = ctx;
    struct label space[LABELS_MAX];
    struct vector_series *group;
    enum err err = vector_find(r->e, &r->groups, group_labels(r->node, labels, space), &group);
    uint32_t number = err ? 0 : (uint32_t)(group - r->groups.items);

    if (!err)
        err = vector_add(r->e, &r->members, labels, values);
    if (err)
        return err;
    r->group_of = eval_grow(r->e, r->group_of, r->members.count - 1, &r->group_of_max,
                            sizeof *r->group_of);
    if (!r->group_of)
        return eval_no_memory(r->e);
    r->group_of[r->members.count - 1] = number;
    return ERR_OK;
}

static bool is_sorted(const struct vector *v)
{
    for (size_t i = 1; i < v->count; i++)
        if (labels_compare(v->items[i - 1].labels, v->items[i].labels) > 0)
            return false;
    return true;
}

static int compare_members(const void *a, const void *b, void *ctx)
{
    const struct vector_series *items = ctx;

    return labels_compare(items[*(const uint32_t *)a].labels, items[*(const uint32_t *)b].labels);
}

/* In the order of labels, as Prometheus' engine meets series: it decides which of equals are
 * chosen. */
static bool sort_members(struct ranking *r)
{
    size_t count = r->members.count;
    struct vector_series *items;
    uint32_t *order, *group_of;

    if (is_sorted(&r->members))
        return true;
    order = eval_alloc(r->e, count, sizeof *order);
    group_of = eval_alloc(r->e, count, sizeof *group_of);
    items = eval_alloc(r->e, count, sizeof *items);
    if (!order || !group_of || !items)
        return false;
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, count, sizeof *order, compare_members, r->members.items);
    for (size_t i = 0; i < count; i++) {
        items[i] = r->members.items[order[i]];
        group_of[i] = r->group_of[order[i]];
    }
    r->members.items = items;
    r->group_of = group_of;
    return true;
}

/* --- topk, bottomk --- */

struct ranked {
    double value;
    uint32_t member;
    uint32_t place; /* in the heap, when it is full */
};

/* Is `a` nearer to being thrown out than `b`? A NaN is first. */
static bool is_less(double a, double b, bool top)
{
    return isnan(a) || (top ? a < b : a > b);
}

static void swap(struct ranked *a, struct ranked *b)
{
    struct ranked kept = *a;

    *a = *b;
    *b = kept;
}

static void sift_up(struct ranked *heap, size_t at, bool top)
{
    while (at > 0 && is_less(heap[at].value, heap[(at - 1) / 2].value, top)) {
        swap(&heap[at], &heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static void sift_down(struct ranked *heap, size_t count, bool top)
{
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= count)
            return;
        if (child + 1 < count && is_less(heap[child + 1].value, heap[child].value, top))
            child++;
        if (!is_less(heap[child].value, heap[at].value, top))
            return;
        swap(&heap[at], &heap[child]);
        at = child;
    }
}

/* Does the heap's first give its place to the value? Not to an equal one, but a NaN to all. */
static bool is_beaten(double first, double value, bool top)
{
    return isnan(first) || (top ? first < value : first > value);
}

/* Keeps the k best in a heap whose first is the worst of them: it goes before the better one comes,
 * for which of equals stay hangs on that, too. */
static void offer(struct ranked *heap, size_t *count, size_t k, struct ranked r, bool top)
{
    if (*count == k) {
        if (!is_beaten(heap[0].value, r.value, top))
            return;
        heap[0] = heap[--*count];
        sift_down(heap, *count, top);
    }
    heap[*count] = r;
    sift_up(heap, (*count)++, top);
}

/* From the best to the worst; a NaN is last. */
static int compare_ranked(const void *a, const void *b, void *ctx)
{
    const struct ranked *x = a, *y = b;
    bool top = *(const bool *)ctx;

    if (isnan(x->value) || isnan(y->value))
        return isnan(x->value) - isnan(y->value);
    if (x->value != y->value)
        return (x->value > y->value) == top ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

static enum err find_k(struct evaluation *e, double param, size_t members, size_t *ret)
{
    if (!(param >= -9.2e18 && param <= 9.2e18))
        return eval_error(e, "Scalar value %g overflows int64", param);
    *ret = param < 1 ? 0 : param > (double)members ? members : (size_t)param;
    return ERR_OK;
}

/* The chosen of one group at one step keep their value; an instant query gives them by rank. */
static enum err choose(struct ranking *r, const uint32_t *order, size_t count, size_t step,
                       size_t k, struct ranked *heap, double **chosen, struct eval_sink sink)
{
    bool top = r->node->aggregate.op == PROMQL_TOPK;
    size_t kept = 0;
    enum err err = ERR_OK;

    for (size_t i = 0; i < count && k; i++) {
        double value = r->members.items[order[i]].values[step];

        if (eval_is_there(value))
            offer(heap, &kept, k, (struct ranked){ value, order[i], 0 }, top);
    }
    if (r->e->count == 1) {
        for (size_t i = 0; i < kept; i++)
            heap[i].place = (uint32_t)i;
        qsort_r(heap, kept, sizeof *heap, compare_ranked, &top);
        for (size_t i = 0; i < kept && !err; i++)
            err = sink.take(sink.ctx, r->members.items[heap[i].member].labels, &heap[i].value);
        return err;
    }
    for (size_t i = 0; i < kept; i++) {
        double **out = &chosen[heap[i].member];

        if (!*out)
            *out = eval_absent_numbers(r->e);
        if (!*out)
            return eval_no_memory(r->e);
        (*out)[step] = heap[i].value;
    }
    return ERR_OK;
}

static enum err give_best(struct ranking *r, const double *param, struct eval_sink sink)
{
    size_t members = r->members.count, *starts, k = 0;
    uint32_t *order;
    bool sorted = sort_members(r);
    struct ranked *heap = eval_alloc(r->e, members + 1, sizeof *heap);
    double **chosen = eval_alloc(r->e, members + 1, sizeof *chosen);
    enum err err = ERR_OK;

    if (!sorted || !heap || !chosen ||
        !group_sort(r->e, r->group_of, r->members.count, r->groups.count, &order, &starts))
        return eval_no_memory(r->e);
    memset(chosen, 0, (members + 1) * sizeof *chosen);
    for (size_t step = 0; step < r->e->count && !err; step++) {
        err = eval_worked(r->e, members);
        if (!err)
            err = find_k(r->e, param[step], members, &k);
        for (size_t g = 0; g < r->groups.count && !err; g++)
            err = choose(r, order + starts[g], starts[g + 1] - starts[g], step, k, heap, chosen,
                         sink);
    }
    for (size_t i = 0; i < members && !err; i++)
        if (chosen[i])
            err = sink.take(sink.ctx, r->members.items[i].labels, chosen[i]);
    return err;
}

/* --- quantile --- */

static enum err give_quantiles(struct ranking *r, const double *q, struct eval_sink sink)
{
    double *space = eval_alloc(r->e, r->members.count + 1, sizeof *space);
    double *out = eval_numbers(r->e);
    size_t *starts;
    uint32_t *order;
    enum err err = ERR_OK;

    if (!space || !out ||
        !group_sort(r->e, r->group_of, r->members.count, r->groups.count, &order, &starts))
        return eval_no_memory(r->e);
    for (size_t g = 0; g < r->groups.count && !err; g++) {
        for (size_t step = 0; step < r->e->count; step++) {
            size_t count = 0;

            for (size_t i = starts[g]; i < starts[g + 1]; i++) {
                double value = r->members.items[order[i]].values[step];

                if (eval_is_there(value))
                    space[count++] = value;
            }
            out[step] = count ? promql_quantile(q[step], space, count) : EVAL_ABSENT;
        }
        err = eval_worked(r->e, (starts[g + 1] - starts[g]) * r->e->count);
        if (!err)
            err = sink.take(sink.ctx, r->groups.items[g].labels, out);
    }
    return err;
}

/* --- count_values --- */

static enum err count_value(struct ranking *r, struct vector *out, size_t member, size_t step,
                            struct str label)
{
    char text[NUMBER_PLAIN_BYTES];
    struct label group_space[LABELS_MAX], space[LABELS_MAX];
    struct labels labels;
    struct vector_series *series;
    size_t text_len;
    enum err err;

    text_len = number_format_plain(r->members.items[member].values[step], text);
    labels = r->groups.items[r->group_of[member]].labels;
    memcpy(group_space, labels.items, labels.count * sizeof *group_space);
    labels.items = group_space;
    if (!label_set_put(labels, label, (struct str){ text, text_len }, space, &labels))
        return diag_set(r->e->diag, ERR_LIMIT, "a series has more than %d labels", LABELS_MAX);
    err = vector_find(r->e, out, labels, &series);
    if (err)
        return err;
    if (!series->values)
        series->values = eval_absent_numbers(r->e);
    if (!series->values)
        return eval_no_memory(r->e);
    series->values[step] = eval_is_there(series->values[step]) ? series->values[step] + 1 : 1;
    return ERR_OK;
}

static enum err give_counts(struct ranking *r, struct str label, struct eval_sink sink)
{
    struct vector out = { 0 };
    enum err err = ERR_OK;

    for (size_t m = 0; m < r->members.count && !err; m++) {
        err = eval_worked(r->e, r->e->count);
        for (size_t step = 0; step < r->e->count && !err; step++)
            if (eval_is_there(r->members.items[m].values[step]))
                err = count_value(r, &out, m, step, label);
    }
    return err ? err : vector_give(r->e, &out, sink);
}

enum err eval_rank(struct evaluation *e, const struct promql_node *node, struct eval_sink sink)
{
    struct ranking r = { .e = e, .node = node };
    enum promql_aggregation op = node->aggregate.op;
    const double *param = NULL;
    enum err err = ERR_OK;

    if (op == PROMQL_COUNT_VALUES && !label_name_is_valid(eval_text(node->aggregate.param)))
        return eval_error(e, "invalid label name \"%.*s\"",
                          STR_ARG(eval_text(node->aggregate.param)));
    if (op != PROMQL_COUNT_VALUES)
        err = eval_scalar(e, node->aggregate.param, &param);
    if (!err)
        err = eval_vector(e, node->aggregate.expr, (struct eval_sink){ take_member, &r });
    if (err)
        return err;
    if (op == PROMQL_COUNT_VALUES)
        return give_counts(&r, eval_text(node->aggregate.param), sink);
    return op == PROMQL_QUANTILE ? give_quantiles(&r, param, sink) : give_best(&r, param, sink);
}
