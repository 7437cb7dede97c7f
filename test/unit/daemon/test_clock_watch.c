#include "unit.h"

#include "base/attr.h"
#include "daemon/clock_watch.h"

static const int64_t T0 = 1700000000000;
#define NS(ms) ((ms)*INT64_C(1000000))

static void test_clock_watch__finds_steps_beyond_five_minutes_both_ways(void **state UNUSED)
{
    struct clock_watch c = { .started = false };
    const int64_t hour = 3600000;

    assert_int_equal(clock_watch_look(&c, T0, NS(1000)), 0);
    assert_int_equal(clock_watch_look(&c, T0 + 5000, NS(6000)), 0);
    assert_int_equal(clock_watch_look(&c, T0 + 10000 + hour, NS(11000)), hour);
    assert_int_equal(clock_watch_look(&c, T0 + 15000 + hour, NS(16000)), 0);
    assert_int_equal(clock_watch_look(&c, T0 + 20000, NS(21000)), -hour);
    assert_int_equal(clock_watch_look(&c, T0 + 25000 + CLOCK_STEP_MS, NS(26000)), 0);
    assert_int_equal(clock_watch_look(&c, T0 + 30001, NS(31000)), 0);
}

static void test_clock_watch__a_long_pause_between_looks_is_no_step(void **state UNUSED)
{
    struct clock_watch c = { .started = false };

    (void)clock_watch_look(&c, T0, 0);
    assert_int_equal(clock_watch_look(&c, T0 + 7200000, NS(7200000)), 0);
    assert_false(clock_watch_is_recent(&c, NS(7200000)));
}

static void test_clock_watch__a_step_is_told_for_an_hour(void **state UNUSED)
{
    struct clock_watch c = { .started = false };

    (void)clock_watch_look(&c, T0, 0);
    (void)clock_watch_look(&c, T0 + 86400000, NS(5000));
    assert_true(clock_watch_is_recent(&c, NS(5000)));
    assert_true(clock_watch_is_recent(&c, NS(5000 + 3600000 - 1)));
    assert_false(clock_watch_is_recent(&c, NS(5000 + 3600000)));
}

static void test_clock_watch__steps_are_written_for_people(void **state UNUSED)
{
    char text[CLOCK_STEP_TEXT_BYTES];

    assert_string_equal(clock_step_text(3600000, text), "1 h");
    assert_string_equal(clock_step_text(-86400000 * INT64_C(2), text), "2 d");
    assert_string_equal(clock_step_text(360000, text), "6 min");
    assert_string_equal(clock_step_text(INT64_C(3650) * 86400000, text), "10 y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock_watch__finds_steps_beyond_five_minutes_both_ways),
        cmocka_unit_test(test_clock_watch__a_long_pause_between_looks_is_no_step),
        cmocka_unit_test(test_clock_watch__a_step_is_told_for_an_hour),
        cmocka_unit_test(test_clock_watch__steps_are_written_for_people),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
