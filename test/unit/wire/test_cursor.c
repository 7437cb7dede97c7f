#include "wire/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"

static void check_value(const char *text)
{
    double value = -1;

    assert_true(cursor_parse_value(str_of(text), &value));
    if (value != strtod(text, NULL))
        fail_msg("%s is read as %.17g", text, value);
}

static void test_cursor__reads_decimals_to_the_last_bit(void **state)
{
    struct rng rng = rng_seeded(7);
    char text[64];

    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint64_t whole = rng_next(&rng) >> (rng_next(&rng) % 64);
        uint64_t rest = rng_next(&rng) >> (rng_next(&rng) % 64);

        snprintf(text, sizeof text, "%llu.%llu", (unsigned long long)whole,
                 (unsigned long long)rest);
        check_value(text);
        text[16] = '\0';
        check_value(text);
        text[3] = '\0';
        check_value(text);
    }
}

static void test_cursor__reads_the_edges_of_numbers(void **state)
{
    static const char *const good[] = { "0",
                                        ".5",
                                        "5.",
                                        "0.1",
                                        "999999999999999",
                                        "1e-9",
                                        "+1",
                                        "-0.5",
                                        "00.100",
                                        "9999999999999999",
                                        "+3.14",
                                        ".000000000000001" };
    static const char *const bad[] = {
        "", ".", "1.2.3", "1..2", "-", "1 ", "0x1", "1e999", "-NaN"
    };
    double value;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        check_value(good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(cursor_parse_value(str_of(bad[i]), &value));
}

static void test_cursor__cuts_lines_and_says_where_it_stands(void **state)
{
    struct str rest = STR("ab\n\nc");
    struct diag diag = { 0 };
    struct cursor c;
    bool fed;

    (void)state;
    assert_true(cursor_take_line(&rest, 1, &c, &fed));
    assert_true(fed);
    assert_true(str_equals(cursor_rest(&c), STR("ab")));
    c.at++;
    assert_int_equal(cursor_refuse(&c, &diag, "an x is expected"), ERR_INVALID);
    assert_string_equal(diag.message, "an x is expected, not \"b\"");
    assert_int_equal(diag.line, 1);
    assert_int_equal(diag.column, 2);
    assert_true(cursor_take_line(&rest, 2, &c, &fed));
    assert_int_equal(cursor_rest(&c).len, 0);
    assert_true(cursor_take_line(&rest, 3, &c, &fed));
    assert_false(fed);
    assert_false(cursor_take_line(&rest, 4, &c, &fed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cursor__reads_decimals_to_the_last_bit),
        cmocka_unit_test(test_cursor__reads_the_edges_of_numbers),
        cmocka_unit_test(test_cursor__cuts_lines_and_says_where_it_stands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
