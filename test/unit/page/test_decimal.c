#include "page/decimal.h"

#include <math.h>
#include <stdlib.h>

#include "model/sample.h"
#include "unit.h"

static void check_comes_back(double value, unsigned exponent, int64_t expected)
{
    int64_t integer;
    double back;

    assert_true(decimal_fits(value, exponent, &integer));
    assert_int_equal(integer, expected);
    decimal_values(&integer, 1, exponent, &back);
    assert_int_equal(sample_bits(back), sample_bits(value));
}

static void test_decimal__reads_as_its_digits(void **state)
{
    (void)state;
    check_comes_back(0, 0, 0);
    check_comes_back(-7, 0, -7);
    check_comes_back(0.1, 1, 1);
    check_comes_back(-12.34, 2, -1234);
    check_comes_back(0.000000001, 9, 1);
    check_comes_back(123456789.123456, 6, 123456789123456);
    check_comes_back(0x1p61, 0, INT64_C(1) << 61);
    check_comes_back(9007199254740994, 0, 9007199254740994);
}

static void test_decimal__refuses_what_would_lose_a_bit(void **state)
{
    static const double misfits[] = { NAN,    INFINITY, -INFINITY, -0.0,   1e300,
                                      5e-324, 0x1p63,   0.1 + 0.2, 1.0 / 3 };
    int64_t integer = 42;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(misfits); i++)
        for (unsigned exponent = 0; exponent <= DECIMAL_EXPONENT_MAX; exponent++)
            assert_false(decimal_fits(misfits[i], exponent, &integer));
    assert_int_equal(integer, 42);
}

static void test_decimal__takes_the_smallest_exponent_for_all(void **state)
{
    static const double values[] = { 5, 0.25, NAN, 0.5, 17.125, INFINITY };
    static const double strange[] = { 0.1 + 0.2, 1.0 / 3, 1.0 / 7, 1e300, 1.0 / 9, 5, 1.0 / 11 };
    static const double nothing[] = { NAN, INFINITY };
    unsigned exponent;

    (void)state;
    assert_true(decimal_exponent(values, ARRAY_LEN(values), &exponent));
    assert_int_equal(exponent, 3);
    assert_false(decimal_exponent(strange, ARRAY_LEN(strange), &exponent));
    assert_false(decimal_exponent(nothing, ARRAY_LEN(nothing), &exponent));
    assert_false(decimal_exponent(NULL, 0, &exponent));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimal__reads_as_its_digits),
        cmocka_unit_test(test_decimal__refuses_what_would_lose_a_bit),
        cmocka_unit_test(test_decimal__takes_the_smallest_exponent_for_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
