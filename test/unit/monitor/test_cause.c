/* Chains of services that fail, told edge by edge: who explains whose trouble. */
#include "map_script.h"

#include "base/mem.h"
#include "monitor/cause.h"

static const int64_t T0 = 1700000000000;

static const struct service_view *row(const struct monitor_view *view, const char *name)
{
    const struct service_view *found = view_find_service(view, str_of(name));

    assert_non_null(found);
    return found;
}

static void expect_cause(const struct monitor_view *view, const char *name, const char *cause)
{
    if (!str_equals(row(view, name)->caused_by, str_of(cause)))
        fail_msg("%s is caused by \"%.*s\", not by \"%s\"", name,
                 (int)row(view, name)->caused_by.len, row(view, name)->caused_by.ptr, cause);
}

static size_t place_of(const struct monitor_view *view, const char *name)
{
    return (size_t)(row(view, name) - view->services);
}

/* Each cause stands before all its victims, and the nodes of the map point to their own rows. */
static void check_order(const struct monitor_view *view)
{
    for (size_t i = 0; i < view->service_count; i++)
        for (size_t c = i + 1; c < view->service_count; c++)
            assert_false(str_equals(view->services[i].caused_by, view->services[c].name));
    for (uint32_t n = 0; n < view->map->graph.node_count; n++)
        if (view->map->nodes[n].service)
            assert_true(str_equals(view->map->nodes[n].service->name, view->map->nodes[n].name));
}

/* A minute of calls along an edge, 100 a second. */
struct told {
    const char *caller, *service;
    double errors, retries;
};

static struct monitor_view *view_told(struct monitor *m, const struct told *edges, size_t count)
{
    struct monitor_view *view;

    for (int s = 0; s <= 60; s++)
        for (size_t i = 0; i < count; i++)
            tell_edge(m, edges[i].caller, edges[i].service, T0 + s * 1000, 100, edges[i].errors,
                      edges[i].retries);
    view = view_of(m, T0 + 60000);
    check_order(view);
    return view;
}

static void test_cause__the_last_that_fails_explains_the_whole_chain(void **state UNUSED)
{
    static const struct told chain[] = { { "user", "gateway", 30, 0 },
                                         { "gateway", "checkout", 30, 0 },
                                         { "checkout", "db", 12, 0 } };
    struct monitor *m = monitor_of("");
    struct monitor_view *view = view_told(m, chain, ARRAY_LEN(chain));

    expect_cause(view, "gateway", "db");
    expect_cause(view, "checkout", "db");
    expect_cause(view, "db", "");
    assert_int_equal(row(view, "db")->victims, 2);
    assert_int_equal(place_of(view, "db"), 0); /* although it fails less than they */
    assert_string_equal(view->sentence.text, "db fails for 1 in 8 calls; 2 services feel it");
    view_unref(view);
    monitor_free(m);
}

static void test_cause__what_works_explains_nothing(void **state UNUSED)
{
    static const struct told apart[] = { { "user", "checkout", 30, 0 },
                                         { "checkout", "db", 0, 0 },
                                         { "batch", "db", 60, 0 },
                                         { "shop", "stock", 20, 0 },
                                         { "user", "shop", 0, 0 } };
    struct monitor *m = monitor_of("");
    struct monitor_view *view = view_told(m, apart, ARRAY_LEN(apart));

    expect_cause(view, "checkout", ""); /* db fails, but for others */
    expect_cause(view, "shop", "");     /* stock fails, but its caller is well */
    assert_int_equal(row(view, "db")->victims, 0);
    view_unref(view);
    monitor_free(m);
}

static void test_cause__of_several_the_one_that_fails_most_counts(void **state UNUSED)
{
    static const struct told fork[] = { { "user", "shop", 30, 0 },
                                        { "shop", "bank", 12, 0 },
                                        { "shop", "stock", 25, 0 } };
    struct monitor *m = monitor_of("");
    struct monitor_view *view = view_told(m, fork, ARRAY_LEN(fork));

    expect_cause(view, "shop", "stock");
    assert_int_equal(row(view, "bank")->victims, 0);
    assert_string_equal(view->sentence.text, "stock fails for 1 in 4 calls; 1 service feels it; 1 "
                                             "more service has trouble");
    view_unref(view);
    monitor_free(m);
}

static void test_cause__a_declared_edge_takes_the_ratio_of_its_service(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: shop, dependencies: [bank]}]");
    struct monitor_view *view;

    for (int i = 0; i <= 60; i++) {
        tell(m, "shop", T0 + i * 1000, 100, 30, 0);
        tell(m, "bank", T0 + i * 1000, 100, 20, 0);
    }
    view = view_of(m, T0 + 60000);
    check_order(view);
    expect_cause(view, "shop", "bank");
    view_unref(view);
    monitor_free(m);
}

static void test_cause__a_circle_has_an_end(void **state UNUSED)
{
    static const struct told circle[] = { { "a", "b", 30, 0 },
                                          { "b", "c", 30, 0 },
                                          { "c", "a", 30, 0 } };
    struct monitor *m = monitor_of("");
    struct monitor_view *view = view_told(m, circle, ARRAY_LEN(circle));
    uint32_t victims = 0, causes = 0;

    for (size_t i = 0; i < view->service_count; i++) {
        victims += view->services[i].caused_by.len > 0;
        causes += view->services[i].victims;
    }
    assert_int_equal(victims, 2);
    assert_int_equal(causes, 2);
    view_unref(view);
    monitor_free(m);
}

static void test_cause__the_sentence_of_a_victim_names_it(void **state UNUSED)
{
    static const struct told chain[] = { { "user", "shop", 30, 0 }, { "shop", "bank", 30, 0 } };
    struct arena arena = arena_limited(1 << 16);
    struct monitor *m = monitor_of("");
    struct monitor_view *view = view_told(m, chain, ARRAY_LEN(chain));
    struct sentence said = sentence_for_service(&arena, row(view, "shop"), view->now_ms);

    assert_string_equal(said.text, "shop fails for 1 in 3 calls, because bank fails");
    assert_int_equal(said.link_count, 1);
    assert_true(str_equals(said.links[0], STR("bank")));
    arena_release(&arena);
    view_unref(view);
    monitor_free(m);
}

static void test_cause__lack_of_memory_is_an_error(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct monitor_view *view, *broken;
    bool fault = true;
    int refused = 0;
    long n = 0;

    tell_storm(m, T0);
    view = view_of(m, T0 + 60000);
    expect_cause(view, "payments", "db");
    while (fault && n < 2000) {
        enum err err;

        broken = NULL;
        mem_fail_nth(++n);
        err = monitor_view(m, T0 + 60000, &broken);
        fault = mem_fault_happened();
        mem_fail_nth(0);
        refused += err == ERR_NOMEM;
        assert_true(err == ERR_OK || (fault && err == ERR_NOMEM));
        if (!err)
            check_order(broken); /* it lacks words at most */
        view_unref(broken);
    }
    assert_in_range(n, 2, 1999);
    assert_true(refused > 0);
    view_unref(view);
    monitor_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cause__the_last_that_fails_explains_the_whole_chain),
        cmocka_unit_test(test_cause__what_works_explains_nothing),
        cmocka_unit_test(test_cause__of_several_the_one_that_fails_most_counts),
        cmocka_unit_test(test_cause__a_declared_edge_takes_the_ratio_of_its_service),
        cmocka_unit_test(test_cause__a_circle_has_an_end),
        cmocka_unit_test(test_cause__the_sentence_of_a_victim_names_it),
        cmocka_unit_test(test_cause__lack_of_memory_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
