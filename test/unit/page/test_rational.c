#include "page/rational.h"

#include <math.h>

#include "base/rng.h"
#include "model/sample.h"
#include "unit.h"

static int64_t common_divisor(int64_t a, int64_t b)
{
    return b ? common_divisor(b, a % b) : a;
}

static void test_rational__finds_the_reduced_quotient(void **state)
{
    struct rng rng = rng_seeded(21);

    (void)state;
    for (int run = 0; run < 100000; run++) {
        int64_t q = 1 + (int64_t)rng_below(&rng, 20000);
        int64_t p = (int64_t)rng_below(&rng, 100000) - 50000;
        int64_t divisor = common_divisor(p < 0 ? -p : p, q);
        int64_t found_p, found_q;

        assert_true(rational_fits((double)p / (double)q, &found_p, &found_q));
        assert_int_equal(found_q, q / divisor);
        assert_int_equal(found_p, p / divisor);
    }
}

static void test_rational__whatever_fits_comes_back(void **state)
{
    struct rng rng = rng_seeded(22);
    int64_t p, q;
    double back;

    (void)state;
    for (int run = 0; run < 200000; run++) {
        double value = rng_below(&rng, 2) ? sample_from_bits(rng_next(&rng))
                                          : rng_unit(&rng) * (double)rng_below(&rng, 1u << 30);

        if (!rational_fits(value, &p, &q))
            continue;
        assert_in_range(q, 1, RATIONAL_DENOMINATOR_MAX);
        rational_values(&p, &q, 1, &back);
        assert_int_equal(sample_bits(back), sample_bits(value));
    }
}

static void test_rational__refuses_what_is_none(void **state)
{
    static const double misfits[] = { NAN,   INFINITY, -INFINITY, -0.0,
                                      1e300, 5e-324,   0x1p60,    3.141592653589793 };
    int64_t p = 1, q = 2;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(misfits); i++)
        assert_false(rational_fits(misfits[i], &p, &q));
    assert_int_equal(p, 1);
    assert_int_equal(q, 2);
}

static void test_rational__is_brought_to_one_denominator(void **state)
{
    int64_t p[] = { 1, -2, 0 }, q[] = { 4, 3, 1 };
    int64_t primes_p[] = { 1, 1, 1 }, primes_q[] = { 1009, 1013, 1019 };
    int64_t long_p[] = { INT64_C(1) << 41, 1 }, long_q[] = { 2, 1048573 };

    (void)state;
    rational_unify(p, q, 3);
    assert_memory_equal(p, ((int64_t[]){ 3, -8, 0 }), sizeof p);
    assert_memory_equal(q, ((int64_t[]){ 12, 12, 12 }), sizeof q);
    rational_unify(primes_p, primes_q, 3);
    assert_memory_equal(primes_q, ((int64_t[]){ 1009, 1013, 1019 }), sizeof primes_q);
    rational_unify(long_p, long_q, 2); /* 2^41 times 1048573 is no exact double */
    assert_memory_equal(long_q, ((int64_t[]){ 2, 1048573 }), sizeof long_q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rational__finds_the_reduced_quotient),
        cmocka_unit_test(test_rational__whatever_fits_comes_back),
        cmocka_unit_test(test_rational__refuses_what_is_none),
        cmocka_unit_test(test_rational__is_brought_to_one_denominator),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
