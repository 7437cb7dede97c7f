#include "unit.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "daemon/breaker_log.h"

static void test_breaker_log__names_each_transition(void **state UNUSED)
{
    assert_string_equal(breaker_log_event_type(BREAKER_CLOSED, BREAKER_OPEN), "circuit_opened");
    assert_string_equal(breaker_log_event_type(BREAKER_HALF_OPEN, BREAKER_CLOSED),
                        "circuit_closed");
    assert_string_equal(breaker_log_event_type(BREAKER_OPEN, BREAKER_HALF_OPEN),
                        "circuit_half_open");
    assert_string_equal(breaker_log_event_type(BREAKER_HALF_OPEN, BREAKER_OPEN),
                        "circuit_reopened");
    assert_string_equal(breaker_log_event_type(BREAKER_OPEN, BREAKER_CLOSED),
                        "circuit_state_change");
    assert_string_equal(breaker_log_event_type(BREAKER_UNKNOWN, BREAKER_OPEN),
                        "circuit_state_change");
}

/* The line that a transition makes. */
static const char *line_of(const struct monitor_transition *t)
{
    static char line[1024];
    struct manual_clock hands = { 0 };
    struct log log;
    int ends[2];
    ssize_t len;

    assert_int_equal(pipe(ends), 0);
    log_init(&log, ends[1], LOG_INFO, LOG_FORMAT_JSON, clock_manual(&hands));
    breaker_log_write(&log, t);
    log_release(&log);
    close(ends[1]);
    len = read(ends[0], line, sizeof line - 1);
    close(ends[0]);
    line[len > 0 ? len : 0] = '\0';
    return line;
}

static void test_breaker_log__writes_the_documented_fields(void **state UNUSED)
{
    struct monitor_transition t = { .service = STR("orders"),
                                    .name = STR("main"),
                                    .endpoint = STR("/pay"),
                                    .caller = STR(""),
                                    .from = BREAKER_CLOSED,
                                    .to = BREAKER_OPEN,
                                    .at_ms = 1795142467123,
                                    .calls = 12,
                                    .errors = 5 };
    const char *line = line_of(&t);
    static const char *const parts[] = {
        "\"level\":\"warn\"",
        "\"@timestamp\":\"2026-11-20T02:41:07.123Z\"",
        "\"event_type\":\"circuit_opened\"",
        "\"component\":\"circuit_breaker\"",
        "\"service\":\"orders\"",
        "\"name\":\"main\"",
        "\"endpoint\":\"/pay\"",
        "\"old_state\":\"closed\"",
        "\"new_state\":\"open\"",
        "\"failure_count\":5",
        "\"success_count\":7",
    };

    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (!strstr(line, parts[i]))
            fail_msg("%s is not in %s", parts[i], line);
    assert_null(strstr(line, "caller"));
    t.calls = t.errors = NAN;
    assert_null(strstr(line_of(&t), "_count"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breaker_log__names_each_transition),
        cmocka_unit_test(test_breaker_log__writes_the_documented_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
