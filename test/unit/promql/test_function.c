#include "unit.h"

#include <math.h>

#include "promql/function_code.h"

enum { WINDOW_MAX = 16 };

static double over(const char *name, const double *values, size_t count, const double *scalars)
{
    const struct promql_function *f = promql_function_find(str_of(name));
    struct sample samples[WINDOW_MAX];
    const struct sample *marks[WINDOW_MAX];
    double scratch[WINDOW_MAX], result = 0;
    struct promql_window w = { .samples = samples,
                               .count = count,
                               .start_ms = 0,
                               .end_ms = 60000,
                               .at_ms = 60000,
                               .marks = marks,
                               .scratch = scratch };

    assert_non_null(f);
    for (size_t i = 0; i < count; i++)
        samples[i] = (struct sample){ .ts_ms = 10000 + (int64_t)i * 10000, .value = values[i] };
    if (f->mark)
        w.mark_count = f->mark(samples, count, marks);
    for (size_t i = 0; scalars && i < PROMQL_SCALARS_MAX; i++)
        w.scalars[i] = scalars[i];
    if (!f->code.range(&w, &result))
        return sample_from_bits(SAMPLE_STALE_BITS);
    return result;
}

static void expect(const char *what, double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-9 * fmax(1, fabs(wanted))) && !(isnan(got) && isnan(wanted)) &&
        got != wanted)
        fail_msg("%s: %.17g instead of %.17g", what, got, wanted);
}

/* Samples at 10 s to 50 s of a window of one minute. */
static void test_function__over_a_range(void **state)
{
    static const double rising[] = { 0, 10, 20, 30, 40 }, reset[] = { 10, 20, 5, 15, 25 };
    static const double bumpy[] = { 1, 1, 3, 2, NAN }, two[] = { 5, 5 };

    (void)state;
    expect("increase", over("increase", rising, 5, NULL), 50); /* began at 0: not before it */
    expect("rate", over("rate", rising, 5, NULL), 50.0 / 60);
    expect("delta", over("delta", rising, 5, NULL), 60); /* both edges are near */
    expect("increase with a reset", over("increase", reset, 5, NULL), 35 * 60 / 40.0);
    expect("irate", over("irate", reset, 3, NULL), 0.5);
    expect("idelta", over("idelta", reset, 3, NULL), -15);
    expect("resets", over("resets", reset, 5, NULL), 1);
    expect("changes", over("changes", bumpy, 5, NULL), 3);
    expect("changes of NaN", over("changes", (double[]){ NAN, NAN }, 2, NULL), 0);
    expect("deriv", over("deriv", rising, 5, NULL), 1);
    expect("deriv of what stays", over("deriv", two, 2, NULL), 0);
    expect("deriv with NaN", over("deriv", (double[]){ NAN, NAN }, 2, NULL), NAN);
    expect("deriv of Inf", over("deriv", (double[]){ INFINITY, INFINITY }, 2, NULL), NAN);
    expect("predict_linear", over("predict_linear", rising, 5, (double[]){ 10, 0 }), 60);
    expect("sum", over("sum_over_time", rising, 5, NULL), 100);
    expect("sum keeps small parts", over("sum_over_time", (double[]){ 1e100, 1, -1e100 }, 3, NULL),
           1);
    expect("avg", over("avg_over_time", rising, 5, NULL), 20);
    expect("avg of large", over("avg_over_time", (double[]){ 1e308, 1e308 }, 2, NULL), 1e308);
    expect("avg with Inf", over("avg_over_time", (double[]){ INFINITY, 1 }, 2, NULL), INFINITY);
    expect("avg of both", over("avg_over_time", (double[]){ INFINITY, -INFINITY }, 2, NULL), NAN);
    expect("min", over("min_over_time", bumpy, 5, NULL), 1);
    expect("max", over("max_over_time", bumpy, 5, NULL), 3);
    expect("max behind NaN", over("max_over_time", (double[]){ NAN, 2 }, 2, NULL), 2);
    expect("count", over("count_over_time", bumpy, 5, NULL), 5);
    expect("last", over("last_over_time", rising, 5, NULL), 40);
    expect("present", over("present_over_time", bumpy, 5, NULL), 1);
    expect("stdvar", over("stdvar_over_time", rising, 5, NULL), 200);
    expect("stddev", over("stddev_over_time", rising, 5, NULL), sqrt(200));
    assert_true(over("stdvar_over_time", (double[]){ 0.1, 0.1, 0.1 }, 3, NULL) == 0);
    expect("stdvar far from 0",
           over("stdvar_over_time", (double[]){ 1e9 + 1, 1e9 + 2, 1e9 + 3 }, 3, NULL), 2.0 / 3);
    expect("stdvar of Inf", over("stdvar_over_time", (double[]){ 1, INFINITY }, 2, NULL), NAN);
    expect("quantile", over("quantile_over_time", rising, 5, (double[]){ 0.9, 0 }), 36);
    expect("quantile above", over("quantile_over_time", rising, 5, (double[]){ 1.1, 0 }), INFINITY);
    expect("quantile of NaN", over("quantile_over_time", rising, 5, (double[]){ NAN, 0 }), NAN);
    expect("mad", over("mad_over_time", (double[]){ 1, 2, 3, 4, 100 }, 5, NULL), 1);
    expect("holt_winters", over("holt_winters", rising, 5, (double[]){ 0.5, 0.5 }), 40);
}

/* In every number of samples, of which some go one by one behind those that go by four. */
static void test_function__sums_take_every_sample_once(void **state)
{
    struct sample samples[40];
    double sum, mean, variance;

    (void)state;
    for (size_t count = 1; count <= ARRAY_LEN(samples); count++) {
        struct promql_window w = { .samples = samples, .count = count };
        double wanted = 0;

        samples[count - 1] = (struct sample){ (int64_t)count, (double)(count * count) };
        assert_true(promql_sum_over_time(&w, &sum));
        assert_true(promql_avg_over_time(&w, &mean));
        assert_true(promql_stdvar_over_time(&w, &variance));
        expect("sum", sum, (double)(count * (count + 1) * (2 * count + 1) / 6));
        expect("mean", mean, sum / (double)count);
        for (size_t i = 0; i < count; i++)
            wanted += (samples[i].value - mean) * (samples[i].value - mean) / (double)count;
        expect("variance", variance, wanted);
    }
}

static void test_function__too_few_samples_have_no_value(void **state)
{
    static const char *const of_two[] = { "rate",   "increase", "delta",          "irate",
                                          "idelta", "deriv",    "predict_linear", "holt_winters" };
    static const double one[] = { 1 }, halves[] = { 0.5, 0.5 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(of_two); i++)
        assert_true(sample_is_stale(over(of_two[i], one, 1, halves)));
}

static void test_function__bad_factors_are_complained_of(void **state)
{
    struct sample samples[2] = { { 1, 1 }, { 2, 2 } };
    struct promql_window w = { .samples = samples, .count = 2, .scalars = { 1, 0.5 } };
    double result;

    (void)state;
    assert_false(promql_holt_winters(&w, &result));
    assert_string_equal(w.complaint, "the smoothing factor must be above 0 and below 1");
}

static double of(const char *name, double v, double a, double b)
{
    double scalars[] = { a, b };

    return promql_function_find(str_of(name))->code.value(v, scalars);
}

static void test_function__of_a_value(void **state)
{
    (void)state;
    expect("round", of("round", 2.5, 1, 0), 3);
    expect("round down", of("round", -2.5, 1, 0), -2);
    expect("round to a tenth", of("round", 1.26, 0.1, 0), 1.3);
    expect("clamp", of("clamp", 5, 0, 3), 3);
    assert_true(sample_is_stale(of("clamp", 5, 3, 0)));
    expect("clamp NaN", of("clamp", NAN, 0, 3), NAN);
    expect("clamp_min", of("clamp_min", -1, 0, 0), 0);
    expect("clamp_max", of("clamp_max", 5, 3, 0), 3);
    expect("clamp_min of NaN by Inf", of("clamp_min", NAN, INFINITY, 0), INFINITY);
    expect("sgn", of("sgn", -7, 0, 0), -1);
    expect("sgn of NaN", of("sgn", NAN, 0, 0), NAN);
    expect("deg", of("deg", 3.14159265358979323846, 0, 0), 180);
    expect("rad", of("rad", 180, 0, 0), 3.14159265358979323846);
    expect("ln", of("ln", 0, 0, 0), -INFINITY);
    expect("sqrt", of("sqrt", -1, 0, 0), NAN);
}

static void test_function__of_a_time(void **state)
{
    static const struct {
        double unix_s;
        int year, month, day, week_day, year_day, days, hour, minute;
    } cases[] = {
        { 0, 1970, 1, 1, 4, 1, 31, 0, 0 },
        { 951782399, 2000, 2, 28, 1, 59, 29, 23, 59 },
        { 951782400, 2000, 2, 29, 2, 60, 29, 0, 0 },
        { 1709251199, 2024, 2, 29, 4, 60, 29, 23, 59 },
        { 1735689600, 2025, 1, 1, 3, 1, 31, 0, 0 },
        { 1795142467, 2026, 11, 20, 5, 324, 30, 2, 41 },
        { -1, 1969, 12, 31, 3, 365, 31, 23, 59 },
        { 4107542400, 2100, 3, 1, 1, 60, 31, 0, 0 }, /* no leap year */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        double t = cases[i].unix_s;

        expect("year", promql_year(t), cases[i].year);
        expect("month", promql_month(t), cases[i].month);
        expect("day_of_month", promql_day_of_month(t), cases[i].day);
        expect("day_of_week", promql_day_of_week(t), cases[i].week_day);
        expect("day_of_year", promql_day_of_year(t), cases[i].year_day);
        expect("days_in_month", promql_days_in_month(t), cases[i].days);
        expect("hour", promql_hour(t), cases[i].hour);
        expect("minute", promql_minute(t), cases[i].minute);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_function__over_a_range),
        cmocka_unit_test(test_function__sums_take_every_sample_once),
        cmocka_unit_test(test_function__too_few_samples_have_no_value),
        cmocka_unit_test(test_function__bad_factors_are_complained_of),
        cmocka_unit_test(test_function__of_a_value),
        cmocka_unit_test(test_function__of_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
