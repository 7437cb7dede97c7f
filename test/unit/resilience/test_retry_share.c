#include "unit.h"

#include <math.h>

#include "base/attr.h"
#include "base/rng.h"
#include "resilience/retry_share.h"

enum { LOADS = 500, QUEUES = 20, TICKS = 200000 };

/*
 * Loads in whole numbers, so that the quotient can be compared as fractions: with
 * c calls and r retries a second of m milliseconds each and p percent,
 *   r m / 1000 / max(p (c + r) m / 100000, k)
 */
static void test_retry_share__equals_exact_arithmetic(void **state UNUSED)
{
    struct rng r = rng_seeded(7);

    print_message("seed 7\n");
    for (int i = 0; i < LOADS; i++) {
        int64_t calls = (int64_t)rng_below(&r, 10000), retries = (int64_t)rng_below(&r, 3000);
        int64_t ms = 1 + (int64_t)rng_below(&r, 5000), percent = (int64_t)rng_below(&r, 101);
        int64_t least = 1 + (int64_t)rng_below(&r, 20);
        int64_t limit = percent * (calls + retries) * ms, floor_limit = least * 100000;
        struct retry_share s = retry_share_of(
            &(struct retry_share_options){ (double)percent / 100, (double)least },
            &(struct retry_share_load){ (double)calls, (double)retries, (double)ms / 1000 });
        double expected;

        limit = limit > floor_limit ? limit : floor_limit;
        expected = (double)(100 * 100 * retries * ms) / (double)limit;
        assert_true(fabs(s.utilization_percent - expected) <= 1e-9 * (1 + expected));
        assert_true(fabs(s.limit - (double)limit / 100000) <= 1e-9 * s.limit);
        assert_true(s.low_percent <= s.utilization_percent);
        assert_true(s.high_percent >= s.utilization_percent);
    }
}

/* Retries that arrive at random and run for a fixed time: the count at an instant lies within the
 * interval about four times of five. */
static double share_inside(struct rng *r, double per_tick, int ticks)
{
    static unsigned char arrivals[TICKS];
    struct retry_share s = retry_share_of(&(struct retry_share_options){ 0, 100 },
                                          &(struct retry_share_load){ 0, per_tick, ticks });
    int active = 0, inside = 0;

    for (int t = 0; t < TICKS; t++) {
        arrivals[t] = rng_unit(r) < per_tick;
        active += arrivals[t] - (t >= ticks ? arrivals[t - ticks] : 0);
        inside += active >= s.low_percent - 0.5 && active <= s.high_percent + 0.5;
    }
    return (double)inside / TICKS;
}

static void test_retry_share__the_interval_holds_four_times_of_five(void **state UNUSED)
{
    for (uint64_t seed = 1; seed <= QUEUES; seed++) {
        struct rng r = rng_seeded(seed);
        double share = share_inside(&r, 0.02 + 0.03 * rng_unit(&r), 400);

        print_message("seed %llu: %.3f\n", (unsigned long long)seed, share);
        assert_true(share > 0.72 && share < 0.92);
    }
}

static void test_retry_share__a_fixed_limit_is_a_share_of_nothing(void **state UNUSED)
{
    struct retry_share_options opt = { 0, 3 };
    struct retry_share s = retry_share_of(&opt, &(struct retry_share_load){ 1000, 6, 0.5 });

    assert_float_equal(s.limit, 3, 1e-9);
    assert_float_equal(s.active_retries, 3, 1e-9);
    assert_float_equal(s.utilization_percent, 100, 1e-9);
    opt.min_concurrency = 0;
    assert_true(
        isinf(retry_share_of(&opt, &(struct retry_share_load){ 0, 1, 1 }).utilization_percent));
    assert_float_equal(
        retry_share_of(&opt, &(struct retry_share_load){ 1, 0, 1 }).utilization_percent, 0, 1e-9);
}

static void test_retry_share__what_is_not_known_stays_unknown(void **state UNUSED)
{
    static const struct retry_share_load loads[] = { { NAN, 1, 1 }, { 1, NAN, 1 }, { 1, 1, NAN } };

    for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
        struct retry_share s = retry_share_of(&(struct retry_share_options){ 0.2, 3 }, &loads[i]);

        assert_true(isnan(s.utilization_percent) && isnan(s.low_percent) && isnan(s.high_percent));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retry_share__equals_exact_arithmetic),
        cmocka_unit_test(test_retry_share__the_interval_holds_four_times_of_five),
        cmocka_unit_test(test_retry_share__a_fixed_limit_is_a_share_of_nothing),
        cmocka_unit_test(test_retry_share__what_is_not_known_stays_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
