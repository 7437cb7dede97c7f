/* Functions over the samples of one window. Formulas as Prometheus 2.42's promql/functions.go. */
#include <math.h>
#include <stdlib.h>

#include "promql/function_code.h"

static double seconds(int64_t ms)
{
    return (double)ms / 1000;
}

double promql_sum_value(const struct promql_sum *s)
{
    return isinf(s->sum) ? s->sum : s->sum + s->lost;
}

/* --- counters --- */

/* What was added over the samples: the difference, and at each fall what was there before it. */
static double growth(const struct promql_window *w, bool is_counter)
{
    double result = w->samples[w->count - 1].value - w->samples[0].value;

    for (size_t i = 1; is_counter && i < w->count; i++)
        if (w->samples[i].value < w->samples[i - 1].value)
            result += w->samples[i - 1].value;
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
    result = growth(w, is_counter);
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
    *ret = 0;
    for (size_t i = 1; i < w->count; i++)
        *ret += w->samples[i].value < w->samples[i - 1].value;
    return true;
}

bool promql_changes(struct promql_window *w, double *ret)
{
    *ret = 0;
    for (size_t i = 1; i < w->count; i++) {
        double now = w->samples[i].value, before = w->samples[i - 1].value;

        *ret += now != before && !(isnan(now) && isnan(before));
    }
    return true;
}

/* --- lines --- */

/* The sums of a line, side by side so that they are added two at a time. */
enum { SUM_X, SUM_Y, SUM_XY, SUM_XX, LINE_SUMS };

static void sum_line(const struct promql_window *w, int64_t at_ms, double ret[LINE_SUMS])
{
    double sums[LINE_SUMS] = { 0 }, lost[LINE_SUMS] = { 0 };

    for (size_t i = 0; i < w->count; i++) {
        double x = seconds(w->samples[i].ts_ms - at_ms), y = w->samples[i].value;
        double values[LINE_SUMS] = { x, y, x * y, x * x };

        for (int k = 0; k < LINE_SUMS; k++) {
            struct promql_sum s = { sums[k], lost[k] };

            promql_sum_add(&s, values[k]);
            sums[k] = s.sum;
            lost[k] = s.lost;
        }
    }
    for (int k = 0; k < LINE_SUMS; k++)
        ret[k] = sums[k] + lost[k];
}

/* Never, when one is NaN. */
static bool is_constant(const struct promql_window *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->samples[i].value != w->samples[0].value)
            return false;
    return true;
}

/* Least squares through the samples; the intercept is the line's value at `at_ms`. */
static void fit_line(const struct promql_window *w, int64_t at_ms, double *ret_slope,
                     double *ret_intercept)
{
    double n = (double)w->count, first = w->samples[0].value, sums[LINE_SUMS];

    if (is_constant(w)) {
        *ret_slope = isinf(first) ? NAN : 0;
        *ret_intercept = isinf(first) ? NAN : first;
        return;
    }
    sum_line(w, at_ms, sums);
    *ret_slope = (sums[SUM_XY] - sums[SUM_X] * sums[SUM_Y] / n) /
                 (sums[SUM_XX] - sums[SUM_X] * sums[SUM_X] / n);
    *ret_intercept = sums[SUM_Y] / n - *ret_slope * sums[SUM_X] / n;
}

bool promql_deriv(struct promql_window *w, double *ret)
{
    double intercept;

    if (w->count < 2)
        return false;
    fit_line(w, w->samples[0].ts_ms, ret, &intercept);
    return true;
}

bool promql_predict_linear(struct promql_window *w, double *ret)
{
    double slope, intercept;

    if (w->count < 2)
        return false;
    fit_line(w, w->at_ms, &slope, &intercept);
    *ret = slope * w->scalars[0] + intercept;
    return true;
}

/* Holt's linear method: a level and a trend, smoothed by the two factors. */
bool promql_holt_winters(struct promql_window *w, double *ret)
{
    double level_factor = w->scalars[0], trend_factor = w->scalars[1], before = 0, level, trend;

    if (!(level_factor > 0 && level_factor < 1))
        w->complaint = "the smoothing factor must be above 0 and below 1";
    else if (!(trend_factor > 0 && trend_factor < 1))
        w->complaint = "the trend factor must be above 0 and below 1";
    if (w->complaint || w->count < 2)
        return false;
    level = w->samples[0].value;
    trend = w->samples[1].value - w->samples[0].value;
    for (size_t i = 1; i < w->count; i++) {
        double next;

        if (i > 1)
            trend = trend_factor * (level - before) + (1 - trend_factor) * trend;
        next = level_factor * w->samples[i].value + (1 - level_factor) * (level + trend);
        before = level;
        level = next;
    }
    *ret = level;
    return true;
}

/* --- over time --- */

static double sum_of(const struct promql_window *w)
{
    struct promql_sum sum = { 0 };

    for (size_t i = 0; i < w->count; i++)
        promql_sum_add(&sum, w->samples[i].value);
    return promql_sum_value(&sum);
}

bool promql_sum_over_time(struct promql_window *w, double *ret)
{
    *ret = sum_of(w);
    return true;
}

/* Sample by sample, for what is infinite or would become so as a sum. */
static double running_mean(const struct promql_window *w)
{
    struct promql_sum mean = { 0 };
    double n = 0;

    for (size_t i = 0; i < w->count; i++) {
        double value = w->samples[i].value;

        n++;
        if (isinf(mean.sum)) {
            if (isinf(value) && (mean.sum > 0) == (value > 0))
                continue; /* infinite as before */
            if (isfinite(value))
                continue; /* what is finite changes nothing */
        }
        promql_sum_add(&mean, value / n - mean.sum / n);
    }
    return promql_sum_value(&mean);
}

bool promql_avg_over_time(struct promql_window *w, double *ret)
{
    double sum = sum_of(w);

    *ret = isfinite(sum) ? sum / (double)w->count : running_mean(w);
    return true;
}

/* In two passes over the distances from the first sample: of equal values exactly 0. */
bool promql_stdvar_over_time(struct promql_window *w, double *ret)
{
    struct promql_sum distances = { 0 }, squares = { 0 };
    double n = (double)w->count, mean;

    for (size_t i = 0; i < w->count; i++)
        promql_sum_add(&distances, w->samples[i].value - w->samples[0].value);
    mean = (distances.sum + distances.lost) / n;
    for (size_t i = 0; i < w->count; i++) {
        double off = w->samples[i].value - w->samples[0].value - mean;

        promql_sum_add(&squares, off * off);
    }
    *ret = (squares.sum + squares.lost) / n;
    return true;
}

bool promql_stddev_over_time(struct promql_window *w, double *ret)
{
    bool any = promql_stdvar_over_time(w, ret);

    *ret = sqrt(*ret);
    return any;
}

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

/* --- quantiles --- */

static int compare_values(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    if (isnan(x) || isnan(y))
        return isnan(y) - isnan(x);
    return x < y ? -1 : x > y;
}

double promql_quantile(double q, double *values, size_t count)
{
    double rank, weight;
    size_t lower, upper;

    if (count == 0 || isnan(q))
        return NAN;
    if (q < 0 || q > 1)
        return q < 0 ? -INFINITY : INFINITY;
    qsort(values, count, sizeof *values, compare_values);
    rank = q * (double)(count - 1);
    lower = (size_t)floor(rank);
    upper = lower + 1 < count ? lower + 1 : count - 1;
    weight = rank - floor(rank);
    return values[lower] * (1 - weight) + values[upper] * weight;
}

bool promql_quantile_over_time(struct promql_window *w, double *ret)
{
    for (size_t i = 0; i < w->count; i++)
        w->scratch[i] = w->samples[i].value;
    *ret = promql_quantile(w->scalars[0], w->scratch, w->count);
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
