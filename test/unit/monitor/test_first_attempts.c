#include "unit.h"

#include <math.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/rng.h"
#include "monitor/first_attempts.h"

static const int64_t T0 = 1700000000000; /* the begin of a slot */

static void test_first_attempts__ratio_is_over_the_slots_it_touches(void **state UNUSED)
{
    struct first_attempts *f = first_attempts_new();

    assert_non_null(f);
    assert_true(isnan(first_attempts_ratio(f, T0, T0 + 10000)));
    first_attempts_add(f, 10, 5, T0 + 3000);
    first_attempts_add(f, 10, 0, T0 + 10000);
    first_attempts_add(f, 0, 0, T0 + 20000);
    assert_float_equal(first_attempts_ratio(f, T0, T0 + 10000), 0.5F, 1e-9);
    assert_float_equal(first_attempts_ratio(f, T0, T0 + 10001), 0.75F, 1e-9);
    assert_float_equal(first_attempts_ratio(f, T0 + 9999, T0 + 60000), 0.75F, 1e-9);
    assert_float_equal(first_attempts_ratio(f, T0 + 12000, T0 + 13000), 1, 1e-9);
    assert_true(isnan(first_attempts_ratio(f, T0 + 20000, T0 + 30000)));
    first_attempts_add(f, 0, 9, T0 + 12000); /* more than there were calls */
    first_attempts_add(f, 0, 9, T0 + 12000);
    assert_true(first_attempts_ratio(f, T0 + 12000, T0 + 13000) == 0);
    first_attempts_free(f);
}

/* Against a list of all that was told. */
static void test_first_attempts__random_histories_add_up(void **state UNUSED)
{
    enum { EVENTS = 1500 };
    static struct {
        int64_t slot, calls, failed;
    } all[EVENTS];

    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct rng r = rng_seeded(seed);
        struct first_attempts *f = first_attempts_new();
        int64_t now_ms = T0;

        print_message("seed %llu\n", (unsigned long long)seed);
        assert_non_null(f);
        for (int n = 0; n < EVENTS; n++) {
            int64_t at_ms = now_ms += (int64_t)rng_below(&r, rng_below(&r, 40) ? 9000 : 900000);
            int64_t from = now_ms / 10000 - (int64_t)rng_below(&r, 360), calls = 0, failed = 0;
            int64_t to = from + (int64_t)rng_below(&r, 360);
            double ratio;

            at_ms -= (int64_t)rng_below(&r, 600000);
            all[n].slot = at_ms / 10000;
            all[n].calls = (int64_t)rng_below(&r, 50);
            all[n].failed = (int64_t)rng_below(&r, (uint64_t)all[n].calls + 1);
            first_attempts_add(f, (double)all[n].calls, (double)all[n].failed, at_ms);
            for (int i = 0; i <= n; i++)
                if (all[i].slot >= from && all[i].slot <= to) {
                    calls += all[i].calls;
                    failed += all[i].failed;
                }
            ratio = first_attempts_ratio(f, from * 10000, (to + 1) * 10000);
            assert_int_equal(isnan(ratio), calls == 0);
            if (calls)
                assert_true(fabs(ratio - (1 - (double)failed / (double)calls)) < 1e-12);
        }
        first_attempts_free(f);
    }
}

static void test_first_attempts__no_memory_is_none(void **state UNUSED)
{
    mem_fail_nth(1);
    assert_null(first_attempts_new());
    mem_fail_nth(0);
    first_attempts_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_attempts__ratio_is_over_the_slots_it_touches),
        cmocka_unit_test(test_first_attempts__random_histories_add_up),
        cmocka_unit_test(test_first_attempts__no_memory_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
