#include "promql/function.h"

#include <stdlib.h>

#include "promql/function_code.h"

#define RANGE(fn)   .shape = PROMQL_OVER_RANGE, .returns = PROMQL_VECTOR, .code.range = promql_##fn
#define VALUE(fn)   .shape = PROMQL_OF_VALUE, .returns = PROMQL_VECTOR, .code.value = promql_##fn
#define TIME(fn)    .shape = PROMQL_OF_TIME, .returns = PROMQL_VECTOR, .code.time = promql_##fn
#define SPECIAL(fn) .shape = PROMQL_SPECIAL, .returns = PROMQL_VECTOR, .special = PROMQL_FN_##fn
#define NUMBER(fn)  .shape = PROMQL_SPECIAL, .returns = PROMQL_SCALAR, .special = PROMQL_FN_##fn
#define V           PROMQL_VECTOR
#define M           PROMQL_MATRIX
#define S           PROMQL_SCALAR
#define T           PROMQL_STRING

/* By name, so that find may halve its way. */
/* clang-format off */
const struct promql_function promql_functions[] = {
    { "abs", { V }, 1, 0, VALUE(abs) },
    { "absent", { V }, 1, 0, SPECIAL(ABSENT) },
    { "absent_over_time", { M }, 1, 0, SPECIAL(ABSENT_OVER_TIME) },
    { "acos", { V }, 1, 0, VALUE(acos) },
    { "acosh", { V }, 1, 0, VALUE(acosh) },
    { "asin", { V }, 1, 0, VALUE(asin) },
    { "asinh", { V }, 1, 0, VALUE(asinh) },
    { "atan", { V }, 1, 0, VALUE(atan) },
    { "atanh", { V }, 1, 0, VALUE(atanh) },
    { "avg_over_time", { M }, 1, 0, RANGE(avg_over_time) },
    { "ceil", { V }, 1, 0, VALUE(ceil) },
    { "changes", { M }, 1, 0, RANGE(changes), .mark = promql_mark_changes },
    { "clamp", { V, S, S }, 3, 0, VALUE(clamp) },
    { "clamp_max", { V, S }, 2, 0, VALUE(clamp_max) },
    { "clamp_min", { V, S }, 2, 0, VALUE(clamp_min) },
    { "cos", { V }, 1, 0, VALUE(cos) },
    { "cosh", { V }, 1, 0, VALUE(cosh) },
    { "count_over_time", { M }, 1, 0, RANGE(count_over_time) },
    { "day_of_month", { V }, 1, 1, TIME(day_of_month) },
    { "day_of_week", { V }, 1, 1, TIME(day_of_week) },
    { "day_of_year", { V }, 1, 1, TIME(day_of_year) },
    { "days_in_month", { V }, 1, 1, TIME(days_in_month) },
    { "deg", { V }, 1, 0, VALUE(deg) },
    { "delta", { M }, 1, 0, RANGE(delta) },
    { "deriv", { M }, 1, 0, RANGE(deriv) },
    { "double_exponential_smoothing", { M, S, S }, 3, 0, RANGE(holt_winters) },
    { "exp", { V }, 1, 0, VALUE(exp) },
    { "floor", { V }, 1, 0, VALUE(floor) },
    { "histogram_count", { V }, 1, 0, SPECIAL(NATIVE_HISTOGRAM) },
    { "histogram_fraction", { S, S, V }, 3, 0, SPECIAL(NATIVE_HISTOGRAM) },
    { "histogram_quantile", { S, V }, 2, 0, SPECIAL(HISTOGRAM_QUANTILE) },
    { "histogram_sum", { V }, 1, 0, SPECIAL(NATIVE_HISTOGRAM) },
    { "holt_winters", { M, S, S }, 3, 0, RANGE(holt_winters) },
    { "hour", { V }, 1, 1, TIME(hour) },
    { "idelta", { M }, 1, 0, RANGE(idelta) },
    { "increase", { M }, 1, 0, RANGE(increase), .mark = promql_mark_falls },
    { "irate", { M }, 1, 0, RANGE(irate) },
    { "label_join", { V, T, T, T }, 4, -1, SPECIAL(LABEL_JOIN) },
    { "label_replace", { V, T, T, T, T }, 5, 0, SPECIAL(LABEL_REPLACE) },
    { "last_over_time", { M }, 1, 0, RANGE(last_over_time), .keeps_name = true },
    { "ln", { V }, 1, 0, VALUE(ln) },
    { "log10", { V }, 1, 0, VALUE(log10) },
    { "log2", { V }, 1, 0, VALUE(log2) },
    { "mad_over_time", { M }, 1, 0, RANGE(mad_over_time) },
    { "max_over_time", { M }, 1, 0, RANGE(max_over_time) },
    { "min_over_time", { M }, 1, 0, RANGE(min_over_time) },
    { "minute", { V }, 1, 1, TIME(minute) },
    { "month", { V }, 1, 1, TIME(month) },
    { "pi", { 0 }, 0, 0, NUMBER(PI) },
    { "predict_linear", { M, S }, 2, 0, RANGE(predict_linear) },
    { "present_over_time", { M }, 1, 0, RANGE(present_over_time) },
    { "quantile_over_time", { S, M }, 2, 0, RANGE(quantile_over_time) },
    { "rad", { V }, 1, 0, VALUE(rad) },
    { "rate", { M }, 1, 0, RANGE(rate), .mark = promql_mark_falls },
    { "resets", { M }, 1, 0, RANGE(resets), .mark = promql_mark_falls },
    { "round", { V, S }, 2, 1, VALUE(round) },
    { "scalar", { V }, 1, 0, NUMBER(SCALAR) },
    { "sgn", { V }, 1, 0, VALUE(sgn) },
    { "sin", { V }, 1, 0, VALUE(sin) },
    { "sinh", { V }, 1, 0, VALUE(sinh) },
    { "sort", { V }, 1, 0, SPECIAL(SORT), .keeps_name = true },
    { "sort_by_label", { V, T }, 2, -1, SPECIAL(SORT_BY_LABEL), .keeps_name = true },
    { "sort_by_label_desc", { V, T }, 2, -1, SPECIAL(SORT_BY_LABEL_DESC), .keeps_name = true },
    { "sort_desc", { V }, 1, 0, SPECIAL(SORT_DESC), .keeps_name = true },
    { "sqrt", { V }, 1, 0, VALUE(sqrt) },
    { "stddev_over_time", { M }, 1, 0, RANGE(stddev_over_time) },
    { "stdvar_over_time", { M }, 1, 0, RANGE(stdvar_over_time) },
    { "sum_over_time", { M }, 1, 0, RANGE(sum_over_time) },
    { "tan", { V }, 1, 0, VALUE(tan) },
    { "tanh", { V }, 1, 0, VALUE(tanh) },
    { "time", { 0 }, 0, 0, NUMBER(TIME) },
    { "timestamp", { V }, 1, 0, SPECIAL(TIMESTAMP) },
    { "vector", { S }, 1, 0, SPECIAL(VECTOR) },
    { "year", { V }, 1, 1, TIME(year) },
};
/* clang-format on */

const size_t promql_function_count = ARRAY_LEN(promql_functions);

static int compare_name(const void *key, const void *row)
{
    return str_compare(*(const struct str *)key,
                       str_of(((const struct promql_function *)row)->name));
}

const struct promql_function *promql_function_find(struct str name)
{
    return bsearch(&name, promql_functions, promql_function_count, sizeof promql_functions[0],
                   compare_name);
}
