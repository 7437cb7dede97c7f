#include "monitor_script.h"

#include <stdio.h>

#include "api/export.h"

enum { TEXT_BYTES = 1 << 20 };
static const int64_t T0 = 1700000000000;

/* The exposition of now as a terminated text; release it. */
static struct buf exposition(struct monitor *m, int64_t now_ms, bool open_is_one)
{
    struct monitor_view *view = view_of(m, now_ms);
    struct buf text = buf_limited(TEXT_BYTES);
    struct metric_text writer;
    struct metric_out out = metric_text_out(&writer, &text);

    export_view(view, open_is_one, &out);
    buf_append_byte(&text, '\0');
    assert_int_equal(buf_error(&text), ERR_OK);
    view_unref(view);
    return text;
}

static void expect_line(const struct buf *text, const char *line)
{
    if (!strstr(text->data, line))
        fail_msg("no line \"%s\" in\n%s", line, text->data);
}

static void expect_none(const struct buf *text, const char *part)
{
    if (strstr(text->data, part))
        fail_msg("\"%s\" stands in\n%s", part, text->data);
}

/* Two services, one of which tells nothing but a breaker. */
static struct monitor *two_services(void)
{
    struct monitor *m = monitor_of("services: [{name: orders, max_retries_per_minute: 600,"
                                   " sloTargets: {availability: 99}}]");

    for (int i = 0; i <= 60; i++)
        tell(m, "orders", T0 + i * 1000, i ? 100 : 0, i ? 10 : 0, i ? 3 : 0);
    tell_state(m, "mute", "b\"1\\", T0, BREAKER_CLOSED);
    tell_state(m, "mute", "b\"1\\", T0 + 30000, BREAKER_OPEN);
    subject_of(m, "mute", "never");
    return m;
}

static void test_export__shows_what_the_view_knows(void **state UNUSED)
{
    struct monitor *m = two_services();
    struct buf text = exposition(m, T0 + 60000, false);

    expect_line(&text, "retry_budget_utilization_percent{service=\"orders\"} 30\n");
    expect_line(&text, "retry_budget_remaining_retries_minute{service=\"orders\"} 420\n");
    expect_line(&text, "retry_budget_risk_level{service=\"orders\"} 0\n");
    expect_line(&text, "slo_success_rate_compliance{service=\"orders\"} 0\n");
    expect_line(&text, "fusebox_calls_total{service=\"orders\"} 6000\n");
#define LABELS "service=\"mute\",name=\"b\\\"1\\\\\",endpoint=\"\",caller=\"\""
    expect_line(&text, "circuit_breaker_state{" LABELS "} 2\n");
    expect_line(&text, "circuit_breaker_state_info{" LABELS ",state=\"open\"} 1\n");
    expect_line(&text, "circuit_breaker_state_info{" LABELS ",state=\"closed\"} 0\n");
    expect_line(&text, "circuit_breaker_transitions_total{" LABELS
                       ",from_state=\"closed\",to_state=\"open\"} 1\n");
    expect_line(&text, "fusebox_breaker_state_seconds_total{" LABELS ",state=\"closed\"} 30\n");
    buf_release(&text);
    text = exposition(m, T0 + 60000, true);
    expect_line(&text, "circuit_breaker_state{" LABELS "} 1\n");
    buf_release(&text);
    monitor_free(m);
}

/* 300 in 30 s, 10 a second: 30 s more; by hand one breaker of two. */
static void test_export__shows_when_budgets_run_out_and_who_is_forced(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: orders, max_retries_per_minute: 600}]");
    uint32_t id = subject_of(m, "orders", "b");
    struct buf text;

    for (int i = 0; i < 30; i++)
        tell(m, "orders", T0 + i * 1000, 100, 0, 10);
    tell_state(m, "orders", "a", T0 + 29000, BREAKER_OPEN);
    tell_state(m, "orders", "b", T0 + 29000, BREAKER_OPEN);
    send(m, id, SIGNAL_BREAKER_FORCED, T0 + 29000, 1);
    text = exposition(m, T0 + 29000, false);
    expect_line(&text, "fusebox_retry_budget_exhaustion_seconds{service=\"orders\","
                       "kind=\"absolute\",modelled=\"false\"} 30\n");
    expect_line(&text, "fusebox_breaker_forced{service=\"orders\",name=\"b\",endpoint=\"\","
                       "caller=\"\"} 1\n");
    expect_none(&text, "fusebox_breaker_forced{service=\"orders\",name=\"a\"");
    buf_release(&text);
    monitor_free(m);
}

static void test_export__what_the_stored_history_needs(void **state UNUSED)
{
    struct monitor *m = monitor_of(
        "services: [{name: orders, max_retries_per_minute: 600},"
        " {name: hourly, max_retries_per_hour: 7200},"
        " {name: tokens, budgets: [{kind: failure_tokens, maxTokens: 10, tokenRatio: 0.1}]}]");
    struct buf text;

    for (int i = 0; i <= 60; i++) {
        tell(m, "shared", T0 + i * 1000, i ? 100 : 0, 0, i ? 2 : 0);
        send(m, subject_of(m, "orders", NULL), SIGNAL_RETRIES_DENIED, T0 + i * 1000, 1);
    }
    text = exposition(m, T0 + 60500, false);
    expect_line(&text, "fusebox_retries_denied_total{service=\"orders\"} 61\n");
    expect_none(&text, "fusebox_retries_denied_total{service=\"shared\"}");
    expect_line(&text, "fusebox_retry_limit_per_second{service=\"orders\"} 10\n");
    expect_line(&text, "fusebox_retry_limit_per_second{service=\"hourly\"} 2\n");
    expect_line(&text, "fusebox_retry_limit_per_second{service=\"shared\"} 30\n"); /* 20 % + 10 */
    expect_none(&text, "fusebox_retry_limit_per_second{service=\"tokens\"}");
    expect_line(&text, "fusebox_last_data_timestamp_seconds{service=\"orders\"} 1700000060\n");
    expect_none(&text, "fusebox_last_data_timestamp_seconds{service=\"hourly\"}");
    expect_none(&text, "fusebox_latency_seconds");
    expect_none(&text, "fusebox_first_attempt_success_ratio");
    buf_release(&text);
    monitor_free(m);
}

static void test_export__what_is_not_known_has_no_sample(void **state UNUSED)
{
    struct monitor *m = two_services();
    struct buf text = exposition(m, T0 + 60000, false);

    expect_none(&text, "NaN");
    expect_none(&text, "fusebox_calls_total{service=\"mute\"}");
    expect_none(&text, "retry_budget_utilization_percent{service=\"mute\"}");
    expect_none(&text, "circuit_breaker_state{service=\"mute\",name=\"never\"");
    expect_none(&text, "circuit_breaker_requests_total{");
    expect_none(&text, "retry_budget_remaining_retries_hour{");
    expect_line(&text, "state_info{service=\"mute\",name=\"never\",endpoint=\"\",caller=\"\","
                       "state=\"unknown\"} 1\n");
    buf_release(&text);
    monitor_free(m);
}

static void test_export__an_empty_view_is_an_empty_text(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct buf text = exposition(m, T0, false);

    assert_string_equal(text.data, "");
    buf_release(&text);
    monitor_free(m);
}

/* Every family once, with HELP and TYPE in front; no series twice. */
static void test_export__families_and_series_stand_once(void **state UNUSED)
{
    struct monitor *m = two_services();
    struct buf text = exposition(m, T0 + 60000, false);
    size_t lines = 0;

    for (char *line = text.data, *next; *line; line = next, lines++) {
        char *end = strchr(line, '\n'), *space;

        assert_non_null(end);
        next = end + 1;
        *end = '\0';
        space = line[0] == '#' ? end : strrchr(line, ' ');
        assert_non_null(space);
        for (char *other = next; (other = strstr(other, line[0] == '#' ? line : "\n")); other++) {
            if (line[0] == '#')
                fail_msg("twice: %s", line);
            if (strncmp(other + 1, line, (size_t)(space - line) + 1) == 0)
                fail_msg("twice: %s", line);
        }
    }
    assert_true(lines > 40);
    buf_release(&text);
    monitor_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_export__shows_what_the_view_knows),
        cmocka_unit_test(test_export__shows_when_budgets_run_out_and_who_is_forced),
        cmocka_unit_test(test_export__what_the_stored_history_needs),
        cmocka_unit_test(test_export__what_is_not_known_has_no_sample),
        cmocka_unit_test(test_export__an_empty_view_is_an_empty_text),
        cmocka_unit_test(test_export__families_and_series_stand_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
