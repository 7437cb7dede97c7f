#include "unit.h"

#include <math.h>

#include "base/attr.h"
#include "base/rng.h"
#include "resilience/retry_quota.h"

enum { HISTORIES = 200, STEPS = 300 };

static struct retry_quota quota_of(int64_t capacity, int64_t cost)
{
    struct retry_quota q;

    assert_int_equal(retry_quota_init(&q, &(struct retry_quota_options){ capacity, cost, 1, 1 }),
                     ERR_OK);
    return q;
}

static void live_one_history(uint64_t seed)
{
    struct rng r = rng_seeded(seed);
    int64_t capacity = 1 + (int64_t)rng_below(&r, 1000);
    struct retry_quota_options opt = {
        .capacity = capacity,
        .cost = 1 + (int64_t)rng_below(&r, (uint64_t)capacity),
        .refund = (int64_t)rng_below(&r, 3) % (capacity + 1),
        .clients = 1 + (int64_t)rng_below(&r, 20),
    };
    int64_t full = (int64_t)opt.capacity * opt.clients, level = full;
    struct retry_quota q;

    print_message("seed %llu\n", (unsigned long long)seed);
    assert_int_equal(retry_quota_init(&q, &opt), ERR_OK);
    for (int i = 0; i < STEPS; i++) {
        uint64_t retries = rng_below(&r, 40), good = rng_below(&r, 100);
        uint64_t back = rng_below(&r, retries + 1);

        retry_quota_on_results(&q, &(struct retry_quota_results){ good, retries, back });
        level += (int64_t)good * opt.refund - (int64_t)(retries - back) * opt.cost;
        level = level < 0 ? 0 : level > full ? full : level;
        assert_true(q.level == (int64_t)level);
        assert_int_equal(retry_quota_allow(&q), level >= opt.cost);
        assert_int_equal(retry_quota_allow(&q), retry_quota_utilization_percent(&q) < 100);
        assert_true(retry_quota_remaining(&q) == (int64_t)(level / opt.cost));
    }
}

static void test_retry_quota__equals_exact_arithmetic(void **state UNUSED)
{
    for (uint64_t seed = 1; seed <= HISTORIES; seed++)
        live_one_history(seed);
}

/* The SDKs' own figures: a burst of 100 retries at cost 5, of 35 at cost 14. */
static void test_retry_quota__a_burst_from_full_has_an_end(void **state UNUSED)
{
    struct retry_quota q = quota_of(500, 5);

    assert_int_equal(retry_quota_remaining(&q), 100);
    retry_quota_on_results(&q, &(struct retry_quota_results){ .retries = 99 });
    assert_true(retry_quota_allow(&q));
    assert_float_equal(retry_quota_utilization_percent(&q), 99, 1e-9);
    retry_quota_on_results(&q, &(struct retry_quota_results){ .retries = 1 });
    assert_false(retry_quota_allow(&q));
    assert_float_equal(retry_quota_utilization_percent(&q), 100, 1e-9);
    q = quota_of(500, 14);
    assert_int_equal(retry_quota_remaining(&q), 35);
}

static void test_retry_quota__only_successes_fill_it(void **state UNUSED)
{
    struct retry_quota q = quota_of(500, 5);

    retry_quota_on_results(&q, &(struct retry_quota_results){ .retries = 100 });
    for (int i = 0; i < 1000; i++)
        retry_quota_on_results(&q, &(struct retry_quota_results){ 0 });
    assert_false(retry_quota_allow(&q));
    retry_quota_on_results(&q, &(struct retry_quota_results){ .first_successes = 5 });
    assert_true(retry_quota_allow(&q));
    retry_quota_on_results(&q, &(struct retry_quota_results){ .retries = 1, .retry_successes = 1 });
    assert_int_equal(retry_quota_remaining(&q), 1);
}

static void test_retry_quota__refuses_what_is_out_of_range(void **state UNUSED)
{
    static const struct retry_quota_options bad[] = {
        { 0, 1, 1, 1 },
        { 10, 0, 1, 1 },
        { 10, 11, 1, 1 },
        { 10, 1, 11, 1 },
        { 10, 1, -1, 1 },
        { 10, 1, 1, 0 },
        { RETRY_QUOTA_UNITS_MAX + 1, 1, 1, 1 },
        { 10, 1, 1, RETRY_QUOTA_CLIENTS_MAX + 1 },
    };
    struct retry_quota q = quota_of(10, 1), before = q;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(retry_quota_init(&q, &bad[i]), ERR_INVALID);
        assert_memory_equal(&q, &before, sizeof q);
    }
    retry_quota_on_results(&q, &(struct retry_quota_results){ UINT64_MAX, UINT64_MAX, 0 });
    assert_true(q.level >= 0 && q.level <= q.full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retry_quota__equals_exact_arithmetic),
        cmocka_unit_test(test_retry_quota__a_burst_from_full_has_an_end),
        cmocka_unit_test(test_retry_quota__only_successes_fill_it),
        cmocka_unit_test(test_retry_quota__refuses_what_is_out_of_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
