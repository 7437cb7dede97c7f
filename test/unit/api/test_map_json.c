#include "map_script.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_json__a_storm_in_full),
        cmocka_unit_test(test_map_json__what_is_not_known_is_null),
        cmocka_unit_test(test_map_json__an_empty_map_is_a_document),
        cmocka_unit_test(test_map_json__names_are_escaped),
        cmocka_unit_test(test_map_json__metrics_tell_what_is_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
