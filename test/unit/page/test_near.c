#include "page/near.h"

#include <math.h>

#include "base/rng.h"
#include "model/sample.h"
#include "unit.h"

enum { COUNT = 100 };

static void test_near__sum_is_a_decimal_and_some_units(void **state)
{
    int64_t integer, units;

    (void)state;
    assert_true(near_fits(0.1 + 0.2, 1, &integer, &units));
    assert_int_equal(integer, 3);
    assert_int_equal(units, 1);
    assert_false(near_fits(NAN, 1, &integer, &units));
    assert_false(near_fits(INFINITY, 1, &integer, &units));
    assert_false(near_fits(1e300, 1, &integer, &units));
}

static void test_near__whatever_fits_comes_back(void **state)
{
    struct rng rng = rng_seeded(31);
    int64_t integer, units;
    double back;

    (void)state;
    for (int run = 0; run < 200000; run++) {
        double value = sample_from_bits(rng_next(&rng));
        unsigned exponent = 1 + (unsigned)rng_below(&rng, NEAR_EXPONENT_MAX);

        if (!near_fits(value, exponent, &integer, &units))
            continue;
        near_values(&integer, &units, 1, exponent, &back);
        assert_int_equal(sample_bits(back), sample_bits(value));
    }
}

static void test_near__finds_the_digits_that_were_summed(void **state)
{
    struct rng rng = rng_seeded(32);
    double values[COUNT], sum = 1000, noise = 1000;
    unsigned exponent = 0;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        sum += (double)rng_below(&rng, 1000) / 1000;
        values[i] = sum;
    }
    assert_true(near_exponent(values, COUNT, &exponent));
    assert_int_equal(exponent, 3);
    for (int i = 0; i < COUNT; i++) {
        noise += rng_unit(&rng);
        values[i] = noise;
    }
    assert_false(near_exponent(values, COUNT, &exponent));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_near__sum_is_a_decimal_and_some_units),
        cmocka_unit_test(test_near__whatever_fits_comes_back),
        cmocka_unit_test(test_near__finds_the_digits_that_were_summed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
