/* Quantiles: of numbers by selection, of a sliding window by keeping it sorted. */
#include <math.h>
#include <stdlib.h>

#include "promql/function_code.h"

enum { SMALL_COUNT = 16 /* sorted by insertion */, MUCH_NEW = 8 /* an eighth of the window */ };

static bool is_before(double a, double b)
{
    return a < b || (isnan(a) && !isnan(b));
}

/* Rising; a NaN comes first. */
static int compare_values(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return is_before(x, y) ? -1 : is_before(y, x);
}

/* Between the values at the two ranks around q. */
static double between(double q, size_t count, double lower, double upper)
{
    double rank = q * (double)(count - 1), weight = rank - floor(rank);

    return lower * (1 - weight) + upper * weight;
}

static size_t lower_rank(double q, size_t count)
{
    return (size_t)floor(q * (double)(count - 1));
}

/* A quantile that no values are needed for. */
static bool is_outside(double q, size_t count, double *ret)
{
    *ret = count == 0 || isnan(q) ? NAN : q < 0 ? -INFINITY : INFINITY;
    return count == 0 || !(q >= 0 && q <= 1);
}

/* --- selection --- */

static double middle_of(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

static void swap(double *a, double *b)
{
    double kept = *a;

    *a = *b;
    *b = kept;
}

/* Parts [*low, *high] by one of its values and goes on with the part that has the rank in it. */
static void narrow(double *values, ptrdiff_t *low, ptrdiff_t *high, ptrdiff_t rank)
{
    double pivot = middle_of(values[*low], values[*low + (*high - *low) / 2], values[*high]);
    ptrdiff_t i = *low, j = *high;

    while (i <= j) {
        while (values[i] < pivot)
            i++;
        while (values[j] > pivot)
            j--;
        if (i <= j)
            swap(&values[i++], &values[j--]);
    }
    if (rank <= j) {
        *high = j;
    } else if (rank >= i) {
        *low = i;
    } else {
        *low = *high = rank; /* it is the pivot */
    }
}

/*
 * Puts the value of a rank at its place, nothing greater before it and nothing less behind it.
 * Values that are made to part badly are sorted after so many parts. No NaN is among them.
 */
static void select_rank(double *values, size_t count, size_t rank)
{
    ptrdiff_t low = 0, high = (ptrdiff_t)count - 1;
    int parts_left = 2 * (64 - __builtin_clzll(count));

    while (high - low >= SMALL_COUNT && parts_left--)
        narrow(values, &low, &high, (ptrdiff_t)rank);
    if (high - low >= SMALL_COUNT) {
        qsort(values + low, (size_t)(high - low) + 1, sizeof *values, compare_values);
        return;
    }
    for (ptrdiff_t i = low + 1; i <= high; i++)
        for (ptrdiff_t k = i; k > low && values[k] < values[k - 1]; k--)
            swap(&values[k], &values[k - 1]);
}

/* Puts the NaN in front; gives how many. */
static size_t part_nans(double *values, size_t count)
{
    size_t nans = 0;

    for (size_t i = 0; i < count; i++)
        if (isnan(values[i]))
            swap(&values[i], &values[nans++]);
    return nans;
}

double promql_quantile(double q, double *values, size_t count)
{
    double outside, upper;
    size_t nans, lower;

    if (is_outside(q, count, &outside))
        return outside;
    nans = part_nans(values, count);
    lower = lower_rank(q, count);
    if (lower < nans)
        return NAN;
    select_rank(values + nans, count - nans, lower - nans);
    upper = lower + 1 < count ? values[lower + 1] : values[lower];
    for (size_t i = lower + 1; i < count; i++)
        upper = fmin(upper, values[i]);
    return between(q, count, values[lower], upper);
}

/* --- a window that slides --- */

/* Where a value stands, or would, among those that are sorted. */
static size_t place_of(const double *sorted, size_t count, double value)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (is_before(sorted[middle], value))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void take_out(double *sorted, size_t *count, double value)
{
    size_t at = place_of(sorted, *count, value);

    memmove(sorted + at, sorted + at + 1, (--*count - at) * sizeof *sorted);
}

static void put_in(double *sorted, size_t *count, double value)
{
    size_t at = place_of(sorted, *count, value);

    memmove(sorted + at + 1, sorted + at, ((*count)++ - at) * sizeof *sorted);
    sorted[at] = value;
}

static void sort_anew(struct promql_window *w)
{
    for (size_t i = 0; i < w->count; i++)
        w->scratch[i] = w->samples[i].value;
    qsort(w->scratch, w->count, sizeof *w->scratch, compare_values);
}

/* Makes `scratch`, which has what [sorted_from, sorted_to) had, what the window has. */
static void slide_sorted(struct promql_window *w)
{
    const struct sample *from = w->samples, *to = from + w->count;
    size_t count = (size_t)(w->sorted_to - w->sorted_from);

    if (from < w->sorted_from || from >= w->sorted_to || to < w->sorted_to ||
        (size_t)(from - w->sorted_from + (to - w->sorted_to)) > w->count / MUCH_NEW) {
        sort_anew(w);
    } else {
        for (const struct sample *s = w->sorted_from; s < from; s++)
            take_out(w->scratch, &count, s->value);
        for (const struct sample *s = w->sorted_to; s < to; s++)
            put_in(w->scratch, &count, s->value);
    }
    w->sorted_from = from;
    w->sorted_to = to;
}

bool promql_quantile_over_time(struct promql_window *w, double *ret)
{
    double q = w->scalars[0];
    size_t lower;

    if (is_outside(q, w->count, ret))
        return true;
    slide_sorted(w);
    lower = lower_rank(q, w->count);
    *ret = between(q, w->count, w->scratch[lower],
                   w->scratch[lower + 1 < w->count ? lower + 1 : lower]);
    return true;
}

/* The median of the distances from the median. */
bool promql_mad_over_time(struct promql_window *w, double *ret)
{
    double median;

    for (size_t i = 0; i < w->count; i++)
        w->scratch[i] = w->samples[i].value;
    median = promql_quantile(0.5, w->scratch, w->count);
    for (size_t i = 0; i < w->count; i++)
        w->scratch[i] = fabs(w->samples[i].value - median);
    *ret = promql_quantile(0.5, w->scratch, w->count);
    return true;
}
