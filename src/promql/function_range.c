/* Functions over the samples of one window. Formulas as Prometheus 2.42's promql/functions.go. */
#include <math.h>

#include "promql/function_code.h"

static double seconds(int64_t ms)
{
    return (double)ms / 1000;
}

/* --- counters --- */

/* Where a counter began anew. */
size_t promql_mark_falls(const struct sample *samples, size_t count, const struct sample **out)
{
    size_t marked = 0;

    for (size_t i = 1; i < count; i++) {
        out[marked] = &samples[i];
        marked += samples[i].value < samples[i - 1].value;
    }
    return marked;
}

/* What was added over the samples: the difference, and at each fall what was there before it. */
static double growth(const struct promql_window *w)
{
    double result = w->samples[w->count - 1].value - w->samples[0].value;

    for (size_t i = 0; i < w->mark_count; i++)
        result += w->marks[i][-1].value;
    return result;
}

/*
 * How far the growth reaches beyond the first or the last sample: to the window's edge when
 * that is near (1.1 times the samples' mean distance), else half a distance.
 */
static double reach(double to_edge, double distance)
{
    return to_edge < distance * 1.1 ? to_edge : distance / 2;
}

static bool extrapolated(const struct promql_window *w, bool is_counter, bool is_rate, double *ret)
{
    double sampled, distance, to_start, to_end, result, factor;

    if (w->count < 2)
        return false;
    result = growth(w);
    sampled = seconds(w->samples[w->count - 1].ts_ms - w->samples[0].ts_ms);
    distance = sampled / (double)(w->count - 1);
    to_start = seconds(w->samples[0].ts_ms - w->start_ms);
    to_end = seconds(w->end_ms - w->samples[w->count - 1].ts_ms);
    if (is_counter && result > 0 && w->samples[0].value >= 0) {
        double to_zero = sampled * (w->samples[0].value / result); /* it began at 0 */

        if (to_zero < to_start)
            to_start = to_zero;
    }
    factor = (sampled + reach(to_start, distance) + reach(to_end, distance)) / sampled;
    if (is_rate)
        factor /= seconds(w->end_ms - w->start_ms);
    *ret = result * factor;
    return true;
}

bool promql_rate(struct promql_window *w, double *ret)
{
    return extrapolated(w, true, true, ret);
}

bool promql_increase(struct promql_window *w, double *ret)
{
    return extrapolated(w, true, false, ret);
}

bool promql_delta(struct promql_window *w, double *ret)
{
    return extrapolated(w, false, false, ret);
}

/* From the last two samples. */
static bool last_step(const struct promql_window *w, bool is_rate, double *ret)
{
    const struct sample *last, *before;

    if (w->count < 2)
        return false;
    last = &w->samples[w->count - 1];
    before = last - 1;
    *ret = is_rate && last->value < before->value ? last->value : last->value - before->value;
    if (is_rate)
        *ret /= seconds(last->ts_ms - before->ts_ms);
    return last->ts_ms != before->ts_ms;
}

bool promql_irate(struct promql_window *w, double *ret)
{
    return last_step(w, true, ret);
}

bool promql_idelta(struct promql_window *w, double *ret)
{
    return last_step(w, false, ret);
}

bool promql_resets(struct promql_window *w, double *ret)
{
    *ret = (double)w->mark_count;
    return true;
}

/* One NaN after the other is no change. */
size_t promql_mark_changes(const struct sample *samples, size_t count, const struct sample **out)
{
    size_t marked = 0;

    for (size_t i = 1; i < count; i++) {
        double now = samples[i].value, before = samples[i - 1].value;

        out[marked] = &samples[i];
        marked += now != before && !(isnan(now) && isnan(before));
    }
    return marked;
}

bool promql_changes(struct promql_window *w, double *ret)
{
    *ret = (double)w->mark_count;
    return true;
}

/* --- over time --- */

bool promql_min_over_time(struct promql_window *w, double *ret)
{
    double least = w->samples[0].value;

    for (size_t i = 1; i < w->count; i++) {
        double value = w->samples[i].value;

        if (isnan(least))
            least = value;
        else
            least = value < least ? value : least;
    }
    *ret = least;
    return true;
}

bool promql_max_over_time(struct promql_window *w, double *ret)
{
    double most = w->samples[0].value;

    for (size_t i = 1; i < w->count; i++) {
        double value = w->samples[i].value;

        if (isnan(most))
            most = value;
        else
            most = value > most ? value : most;
    }
    *ret = most;
    return true;
}

bool promql_count_over_time(struct promql_window *w, double *ret)
{
    *ret = (double)w->count;
    return true;
}

bool promql_last_over_time(struct promql_window *w, double *ret)
{
    *ret = w->samples[w->count - 1].value;
    return true;
}

bool promql_present_over_time(struct promql_window *w UNUSED, double *ret)
{
    *ret = 1;
    return true;
}
