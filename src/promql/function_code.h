/*
 * The code behind the rows of function.c, by shape: over a range (function_range.c),
 * of a value and of a time (function_value.c).
 */
#ifndef FUSEBOX_PROMQL_FUNCTION_CODE_H
#define FUSEBOX_PROMQL_FUNCTION_CODE_H

#include "promql/function.h"

promql_range_code promql_avg_over_time, promql_changes, promql_count_over_time, promql_delta,
    promql_deriv, promql_holt_winters, promql_idelta, promql_increase, promql_irate,
    promql_last_over_time, promql_mad_over_time, promql_max_over_time, promql_min_over_time,
    promql_predict_linear, promql_present_over_time, promql_quantile_over_time, promql_rate,
    promql_resets, promql_stddev_over_time, promql_stdvar_over_time, promql_sum_over_time;

promql_mark_code promql_mark_changes, promql_mark_falls;

promql_value_code promql_abs, promql_acos, promql_acosh, promql_asin, promql_asinh, promql_atan,
    promql_atanh, promql_ceil, promql_clamp, promql_clamp_max, promql_clamp_min, promql_cos,
    promql_cosh, promql_deg, promql_exp, promql_floor, promql_ln, promql_log10, promql_log2,
    promql_rad, promql_round, promql_sgn, promql_sin, promql_sinh, promql_sqrt, promql_tan,
    promql_tanh;

promql_time_code promql_day_of_month, promql_day_of_week, promql_day_of_year, promql_days_in_month,
    promql_hour, promql_minute, promql_month, promql_year;

/* The quantile of numbers, by linear interpolation; sorts them, NaN first. count 0: NaN. */
double promql_quantile(double q, double *values, size_t count);

/* A sum that keeps what rounding loses (Neumaier): start with zeros, add, then sum + lost. */
struct promql_sum {
    double sum, lost;
};
static inline void promql_sum_add(struct promql_sum *s, double value)
{
    double sum = s->sum + value, added = sum - s->sum;

    s->lost += (s->sum - (sum - added)) + (value - added);
    s->sum = sum;
}
double promql_sum_value(const struct promql_sum *s);

#endif
