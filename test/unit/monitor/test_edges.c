#include "config_text.h"

#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "monitor/edges.h"

static const int64_t T0 = 1700000000000;

static struct edge *hear(struct edge_set *set, const char *caller, const char *service)
{
    return edges_hear(set, str_of(caller), str_of(service));
}

static void tell(struct edge *edge, int64_t at_ms, double calls, double errors, double retries)
{
    edge_add(edge, &(struct signal){
                       .subject = 1, .kind = SIGNAL_CALLS, .at_ms = at_ms, .amount = calls });
    edge_add(edge, &(struct signal){
                       .subject = 1, .kind = SIGNAL_ERRORS, .at_ms = at_ms, .amount = errors });
    edge_add(edge, &(struct signal){
                       .subject = 1, .kind = SIGNAL_RETRIES, .at_ms = at_ms, .amount = retries });
}

static void drop(void *state UNUSED)
{
}

/* A catalog of that configuration; release it with drop. */
static struct catalog catalog_of(const char *yaml)
{
    struct config *cfg = config_of(yaml);
    struct catalog catalog;

    catalog_init(&catalog, 100);
    assert_int_equal(catalog_apply(&catalog, cfg, drop), ERR_OK);
    config_unref(cfg);
    return catalog;
}

static void test_edges__attempts_per_call_are_one_and_its_retries(void **state UNUSED)
{
    struct edge_set set = edges_of(10);
    struct edge *edge = hear(&set, "checkout", "payments");
    struct edge_figures f;

    for (int i = 1; i <= 60; i++)
        tell(edge, T0 + i * 1000, 100, 2, 44);
    f = edge_figures(edge, T0 + 60000);
    assert_int_equal(f.evidence, EVIDENCE_OK);
    assert_true(fabs(f.attempts_per_call - 1.44) < 1e-9);
    assert_true(f.calls_per_s > 99 && f.calls_per_s < 103);
    assert_true(fabs(f.retries_per_s / f.calls_per_s - 0.44) < 1e-9);
    edges_release(&set);
}

static void test_edges__what_is_not_told_stays_unknown(void **state UNUSED)
{
    struct edge_set set = edges_of(10);
    struct edge *edge = hear(&set, "a", "b");
    struct edge_figures f = edge_figures(edge, T0);

    assert_int_equal(f.evidence, EVIDENCE_UNKNOWN);
    assert_true(isnan(f.calls_per_s) && isnan(f.attempts_per_call));
    for (int i = 0; i < 5; i++)
        edge_add(edge,
                 &(struct signal){
                     .subject = 1, .kind = SIGNAL_CALLS, .at_ms = T0 + i * 1000, .amount = 50 });
    f = edge_figures(edge, T0 + 4000);
    assert_int_equal(f.evidence, EVIDENCE_OK);
    assert_true(f.calls_per_s > 0);
    assert_true(isnan(f.retries_per_s) && isnan(f.errors_per_s) && isnan(f.attempts_per_call));
    edges_release(&set);
}

static void test_edges__little_and_stale_figures_have_no_factor(void **state UNUSED)
{
    struct edge_set set = edges_of(10);
    struct edge *edge = hear(&set, "a", "b");

    tell(edge, T0, 100, 0, 50);
    assert_int_equal(edge_figures(edge, T0).evidence, EVIDENCE_TOO_LITTLE);
    assert_true(isnan(edge_figures(edge, T0).attempts_per_call));
    tell(edge, T0 + 1000, 100, 0, 50);
    assert_int_equal(edge_figures(edge, T0 + 1000).evidence, EVIDENCE_OK);
    assert_int_equal(edge_figures(edge, T0 + 7000).evidence, EVIDENCE_STALE);
    assert_true(isnan(edge_figures(edge, T0 + 7000).calls_per_s));
    edge = hear(&set, "a", "quiet");
    for (int i = 0; i < 5; i++)
        tell(edge, T0 + i * 1000, 1, 0, 1);
    assert_int_equal(edge_figures(edge, T0 + 4000).evidence, EVIDENCE_TOO_LITTLE);
    edges_release(&set);
}

static void test_edges__a_slow_source_has_the_longer_window(void **state UNUSED)
{
    struct edge_set set = edges_of(10);
    struct edge *edge = hear(&set, "a", "b");
    struct edge_figures f;

    for (int i = 0; i < 10; i++)
        tell(edge, T0 + i * 60000, 600, 0, 300);
    f = edge_figures(edge, T0 + 9 * 60000 + 59000);
    assert_int_equal(f.evidence, EVIDENCE_OK);
    assert_true(fabs(f.attempts_per_call - 1.5) < 1e-9);
    assert_int_equal(edge_figures(edge, T0 + 9 * 60000 + 181000).evidence, EVIDENCE_STALE);
    edges_release(&set);
}

static void test_edges__each_pair_is_one_edge_and_none_leads_to_itself(void **state UNUSED)
{
    struct edge_set set = edges_of(2);

    assert_ptr_equal(hear(&set, "a", "b"), hear(&set, "a", "b"));
    assert_null(hear(&set, "a", "a"));
    assert_null(hear(&set, "", "a"));
    assert_non_null(hear(&set, "b", "a"));
    assert_int_equal(set.refused_count, 0);
    assert_null(hear(&set, "a", "c"));
    assert_int_equal(set.refused_count, 1);
    assert_int_equal(edges_count(&set), 2);
    edges_release(&set);
}

static void test_edges__declared_ones_come_and_go_with_the_configuration(void **state UNUSED)
{
    struct edge_set set = edges_of(10);
    struct catalog catalog = catalog_of("services: [{name: a, dependencies: [b, c]}]");
    struct edge *heard = hear(&set, "a", "b");

    heard->subject = 7;
    edges_declare(&set, &catalog);
    assert_int_equal(edges_count(&set), 2);
    assert_true(edge_is_declared(&set, heard) && edge_is_shown(&set, heard, T0));
    catalog_release(&catalog, drop);
    catalog = catalog_of("services: [{name: a}]");
    edges_declare(&set, &catalog);
    assert_int_equal(edges_count(&set), 1);
    assert_false(edge_is_declared(&set, heard) || edge_is_shown(&set, heard, T0));
    edge_add(heard,
             &(struct signal){ .subject = 7, .kind = SIGNAL_CALLS, .at_ms = T0, .amount = 1 });
    assert_true(edge_is_shown(&set, heard, T0 + EDGE_FORGOTTEN_MS));
    assert_false(edge_is_shown(&set, heard, T0 + EDGE_FORGOTTEN_MS + 1));
    catalog_release(&catalog, drop);
    edges_release(&set);
}

static void test_edges__a_failed_allocation_leaves_the_set_whole(void **state UNUSED)
{
    bool happened = true;

    for (long n = 1; happened; n++) {
        struct edge_set set = edges_of(10);
        struct edge *edge;

        mem_fail_nth(n);
        edge = hear(&set, "a", "b");
        if (edge)
            tell(edge, T0, 30, 1, 1);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_true((edges_count(&set) == 1) == (edge != NULL));
        edge = hear(&set, "a", "b");
        assert_non_null(edge);
        tell(edge, T0 + 1000, 30, 1, 1);
        tell(edge, T0 + 2000, 30, 1, 1);
        assert_true(!isnan(edge_figures(edge, T0 + 2000).attempts_per_call));
        edges_release(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges__attempts_per_call_are_one_and_its_retries),
        cmocka_unit_test(test_edges__what_is_not_told_stays_unknown),
        cmocka_unit_test(test_edges__little_and_stale_figures_have_no_factor),
        cmocka_unit_test(test_edges__a_slow_source_has_the_longer_window),
        cmocka_unit_test(test_edges__each_pair_is_one_edge_and_none_leads_to_itself),
        cmocka_unit_test(test_edges__declared_ones_come_and_go_with_the_configuration),
        cmocka_unit_test(test_edges__a_failed_allocation_leaves_the_set_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
