#include "monitor_script.h"

#include <stdio.h>

#include "json_check.h"

#include "api/export.h"
#include "api/view_json.h"
#include "base/attr.h"

enum { TEXT_BYTES = 1 << 20 };
static const int64_t T0 = 1700000000000;

static uint32_t instance(struct monitor *m, const char *caller)
{
    struct signal_sink sink = monitor_sink(m);

    return sink.subject(sink.ctx, &(struct signal_subject){ .service = STR("orders"),
                                                            .breaker = STR("b1"),
                                                            .caller = str_of(caller),
                                                            .source = "test" });
}

/* Breaker b1 in two callers: one open for 16 minutes after a slow recovery, one closed. */
static struct monitor *two_instances(void)
{
    struct monitor *m = monitor_of("");
    uint32_t one = instance(m, "web"), two = instance(m, "worker");

    send(m, one, SIGNAL_BREAKER_STATE, T0 - 400000, BREAKER_CLOSED);
    send(m, one, SIGNAL_BREAKER_CALLS, T0 - 390000, 40);
    send(m, one, SIGNAL_BREAKER_ERRORS, T0 - 390000, 21);
    send(m, one, SIGNAL_BREAKER_STATE, T0 - 380000, BREAKER_OPEN);
    send(m, one, SIGNAL_BREAKER_STATE, T0 - 1000, BREAKER_CLOSED);
    send(m, one, SIGNAL_BREAKER_STATE, T0, BREAKER_OPEN);
    send(m, one, SIGNAL_BREAKER_CONSECUTIVE, T0, 5);
    send(m, two, SIGNAL_BREAKER_STATE, T0, BREAKER_CLOSED);
    return m;
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

static void test_breaker_json__metrics_tell_conditions_and_recoveries(void **state UNUSED)
{
    struct monitor *m = two_instances();
    struct monitor_view *view = view_of(m, T0 + 960000);
    struct buf text = buf_limited(TEXT_BYTES);
    struct metric_text writer;
    struct metric_out out = metric_text_out(&writer, &text);

    export_view(view, false, &out);
    buf_append_byte(&text, '\0');
    assert_int_equal(buf_error(&text), ERR_OK);
#define WEB "service=\"orders\",name=\"b1\",endpoint=\"\",caller=\"web\""
    expect_line(&text, "fusebox_breaker_condition{" WEB
                       ",condition=\"stuck_open\",severity=\"critical\"} 1\n");
    expect_line(&text, "fusebox_breaker_condition{" WEB
                       ",condition=\"flapping\",severity=\"critical\"} 0\n");
    expect_line(&text, "fusebox_breaker_condition{service=\"orders\",name=\"b1\",endpoint=\"\","
                       "caller=\"worker\",condition=\"stuck_open\",severity=\"critical\"} 0\n");
    expect_none(&text, "caller=\"worker\",condition=\"failure_rate\"");
#define RECOVERY "circuit_breaker_recovery_duration_seconds"
    expect_line(&text, RECOVERY "_bucket{" WEB ",le=\"300\"} 0\n");
    expect_line(&text, RECOVERY "_bucket{" WEB ",le=\"600\"} 1\n");
    expect_line(&text, RECOVERY "_bucket{" WEB ",le=\"+Inf\"} 1\n");
    expect_line(&text, RECOVERY "_sum{" WEB "} 379\n");
    expect_line(&text, RECOVERY "_count{" WEB "} 1\n");
    expect_none(&text, RECOVERY "_count{service=\"orders\",name=\"b1\",endpoint=\"\","
                                "caller=\"worker\"}");
    expect_line(&text, "circuit_breaker_consecutive_failures{" WEB "} 5\n");
#define REQUESTS "circuit_breaker_requests_total{" WEB ",state=\""
    expect_line(&text, REQUESTS "closed\",outcome=\"success\",result=\"success\"} 19\n");
    expect_line(&text, REQUESTS "closed\",outcome=\"failure\",result=\"failure\"} 21\n");
    expect_line(&text, REQUESTS "open\",outcome=\"failure\",result=\"failure\"} 0\n");
    expect_none(&text, REQUESTS "half_open\"");
    expect_none(&text, "outcome=\"blocked\"");
#define B1 "fusebox_breaker_instances{service=\"orders\",name=\"b1\",endpoint=\"\","
    expect_line(&text, B1 "state=\"open\"} 1\n");
    expect_line(&text, B1 "state=\"closed\"} 1\n");
    buf_release(&text);
    view_unref(view);
    monitor_free(m);
}

static void test_breaker_json__transitions_keep_what_went_before(void **state UNUSED)
{
    struct monitor *m = two_instances();
    struct monitor_view *view = view_of(m, T0 + 960000);
    struct buf text = buf_limited(TEXT_BYTES);
    struct json j = json_to(&text);
    struct str doc;

    view_json_breaker(&j, &view->breakers[0]);
    assert_int_equal(buf_error(&text), ERR_OK);
    doc = buf_str(&text);
    json_check(doc);
    json_expect(doc, "caller", "\"web\"");
    json_expect(doc, "instances.total", "2");
    json_expect(doc, "instances.open", "1");
    json_expect(doc, "instances.worst", "\"open\"");
    json_expect(doc, "consecutive_failures", "5");
    assert_int_equal(json_count(doc, "transitions"), 3);
    json_expect(doc, "transitions.2.time", "\"2023-11-14T22:07:00.000Z\"");
    json_expect(doc, "transitions.2.from", "\"closed\"");
    json_expect(doc, "transitions.2.to", "\"open\"");
    json_expect(doc, "transitions.2.calls", "40");
    json_expect(doc, "transitions.2.errors", "21");
    json_expect(doc, "transitions.1.calls", "0");
    assert_int_equal(json_count(doc, "conditions"), 3);
    json_expect(doc, "conditions.1.condition", "\"stuck_open\"");
    json_expect(doc, "conditions.1.severity", "\"critical\"");
    json_expect(doc, "conditions.1.since", "\"2023-11-14T22:28:20.000Z\"");
    buf_release(&text);
    view_unref(view);
    monitor_free(m);
}

static void test_breaker_json__the_service_names_what_holds(void **state UNUSED)
{
    struct monitor *m = two_instances();
    struct monitor_view *view = view_of(m, T0 + 960000);
    struct buf text = buf_limited(TEXT_BYTES);
    struct json j = json_to(&text);

    json_open_object(&j);
    view_json_row_members(&j, &view->services[0], ROW_PLAIN);
    json_close_object(&j);
    assert_int_equal(buf_error(&text), ERR_OK);
    json_check(buf_str(&text));
    json_expect(buf_str(&text), "conditions.1.condition", "\"stuck_open\"");
    json_expect(buf_str(&text), "conditions.1.breakers", "1");
    json_expect(buf_str(&text), "reason",
                "\"b1 has been open for 16 min without an attempt to recover\"");
    json_expect(buf_str(&text), "health", "\"degraded\"");
    buf_release(&text);
    view_unref(view);
    monitor_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breaker_json__metrics_tell_conditions_and_recoveries),
        cmocka_unit_test(test_breaker_json__transitions_keep_what_went_before),
        cmocka_unit_test(test_breaker_json__the_service_names_what_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
