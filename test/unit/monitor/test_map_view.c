#include "map_script.h"

#include <math.h>

#include "base/mem.h"

static const int64_t T0 = 1700000000000;

static void expect(double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-9 * (1 + fabs(expected))))
        fail_msg("%.12g, not %.12g", got, expected);
}

static void expect_text(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" does not stand in \"%s\"", part, text);
}

static void test_map_view__a_storm_leads_map_and_overview(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct monitor_view *view;
    const struct map_view *map;

    tell_storm(m, T0);
    view = view_of(m, T0 + 60000);
    map = view->map;
    assert_int_equal(map->graph.node_count, 5);
    assert_int_equal(map->graph.edge_count, 4);
    assert_int_equal(map->storm_count, 1);
    assert_int_equal(map->storms[0].source, node_of(map, "db"));
    expect(map->graph.nodes[node_of(map, "db")].worst, 1.03 * 1.44 * 1.62);
    assert_string_equal(map->sentence.text,
                        "Retry storm: one call at gateway becomes 2.40 attempts at db");
    expect_text(map->sentence.detail,
                "Retries multiply along gateway → checkout → payments → db · source of the storm: "
                "db, retried by payments (");
    assert_string_equal(view->sentence.text, map->sentence.text);
    assert_int_equal(view->sentence.severity, SEVERITY_CRITICAL);
    expect_text(view->sentence.detail, map->sentence.detail);
    assert_int_equal(view->sentence.link_count, 3); /* the gateway is no service that is known */
    view_unref(view);
    monitor_free(m);
}

static void test_map_view__the_threshold_of_a_storm_can_be_set(void **state UNUSED)
{
    struct monitor *m = monitor_of("retry_storm: {amplification: 3}");
    struct monitor_view *view;

    tell_storm(m, T0);
    view = view_of(m, T0 + 60000);
    assert_int_equal(view->map->storm_count, 0);
    assert_string_equal(view->map->sentence.text,
                        "One call at gateway becomes 2.40 attempts at db");
    assert_int_equal(view->map->sentence.severity, SEVERITY_INFO);
    assert_null(strstr(view->sentence.text, "storm"));
    view_unref(view);
    monitor_free(m);
}

static void test_map_view__declared_edges_are_there_without_figures(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: shop, dependencies: [stock, bank]}]");
    struct monitor_view *view = view_of(m, T0);
    const struct map_view *map = view->map;

    assert_int_equal(map->graph.node_count, 3);
    assert_int_equal(map->graph.edge_count, 2);
    assert_true(map->edges[0].declared);
    assert_int_equal(map->edges[0].figures.evidence, EVIDENCE_UNKNOWN);
    assert_true(isnan(map->graph.edges[0].attempts_per_call));
    assert_null(map->nodes[node_of(map, "bank")].service);
    assert_non_null(map->nodes[node_of(map, "shop")].service);
    assert_string_equal(map->sentence.text, "No dependency tells its retries");
    view_unref(view);
    monitor_free(m);
}

static void test_map_view__an_edge_without_figures_has_the_mean_of_its_service(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: shop, dependencies: [bank]}]");
    struct monitor_view *view;
    const struct graph_edge *edge;

    for (int i = 0; i <= 60; i++)
        tell(m, "bank", T0 + i * 1000, 100, 0, 20);
    view = view_of(m, T0 + 60000);
    edge = &view->map->graph.edges[0];
    assert_true(edge->modelled);
    expect(edge->attempts_per_call, 1.2);
    assert_true(isnan(edge->calls_per_s));
    assert_string_equal(view->map->sentence.text,
                        "One call at shop becomes ≈ 1.20 attempts at bank");
    view_unref(view);
    monitor_free(m);
}

static void test_map_view__a_caller_counts_for_its_service_too(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct monitor_view *view;
    const struct service_view *bank;

    for (int i = 0; i <= 60; i++) {
        tell_edge(m, "shop", "bank", T0 + i * 1000, 60, 0, 30);
        tell_edge(m, "office", "bank", T0 + i * 1000, 40, 0, 0);
    }
    view = view_of(m, T0 + 60000);
    bank = view_find_service(view, STR("bank"));
    expect(bank->calls_total, 61 * 100);
    expect(bank->retries_total, 61 * 30);
    expect(view->map->graph.nodes[node_of(view->map, "bank")].amplification, 1.3);
    expect(view->map->graph.nodes[node_of(view->map, "bank")].worst, 1.5);
    view_unref(view);
    monitor_free(m);
}

static void test_map_view__a_breaker_of_a_caller_makes_an_edge(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct signal_sink sink = monitor_sink(m);
    struct monitor_view *view;

    assert_true(sink.subject(sink.ctx, &(struct signal_subject){ .service = STR("bank"),
                                                                 .breaker = STR("main"),
                                                                 .caller = STR("shop"),
                                                                 .source = "test" }));
    view = view_of(m, T0);
    assert_int_equal(view->map->graph.edge_count, 1);
    assert_int_equal(view->map->edges[0].figures.evidence, EVIDENCE_UNKNOWN);
    view_unref(view);
    monitor_free(m);
}

static void test_map_view__the_edge_of_a_breaker_goes_with_its_service(void **state UNUSED)
{
    struct monitor *m = monitor_of("catalog: {discovered_ttl: 1m}");
    struct signal_sink sink = monitor_sink(m);
    uint32_t id = sink.subject(sink.ctx, &(struct signal_subject){ .service = STR("bank"),
                                                                   .breaker = STR("main"),
                                                                   .caller = STR("shop"),
                                                                   .source = "test" });
    struct monitor_view *view;

    send(m, id, SIGNAL_BREAKER_STATE, T0, BREAKER_CLOSED);
    view = view_of(m, T0 + 60000);
    assert_int_equal(view->map->graph.edge_count, 1);
    view_unref(view);
    view = view_of(m, T0 + 61000);
    assert_int_equal(view->service_count, 0);
    assert_int_equal(view->map->graph.edge_count, 0);
    view_unref(view);
    monitor_free(m);
}

static void test_map_view__nothing_known_says_what_to_do(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: lone}]");
    struct monitor_view *view = view_of(m, T0);

    assert_int_equal(view->map->graph.edge_count, 0);
    assert_int_equal(view->map->services_without_edges, 1);
    assert_int_equal(view->map->sentence.severity, SEVERITY_UNKNOWN);
    expect_text(view->map->sentence.detail, "services[].dependencies");
    view_unref(view);
    monitor_free(m);
}

static void test_map_view__edges_beyond_the_limit_are_told(void **state UNUSED)
{
    struct monitor *m = monitor_of("catalog: {max_edges: 2}\n"
                                   "services: [{name: a, dependencies: [b, c, d]}]");
    struct monitor_view *view = view_of(m, T0);

    assert_int_equal(view->map->graph.edge_count, 2);
    assert_true(view->map->truncated);
    view_unref(view);
    tell_edge(m, "x", "y", T0, 5, 0, 0); /* refused as an edge, heard as a service */
    view = view_of(m, T0 + 1000);
    expect(view_find_service(view, STR("y"))->calls_total, 5);
    view_unref(view);
    monitor_free(m);
}

static void test_map_view__every_failed_allocation_of_a_view_is_told(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: a, dependencies: [b]}]");
    bool happened = true;

    tell_storm(m, T0);
    for (long n = 1; happened; n++) {
        struct monitor_view *view = NULL;
        enum err err;

        mem_fail_nth(n);
        err = monitor_view(m, T0 + 60000, &view);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(err == ERR_OK || (err == ERR_NOMEM && happened));
        view_unref(view);
    }
    monitor_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_view__a_storm_leads_map_and_overview),
        cmocka_unit_test(test_map_view__the_threshold_of_a_storm_can_be_set),
        cmocka_unit_test(test_map_view__declared_edges_are_there_without_figures),
        cmocka_unit_test(test_map_view__an_edge_without_figures_has_the_mean_of_its_service),
        cmocka_unit_test(test_map_view__a_caller_counts_for_its_service_too),
        cmocka_unit_test(test_map_view__a_breaker_of_a_caller_makes_an_edge),
        cmocka_unit_test(test_map_view__the_edge_of_a_breaker_goes_with_its_service),
        cmocka_unit_test(test_map_view__nothing_known_says_what_to_do),
        cmocka_unit_test(test_map_view__edges_beyond_the_limit_are_told),
        cmocka_unit_test(test_map_view__every_failed_allocation_of_a_view_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
