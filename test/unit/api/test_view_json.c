#include "monitor_script.h"

#include <stdio.h>

#include "api/view_json.h"
#include "base/mem.h"
#include "json_check.h"

enum { TEXT_BYTES = 4 << 20 };
static const int64_t T0 = 1700000000000;

static const char *const row_members[] = {
    "service",
    "team",
    "environment",
    "source",
    "health",
    "severity",
    "reason",
    "since",
    "evidence",
    "last_data_ms",
    "resolution_s",
    "window_s",
    "calls_per_s",
    "errors_per_s",
    "retries_per_s",
    "retries_denied_per_s",
    "success_ratio",
    "attempt_success_ratio",
    "first_attempt_success_ratio",
    "latency_p99_s",
    "calls_last_minute",
    "budget.kind",
    "budget.modelled",
    "budget.evidence",
    "budget.utilization_percent",
    "budget.risk",
    "budget.risk_level",
    "budget.warning_threshold_percent",
    "budget.critical_threshold_percent",
    "budget.used_minute",
    "budget.limit_minute",
    "budget.remaining_minute",
    "budget.used_hour",
    "budget.limit_hour",
    "budget.remaining_hour",
    "budget.retry_rate_percent",
    "budget.returning_10s_percent",
    "budget.exhaustion",
    "slo.success_rate_target_percent",
    "slo.success_rate_compliant",
    "slo.response_time_target_ms",
    "slo.response_time_compliant",
    "breakers.total",
    "breakers.closed",
    "breakers.half_open",
    "breakers.open",
    "breakers.disabled",
    "breakers.unknown",
    "breakers.worst",
    "spark.end_ms",
    "spark.step_s",
    "spark.calls",
    "spark.errors",
    "spark.retries",
    "spark.utilization_percent",
    NULL,
};

static const char *const overview_members[] = {
    "epoch",
    "seq",
    "timestamp",
    "now_ms",
    "notices",
    "sentence.text",
    "sentence.detail",
    "sentence.severity",
    "sentence.since",
    "sentence.links",
    "totals.services.total",
    "totals.services.healthy",
    "totals.services.degraded",
    "totals.services.unhealthy",
    "totals.services.unknown",
    "totals.calls_per_s",
    "totals.errors_per_s",
    "totals.retries_per_s",
    "totals.success_ratio",
    "totals.attempt_success_ratio",
    "totals.retry_ratio",
    "totals.latency_p50_s",
    "totals.latency_p95_s",
    "totals.latency_p99_s",
    "totals.breakers.total",
    "totals.breakers.open",
    "totals.breakers.unknown",
    "totals.spark.end_ms",
    "totals.spark.step_s",
    "totals.spark.calls",
    "totals.spark.success",
    "totals.spark.retries",
    "totals.spark.open",
    "services",
    NULL,
};

static const char *const breaker_members[] = {
    "service",
    "name",
    "endpoint",
    "caller",
    "state",
    "state_code",
    "since",
    "healthy",
    "source",
    "evidence",
    "requests",
    "failures",
    "failure_rate_percent",
    "success_rate_percent",
    "consecutive_failures",
    "last_failure_time",
    "transitions_total",
    "transitions_15m",
    "last_recovery_s",
    "forced",
    "counted_since",
    "seconds_in_state.closed",
    "seconds_in_state.half_open",
    "seconds_in_state.open",
    "seconds_in_state.disabled",
    "seconds_in_state.unknown",
    "strip",
    NULL,
};

static void expect_members(struct str text, const char *prefix, const char *const *members)
{
    for (; *members; members++) {
        char path[128];

        snprintf(path, sizeof path, "%s%s", prefix, *members);
        if (!json_has(text, path))
            fail_msg("%s is missing", path);
    }
}

/* A document as the API gives it, from a view or of one service. */
struct document {
    struct buf text;
    struct arena arena;
    struct monitor_view *view;
};

static struct str overview(struct document *d, struct monitor *m, int64_t now_ms)
{
    *d = (struct document){ .text = buf_limited(TEXT_BYTES), .view = view_of(m, now_ms) };
    view_json_overview(&d->text, d->view, &(struct view_origin){ "epoch-1", NULL });
    assert_int_equal(buf_error(&d->text), ERR_OK);
    json_check(buf_str(&d->text));
    return buf_str(&d->text);
}

static struct str page(struct document *d, struct monitor *m, const char *name, int64_t now_ms)
{
    struct service_history history;

    *d = (struct document){ .text = buf_limited(TEXT_BYTES),
                            .view = view_of(m, now_ms),
                            .arena = arena_limited(1 << 16) };
    assert_true(monitor_history(
        m, str_of(name),
        &(struct history_ask){ .period_s = 60, .end_ms = now_ms, .now_ms = now_ms }, &history));
    view_json_service(&d->text, &d->arena, d->view, view_find_service(d->view, str_of(name)),
                      &history, &(struct view_origin){ "epoch-1", NULL });
    assert_int_equal(buf_error(&d->text), ERR_OK);
    json_check(buf_str(&d->text));
    return buf_str(&d->text);
}

static void document_release(struct document *d)
{
    buf_release(&d->text);
    arena_release(&d->arena);
    view_unref(d->view);
}

static void live(struct monitor *m, const char *service, double calls, double errors,
                 double retries)
{
    for (int i = 0; i <= 60; i++)
        tell(m, service, T0 + i * 1000, i ? calls : 0, i ? errors : 0, i ? retries : 0);
}

static void test_view_json__an_empty_monitor_has_every_member(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct document d;
    struct str text = overview(&d, m, T0);

    expect_members(text, "", overview_members);
    json_expect(text, "view", "\"overview\"");
    json_expect(text, "epoch", "\"epoch-1\"");
    json_expect(text, "now_ms", "1700000000000");
    json_expect(text, "timestamp", "\"2023-11-14T22:13:20.000Z\"");
    json_expect(text, "sentence.severity", "\"unknown\"");
    json_expect(text, "sentence.since", "null");
    json_expect(text, "totals.calls_per_s", "null");
    json_expect(text, "totals.breakers.worst", "null");
    json_expect(text, "totals.spark.end_ms", "null");
    json_expect(text, "services", "[]");
    document_release(&d);
    monitor_free(m);
}

static void test_view_json__a_row_has_every_member_and_its_figures(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: orders, team: shop,"
                                   " max_retries_per_minute: 600, max_retries_per_hour: 20000,"
                                   " sloTargets: {availability: 99.9, latency: 300}}]");
    struct document d;
    struct str text;

    live(m, "orders", 100, 10, 12);
    tell_state(m, "orders", "b", T0, BREAKER_OPEN);
    text = overview(&d, m, T0 + 60000);
    expect_members(text, "services.0.", row_members);
    json_expect(text, "services.0.service", "\"orders\"");
    json_expect(text, "services.0.environment", "null");
    json_expect(text, "services.0.health", "\"unhealthy\"");
    json_expect(text, "services.0.reason", "\"10 % of calls fail\"");
    json_expect(text, "services.0.calls_per_s", "100");
    json_expect(text, "services.0.success_ratio", "0.9");
    json_expect(text, "services.0.calls_last_minute", "6000");
    json_expect(text, "services.0.budget.utilization_percent", "120");
    json_expect(text, "services.0.budget.risk", "\"critical\"");
    json_expect(text, "services.0.budget.risk_level", "3");
    json_expect(text, "services.0.budget.remaining_minute", "0");
    json_expect(text, "services.0.budget.remaining_hour", "19280");
    json_expect(text, "services.0.budget.exhaustion.in_s", "0");
    json_expect(text, "services.0.budget.exhaustion.limit", "\"minute\"");
    json_expect(text, "services.0.slo.success_rate_compliant", "false");
    json_expect(text, "services.0.slo.response_time_compliant", "null");
    json_expect(text, "services.0.breakers.worst", "\"open\"");
    json_expect(text, "totals.breakers.worst", "\"open\"");
    json_expect(text, "sentence.links.0.service", "\"orders\"");
    assert_int_equal(json_count(text, "services.0.spark.calls"), 5);
    assert_int_equal(json_count(text, "totals.spark.open"), 5);
    document_release(&d);
    monitor_free(m);
}

static void test_view_json__what_is_not_known_is_null_never_zero(void **state UNUSED)
{
    static const char *const nulls[] = {
        "source",
        "last_data_ms",
        "calls_per_s",
        "errors_per_s",
        "retries_per_s",
        "retries_denied_per_s",
        "success_ratio",
        "attempt_success_ratio",
        "first_attempt_success_ratio",
        "latency_p99_s",
        "calls_last_minute",
        "budget.utilization_percent",
        "budget.risk_level",
        "budget.used_minute",
        "budget.remaining_minute",
        "budget.used_hour",
        "budget.remaining_hour",
        "budget.retry_rate_percent",
        "budget.returning_10s_percent",
        "budget.exhaustion",
        "slo.success_rate_target_percent",
        "slo.success_rate_compliant",
        "breakers.worst",
        "spark.end_ms",
    };
    struct monitor *m = monitor_of("services: [{name: quiet}]");
    struct document d;
    struct str text = overview(&d, m, T0);

    for (size_t i = 0; i < ARRAY_LEN(nulls); i++) {
        char path[128];

        snprintf(path, sizeof path, "services.0.%s", nulls[i]);
        json_expect(text, path, "null");
    }
    json_expect(text, "services.0.evidence", "\"no_data\"");
    json_expect(text, "services.0.budget.kind", "\"unknown\"");
    json_expect(text, "services.0.budget.risk", "\"unknown\"");
    document_release(&d);
    monitor_free(m);
}

static void test_view_json__an_infinite_utilization_is_a_number(void **state UNUSED)
{
    struct monitor *m = monitor_of("retry_budget: {max_retry_rate_percent: 0,"
                                   " reserve_per_second: 0}");
    struct document d;
    struct str text;

    live(m, "orders", 100, 0, 1);
    text = overview(&d, m, T0 + 60000);
    json_expect(text, "services.0.budget.utilization_percent", "9999");
    json_expect(text, "services.0.budget.risk", "\"critical\"");
    json_expect(text, "services.0.budget.modelled", "true");
    document_release(&d);
    monitor_free(m);
}

static void test_view_json__hostile_names_are_escaped(void **state UNUSED)
{
    static const char *const names[] = { "</script><img src=x onerror=alert(1)>",
                                         "\"},{\"a\":1",
                                         "\\",
                                         "\x01\x1f\t\n",
                                         "\xff\xfe",
                                         "a\xe2\x80\xa8"
                                         "b",
                                         "%s%n",
                                         "." };
    struct monitor *m = monitor_of("");

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        live(m, names[i], 100, 60, 0);
        tell_state(m, names[i], names[i], T0, BREAKER_OPEN);
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct document d;
        struct str text = overview(&d, m, T0 + 60000);

        assert_int_equal(json_count(text, "services"), ARRAY_LEN(names));
        buf_append_byte(&d.text, '\0');
        assert_null(strchr(d.text.data, '<'));
        assert_null(strstr(d.text.data, "\xe2\x80\xa8"));
        document_release(&d);
        text = page(&d, m, names[i], T0 + 60000);
        expect_members(text, "breaker_list.0.", breaker_members);
        document_release(&d);
    }
    monitor_free(m);
}

static void test_view_json__a_page_has_its_row_history_and_breakers(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct document d;
    struct str text;

    live(m, "orders", 100, 0, 0);
    subject_of(m, "orders", "a-silent");
    tell_state(m, "orders", "b", T0, BREAKER_CLOSED);
    tell_state(m, "orders", "b", T0 + 30000, BREAKER_OPEN);
    send(m, subject_of(m, "orders", "b"), SIGNAL_BREAKER_CALLS, T0 + 30000, 30);
    send(m, subject_of(m, "orders", "b"), SIGNAL_BREAKER_ERRORS, T0 + 30000, 10);
    tell_state(m, "orders", "c", T0, BREAKER_DISABLED);
    text = page(&d, m, "orders", T0 + 60000);
    expect_members(text, "", row_members);
    json_expect(text, "view", "\"service/orders\"");
    json_expect(text, "callees", "[]");
    json_expect(text, "callers", "[]");
    json_expect(text, "history.step_s", "1");
    json_expect(text, "history.end_ms", "1700000059000");
    assert_int_equal(json_count(text, "history.calls"), 60);
    assert_int_equal(json_count(text, "history.utilization_percent"), 60);
    json_expect(text, "history.calls.0", "null");
    json_expect(text, "history.calls.59", "100");
    assert_int_equal(json_count(text, "breaker_list"), 3);
    json_expect(text, "breaker_list.0.state", "\"unknown\"");
    json_expect(text, "breaker_list.0.state_code", "null");
    json_expect(text, "breaker_list.0.evidence", "\"unknown\"");
    json_expect(text, "breaker_list.0.requests", "null");
    json_expect(text, "breaker_list.0.failure_rate_percent", "null");
    json_expect(text, "breaker_list.0.strip", "[]");
    json_expect(text, "breaker_list.1.state_code", "2");
    json_expect(text, "breaker_list.1.healthy", "false");
    json_expect(text, "breaker_list.1.failure_rate_percent", "33.33");
    json_expect(text, "breaker_list.1.seconds_in_state.open", "30");
    json_expect(text, "breaker_list.1.strip",
                "[[1700000000000,\"closed\"],[1700000030000,\"open\"]]");
    json_expect(text, "breaker_list.2.state", "\"disabled\"");
    json_expect(text, "breaker_list.2.healthy", "null");
    document_release(&d);
    monitor_free(m);
}

static void test_view_json__a_page_names_its_view_as_its_path_ends(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: \"a b/c%\"}]");
    struct document d;

    json_expect(page(&d, m, "a b/c%", T0), "view", "\"service/a%20b%2Fc%25\"");
    document_release(&d);
    monitor_free(m);
}

static void test_view_json__a_full_buffer_is_an_error(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: quiet}]");
    struct monitor_view *view = view_of(m, T0);

    struct buf whole = buf_limited(TEXT_BYTES);

    view_json_overview(&whole, view, &(struct view_origin){ "e", NULL });
    assert_int_equal(buf_error(&whole), ERR_OK);
    for (size_t limit = 0; limit < whole.len; limit++) {
        struct buf text = buf_limited(limit);

        view_json_overview(&text, view, &(struct view_origin){ "e", NULL });
        assert_int_equal(buf_error(&text), ERR_LIMIT);
        buf_release(&text);
    }
    buf_release(&whole);
    view_unref(view);
    monitor_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_json__an_empty_monitor_has_every_member),
        cmocka_unit_test(test_view_json__a_row_has_every_member_and_its_figures),
        cmocka_unit_test(test_view_json__what_is_not_known_is_null_never_zero),
        cmocka_unit_test(test_view_json__an_infinite_utilization_is_a_number),
        cmocka_unit_test(test_view_json__hostile_names_are_escaped),
        cmocka_unit_test(test_view_json__a_page_has_its_row_history_and_breakers),
        cmocka_unit_test(test_view_json__a_page_names_its_view_as_its_path_ends),
        cmocka_unit_test(test_view_json__a_full_buffer_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
