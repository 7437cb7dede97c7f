#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#include "base/attr.h"
#include "base/json.h"
#include "base/mem.h"
#include "seed.h"

static struct buf out;
static struct json j;

static int begin(void **state)
{
    (void)state;
    out = buf_limited(1 << 16);
    j = json_to(&out);
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_release(&out);
    return 0;
}

static void assert_json(const char *expected)
{
    assert_int_equal(buf_error(&out), ERR_OK);
    buf_append_byte(&out, '\0');
    assert_string_equal(out.data, expected);
}

static void test_json__commas_stand_between_items_only(void **state)
{
    (void)state;
    json_open_object(&j);
    json_key(&j, "a");
    json_open_array(&j);
    json_int(&j, 1);
    json_open_object(&j);
    json_close_object(&j);
    json_bool(&j, true);
    json_null(&j);
    json_close_array(&j);
    json_key(&j, "b");
    json_raw(&j, STR("[0]"));
    json_key_str(&j, STR("c\"d"));
    json_cstr(&j, NULL);
    json_close_object(&j);
    assert_json("{\"a\":[1,{},true,null],\"b\":[0],\"c\\\"d\":null}");
}

static void test_json__takes_text_that_is_written_in_place(void **state)
{
    char *room;

    (void)state;
    json_open_array(&j);
    for (int i = 0; i < 2; i++) {
        room = json_raw_room(&j, 100);
        assert_non_null(room);
        memcpy(room, "[7]", 3);
        json_raw_end(&j, 3);
    }
    json_close_array(&j);
    assert_json("[[7],[7]]");
    assert_null(json_raw_room(&j, SIZE_MAX));
    assert_int_equal(buf_error(&out), ERR_LIMIT);
}

static void test_json__escapes_text(void **state)
{
    const struct {
        struct str text;
        const char *json;
    } cases[] = {
        { STR("plain"), "\"plain\"" },
        { STR(""), "\"\"" },
        { STR("a\"b\\c"), "\"a\\\"b\\\\c\"" },
        { STR("\n\t\x01\x7f"), "\"\\n\\u0009\\u0001\\u007f\"" },
        { STR("a\0b"), "\"a\\u0000b\"" },
        { STR("</script>&"), "\"\\u003c/script\\u003e\\u0026\"" },
        { STR("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x94\xA5"), "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x94\xA5\"" },
        { STR("\xE2\x80\xA8\xE2\x80\xA9"), "\"\\u2028\\u2029\"" },
        { STR("\x80z"), "\"\\ufffdz\"" },                     /* continuation without a lead */
        { STR("\xC0\xAF"), "\"\\ufffd\\ufffd\"" },            /* overlong */
        { STR("\xED\xA0\x80"), "\"\\ufffd\\ufffd\\ufffd\"" }, /* a surrogate */
        { STR("x\xE2\x82"), "\"x\\ufffd\\ufffd\"" },          /* cut short */
        { STR("\xFF\xFE"), "\"\\ufffd\\ufffd\"" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        buf_clear(&out);
        j = json_to(&out);
        json_string(&j, cases[i].text);
        assert_json(cases[i].json);
    }
}

static void test_json__numbers_that_json_lacks_are_null(void **state)
{
    (void)state;
    json_open_array(&j);
    json_number(&j, (double)NAN);
    json_number(&j, (double)INFINITY);
    json_rounded(&j, -(double)INFINITY, 2);
    json_number(&j, 0.25);
    json_int(&j, INT64_MIN);
    json_close_array(&j);
    assert_json("[null,null,null,0.25,-9223372036854775808]");
}

/* printf's own rounding, without what is idle. */
static void expect_rounded(double value, int decimals)
{
    struct buf b = buf_limited(1024);
    struct json rounded = json_to(&b);
    char text[400];
    size_t len = (size_t)snprintf(text, sizeof text, "%.*f", decimals, value);

    while (decimals && text[len - 1] == '0')
        len--;
    len -= text[len - 1] == '.';
    text[len] = '\0';
    json_rounded(&rounded, value, decimals);
    if (!str_equals(buf_str(&b), str_of(strcmp(text, "-0") == 0 ? "0" : text)))
        fail_msg("%.17g with %d decimals is %.*s, not %s", value, decimals, STR_ARG(buf_str(&b)),
                 text);
    buf_release(&b);
}

static void test_json__rounds_as_printf_does(void **state)
{
    static const double edges[] = { 0,       0.5,  1.5,       2.5,       0.125,        0.375,
                                    1e12,    0.05, 1e12 - .5, 1e11 + .5, 999999999999, 0.9999999999,
                                    5e-324,  1e15, 1e22,      0.045,     1.005,        2.675,
                                    1.0 / 3, 9.5,  99.95,     1e-10,     123456.789 };
    struct rng rng = seed_rng("json");

    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
        for (int decimals = 0; decimals <= 9; decimals++) {
            expect_rounded(edges[i], decimals);
            expect_rounded(-edges[i], decimals);
        }
    for (int i = 0; i < 200000; i++) {
        int decimals = (int)rng_below(&rng, 10);
        double value = ldexp(rng_unit(&rng) - 0.5, (int)rng_below(&rng, 60) - 15);

        expect_rounded(value, decimals);
        expect_rounded((double)rng_below(&rng, 100000) / 32, decimals); /* many ties */
    }
}

static void test_json__rounded_figures_have_no_idle_digits(void **state)
{
    (void)state;
    json_open_array(&j);
    json_rounded(&j, 12.5, 3);
    json_rounded(&j, 12.0, 3);
    json_rounded(&j, 100.0, 0);
    json_rounded(&j, -0.001, 2);
    json_rounded(&j, 0.125, 9);
    json_rounded(&j, 1e300, 9);
    json_close_array(&j);
    buf_append_byte(&out, '\0');
    assert_memory_equal(out.data, "[12.5,12,100,0,0.125,1", 22);
}

static void test_json__times_are_rfc3339_or_null(void **state)
{
    (void)state;
    json_open_array(&j);
    json_time(&j, 0);
    json_time(&j, -1);
    json_close_array(&j);
    assert_json("[\"1970-01-01T00:00:00.000Z\",null]");
}

static void test_json__nests_as_deep_as_its_reader(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++)
        json_open_array(&j);
    json_int(&j, 1);
    json_int(&j, 2);
    for (int i = 0; i < 1000; i++)
        json_close_array(&j);
    assert_int_equal(out.len, 2 * 1000 + 3);
}

static void test_json__says_so_when_the_buffer_is_too_small(void **state)
{
    (void)state;
    out.limit_bytes = 5;
    json_cstr(&j, "longer than that");
    assert_int_equal(buf_error(&out), ERR_LIMIT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_json__commas_stand_between_items_only),
        TEST(test_json__takes_text_that_is_written_in_place),
        TEST(test_json__escapes_text),
        TEST(test_json__numbers_that_json_lacks_are_null),
        TEST(test_json__rounds_as_printf_does),
        TEST(test_json__rounded_figures_have_no_idle_digits),
        TEST(test_json__times_are_rfc3339_or_null),
        TEST(test_json__nests_as_deep_as_its_reader),
        TEST(test_json__says_so_when_the_buffer_is_too_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
