#include "unit.h"

#include "base/attr.h"
#include "base/str.h"

static void test_str__nothing_is_equal_to_empty(void **state)
{
    (void)state;
    assert_true(str_equals(STR_NONE, STR("")));
    assert_true(str_equals(str_of(NULL), STR_NONE));
    assert_true(str_has_prefix(STR_NONE, STR_NONE));
    assert_true(str_has_suffix(STR("x"), STR_NONE));
    assert_int_equal(str_trim(STR_NONE).len, 0);
    assert_int_equal(str_find(STR_NONE, 'x'), 0);
    assert_int_equal(str_compare(STR_NONE, STR("")), 0);
    assert_true(str_is_utf8(STR_NONE));
}

static void test_str__compares_bytes(void **state)
{
    (void)state;
    assert_true(str_compare(STR("a"), STR("b")) < 0);
    assert_true(str_compare(STR("ab"), STR("a")) > 0);
    assert_true(str_compare(STR("a"), STR("ab")) < 0);
    assert_true(str_compare(STR("\xFF"), STR("a")) > 0);
    assert_true(str_compare(STR("a\0a"), STR("a\0b")) < 0);
    assert_false(str_equals(STR("a\0a"), STR("a\0b")));
}

static void test_str__letters_without_case_are_ascii_ones(void **state)
{
    (void)state;
    assert_true(str_equals_nocase(STR("Content-Length"), STR("content-lENGTH")));
    assert_false(str_equals_nocase(STR("a"), STR("ab")));
    assert_false(str_equals_nocase(STR("a\0b"), STR("a\0c")));
    assert_false(str_equals_nocase(STR("[@"), STR("{`")));
    assert_false(str_equals_nocase(STR("\xC4"), STR("\xE4")));
}

static void test_str__cuts_at_the_first_separator(void **state)
{
    struct str head = STR_NONE;

    (void)state;
    assert_true(str_equals(str_cut(STR("a=b=c"), '=', &head), STR("b=c")));
    assert_true(str_equals(head, STR("a")));
    assert_int_equal(str_cut(STR("abc"), '=', &head).len, 0);
    assert_true(str_equals(head, STR("abc")));
    assert_int_equal(str_cut(STR("="), '=', &head).len, 0);
    assert_int_equal(head.len, 0);
}

static void test_str__trims_both_ends(void **state)
{
    (void)state;
    assert_true(str_equals(str_trim(STR(" \t\r\na b \n")), STR("a b")));
    assert_int_equal(str_trim(STR(" \n ")).len, 0);
}

static void test_str__knows_beginnings_and_ends(void **state)
{
    (void)state;
    assert_true(str_has_prefix(STR("http://x"), STR("http://")));
    assert_false(str_has_prefix(STR("http"), STR("http://")));
    assert_true(str_has_suffix(STR("a_total"), STR("_total")));
    assert_false(str_has_suffix(STR("total"), STR("_total")));
}

/* Unicode 15, table 3-7: the first and last of each row, and what lies just outside. */
static void test_str__utf8_is_what_unicode_says(void **state)
{
    const struct {
        struct str text;
        bool valid;
    } cases[] = {
        { STR("plain"), true },
        { STR("\x7F"), true },
        { STR("\xC2\x80"), true },
        { STR("\xDF\xBF"), true },
        { STR("\xE0\xA0\x80"), true },
        { STR("\xEC\xBF\xBF"), true },
        { STR("\xED\x9F\xBF"), true },
        { STR("\xEE\x80\x80"), true },
        { STR("\xEF\xBF\xBF"), true },
        { STR("\xF0\x90\x80\x80"), true },
        { STR("\xF4\x8F\xBF\xBF"), true },
        { STR("a\0b"), false },
        { STR("\x80"), false },
        { STR("\xC0\x80"), false },
        { STR("\xC1\xBF"), false },
        { STR("\xC2"), false },
        { STR("\xC2\x7F"), false },
        { STR("\xC2\xC0"), false },
        { STR("\xE0\x9F\xBF"), false },
        { STR("\xE1\x80"), false },
        { STR("\xE1\x80\x7F"), false },
        { STR("\xED\xA0\x80"), false },
        { STR("\xED\xBF\xBF"), false },
        { STR("\xF0\x8F\xBF\xBF"), false },
        { STR("\xF1\x80\x80"), false },
        { STR("\xF4\x90\x80\x80"), false },
        { STR("\xF5\x80\x80\x80"), false },
        { STR("\xFF"), false },
        { STR("ok \xE2\x82\xAC ok"), true },
        { STR("ok \xE2\x82 ok"), false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(str_is_utf8(cases[i].text), cases[i].valid);
}

static void test_str__code_points_are_written_as_utf8(void **state)
{
    static const struct {
        uint32_t code;
        struct str text;
    } cases[] = {
        { 0, { "", 1 } },
        { 0x7F, STR("\x7f") },
        { 0x80, STR("\xc2\x80") },
        { 0x7FF, STR("\xdf\xbf") },
        { 0x800, STR("\xe0\xa0\x80") },
        { 0x20AC, STR("\xe2\x82\xac") },
        { 0xFFFF, STR("\xef\xbf\xbf") },
        { 0x10000, STR("\xf0\x90\x80\x80") },
        { 0x10FFFF, STR("\xf4\x8f\xbf\xbf") },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[4];
        size_t len = str_put_utf8(out, cases[i].code);

        assert_true(str_equals((struct str){ out, len }, cases[i].text));
    }
}

static void test_str__reads_integers_in_range_only(void **state)
{
    const struct str wrong[] = {
        STR(""),
        STR("-"),
        STR("+"),
        STR("1 "),
        STR(" 1"),
        STR("1.0"),
        STR("0x1"),
        STR("a"),
        STR("1\0"),
        STR("--1"),
        STR("9223372036854775808"),
        STR("-9223372036854775809"),
        STR("99999999999999999999999"),
    };
    int64_t value = 77;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_false(str_parse_i64(wrong[i], &value));
    assert_int_equal(value, 77);
    assert_true(str_parse_i64(STR("9223372036854775807"), &value));
    assert_int_equal(value, INT64_MAX);
    assert_true(str_parse_i64(STR("-9223372036854775808"), &value));
    assert_int_equal(value, INT64_MIN);
    assert_true(str_parse_i64(STR("+007"), &value));
    assert_int_equal(value, 7);
}

static void test_str__distance_counts_edits(void **state)
{
    static const char long_name[66] = { 'x' };

    (void)state;
    assert_int_equal(str_distance(STR("kitten"), STR("sitting")), 3);
    assert_int_equal(str_distance(STR("services"), STR("sevices")), 1);
    assert_int_equal(str_distance(STR(""), STR("abc")), 3);
    assert_int_equal(str_distance(STR("abc"), STR("")), 3);
    assert_int_equal(str_distance(STR("same"), STR("same")), 0);
    assert_int_equal(str_distance((struct str){ long_name, 64 }, (struct str){ long_name, 64 }), 0);
    assert_int_equal(str_distance((struct str){ long_name, 65 }, STR("x")), SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_str__nothing_is_equal_to_empty),
        cmocka_unit_test(test_str__compares_bytes),
        cmocka_unit_test(test_str__letters_without_case_are_ascii_ones),
        cmocka_unit_test(test_str__cuts_at_the_first_separator),
        cmocka_unit_test(test_str__trims_both_ends),
        cmocka_unit_test(test_str__knows_beginnings_and_ends),
        cmocka_unit_test(test_str__utf8_is_what_unicode_says),
        cmocka_unit_test(test_str__code_points_are_written_as_utf8),
        cmocka_unit_test(test_str__reads_integers_in_range_only),
        cmocka_unit_test(test_str__distance_counts_edits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
