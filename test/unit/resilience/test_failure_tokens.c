#include "unit.h"

#include <math.h>

#include "base/attr.h"
#include "base/rng.h"
#include "resilience/failure_tokens.h"

enum { HISTORIES = 200, STEPS = 300 };

static struct failure_tokens tokens_of(int64_t max_tokens, double ratio)
{
    struct failure_tokens t;

    assert_int_equal(
        failure_tokens_init(&t, &(struct failure_tokens_options){ max_tokens, ratio, 1 }), ERR_OK);
    return t;
}

/* Exact arithmetic in thousandths; the account is never looked at. */
static int64_t oracle_step(int64_t level, int64_t full, int64_t ratio_milli, uint64_t good,
                           uint64_t bad)
{
    level += (int64_t)good * ratio_milli - (int64_t)bad * 1000;
    return level < 0 ? 0 : level > full ? full : level;
}

static void live_one_history(uint64_t seed)
{
    struct rng r = rng_seeded(seed);
    int64_t ratio_milli = 1 + (int64_t)rng_below(&r, 3000);
    struct failure_tokens_options opt = {
        .max_tokens = 1 + (int64_t)rng_below(&r, FAILURE_TOKENS_MAX),
        .token_ratio = (double)ratio_milli / 1000,
        .clients = 1 + (int64_t)rng_below(&r, 50),
    };
    int64_t full = (int64_t)opt.max_tokens * opt.clients * 1000, level = full;
    struct failure_tokens t;

    print_message("seed %llu\n", (unsigned long long)seed);
    assert_int_equal(failure_tokens_init(&t, &opt), ERR_OK);
    for (int i = 0; i < STEPS; i++) {
        uint64_t good = rng_below(&r, 500), bad = rng_below(&r, (uint64_t)opt.max_tokens + 1);

        failure_tokens_on_results(&t, good, bad);
        level = oracle_step(level, full, ratio_milli, good, bad);
        assert_true(t.level_milli == (int64_t)level);
        assert_int_equal(failure_tokens_allow(&t), 2 * level > full);
        assert_int_equal(failure_tokens_allow(&t), failure_tokens_utilization_percent(&t) < 100);
        assert_true(failure_tokens_level(&t) <= failure_tokens_capacity(&t));
    }
}

static void test_failure_tokens__equal_exact_arithmetic(void **state UNUSED)
{
    for (uint64_t seed = 1; seed <= HISTORIES; seed++)
        live_one_history(seed);
}

/* The figures that users ask for: half of the tokens is the way to throttled, and back. */
static void test_failure_tokens__five_failures_of_ten_tokens_stop_retries(void **state UNUSED)
{
    struct failure_tokens t = tokens_of(10, 0.1);

    failure_tokens_on_results(&t, 0, 4);
    assert_true(failure_tokens_allow(&t));
    assert_float_equal(failure_tokens_utilization_percent(&t), 80, 1e-9);
    failure_tokens_on_results(&t, 0, 1);
    assert_false(failure_tokens_allow(&t));
    assert_float_equal(failure_tokens_utilization_percent(&t), 100, 1e-9);
    failure_tokens_on_results(&t, 0, 100);
    assert_float_equal(failure_tokens_level(&t), 0, 1e-9);
    failure_tokens_on_results(&t, 50, 0);
    assert_false(failure_tokens_allow(&t));
    failure_tokens_on_results(&t, 1, 0);
    assert_true(failure_tokens_allow(&t));
    assert_true(fabs(failure_tokens_sustainable_share(&t) - 0.1 / 1.1) < 1e-12);
}

static void test_failure_tokens__further_decimals_of_the_ratio_are_cut(void **state UNUSED)
{
    struct failure_tokens t = tokens_of(10, 0.0079);

    assert_int_equal(t.per_success_milli, 7);
    for (int milli = 1; milli <= 1000; milli++) {
        t = tokens_of(10, (double)milli / 1000);
        assert_int_equal(t.per_success_milli, milli);
    }
}

static void test_failure_tokens__refuses_what_is_out_of_range(void **state UNUSED)
{
    static const struct failure_tokens_options bad[] = {
        { 0, 0.1, 1 },
        { 1001, 0.1, 1 },
        { 10, 0, 1 },
        { 10, -1, 1 },
        { 10, 1001, 1 },
        { 10, 0.1, 0 },
        { 10, 0.1, FAILURE_TOKENS_CLIENTS_MAX + 1 },
        { 10, NAN, 1 },
    };
    struct failure_tokens t = tokens_of(10, 0.1), before = t;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(failure_tokens_init(&t, &bad[i]), ERR_INVALID);
        assert_memory_equal(&t, &before, sizeof t);
    }
    failure_tokens_on_results(&t, UINT64_MAX, UINT64_MAX);
    assert_true(t.level_milli >= 0 && t.level_milli <= t.full_milli);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure_tokens__equal_exact_arithmetic),
        cmocka_unit_test(test_failure_tokens__five_failures_of_ten_tokens_stop_retries),
        cmocka_unit_test(test_failure_tokens__further_decimals_of_the_ratio_are_cut),
        cmocka_unit_test(test_failure_tokens__refuses_what_is_out_of_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
