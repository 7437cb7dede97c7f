#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "config/option_value.h"

enum { NAME_BYTES = 128 };

static void environment_name(const char *name, char out[NAME_BYTES])
{
    size_t len = (size_t)snprintf(out, NAME_BYTES, "FUSEBOX_%s", name);

    for (size_t i = 0; i < len; i++) {
        if (out[i] == '.')
            out[i] = '_';
        else if (out[i] >= 'a' && out[i] <= 'z')
            out[i] = (char)(out[i] - 'a' + 'A');
    }
}

static void test_options__every_row_is_complete(void **state UNUSED)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const struct option_row *row = &option_rows()[i];
        char expected[NAME_BYTES];

        assert_non_null(row->name);
        environment_name(row->name, expected);
        assert_string_equal(row->environment, expected);
        assert_true(row->help && strlen(row->help) > 10);
        assert_true(row->help[strlen(row->help) - 1] == '.');
        assert_int_equal(row->type == OPTION_ENUM, row->choices != NULL);
        assert_ptr_equal(option_find(row->name, strlen(row->name)), row);
    }
    assert_null(option_find("none", 4));
}

static void test_options__every_default_is_within_its_bounds(void **state UNUSED)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const struct option_row *row = &option_rows()[i];
        struct diag diag = { 0 };
        struct option_value value;

        if (!option_value_parse(row, str_of(row->preset), &value, &diag))
            fail_msg("%s: %s", row->name, diag.message);
    }
}

static void test_options__names_are_unique_and_maps_stand_together(void **state UNUSED)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        for (size_t j = i + 1; j < OPT_COUNT; j++) {
            struct str a, b, before;

            assert_string_not_equal(option_rows()[i].name, option_rows()[j].name);
            if (j == i + 1)
                continue;
            (void)str_cut(str_of(option_rows()[i].name), '.', &a);
            (void)str_cut(str_of(option_rows()[j].name), '.', &b);
            (void)str_cut(str_of(option_rows()[j - 1].name), '.', &before);
            if (str_equals(a, b))
                assert_true(str_equals(before, b));
        }
    }
}

static void assert_printed(const struct option_row *row, const char *text, const char *expected)
{
    struct buf out = buf_limited(1024);
    struct option_value value;

    assert_true(option_value_parse(row, str_of(text), &value, NULL));
    option_value_print(row, &value, &out);
    buf_append_byte(&out, '\0');
    assert_string_equal(out.data, expected);
    buf_release(&out);
}

static void test_options__values_print_as_the_parser_takes_them(void **state UNUSED)
{
    assert_printed(&(struct option_row){ .type = OPTION_INT }, "+7", "7");
    assert_printed(&(struct option_row){ .type = OPTION_DOUBLE }, "2e1", "20");
    assert_printed(&(struct option_row){ .type = OPTION_BOOL }, "Yes", "true");
    assert_printed(&(struct option_row){ .type = OPTION_BOOL }, "off", "false");
    assert_printed(&(struct option_row){ .type = OPTION_STRING }, "a b", "a b");
    assert_printed(&(struct option_row){ .type = OPTION_ENUM, .choices = "a b" }, "b", "b");
    assert_printed(&(struct option_row){ .type = OPTION_DURATION }, "90m", "1h30m");
    assert_printed(&(struct option_row){ .type = OPTION_SIZE }, "1024KiB", "1MiB");
    assert_printed(&(struct option_row){ .type = OPTION_SECRET }, "hunter2", "<secret>");
    assert_printed(&(struct option_row){ .type = OPTION_SECRET }, "", "");
}

static void test_options__text_must_be_short_utf8(void **state UNUSED)
{
    static char large[OPTION_TEXT_MAX_BYTES + 1];
    struct option_row row = { .type = OPTION_SECRET };
    struct option_value value;
    struct diag diag = { 0 };

    memset(large, 'x', sizeof large);
    assert_false(option_value_parse(&row, (struct str){ large, sizeof large }, &value, &diag));
    assert_null(strstr(diag.message, "xx"));
    assert_false(option_value_parse(&row, STR("\xff"), &value, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options__every_row_is_complete),
        cmocka_unit_test(test_options__every_default_is_within_its_bounds),
        cmocka_unit_test(test_options__names_are_unique_and_maps_stand_together),
        cmocka_unit_test(test_options__values_print_as_the_parser_takes_them),
        cmocka_unit_test(test_options__text_must_be_short_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
