#include <string.h>

#include "unit.h"

#include "base/rng.h"

static void test_rng__gives_the_published_sequence(void **state)
{
    /* SplitMix64 from the seed 1234567, as in the reference implementation. */
    static const uint64_t expected[] = { 6457827717110365317u, 3203168211198807973u,
                                         9817491932198370423u, 4593380528125082431u,
                                         16408922859458223821u };
    struct rng rng = rng_seeded(1234567);

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_int_equal(rng_next(&rng), expected[i]);
}

static void test_rng__below_stays_below_and_is_even(void **state)
{
    struct rng rng = rng_seeded(1);
    size_t counts[6] = { 0 };

    (void)state;
    for (int i = 0; i < 60000; i++)
        counts[rng_below(&rng, 6)]++;
    for (size_t i = 0; i < 6; i++)
        assert_in_range(counts[i], 9600, 10400); /* more than four standard deviations */
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(rng_below(&rng, 1), 0);
        assert_true(rng_below(&rng, UINT64_MAX) < UINT64_MAX);
        assert_true(rng_below(&rng, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
    }
}

static void test_rng__unit_is_at_least_zero_and_below_one(void **state)
{
    struct rng rng = rng_seeded(2);
    double sum = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        double x = rng_unit(&rng);

        assert_true(x >= 0 && x < 1);
        sum += x;
    }
    assert_true(sum > 49500 && sum < 50500);
}

static void test_rng__the_system_gives_different_bytes_each_time(void **state)
{
    unsigned char a[300] = { 0 }, b[300] = { 0 };

    (void)state;
    assert_true(rng_secure_bytes(a, sizeof a));
    assert_true(rng_secure_bytes(b, sizeof b));
    assert_true(memcmp(a, b, sizeof a) != 0);
    assert_true(rng_secure_bytes(a, 0));
    assert_true(rng_from_system().state != rng_from_system().state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng__gives_the_published_sequence),
        cmocka_unit_test(test_rng__below_stays_below_and_is_even),
        cmocka_unit_test(test_rng__unit_is_at_least_zero_and_below_one),
        cmocka_unit_test(test_rng__the_system_gives_different_bytes_each_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
