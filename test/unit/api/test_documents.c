/* The shapes of references S2 and S3, and the views as CSV. */
#include "map_script.h"

#include <math.h>
#include <stdio.h>

#include "api/export.h"
#include "api/gateway_json.h"
#include "api/performance_json.h"
#include "api/view_csv.h"
#include "base/attr.h"
#include "base/mem.h"
#include "json_check.h"
#include "telemetry/metric_openmetrics.h"
#include "wire/openmetrics.h"

enum { TEXT_BYTES = 4 << 20 };
static const int64_t T0 = 1700000000000;

/* orders fails for 1 in 10 and has an open breaker; api-gateway is well; mute tells nothing. */
static struct monitor_view *shop(void)
{
    struct monitor *m = monitor_of("");
    struct monitor_view *view;

    for (int i = 0; i <= 60; i++) {
        tell(m, "orders", T0 + i * 1000, i ? 100 : 0, i ? 10 : 0, i ? 3 : 0);
        tell(m, "api-gateway", T0 + i * 1000, i ? 100 : 0, i ? 1 : 0, 0);
    }
    tell_state(m, "orders", "=db", T0, BREAKER_CLOSED);
    tell_state(m, "orders", "=db", T0 + 30000, BREAKER_OPEN);
    subject_of(m, "mute", NULL);
    view = view_of(m, T0 + 60000);
    monitor_free(m);
    return view;
}

static const struct gateway_self gateway_self = {
    .version = "1.2.3",
    .started_ms = 1700000060000 - 225120000, /* 2 d 14 h 32 min before */
    .summary = { .requests_count = 1000, .failed_count = 12 },
};

static const struct performance_self performance_self = {
    .version = "1.2.3",
    .started_ms = 1700000000000,
    .series_count = 7,
    .samples_count = 70,
    .summary = { .requests_count = 1000,
                 .failed_count = 12,
                 .mean_s = 0.002,
                 .p50_s = 0.001,
                 .p95_s = 0.004,
                 .p99_s = NAN,
                 .cpu_s = 6,
                 .resident_bytes = 4096 },
};

static const struct view_origin origin = { .epoch = "e" };

static struct str json_of(const struct buf *text)
{
    assert_int_equal(buf_error(text), ERR_OK);
    json_check(buf_str(text));
    return buf_str(text);
}

static void test_gateway_json__shows_the_gateway_that_is_a_service(void **state UNUSED)
{
    struct monitor_view *view = shop();
    struct buf text = buf_limited(TEXT_BYTES);
    struct str json;

    gateway_json_dashboard(&text, view, STR("api-gateway"), &gateway_self);
    json = json_of(&text);
    json_expect(json, "gateway.name", "\"api-gateway\"");
    json_expect(json, "gateway.version", "null");
    json_expect(json, "gateway.uptime", "null");
    json_expect(json, "gateway.status", "\"healthy\"");
    json_expect(json, "gateway.requests.total", "6000");
    json_expect(json, "gateway.requests.successful", "5940");
    json_expect(json, "gateway.requests.failed", "60");
    json_expect(json, "gateway.requests.rate", "\"99.0%\"");
    json_expect(json, "gateway.requests.success_ratio", "0.99");
    assert_int_equal(json_count(json, "services"), 2);
    json_expect(json, "services.orders.error_rate", "\"10.0%\"");
    json_expect(json, "services.orders.error_ratio", "0.1");
    json_expect(json, "services.orders.circuit_breaker", "\"OPEN\"");
    json_expect(json, "services.orders.response_time", "null");
    json_expect(json, "services.orders.response_time_ms", "null");
    json_expect(json, "services.mute.status", "\"unknown\"");
    json_expect(json, "services.mute.error_rate", "null");
    json_expect(json, "services.mute.circuit_breaker", "null");
    json_expect(json, "alerts.0.service", "\"orders\"");
    assert_true(json_has(json, "alerts.0.message"));
    assert_true(json_has(json, "alerts.0.duration_s"));
    buf_release(&text);
    view_unref(view);
}

static void test_gateway_json__is_fusebox_itself_without_such_a_service(void **state UNUSED)
{
    struct monitor_view *view = shop();
    struct buf text = buf_limited(TEXT_BYTES);
    struct str json;

    gateway_json_dashboard(&text, view, STR("edge"), &gateway_self);
    json = json_of(&text);
    json_expect(json, "gateway.name", "\"fusebox\"");
    json_expect(json, "gateway.version", "\"1.2.3\"");
    json_expect(json, "gateway.uptime", "\"2d 14h 32m\"");
    json_expect(json, "gateway.uptime_s", "225120");
    json_expect(json, "gateway.requests.total", "1000");
    json_expect(json, "gateway.requests.rate", "\"98.8%\"");
    assert_int_equal(json_count(json, "services"), 3);
    buf_release(&text);
    view_unref(view);
}

static void test_gateway_json__lists_breakers_with_their_counts(void **state UNUSED)
{
    struct monitor_view *view = shop();
    struct buf text = buf_limited(TEXT_BYTES);
    struct str json;

    gateway_json_breakers(&text, view, STR_NONE, STR_NONE);
    json = json_of(&text);
    assert_int_equal(json_count(json, "circuit_breakers"), 1);
    json_expect(json, "circuit_breakers.0.service", "\"orders\"");
    json_expect(json, "circuit_breakers.0.state", "\"OPEN\"");
    json_expect(json, "circuit_breakers.0.counts.requests", "null");
    json_expect(json, "circuit_breakers.0.counts.consecutive_successes", "null");
    buf_release(&text);
    gateway_json_breakers(&text, view, STR("orders"), STR("other"));
    assert_int_equal(json_count(json_of(&text), "circuit_breakers"), 0);
    buf_release(&text);
    view_unref(view);
}

static void test_gateway_json__writes_durations_in_two_or_three_words(void **state UNUSED)
{
    char text[GATEWAY_DURATION_BYTES];

    assert_string_equal(gateway_duration(-5, text), "0s");
    assert_string_equal(gateway_duration(59999, text), "59s");
    assert_string_equal(gateway_duration(900000, text), "15m");
    assert_string_equal(gateway_duration(3600000, text), "1h 0m");
    assert_string_equal(gateway_duration(90000000, text), "1d 1h 0m");
}

static void test_performance_json__tells_rates_and_no_latency_that_nobody_told(void **state UNUSED)
{
    struct monitor_view *view = shop();
    struct buf text = buf_limited(TEXT_BYTES);
    struct str json;

    performance_json(&text, view, STR_NONE, &performance_self, &origin);
    json = json_of(&text);
    json_expect(json, "throughput_per_s", "200");
    json_expect(json, "error_rate", "0.055");
    json_expect(json, "response_time.mean_ms", "null");
    json_expect(json, "response_time.p99_ms", "null");
    assert_int_equal(json_count(json, "services"), 3);
    json_expect(json, "services.0.service", "\"orders\"");
    json_expect(json, "services.0.error_rate", "0.1");
    json_expect(json, "fusebox.requests_failed", "12");
    json_expect(json, "fusebox.response_time.p95_ms", "4");
    json_expect(json, "fusebox.response_time.p99_ms", "null");
    json_expect(json, "fusebox.cpu_percent", "10");
    buf_release(&text);
    performance_json(&text, view, STR("mute"), &performance_self, &origin);
    json = json_of(&text);
    assert_int_equal(json_count(json, "services"), 1);
    json_expect(json, "services.0.throughput_per_s", "null");
    buf_release(&text);
    view_unref(view);
}

static void
test_performance_json__tells_the_percentiles_of_each_service_and_of_all(void **state UNUSED)
{
    struct monitor_view *view = shop();
    struct buf text = buf_limited(TEXT_BYTES);
    struct str json;

    view->services[0].latency_s[LATENCY_P50] = 0.012;
    view->services[0].latency_s[LATENCY_P95] = 0.31;
    view->services[0].latency_s[LATENCY_P99] = 0.84;
    view->totals.latency_s[LATENCY_P95] = 0.25;
    performance_json(&text, view, STR_NONE, &performance_self, &origin);
    json = json_of(&text);
    json_expect(json, "services.0.response_time.p50_ms", "12");
    json_expect(json, "services.0.response_time.p95_ms", "310");
    json_expect(json, "services.0.response_time.p99_ms", "840");
    json_expect(json, "services.1.response_time.p95_ms", "null");
    json_expect(json, "response_time.p95_ms", "250");
    json_expect(json, "response_time.p99_ms", "null");
    buf_release(&text);
    view_unref(view);
}

static void test_performance_json__status_counts_what_is_wrong(void **state UNUSED)
{
    struct monitor_view *view = shop();
    struct buf text = buf_limited(TEXT_BYTES);
    struct str json;

    performance_json_status(&text, view, &performance_self, &origin);
    json = json_of(&text);
    json_expect(json, "status", "\"running\"");
    json_expect(json, "monitoring_active", "true");
    json_expect(json, "health", "\"unhealthy\"");
    json_expect(json, "uptime_s", "60");
    json_expect(json, "services.unknown", "1");
    json_expect(json, "breakers.open", "1");
    json_expect(json, "active_alerts.total", "1");
    json_expect(json, "active_alerts.critical", "1");
    json_expect(json, "performance.throughput_per_s", "200");
    json_expect(json, "metrics.series", "7");
    assert_true(json_has(json, "sentence.text"));
    buf_release(&text);
    view_unref(view);
}

/* Cells of the row (from 0) as a text; rows hold no quoted line ends here. */
static size_t commas(const char *text, int row)
{
    size_t count = 0;
    bool quoted = false;

    for (; row > 0; row--)
        text = strstr(text, "\r\n") + 2;
    for (; *text && *text != '\r'; text++) {
        quoted ^= *text == '"';
        count += *text == ',' && !quoted;
    }
    return count;
}

static void test_view_csv__has_a_row_per_service(void **state UNUSED)
{
    struct monitor_view *view = shop();
    struct buf text = buf_limited(TEXT_BYTES);

    view_csv_overview(&text, view);
    buf_append_byte(&text, '\0');
    assert_int_equal(buf_error(&text), ERR_OK);
    assert_memory_equal(text.data, "service,team,", 13);
    assert_non_null(strstr(text.data, "\r\norders,,,test,unhealthy,critical,"));
    assert_non_null(strstr(text.data, "\r\nmute,,,"));
    for (int row = 1; row <= 3; row++)
        assert_int_equal(commas(text.data, row), commas(text.data, 0));
    buf_release(&text);
    view_unref(view);
}

static void test_view_csv__history_ends_with_its_last_step(void **state UNUSED)
{
    static struct service_history h = {
        .step_s = 5,
        .end_ms = 10000,
        .count = 2,
        .lines = { [HISTORY_CALLS] = { 1.5F, NAN },
                   [HISTORY_RETRIES] = { 0.25F, NAN },
                   [HISTORY_UTILIZATION] = { 2, NAN },
                   [HISTORY_P99] = { 0, NAN } },
    };
    struct buf text = buf_limited(TEXT_BYTES);

    for (int line = 0; line < HISTORY_LINE_COUNT; line++)
        h.lines[line][1] = NAN;
    view_csv_history(&text, &h);
    buf_append_byte(&text, '\0');
    assert_string_equal(text.data,
                        "timestamp,calls_per_s,errors_per_s,retries_per_s,retries_denied_per_s,"
                        "retry_limit_per_s,utilization_percent,success_ratio,attempt_success_ratio,"
                        "first_attempt_success_ratio,latency_p50_s,latency_p95_s,latency_p99_s\r\n"
                        "1970-01-01T00:00:05.000Z,1.5,0,0.25,0,0,2,0,0,0,0,0,0\r\n"
                        "1970-01-01T00:00:10.000Z,,,,,,,,,,,,\r\n");
    buf_release(&text);
}

static void test_view_csv__has_a_row_per_edge_of_the_map(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: gateway, dependencies: [unheard]}]");
    struct buf text = buf_limited(TEXT_BYTES);
    struct monitor_view *view;

    tell_storm(m, T0);
    view = view_of(m, T0 + 60000);
    view_csv_map(&text, view);
    buf_append_byte(&text, '\0');
    assert_int_equal(buf_error(&text), ERR_OK);
    assert_non_null(
        strstr(text.data, "\r\ncheckout,payments,false,ok,101.695,4.068,44.746,1.44,false,2023-"));
    assert_non_null(strstr(text.data, "\r\ngateway,unheard,true,unknown,,,,,"));
    for (int row = 1; row <= 5; row++)
        assert_int_equal(commas(text.data, row), commas(text.data, 0));
    buf_release(&text);
    view_unref(view);
    monitor_free(m);
}

/* The view as OpenMetrics is what our own reader, as strict as Prometheus', takes. */
static void test_export__is_openmetrics_that_is_taken(void **state UNUSED)
{
    struct monitor_view *view = shop();
    struct buf text = buf_limited(TEXT_BYTES);
    struct metric_openmetrics writer;
    struct metric_out out = metric_openmetrics_out(&writer, &text);
    struct openmetrics_reader reader;
    struct openmetrics_line line;
    struct diag diag = { 0 };
    size_t samples = 0;

    export_view(view, false, &out);
    metric_openmetrics_finish(&writer);
    assert_int_equal(buf_error(&text), ERR_OK);
    openmetrics_init(&reader, buf_str(&text));
    for (;;) {
        if (openmetrics_next(&reader, &line, &diag))
            fail_msg("line %d: %s", diag.line, diag.message);
        if (line.line.kind == EXPOSITION_END)
            break;
        samples += line.line.kind == EXPOSITION_SAMPLE;
    }
    assert_true(samples > 30);
    buf_release(&text);
    view_unref(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gateway_json__shows_the_gateway_that_is_a_service),
        cmocka_unit_test(test_gateway_json__is_fusebox_itself_without_such_a_service),
        cmocka_unit_test(test_gateway_json__lists_breakers_with_their_counts),
        cmocka_unit_test(test_gateway_json__writes_durations_in_two_or_three_words),
        cmocka_unit_test(test_performance_json__tells_rates_and_no_latency_that_nobody_told),
        cmocka_unit_test(test_performance_json__tells_the_percentiles_of_each_service_and_of_all),
        cmocka_unit_test(test_performance_json__status_counts_what_is_wrong),
        cmocka_unit_test(test_view_csv__has_a_row_per_edge_of_the_map),
        cmocka_unit_test(test_export__is_openmetrics_that_is_taken),
        cmocka_unit_test(test_view_csv__has_a_row_per_service),
        cmocka_unit_test(test_view_csv__history_ends_with_its_last_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
