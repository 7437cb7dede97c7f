#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "model/duration.h"

struct reading {
    const char *text;
    int64_t amount;
};

static void test_duration__reads_units_in_falling_order(void **state UNUSED)
{
    static const struct reading good[] = {
        { "0", 0 },           { "0s", 0 },
        { "1ms", 1 },         { "10s", 10000 },
        { "1h30m", 5400000 }, { "1d", 86400000 },
        { "2w", 1209600000 }, { "1y", INT64_C(31536000000) },
        { "90m", 5400000 },   { "007s", 7000 },
        { "1m1ms", 60001 },
    };

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        int64_t ms = -1;

        assert_true(duration_parse(str_of(good[i].text), &ms));
        assert_int_equal(ms, good[i].amount);
    }
}

static void test_duration__refuses_what_is_none(void **state UNUSED)
{
    static const char *const bad[] = {
        "",
        "5",
        "s",
        "1x",
        "30m1h",
        "1h1h",
        "1.5h",
        "-1s",
        "+1s",
        " 1s",
        "1s ",
        "1h30",
        "1 h",
        "1S",
        "300000000000y",
        "99999999999999999999s",
        "9223372036854775807ms1",
        "292277024y292277024w",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        int64_t ms = 42;

        assert_false(duration_parse(str_of(bad[i]), &ms));
        assert_int_equal(ms, 42);
    }
}

static void test_duration__formats_what_reads_back(void **state UNUSED)
{
    static const struct reading cases[] = {
        { "0s", 0 },
        { "1h30m", 5400000 },
        { "30d", INT64_C(2592000000) },
        { "2w", 1209600000 },
        { "1y", INT64_C(31536000000) },
        { "400d", INT64_C(34560000000) },
        { "1s500ms", 1500 },
        { "106751991167d7h12m55s807ms", INT64_MAX },
    };
    char text[DURATION_TEXT_BYTES];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t ms = -1;

        assert_string_equal(duration_format(cases[i].amount, text), cases[i].text);
        assert_true(duration_parse(str_of(text), &ms));
        assert_int_equal(ms, cases[i].amount);
    }
}

static void test_duration__size_reads_both_families_of_units(void **state UNUSED)
{
    static const struct reading good[] = {
        { "0", 0 },
        { "512", 512 },
        { "7B", 7 },
        { "64MiB", 64 << 20 },
        { "1KiB", 1024 },
        { "1KB", 1000 },
        { "3GB", INT64_C(3000000000) },
        { "2TiB", INT64_C(2) << 40 },
        { "1TB", INT64_C(1000000000000) },
    };

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        int64_t bytes = -1;

        assert_true(size_parse(str_of(good[i].text), &bytes));
        assert_int_equal(bytes, good[i].amount);
    }
}

static void test_duration__size_refuses_what_is_none(void **state UNUSED)
{
    static const char *const bad[] = {
        "",   "MiB",   "-1",    "1.5GiB",     "1mib",
        "1M", "1 MiB", "1MiBs", "9000000TiB", "99999999999999999999"
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        int64_t bytes = 42;

        assert_false(size_parse(str_of(bad[i]), &bytes));
        assert_int_equal(bytes, 42);
    }
}

static void test_duration__size_formats_what_reads_back(void **state UNUSED)
{
    static const struct reading cases[] = {
        { "0", 0 },         { "500B", 500 },   { "64MiB", 64 << 20 },
        { "1MB", 1000000 }, { "1536B", 1536 }, { "9223372036854775807B", INT64_MAX },
    };
    char text[DURATION_TEXT_BYTES];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t bytes = -1;

        assert_string_equal(size_format(cases[i].amount, text), cases[i].text);
        assert_true(size_parse(str_of(text), &bytes));
        assert_int_equal(bytes, cases[i].amount);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duration__reads_units_in_falling_order),
        cmocka_unit_test(test_duration__refuses_what_is_none),
        cmocka_unit_test(test_duration__formats_what_reads_back),
        cmocka_unit_test(test_duration__size_reads_both_families_of_units),
        cmocka_unit_test(test_duration__size_refuses_what_is_none),
        cmocka_unit_test(test_duration__size_formats_what_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
