#include "map_script.h"

#include <stdio.h>

#include "api/map_json.h"
#include "base/mem.h"
#include "json_check.h"

enum { TEXT_BYTES = 1 << 20 };
static const int64_t T0 = 1700000000000;

static const char *const members[] = {
    "view",
    "epoch",
    "seq",
    "timestamp",
    "now_ms",
    "notices",
    "sentence.text",
    "sentence.severity",
    "services_without_edges",
    "truncated",
    "nodes.0.service",
    "nodes.0.known",
    "nodes.0.health",
    "nodes.0.severity",
    "nodes.0.evidence",
    "nodes.0.reason",
    "nodes.0.calls_per_s",
    "nodes.0.success_ratio",
    "nodes.0.layer",
    "nodes.0.amplification",
    "nodes.0.at_least",
    "nodes.0.modelled",
    "nodes.0.worst_path.amplification",
    "nodes.0.worst_path.path",
    "nodes.0.storm_source",
    "edges.0.caller",
    "edges.0.service",
    "edges.0.declared",
    "edges.0.evidence",
    "edges.0.calls_per_s",
    "edges.0.errors_per_s",
    "edges.0.retries_per_s",
    "edges.0.attempts_per_call",
    "edges.0.modelled",
    "edges.0.closes_circle",
    "edges.0.last_data_ms",
    "storms",
};

/* The document of now; release it. */
static struct buf document(struct monitor *m, int64_t now_ms)
{
    struct monitor_view *view = view_of(m, now_ms);
    struct buf text = buf_limited(TEXT_BYTES);

    map_json(&text, view, &(struct view_origin){ "test", NULL });
    assert_int_equal(buf_error(&text), ERR_OK);
    json_check(buf_str(&text));
    view_unref(view);
    return text;
}

static void test_map_json__a_storm_in_full(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: gateway, dependencies: [checkout]}]");
    struct buf text;

    tell_storm(m, T0);
    text = document(m, T0 + 60000);
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (!json_has(buf_str(&text), members[i]))
            fail_msg("no %s", members[i]);
    json_expect(buf_str(&text), "view", "\"dependency-map\"");
    json_expect(buf_str(&text), "nodes.0.service", "\"checkout\"");
    json_expect(buf_str(&text), "nodes.1.service", "\"db\"");
    json_expect(buf_str(&text), "nodes.1.layer", "3");
    json_expect(buf_str(&text), "nodes.1.amplification", "2.4028");
    json_expect(buf_str(&text), "nodes.1.worst_path.path.0", "\"gateway\"");
    json_expect(buf_str(&text), "nodes.1.storm_source", "\"db\"");
    json_expect(buf_str(&text), "edges.0.caller", "\"checkout\"");
    json_expect(buf_str(&text), "edges.0.attempts_per_call", "1.44");
    json_expect(buf_str(&text), "edges.1.declared", "true");
    json_expect(buf_str(&text), "storms.0.source", "\"db\"");
    json_expect(buf_str(&text), "storms.0.retried_by", "\"payments\"");
    json_expect(buf_str(&text), "storms.0.path.3", "\"db\"");
    json_expect(buf_str(&text), "storms.0.services.0", "\"db\"");
    buf_release(&text);
    monitor_free(m);
}

static void test_map_json__what_is_not_known_is_null(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: shop, dependencies: [bank]}]");
    struct buf text = document(m, T0);

    json_expect(buf_str(&text), "nodes.0.service", "\"bank\"");
    json_expect(buf_str(&text), "nodes.0.known", "false");
    json_expect(buf_str(&text), "nodes.0.health", "\"unknown\"");
    json_expect(buf_str(&text), "nodes.0.amplification", "null");
    json_expect(buf_str(&text), "nodes.0.at_least", "true");
    json_expect(buf_str(&text), "nodes.1.amplification", "1");
    json_expect(buf_str(&text), "edges.0.attempts_per_call", "null");
    json_expect(buf_str(&text), "edges.0.evidence", "\"unknown\"");
    json_expect(buf_str(&text), "edges.0.last_data_ms", "null");
    assert_int_equal(json_count(buf_str(&text), "storms"), 0);
    buf_release(&text);
    monitor_free(m);
}

static void test_map_json__an_empty_map_is_a_document(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct buf text = document(m, T0);

    assert_int_equal(json_count(buf_str(&text), "nodes"), 0);
    assert_int_equal(json_count(buf_str(&text), "edges"), 0);
    buf_release(&text);
    monitor_free(m);
}

static void test_map_json__names_are_escaped(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct buf text;

    tell_edge(m, "a\"</script>", "\xff\n", T0, 30, 0, 3);
    text = document(m, T0 + 1000);
    assert_int_equal(json_count(buf_str(&text), "nodes"), 2);
    buf_release(&text);
    monitor_free(m);
}

static void expect_line(const struct buf *text, const char *line, bool there)
{
    if ((strstr(text->data, line) != NULL) != there)
        fail_msg("%s \"%s\" in\n%s", there ? "no" : "there is", line, text->data);
}

static void test_map_json__metrics_tell_what_is_measured(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: gateway, dependencies: [unheard]}]");
    struct buf text = buf_limited(TEXT_BYTES);
    struct metric_text writer;
    struct metric_out out = metric_text_out(&writer, &text);
    struct monitor_view *view;

    tell_storm(m, T0);
    view = view_of(m, T0 + 60000);
    map_export(view, &out);
    buf_append_byte(&text, '\0');
    assert_int_equal(buf_error(&text), ERR_OK);
    expect_line(&text,
                "fusebox_edge_attempts_per_call{caller=\"checkout\",service=\"payments\"} 1.44\n",
                true);
    expect_line(&text, "# TYPE fusebox_retry_amplification gauge\n", true);
    expect_line(&text, "fusebox_retry_amplification{service=\"checkout\"} 1.03\n", true);
    expect_line(&text, "unheard", false);
    expect_line(&text, "service=\"gateway\"", false);
    view_unref(view);
    buf_release(&text);
    monitor_free(m);
}

static void tell_guard(struct monitor *m, const char *caller, const char *service, const char *name,
                       enum breaker_state state)
{
    struct signal_sink sink = monitor_sink(m);
    uint32_t id = sink.subject(sink.ctx, &(struct signal_subject){ .service = str_of(service),
                                                                   .breaker = str_of(name),
                                                                   .caller = str_of(caller),
                                                                   .source = "test" });

    send(m, id, SIGNAL_BREAKER_STATE, T0, state);
}

/* The neighbours of one service as a document; release it. */
static struct buf neighbours(struct monitor *m, const char *service, int64_t now_ms)
{
    struct monitor_view *view = view_of(m, now_ms);
    struct buf text = buf_limited(TEXT_BYTES);
    struct json j = json_to(&text);

    json_open_object(&j);
    map_json_neighbours(&j, view, str_of(service));
    json_close_object(&j);
    assert_int_equal(buf_error(&text), ERR_OK);
    json_check(buf_str(&text));
    view_unref(view);
    return text;
}

static void
test_map_json__neighbours_are_edges_with_the_health_of_the_other_end(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: checkout, dependencies: [unheard]}]");
    struct buf text;
    struct str s;

    tell_storm(m, T0);
    tell_guard(m, "checkout", "payments", "a", BREAKER_CLOSED);
    tell_guard(m, "checkout", "payments", "b", BREAKER_OPEN);
    tell_guard(m, "somebody", "payments", "a", BREAKER_OPEN);
    text = neighbours(m, "checkout", T0 + 60000);
    s = buf_str(&text);
    assert_int_equal(json_count(s, "callees"), 2);
    json_expect(s, "callees.0.service", "\"payments\"");
    json_expect(s, "callees.0.known", "true");
    json_expect(s, "callees.0.health", "\"unhealthy\"");
    json_expect(s, "callees.0.calls_per_s", "101.695"); /* the first second is not covered */
    json_expect(s, "callees.0.errors_per_s", "4.068");
    json_expect(s, "callees.0.success_ratio", "0.96");
    json_expect(s, "callees.0.attempts_per_call", "1.44");
    json_expect(s, "callees.0.breakers.total", "2");
    json_expect(s, "callees.0.breakers.open", "1");
    json_expect(s, "callees.0.breakers.worst", "\"open\"");
    json_expect(s, "callees.1.service", "\"unheard\"");
    json_expect(s, "callees.1.known", "false");
    json_expect(s, "callees.1.declared", "true");
    json_expect(s, "callees.1.evidence", "\"unknown\"");
    json_expect(s, "callees.1.success_ratio", "null");
    json_expect(s, "callees.1.breakers.total", "0");
    assert_int_equal(json_count(s, "callers"), 1);
    json_expect(s, "callers.0.service", "\"gateway\"");
    json_expect(s, "callers.0.attempts_per_call", "1.03");
    buf_release(&text);
    text = neighbours(m, "nobody", T0 + 60000);
    json_expect(buf_str(&text), "callees", "[]");
    json_expect(buf_str(&text), "callers", "[]");
    buf_release(&text);
    monitor_free(m);
}

static void test_map_json__the_worst_neighbours_stand_first_and_are_kept(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct buf text;
    struct str s;

    for (int i = 1; i <= 60; i++) {
        for (int n = 0; n < NEIGHBOURS_MAX + 20; n++) {
            char name[16];

            snprintf(name, sizeof name, "s%03d", n);
            tell_edge(m, "hub", name, T0 + i * 1000, 10, 0, 0);
            tell(m, name, T0 + i * 1000, 10, n == 219 ? 5 : n == 111 ? 4 : 0, 0);
        }
    }
    text = neighbours(m, "hub", T0 + 60000);
    s = buf_str(&text);
    assert_int_equal(json_count(s, "callees"), NEIGHBOURS_MAX);
    json_expect(s, "callees.0.service", "\"s219\"");
    json_expect(s, "callees.1.service", "\"s111\"");
    json_expect(s, "callees.2.service", "\"s000\"");
    buf_release(&text);
    monitor_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_json__a_storm_in_full),
        cmocka_unit_test(test_map_json__what_is_not_known_is_null),
        cmocka_unit_test(test_map_json__an_empty_map_is_a_document),
        cmocka_unit_test(test_map_json__names_are_escaped),
        cmocka_unit_test(test_map_json__neighbours_are_edges_with_the_health_of_the_other_end),
        cmocka_unit_test(test_map_json__the_worst_neighbours_stand_first_and_are_kept),
        cmocka_unit_test(test_map_json__metrics_tell_what_is_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
