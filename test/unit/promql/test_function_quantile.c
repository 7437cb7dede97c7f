#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "promql/function_code.h"
#include "seed.h"

enum { VALUES_MAX = 600, RUNS = 400, SHAPES = 6 };

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    if (isnan(x) || isnan(y))
        return isnan(y) - isnan(x);
    return (x > y) - (x < y);
}

/* By sorting, word for word what a quantile is. */
static double expected(double q, const double *values, size_t count)
{
    double sorted[VALUES_MAX], rank = q * (double)(count - 1), weight = rank - floor(rank);
    size_t lower = (size_t)floor(rank), upper = lower + 1 < count ? lower + 1 : count - 1;

    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    return sorted[lower] * (1 - weight) + sorted[upper] * weight;
}

static double value_of_shape(struct rng *rng, unsigned shape, size_t i, size_t count)
{
    switch (shape) {
    case 0:
        return (double)i;
    case 1:
        return (double)(count - i);
    case 2:
        return 7;
    case 3: /* few that are different, up and down again */
        return (double)(i < count / 2 ? i % 9 : (count - i) % 9);
    case 4: /* all that a double may be */
        return rng_below(rng, 4) ? (double)rng_below(rng, 50) - 25
                                 : (double[]){ NAN, INFINITY, -INFINITY, -0.0 }[rng_below(rng, 4)];
    default:
        return (double)rng_below(rng, 1 << 20) / 8;
    }
}

static size_t fill(struct rng *rng, unsigned run, double *values)
{
    size_t count = 1 + (size_t)rng_below(rng, VALUES_MAX);

    for (size_t i = 0; i < count; i++)
        values[i] = value_of_shape(rng, run % SHAPES, i, count);
    return count;
}

static void assert_same(double got, double wanted)
{
    if (!(isnan(got) && isnan(wanted)) && got != wanted)
        fail_msg("%.17g instead of %.17g", got, wanted);
}

static void test_function_quantile__selects_what_sorting_finds(void **state)
{
    struct rng rng = seed_rng("quantile");
    double values[VALUES_MAX], kept[VALUES_MAX];

    (void)state;
    for (unsigned run = 0; run < RUNS; run++) {
        size_t count = fill(&rng, run, values);
        double q = run % 7 ? (double)rng_below(&rng, 1001) / 1000 : run % 2;

        memcpy(kept, values, count * sizeof *kept);
        assert_same(promql_quantile(q, values, count), expected(q, kept, count));
    }
    assert_same(promql_quantile(0.5, values, 0), NAN);
    assert_same(promql_quantile(-1, values, 1), -INFINITY);
}

/* Windows that grow, move by little and by much, and come to stand still. */
static void test_function_quantile__of_a_sliding_window_is_that_of_each(void **state)
{
    struct rng rng = seed_rng("sliding quantile");
    double values[VALUES_MAX], scratch[VALUES_MAX], got;
    struct sample samples[VALUES_MAX];

    (void)state;
    for (unsigned run = 0; run < RUNS; run++) {
        size_t count = fill(&rng, run, values), from = 0, to = 0;
        struct promql_window w = { .scalars = { 0.9 }, .scratch = scratch };

        for (size_t i = 0; i < count; i++)
            samples[i] = (struct sample){ (int64_t)i, values[i] };
        while (to < count) {
            to += (size_t)rng_below(&rng, run % 3 ? 4 : 60);
            to = to > count ? count : to;
            from += (size_t)rng_below(&rng, (to - from) / 4 + 1);
            w.samples = samples + from;
            w.count = to - from;
            if (w.count == 0)
                continue;
            assert_true(promql_quantile_over_time(&w, &got));
            assert_same(got, expected(0.9, values + from, w.count));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_function_quantile__selects_what_sorting_finds),
        cmocka_unit_test(test_function_quantile__of_a_sliding_window_is_that_of_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
