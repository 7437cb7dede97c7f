/* What becomes of a service when it is defined through the API, forgotten, or silent for long. */
#include "monitor_script.h"

#include "base/mem.h"

static const int64_t T0 = 1700000000000;
static const int64_t HOUR_MS = 3600000;

static struct definition *definition_of(const char *json)
{
    struct config *base = config_of("");
    struct definition *d = NULL;

    assert_int_equal(definition_read(str_of(json), STR_NONE, base, &d, NULL, NULL), ERR_OK);
    d->revision = 7;
    config_unref(base);
    return d;
}

static enum err define(struct monitor *m, const char *json)
{
    struct definition *d = definition_of(json);
    enum err err = monitor_define(m, d);

    definition_unref(d);
    return err;
}

static size_t shown_count(struct monitor *m, int64_t now_ms)
{
    struct monitor_view *view = view_of(m, now_ms);
    size_t count = view->service_count;

    view_unref(view);
    return count;
}

static void test_definitions__a_defined_service_shows_before_it_is_heard(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct monitor_view *view;
    const struct service_view *s;

    assert_int_equal(
        define(m, "{\"name\":\"orders\",\"team\":\"shop\",\"maxRetriesPerMinute\":60}"), ERR_OK);
    assert_true(monitor_take_alarm(m));
    view = view_of(m, T0);
    s = view_find_service(view, STR("orders"));
    assert_non_null(s);
    assert_true(str_equals(s->team, STR("shop")));
    assert_int_equal(s->revision, 7);
    view_unref(view);
    monitor_free(m);
}

static void test_definitions__a_heard_service_gets_limits_and_loses_them(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct monitor_view *view;

    tell(m, "orders", T0, 10, 0, 0);
    assert_int_equal(define(m, "{\"name\":\"orders\",\"maxRetriesPerMinute\":60}"), ERR_OK);
    view = view_of(m, T0 + 1000);
    assert_int_equal(view->services[0].budget.kind, BUDGET_ABSOLUTE);
    view_unref(view);
    monitor_undefine(m, STR("orders"));
    view = view_of(m, T0 + 2000);
    assert_int_equal(view->service_count, 1);
    assert_int_equal(view->services[0].revision, 0);
    assert_int_equal(view->services[0].budget.kind, BUDGET_RATIO);
    view_unref(view);
    monitor_free(m);
}

static void test_definitions__who_was_never_heard_goes_with_its_definition(void **state UNUSED)
{
    struct monitor *m = monitor_of("");

    assert_int_equal(define(m, "{\"name\":\"orders\"}"), ERR_OK);
    assert_int_equal(shown_count(m, T0), 1);
    monitor_undefine(m, STR("orders"));
    monitor_undefine(m, STR("nobody"));
    assert_int_equal(shown_count(m, T0), 0);
    monitor_free(m);
}

static void
test_definitions__who_is_silent_for_long_retires_until_the_next_signal(void **state UNUSED)
{
    struct monitor *m = monitor_of("catalog: {discovered_ttl: 2h}");
    uint32_t id = subject_of(m, "orders", NULL), breaker = subject_of(m, "orders", "b");
    struct service_history history;
    struct monitor_view *view;

    send(m, id, SIGNAL_CALLS, T0, 1);
    send(m, breaker, SIGNAL_BREAKER_STATE, T0, BREAKER_OPEN);
    assert_int_equal(shown_count(m, T0 + 2 * HOUR_MS), 1);
    view = view_of(m, T0 + 2 * HOUR_MS + 1);
    assert_int_equal(view->service_count, 0);
    assert_int_equal(view->breaker_count, 0);
    view_unref(view);
    assert_false(monitor_history(m, STR("orders"), T0 + 3 * HOUR_MS, 900, &history));
    monitor_take_alarm(m);
    send(m, id, SIGNAL_CALLS, T0 + 3 * HOUR_MS, 5); /* the source has kept its subject */
    assert_true(monitor_take_alarm(m));
    view = view_of(m, T0 + 3 * HOUR_MS);
    assert_int_equal(view->service_count, 1);
    assert_int_equal(view->breaker_count, 1);
    view_unref(view);
    assert_int_equal(shown_count(m, T0 + 6 * HOUR_MS), 0);
    send(m, breaker, SIGNAL_BREAKER_STATE, T0 + 6 * HOUR_MS, BREAKER_CLOSED); /* it speaks too */
    assert_int_equal(shown_count(m, T0 + 6 * HOUR_MS), 1);
    monitor_free(m);
}

static void test_definitions__a_retired_service_may_be_defined(void **state UNUSED)
{
    struct monitor *m = monitor_of("catalog: {discovered_ttl: 1h}");

    tell(m, "orders", T0, 1, 0, 0);
    assert_int_equal(shown_count(m, T0 + 2 * HOUR_MS), 0);
    assert_int_equal(define(m, "{\"name\":\"orders\"}"), ERR_OK);
    assert_int_equal(shown_count(m, T0 + 9 * HOUR_MS), 1);
    monitor_undefine(m, STR("orders"));
    assert_int_equal(shown_count(m, T0 + 9 * HOUR_MS), 0);
    monitor_free(m);
}

static void test_definitions__zero_keeps_them(void **state UNUSED)
{
    struct monitor *m = monitor_of("catalog: {discovered_ttl: 0}");

    tell(m, "orders", T0, 1, 0, 0);
    assert_int_equal(shown_count(m, T0 + 10000 * HOUR_MS), 1);
    monitor_free(m);
}

static void test_definitions__without_memory_a_retired_service_waits(void **state UNUSED)
{
    bool fault = true;

    for (long n = 1; fault; n++) {
        struct monitor *m = monitor_of("catalog: {discovered_ttl: 1h}");
        uint32_t id = subject_of(m, "orders", NULL);
        struct definition *d = definition_of("{\"name\":\"orders\",\"team\":\"shop\"}");
        enum err err;

        send(m, id, SIGNAL_CALLS, T0, 1);
        assert_int_equal(shown_count(m, T0 + 2 * HOUR_MS), 0);
        mem_fail_nth(n);
        send(m, id, SIGNAL_CALLS, T0 + 2 * HOUR_MS, 1);
        err = monitor_define(m, d);
        fault = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(!err || (fault && err == ERR_NOMEM));
        assert_int_equal(shown_count(m, T0 + 2 * HOUR_MS), 1);
        definition_unref(d);
        monitor_free(m);
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definitions__a_defined_service_shows_before_it_is_heard),
        cmocka_unit_test(test_definitions__a_heard_service_gets_limits_and_loses_them),
        cmocka_unit_test(test_definitions__who_was_never_heard_goes_with_its_definition),
        cmocka_unit_test(test_definitions__who_is_silent_for_long_retires_until_the_next_signal),
        cmocka_unit_test(test_definitions__a_retired_service_may_be_defined),
        cmocka_unit_test(test_definitions__zero_keeps_them),
        cmocka_unit_test(test_definitions__without_memory_a_retired_service_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
