#include "unit.h"

#include "base/attr.h"
#include "base/clock.h"

static void test_clock__manual_hands_move_together(void **state)
{
    struct manual_clock hands = { .wall_ms = 1000, .mono_ns = 5 };
    struct clock clock = clock_manual(&hands);

    (void)state;
    manual_clock_advance(&hands, 250);
    assert_int_equal(clock_wall_ms(&clock), 1250);
    assert_int_equal(clock_mono_ns(&clock), 250000005);
}

static void test_clock__system_never_runs_backwards(void **state)
{
    struct clock clock = clock_system();
    int64_t before = clock_mono_ns(&clock);

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_mono_ns(&clock);

        assert_true(now >= before);
        before = now;
    }
    assert_true(clock_wall_ms(&clock) > 1600000000000);
    assert_true(clock_process_cpu_ns() > 0);
}

static void test_clock__formats_rfc3339(void **state)
{
    static const struct {
        int64_t wall_ms;
        const char *text;
    } cases[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { -1, "1969-12-31T23:59:59.999Z" },
        { 951782400000, "2000-02-29T00:00:00.000Z" },
        { 1795142467123, "2026-11-20T02:41:07.123Z" },
        { 253402300799999, "9999-12-31T23:59:59.999Z" },
        { INT64_MAX, "9999-12-31T23:59:59.999Z" },
        { -62167219200000, "0000-01-01T00:00:00.000Z" },
        { INT64_MIN, "0000-01-01T00:00:00.000Z" },
    };
    char text[CLOCK_RFC3339_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(clock_format_rfc3339(cases[i].wall_ms, text), cases[i].text);
}

static void test_clock__parses_rfc3339(void **state)
{
    static const struct {
        const char *text;
        int64_t wall_ms; /* -1: no moment */
    } cases[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2026-11-20T02:41:07.123Z", 1795142467123 },
        { "2026-11-20T03:41:07.5+01:00", 1795142467500 },
        { "2026-11-19T22:11:07-04:30", 1795142467000 },
        { "2026-11-20T02:41:07", -1 },
        { "2026-11-20T02:41:07+1:00", -1 },
        { "2026-11-20T02:41:07.1.2Z", -1 },
        { "", -1 },
        { "a moment that is longer than any that there is", -1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t wall_ms = -1;

        assert_int_equal(clock_parse_rfc3339(str_of(cases[i].text), &wall_ms),
                         cases[i].wall_ms >= 0);
        assert_int_equal(wall_ms, cases[i].wall_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock__manual_hands_move_together),
        cmocka_unit_test(test_clock__system_never_runs_backwards),
        cmocka_unit_test(test_clock__formats_rfc3339),
        cmocka_unit_test(test_clock__parses_rfc3339),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
