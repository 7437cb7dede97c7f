/*
 * Functions over a window that add up its samples: sums, means, variances, lines.
 *
 * Sums keep what rounding loses (Neumaier). One addition waits for the other, so four sums are
 * made side by side, each of every fourth value, and joined at the end.
 */
#include <math.h>

#include "promql/function_code.h"

double promql_sum_value(const struct promql_sum *s)
{
    return isinf(s->sum) ? s->sum : s->sum + s->lost;
}

enum { LANES = 4 };

struct lanes {
    double sum[LANES], lost[LANES];
};

static inline void add_distances(struct lanes *l, const struct sample *samples, size_t count,
                                 double origin, bool squared)
{
    for (size_t k = 0; k < count; k++) {
        double off = samples[k].value - origin;
        struct promql_sum s = { l->sum[k], l->lost[k] };

        promql_sum_add(&s, squared ? off * off : off);
        l->sum[k] = s.sum;
        l->lost[k] = s.lost;
    }
}

/* The values' distances from `origin`, squared or not; NaN when one of them is not finite. */
static inline double sum_distances(const struct promql_window *w, double origin, bool squared)
{
    size_t rest = w->count % LANES, whole = w->count - rest;
    struct lanes l = { 0 };
    struct promql_sum s = { 0 };

    for (size_t i = 0; i < whole; i += LANES)
        add_distances(&l, w->samples + i, LANES, origin, squared);
    add_distances(&l, w->samples + whole, rest, origin, squared);
    for (size_t k = 0; k < LANES; k++) {
        promql_sum_add(&s, l.sum[k]);
        s.lost += l.lost[k];
    }
    return s.sum + s.lost;
}

/* --- sums --- */

/* What is infinite, or becomes so, goes one by one. */
static double sum_of(const struct promql_window *w)
{
    struct promql_sum sum = { 0 };
    double joined = sum_distances(w, 0, false);

    if (isfinite(joined))
        return joined;
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
    double n = (double)w->count, first = w->samples[0].value;
    double mean = first + sum_distances(w, first, false) / n;

    *ret = sum_distances(w, mean, true) / n;
    return true;
}

bool promql_stddev_over_time(struct promql_window *w, double *ret)
{
    bool any = promql_stdvar_over_time(w, ret);

    *ret = sqrt(*ret);
    return any;
}

/* --- lines --- */

/* Two numbers that the machine adds at once, and two such sums. */
typedef double pair __attribute__((vector_size(2 * sizeof(double))));

struct pair_sum {
    pair sum, lost;
};

static inline void add_pair(struct pair_sum *s, pair value)
{
    pair sum = s->sum + value, added = sum - s->sum;

    s->lost += (s->sum - (sum - added)) + (value - added);
    s->sum = sum;
}

struct line_sums {
    double x, y, xx, xy;
};

static struct line_sums sum_line(const struct promql_window *w, int64_t at_ms)
{
    struct pair_sum plain = { 0 }, times_x = { 0 };
    pair joined[2];

    for (size_t i = 0; i < w->count; i++) {
        double x = (double)(w->samples[i].ts_ms - at_ms) / 1000;
        pair xy = { x, w->samples[i].value };

        add_pair(&plain, xy);
        add_pair(&times_x, xy * (pair){ x, x });
    }
    joined[0] = plain.sum + plain.lost;
    joined[1] = times_x.sum + times_x.lost;
    return (struct line_sums){ joined[0][0], joined[0][1], joined[1][0], joined[1][1] };
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
    double n = (double)w->count, first = w->samples[0].value;
    struct line_sums s;

    if (is_constant(w)) {
        *ret_slope = isinf(first) ? NAN : 0;
        *ret_intercept = isinf(first) ? NAN : first;
        return;
    }
    s = sum_line(w, at_ms);
    *ret_slope = (s.xy - s.x * s.y / n) / (s.xx - s.x * s.x / n);
    *ret_intercept = s.y / n - *ret_slope * s.x / n;
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
