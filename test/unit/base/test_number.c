#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/attr.h"
#include "base/number.h"
#include "base/number_shortest.h"
#include "base/rng.h"

enum { RANDOM_CASES = 200000 };

static double from_bits(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Reads back as the same bits, by strtod and by us, and is no longer than %.17g. */
static void assert_round_trip(double value)
{
    char text[NUMBER_TEXT_BYTES], reference[40];
    size_t len = number_format(value, text);
    double back = 0;

    assert_int_equal(len, strlen(text));
    assert_true(len < NUMBER_TEXT_BYTES);
    assert_int_equal(bits_of(strtod(text, NULL)), bits_of(value));
    assert_true(number_parse((struct str){ text, len }, &back));
    assert_int_equal(bits_of(back), bits_of(value));
    snprintf(reference, sizeof reference, "%.17g", value);
    assert_true(number_parse(str_of(reference), &back));
    assert_int_equal(bits_of(back), bits_of(value));
}

static void test_number__random_bit_patterns_survive(void **state)
{
    struct rng rng = rng_seeded(42);

    (void)state;
    for (int i = 0; i < RANDOM_CASES; i++) {
        double value = from_bits(rng_next(&rng));

        if (isfinite(value))
            assert_round_trip(value);
    }
}

static void test_number__everyday_figures_survive(void **state)
{
    struct rng rng = rng_seeded(43);

    (void)state;
    for (int i = 0; i < RANDOM_CASES; i++) {
        double value = (double)(int64_t)rng_below(&rng, 100000000) / 1000.0;

        assert_round_trip(rng_next(&rng) & 1 ? value : -value);
    }
}

static void test_number__the_edges_survive(void **state)
{
    static const double edges[] = { DBL_MAX,     -DBL_MAX, DBL_MIN,    DBL_TRUE_MIN,
                                    DBL_EPSILON, 0x1p53,   0x1p53 + 2, 0x1p63,
                                    0x1p64,      0.1,      0.3,        2.0 / 3 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(edges); i++)
        assert_round_trip(edges[i]);
    for (int exponent = -1074; exponent < 1024; exponent++) {
        assert_round_trip(ldexp(1, exponent));
        assert_round_trip(nextafter(ldexp(1, exponent), 0));
    }
    for (int exponent = -323; exponent < 309; exponent++) {
        char text[16];

        snprintf(text, sizeof text, "1e%d", exponent);
        assert_round_trip(strtod(text, NULL));
    }
}

static void test_number__writes_the_shortest_text(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        { 0, "0" },
        { -0.0, "-0" },
        { 1, "1" },
        { -17, "-17" },
        { 0.1, "0.1" },
        { 0.30000000000000004, "0.30000000000000004" },
        { 1.5e-6, "0.0000015" },
        { 9.5e-7, "9.5e-07" },
        { 1e-7, "1e-07" },
        { 123456789.125, "123456789.125" },
        { 999999999999999, "999999999999999" },
        { 1e15, "1000000000000000" },
        { 1e20, "100000000000000000000" },
        { 123456789012345680000.0, "123456789012345680000" },
        { 1e21, "1e+21" },
        { -2.5e100, "-2.5e+100" },
        { 1.7976931348623157e308, "1.7976931348623157e+308" },
        { 5e-324, "5e-324" },
        { 2.2250738585072014e-308, "2.2250738585072014e-308" },
        { 1e-310, "1e-310" },
    };
    char text[NUMBER_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(number_format(cases[i].value, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
    number_format((double)NAN, text);
    assert_string_equal(text, "NaN");
    number_format((double)INFINITY, text);
    assert_string_equal(text, "+Inf");
    number_format(-(double)INFINITY, text);
    assert_string_equal(text, "-Inf");
}

static void test_number__reads_what_strtod_reads(void **state)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "+1",
        "1.",
        ".5",
        "-.5",
        "00012",
        "1e3",
        "1E+3",
        "1e-3",
        "0x1p-2",
        "0x1.8p1",
        "123456789012345678",
        "0.1234567890123456789",
        "999999999999999",
        "9999999999999999",
        "0.000000000000001",
        "4.9e-324",
        "1.7976931348623157e308",
        "3.14159265358979",
        "-12345678.90123",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        double value = -1;

        assert_true(number_parse(str_of(texts[i]), &value));
        assert_int_equal(bits_of(value), bits_of(strtod(texts[i], NULL)));
    }
}

static void test_number__reads_the_words(void **state)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        { "Inf", (double)INFINITY },        { "+Inf", (double)INFINITY },
        { "-inf", -(double)INFINITY },      { "INFINITY", (double)INFINITY },
        { "-Infinity", -(double)INFINITY },
    };
    double value = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_true(number_parse(str_of(cases[i].text), &value));
        assert_true(value == cases[i].value);
    }
    assert_true(number_parse(STR("nAn"), &value));
    assert_int_equal(bits_of(value), 0x7ff8000000000001);
}

static void test_number__refuses_what_is_none(void **state)
{
    const struct str texts[] = {
        STR(""),      STR(" 1"),     STR("1 "),  STR("."),    STR("+"),
        STR("-"),     STR("1..2"),   STR("1e"),  STR("e5"),   STR("0x"),
        STR("0x10"),  STR("1_000"),  STR("1,5"), STR("--1"),  STR("in"),
        STR("infin"), STR("nanx"),   STR("1\0"), STR("\0"),   STR("1e5x"),
        STR("one"),   STR("nan(1)"), STR("0b1"), STR("\xFF"), STR("1\n"),
    };
    char huge[500];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        double value = 77;

        assert_false(number_parse(texts[i], &value));
        assert_true(value == 77);
    }
    memset(huge, '1', sizeof huge);
    assert_false(number_parse((struct str){ huge, sizeof huge }, &(double){ 0 }));
}

static void test_number__plain_has_no_exponent(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        { 1e21, "1000000000000000000000" },
        { -2.5e-7, "-0.00000025" },
        { 0.25, "0.25" },
        { -0.0, "-0" },
        { INFINITY, "+Inf" },
        { NAN, "NaN" },
    };
    char text[NUMBER_PLAIN_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(number_format_plain(cases[i].value, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
    assert_int_equal(number_format_plain(-DBL_MAX, text), 310);
    assert_true(number_format_plain(-DBL_TRUE_MIN, text) < sizeof text);
}

static size_t significant_digits(const char *text)
{
    size_t count = 0, trailing = 0;

    for (; *text && *text != 'e'; text++) {
        if (!isdigit((unsigned char)*text) || (*text == '0' && !count))
            continue;
        count++;
        trailing = *text == '0' ? trailing + 1 : 0;
    }
    return count - trailing;
}

/* The fewest digits, by trying. */
static void assert_shortest(double value)
{
    char text[NUMBER_TEXT_BYTES], tried[40];
    int digits = 0;

    do
        snprintf(tried, sizeof tried, "%.*e", digits++, value);
    while (strtod(tried, NULL) != value);
    number_format(value, text);
    assert_int_equal(significant_digits(text), significant_digits(tried));
}

static void test_number__no_shorter_text_reads_back(void **state)
{
    struct rng rng = rng_seeded(44);

    (void)state;
    for (int i = 0; i < RANDOM_CASES / 10; i++) {
        double any = from_bits(rng_next(&rng));
        double cents = (double)rng_below(&rng, 1000000000) / 100;

        assert_shortest(cents);
        assert_shortest(cents / 3);
        assert_shortest(cents * 1e9 / 7);
        if (fabs(any) > DBL_MIN && isfinite(any))
            assert_shortest(any);
    }
}

/* Of each size from 1e-6 to 2^53, the smallest and the largest of it among them: word for word as
 * C++'s library has it. */
static void test_number__everyday_sizes_are_the_librarys(void **state)
{
    enum { FIRST = 1023 - 19, LAST = 1023 + 52 };
    struct rng rng = rng_seeded(45);

    (void)state;
    for (int i = 0; i < RANDOM_CASES * 5; i++) {
        uint64_t size = FIRST + (uint64_t)i % (LAST - FIRST + 1), mantissa = rng_next(&rng) >> 12;
        char text[NUMBER_TEXT_BYTES], reference[NUMBER_SHORTEST_BYTES + 1] = { 0 };
        double value;

        if (i % 7 == 0)
            mantissa = i % 2 ? mantissa % 4 : (UINT64_C(1) << 52) - 1 - mantissa % 4;
        value = from_bits(size << 52 | mantissa);
        number_shortest(value, false, reference);
        number_format(value, text);
        assert_string_equal(text, reference);
    }
}

static void test_number__writes_whole_numbers(void **state)
{
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {
        { 0, "0" },
        { 9, "9" },
        { 10, "10" },
        { -1, "-1" },
        { 1795188180, "1795188180" },
        { INT64_MAX, "9223372036854775807" },
        { INT64_MIN, "-9223372036854775808" },
    };
    char text[NUMBER_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(number_format_i64(cases[i].value, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number__random_bit_patterns_survive),
        cmocka_unit_test(test_number__everyday_figures_survive),
        cmocka_unit_test(test_number__the_edges_survive),
        cmocka_unit_test(test_number__writes_the_shortest_text),
        cmocka_unit_test(test_number__no_shorter_text_reads_back),
        cmocka_unit_test(test_number__everyday_sizes_are_the_librarys),
        cmocka_unit_test(test_number__writes_whole_numbers),
        cmocka_unit_test(test_number__reads_what_strtod_reads),
        cmocka_unit_test(test_number__reads_the_words),
        cmocka_unit_test(test_number__refuses_what_is_none),
        cmocka_unit_test(test_number__plain_has_no_exponent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
