#include "unit.h"

#include "tsdb/retain.h"

static const int64_t minute_ms = 60 * 1000;
static const int64_t hour_ns = INT64_C(3600) * 1000000000;

static void test_retain__follows_a_clock_that_runs(void **state)
{
    struct retain r;

    (void)state;
    retain_init(&r, INT64_MIN, 1000000, 0);
    assert_int_equal(retain_advance(&r, 1005000, INT64_C(5000000000)), 1005000);
    /* a slow correction is no jump */
    assert_int_equal(retain_advance(&r, 1010000 + 4 * minute_ms, INT64_C(10000000000)),
                     1010000 + 4 * minute_ms);
    assert_false(r.behind);
}

static void test_retain__a_jump_ahead_waits_and_takes_a_step_an_hour(void **state)
{
    int64_t year_ms = INT64_C(365) * 86400000;
    struct retain r;

    (void)state;
    retain_init(&r, INT64_MIN, 0, 0);
    assert_int_equal(retain_advance(&r, 10 * year_ms, 1000000000), 1000);
    assert_true(r.behind);
    assert_false(retain_may_step(&r, 1000000000));
    assert_int_equal(retain_advance(&r, 10 * year_ms + 3599000, hour_ns), 3600000);
    assert_false(retain_may_step(&r, hour_ns));
    assert_true(retain_may_step(&r, hour_ns + 1000000000));
    retain_stepped(&r, hour_ns + 1000000000);
    assert_false(retain_may_step(&r, 2 * hour_ns));
    assert_true(retain_may_step(&r, 2 * hour_ns + 1000000000));
    retain_caught_up(&r, 10 * year_ms + 7200000);
    assert_int_equal(retain_advance(&r, 10 * year_ms + 7201000, 2 * hour_ns + 1000000000),
                     10 * year_ms + 7201000);
    assert_false(r.behind);
}

static void test_retain__a_clock_that_comes_back_is_trusted_again(void **state)
{
    struct retain r;

    (void)state;
    retain_init(&r, INT64_MIN, 1000, 0);
    retain_advance(&r, 100000000, 1000000000);
    assert_true(r.behind);
    assert_int_equal(retain_advance(&r, 3000, 2000000000), 3000);
    assert_false(r.behind);
}

static void test_retain__a_step_back_is_trusted_at_once(void **state)
{
    struct retain r;

    (void)state;
    retain_init(&r, INT64_MIN, 100000000, 0);
    assert_int_equal(retain_advance(&r, 5000, 1000000000), 5000);
    assert_false(r.behind);
}

static void test_retain__a_long_pause_counts_as_a_jump(void **state)
{
    struct retain r;

    (void)state;
    retain_init(&r, 1000, 86400000, 0);
    assert_true(r.behind);
    assert_int_equal(r.trusted_ms, 1000);
    retain_init(&r, 1000, 1000 + minute_ms, 0);
    assert_false(r.behind);
}

static void test_retain__survives_any_clock(void **state)
{
    struct retain r;

    (void)state;
    retain_init(&r, INT64_MAX, INT64_MIN, 0);
    assert_int_equal(retain_advance(&r, INT64_MAX, 1), INT64_MIN);
    retain_init(&r, INT64_MAX, INT64_MAX, 0);
    assert_int_equal(retain_advance(&r, INT64_MAX, INT64_MAX), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retain__follows_a_clock_that_runs),
        cmocka_unit_test(test_retain__a_jump_ahead_waits_and_takes_a_step_an_hour),
        cmocka_unit_test(test_retain__a_clock_that_comes_back_is_trusted_again),
        cmocka_unit_test(test_retain__a_step_back_is_trusted_at_once),
        cmocka_unit_test(test_retain__a_long_pause_counts_as_a_jump),
        cmocka_unit_test(test_retain__survives_any_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
