#include "unit.h"

#include "base/attr.h"
#include "base/human.h"

static void test_human__counts_have_commas(void **state UNUSED)
{
    char text[HUMAN_TEXT_BYTES];

    assert_string_equal(human_count(0, text), "0");
    assert_string_equal(human_count(999, text), "999");
    assert_string_equal(human_count(1000, text), "1,000");
    assert_string_equal(human_count(48120, text), "48,120");
    assert_string_equal(human_count(UINT64_MAX, text), "18,446,744,073,709,551,615");
}

static void test_human__sizes_never_promise_more_than_there_is(void **state UNUSED)
{
    char text[HUMAN_TEXT_BYTES];

    assert_string_equal(human_bytes(0, text), "0 B");
    assert_string_equal(human_bytes(999, text), "999 B");
    assert_string_equal(human_bytes(1000, text), "1.0 kB");
    assert_string_equal(human_bytes(99999999, text), "99.9 MB");
    assert_string_equal(human_bytes(999999999, text), "999 MB");
    assert_string_equal(human_bytes(1100000000, text), "1.1 GB");
    assert_string_equal(human_bytes(UINT64_MAX, text), "18.4 EB");
}

static void test_human__durations_have_one_unit(void **state UNUSED)
{
    char text[HUMAN_TEXT_BYTES];

    assert_string_equal(human_duration(-5, text), "0 ms");
    assert_string_equal(human_duration(340, text), "340 ms");
    assert_string_equal(human_duration(1250, text), "1.2 s");
    assert_string_equal(human_duration(90000, text), "90 s");
    assert_string_equal(human_duration(719000, text), "11 min");
    assert_string_equal(human_duration(7200000, text), "2 hours");
    assert_string_equal(human_duration(12LL * 86400000 + 5, text), "12 days");
    assert_string_equal(human_duration(INT64_MAX, text), "106751991167 days");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_human__counts_have_commas),
        cmocka_unit_test(test_human__sizes_never_promise_more_than_there_is),
        cmocka_unit_test(test_human__durations_have_one_unit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
