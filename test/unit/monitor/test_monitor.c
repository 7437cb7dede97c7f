#include "monitor_script.h"

#include <math.h>
#include <stdio.h>

#include "base/mem.h"

static const int64_t T0 = 1700000000000;

static const struct service_view *row_of(const struct monitor_view *view, const char *name)
{
    const struct service_view *s = view_find_service(view, str_of(name));

    assert_non_null(s);
    return s;
}

/* A minute of readings, one each second. */
static void live(struct monitor *m, const char *service, double calls, double errors,
                 double retries)
{
    for (int i = 0; i <= 60; i++)
        tell(m, service, T0 + i * 1000, i ? calls : 0, i ? errors : 0, i ? retries : 0);
}

static void test_monitor__signals_become_a_view(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: orders, team: shop, environment: prod,"
                                   " max_retries_per_minute: 600}]");
    struct monitor_view *view;
    const struct service_view *s;

    live(m, "orders", 100, 1, 8);
    tell_state(m, "orders", "b2", T0, BREAKER_OPEN);
    tell_state(m, "orders", "b1", T0, BREAKER_CLOSED);
    view = view_of(m, T0 + 60000);
    assert_int_equal(view->seq, 1);
    assert_int_equal(view->service_count, 1);
    s = row_of(view, "orders");
    assert_true(str_equals(s->team, STR("shop")) && str_equals(s->environment, STR("prod")));
    assert_string_equal(s->source, "test");
    assert_float_equal(s->calls_per_s, 100, 1e-6);
    assert_int_equal(s->budget.kind, BUDGET_ABSOLUTE);
    assert_float_equal(s->budget.used_minute, 480, 0);
    assert_int_equal(s->budget.risk, RISK_MEDIUM);
    assert_int_equal(s->health, HEALTH_DEGRADED);
    assert_int_equal(s->breakers.total, 2);
    assert_true(str_equals(view->breakers[s->first_breaker].name, STR("b1"))); /* by name */
    assert_int_equal(view->totals.services[HEALTH_DEGRADED], 1);
    assert_int_equal(view->totals.breakers.worst, BREAKER_OPEN);
    assert_int_equal(monitor_stats(m).breaker_count, 2);
    monitor_free(m); /* the view lives on */
    assert_true(str_equals(s->name, STR("orders")));
    view_unref(view);
}

static void test_monitor__a_configured_service_shows_before_it_is_heard(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: quiet}]");
    struct monitor_view *view = view_of(m, T0);
    const struct service_view *s = row_of(view, "quiet");

    assert_int_equal(s->evidence, EVIDENCE_NO_DATA);
    assert_int_equal(s->health, HEALTH_UNKNOWN);
    assert_null(s->source);
    assert_int_equal(s->budget.kind, BUDGET_UNKNOWN);
    view_unref(view);
    monitor_free(m);
}

static void test_monitor__rows_stand_worst_first(void **state UNUSED)
{
    static const char *const order[] = { "dead", "dying", "storm",  "slow-a", "slow-b",
                                         "idle", "mute",  "fine-a", "fine-b" };
    struct monitor *m = monitor_of("services: [{name: mute}, {name: storm,"
                                   " max_retries_per_minute: 1000},"
                                   " {name: dead}, {name: dying}]");
    struct monitor_view *view;

    live(m, "fine-b", 100, 0, 0);
    live(m, "fine-a", 1000, 9, 1); /* healthy ones by name, whatever their errors */
    live(m, "slow-b", 100, 2, 0);
    live(m, "slow-a", 100, 3, 0);
    live(m, "storm", 100, 0, 14); /* medium risk before lower ones */
    live(m, "dying", 100, 50, 0);
    live(m, "dead", 100, 99, 0);
    live(m, "idle", 0, 0, 0);
    view = view_of(m, T0 + 60000);
    assert_int_equal(view->service_count, 9);
    for (size_t i = 0; i < view->service_count; i++)
        if (!str_equals(view->services[i].name, str_of(order[i])))
            fail_msg("row %zu is %.*s, not %s", i, STR_ARG(view->services[i].name), order[i]);
    view_unref(view);
    monitor_free(m);
}

static void test_monitor__services_and_breakers_over_the_limit_are_refused(void **state UNUSED)
{
    struct monitor *m = monitor_of("catalog: {max_services: 2, max_breakers: 2}");
    struct monitor_view *view;

    assert_int_not_equal(subject_of(m, "a", NULL), 0);
    assert_int_not_equal(subject_of(m, "b", "1"), 0);
    assert_int_equal(subject_of(m, "c", NULL), 0);
    assert_int_equal(subject_of(m, "c", "1"), 0);
    assert_int_not_equal(subject_of(m, "a", "1"), 0);
    assert_int_equal(subject_of(m, "a", "2"), 0);
    assert_int_equal(subject_of(m, "a", "1"), subject_of(m, "a", "1"));
    assert_int_not_equal(subject_of(m, "b", NULL), 0);
    assert_int_equal(monitor_stats(m).services_refused_count, 2);
    assert_int_equal(monitor_stats(m).breakers_refused_count, 1);
    send(m, 0, SIGNAL_CALLS, T0, 5); /* of a refused subject */
    send(m, 99, SIGNAL_CALLS, T0, 5);
    view = view_of(m, T0);
    assert_int_equal(view->service_count, 2);
    assert_int_equal(view->breaker_count, 2);
    view_unref(view);
    monitor_free(m);
}

static void test_monitor__names_tell_breakers_apart(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct signal_sink sink = monitor_sink(m);
    struct signal_subject s = { .service = STR("ab"), .breaker = STR("c"), .source = "test" };
    char long_name[5000];
    uint32_t ids[4];

    ids[0] = sink.subject(sink.ctx, &s);
    s = (struct signal_subject){ .service = STR("a"), .breaker = STR("bc"), .source = "test" };
    ids[1] = sink.subject(sink.ctx, &s);
    s.caller = STR("x");
    ids[2] = sink.subject(sink.ctx, &s);
    s.endpoint = s.caller;
    s.caller = STR_NONE;
    ids[3] = sink.subject(sink.ctx, &s);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            assert_int_not_equal(ids[i], ids[j]);
    memset(long_name, 'x', sizeof long_name);
    s.endpoint = (struct str){ long_name, sizeof long_name };
    assert_int_equal(sink.subject(sink.ctx, &s), 0);
    s = (struct signal_subject){ .breaker = STR("no service"), .source = "test" };
    assert_int_equal(sink.subject(sink.ctx, &s), 0);
    monitor_free(m);
}

static void test_monitor__a_changed_configuration_keeps_the_state(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: orders, max_retries_per_minute: 1000},"
                                   " {name: gone}]");
    struct config *cfg = config_of("services: [{name: orders, max_retries_per_minute: 300,"
                                   " team: late}, {name: new}]");
    uint32_t id = subject_of(m, "orders", NULL);
    struct monitor_view *view;

    live(m, "orders", 100, 0, 5);
    tell_state(m, "orders", "b", T0, BREAKER_CLOSED);
    tell_state(m, "orders", "b", T0 + 1000, BREAKER_OPEN);
    view = view_of(m, T0 + 60000);
    assert_int_equal(row_of(view, "orders")->budget.risk, RISK_LOW);
    view_unref(view);
    assert_int_equal(monitor_apply(m, cfg), ERR_OK);
    config_unref(cfg);
    view = view_of(m, T0 + 60500);
    assert_int_equal(view->service_count, 2);
    assert_null(view_find_service(view, STR("gone")));
    assert_non_null(view_find_service(view, STR("new")));
    assert_float_equal(row_of(view, "orders")->budget.used_minute, 300, 0);
    assert_float_equal(row_of(view, "orders")->budget.utilization_percent, 100, 1e-9);
    assert_int_equal(row_of(view, "orders")->budget.risk, RISK_CRITICAL);
    assert_true(str_equals(row_of(view, "orders")->team, STR("late")));
    assert_int_equal(view->breakers[row_of(view, "orders")->first_breaker].transitions_total, 1);
    assert_int_equal(subject_of(m, "orders", NULL), id);
    view_unref(view);
    monitor_free(m);
}

static void test_monitor__limits_come_from_the_service_or_the_options(void **state UNUSED)
{
    static const char yaml[] =
        "retry_budget: {max_retry_rate_percent: 50, reserve_per_second: 1,"
        " warning_threshold_percent: 40, critical_threshold_percent: 60}\n"
        "services:\n"
        "  - {name: share, max_retry_rate_percent: 10}\n"
        "  - {name: both, max_retry_rate_percent: 10, max_retries_per_hour: 9000}\n"
        "  - {name: strict, max_retries_per_minute: 60, warning_threshold_percent: 10}\n";
    struct monitor *m = monitor_of(yaml);
    struct monitor_view *view;

    live(m, "found", 100, 0, 1);
    live(m, "share", 100, 0, 1);
    live(m, "both", 100, 0, 1);
    live(m, "strict", 100, 0, 1);
    view = view_of(m, T0 + 60000);
    assert_true(row_of(view, "found")->budget.modelled);
    assert_float_equal(row_of(view, "found")->budget.limit_minute, 3060, 1e-6);
    assert_float_equal(row_of(view, "found")->budget.warning_percent, 40, 0);
    assert_false(row_of(view, "share")->budget.modelled);
    assert_int_equal(row_of(view, "share")->budget.kind, BUDGET_RATIO);
    assert_float_equal(row_of(view, "share")->budget.limit_minute, 660, 1e-6);
    assert_int_equal(row_of(view, "both")->budget.kind, BUDGET_ABSOLUTE);
    assert_float_equal(row_of(view, "both")->budget.limit_minute, 660, 1e-6);
    assert_float_equal(row_of(view, "both")->budget.limit_hour, 9000, 0);
    assert_float_equal(row_of(view, "strict")->budget.warning_percent, 10, 0);
    assert_float_equal(row_of(view, "strict")->budget.critical_percent, 60, 0);
    assert_int_equal(row_of(view, "strict")->budget.risk, RISK_CRITICAL);
    assert_true(isnan(row_of(view, "strict")->budget.limit_hour));
    view_unref(view);
    monitor_free(m);
}

static void test_monitor__an_alarm_is_told_once(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct monitor_view *view;

    assert_true(monitor_take_alarm(m)); /* a configuration */
    tell_state(m, "a", "b", T0, BREAKER_CLOSED);
    assert_true(monitor_take_alarm(m));
    assert_false(monitor_take_alarm(m));
    tell_state(m, "a", "b", T0 + 1000, BREAKER_CLOSED);
    tell(m, "a", T0 + 1000, 10, 1, 0);
    assert_false(monitor_take_alarm(m)); /* figures alone */
    tell_state(m, "a", "b", T0 + 2000, BREAKER_OPEN);
    assert_true(monitor_take_alarm(m));
    view = view_of(m, T0 + 3000);
    assert_int_equal(row_of(view, "a")->since_ms, T0 + 3000);
    assert_false(monitor_take_alarm(m)); /* the view itself shows the new health */
    view_unref(view);
    monitor_free(m);
}

static void note_transition(void *ctx, const struct monitor_transition *t)
{
    struct monitor_transition *last = ctx;

    assert_true(str_equals(t->service, STR("orders")) && str_equals(t->name, STR("main")));
    *last = *t;
}

static void test_monitor__transitions_are_told_as_they_are_booked(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct monitor_transition last = { .at_ms = -1 };

    monitor_set_listener(m, note_transition, &last);
    tell_state(m, "orders", "main", T0, BREAKER_CLOSED);
    assert_int_equal(last.at_ms, -1);
    send(m, subject_of(m, "orders", "main"), SIGNAL_BREAKER_CALLS, T0, 7);
    send(m, subject_of(m, "orders", "main"), SIGNAL_BREAKER_ERRORS, T0, 5);
    tell_state(m, "orders", "main", T0 + 10, BREAKER_OPEN);
    assert_int_equal(last.at_ms, T0 + 10);
    assert_int_equal(last.from, BREAKER_CLOSED);
    assert_int_equal(last.to, BREAKER_OPEN);
    assert_true(last.calls == 7 && last.errors == 5);
    tell_state(m, "orders", "main", T0 + 20, BREAKER_OPEN);
    assert_int_equal(last.at_ms, T0 + 10);
    monitor_set_listener(m, NULL, NULL);
    tell_state(m, "orders", "main", T0 + 30, BREAKER_CLOSED);
    assert_int_equal(last.at_ms, T0 + 10);
    monitor_free(m);
}

static void test_monitor__amounts_that_cannot_be_are_not_booked(void **state UNUSED)
{
    static const double bad[] = { -1, NAN, INFINITY, -INFINITY, 1e300 };
    struct monitor *m = monitor_of("");
    struct monitor_view *view;
    uint32_t service = subject_of(m, "a", NULL), breaker = subject_of(m, "a", "b");

    live(m, "a", 10, 0, 0);
    send(m, breaker, SIGNAL_BREAKER_STATE, T0, BREAKER_OPEN);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        for (int kind = SIGNAL_CALLS; kind <= SIGNAL_BREAKER_BLOCKED; kind++) {
            send(m, service, (enum signal_kind)kind, T0 + 60000, bad[i]);
            send(m, breaker, (enum signal_kind)kind, T0 + 60000, bad[i]);
        }
    send(m, breaker, SIGNAL_BREAKER_STATE, T0 + 60000, BREAKER_STATE_COUNT);
    view = view_of(m, T0 + 60000);
    assert_float_equal(row_of(view, "a")->calls_total, 600, 0);
    assert_int_equal(view->breakers[0].state, BREAKER_OPEN);
    assert_true(isnan(view->breakers[0].requests_total));
    view_unref(view);
    monitor_free(m);
}

static void test_monitor__history_is_that_of_the_service(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct service_history history;

    live(m, "a", 10, 0, 0);
    assert_false(monitor_history(
        m, STR("b"), &(struct history_ask){ .period_s = 60, .end_ms = T0, .now_ms = T0 },
        &history));
    assert_true(monitor_history(
        m, STR("a"),
        &(struct history_ask){ .period_s = 60, .end_ms = T0 + 60000, .now_ms = T0 + 60000 },
        &history));
    assert_int_equal(history.count, 60);
    monitor_free(m);
}

/* All that a monitor does, once, with the n-th allocation failing; true when everything worked. */
static bool run_through(struct config *first, struct config *second, long n, bool *ret_fault)
{
    struct monitor_view *view = NULL, *again = NULL;
    struct service_history history;
    struct monitor *m;
    bool ok;

    mem_fail_nth(n);
    m = monitor_new(first);
    *ret_fault = mem_fault_happened();
    if (!m)
        return false;
    tell(m, "heard", T0, 10, 0, 0);
    tell_state(m, "heard", "b", T0, BREAKER_OPEN);
    ok = subject_of(m, "heard", NULL) && subject_of(m, "heard", "b");
    ok &= monitor_apply(m, second) == ERR_OK;
    (void)monitor_history(m, STR("heard"),
                          &(struct history_ask){ .period_s = 60, .end_ms = T0, .now_ms = T0 },
                          &history);
    (void)monitor_history(m, STR("two"),
                          &(struct history_ask){ .period_s = 60, .end_ms = T0, .now_ms = T0 },
                          &history);
    ok &= monitor_view(m, T0, &view) == ERR_OK;
    *ret_fault = mem_fault_happened();
    mem_fail_nth(0);
    assert_int_equal(monitor_apply(m, second), ERR_OK); /* works again with memory */
    assert_int_equal(monitor_view(m, T0 + 1000, &again), ERR_OK);
    assert_non_null(view_find_service(again, STR("two")));
    view_unref(view);
    view_unref(again);
    monitor_free(m);
    return ok;
}

static void test_monitor__lack_of_memory_never_breaks_it(void **state UNUSED)
{
    struct config *first = config_of("services: [{name: one}]");
    struct config *second = config_of("services: [{name: one}, {name: two}]");
    bool fault = true;
    long n = 0;

    while (fault && n < 1000) {
        bool ok = run_through(first, second, ++n, &fault);

        assert_true(ok || fault);
    }
    mem_fail_nth(0);
    assert_in_range(n, 20, 999);
    config_unref(first);
    config_unref(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_monitor__signals_become_a_view),
        cmocka_unit_test(test_monitor__a_configured_service_shows_before_it_is_heard),
        cmocka_unit_test(test_monitor__rows_stand_worst_first),
        cmocka_unit_test(test_monitor__services_and_breakers_over_the_limit_are_refused),
        cmocka_unit_test(test_monitor__names_tell_breakers_apart),
        cmocka_unit_test(test_monitor__a_changed_configuration_keeps_the_state),
        cmocka_unit_test(test_monitor__limits_come_from_the_service_or_the_options),
        cmocka_unit_test(test_monitor__an_alarm_is_told_once),
        cmocka_unit_test(test_monitor__transitions_are_told_as_they_are_booked),
        cmocka_unit_test(test_monitor__amounts_that_cannot_be_are_not_booked),
        cmocka_unit_test(test_monitor__history_is_that_of_the_service),
        cmocka_unit_test(test_monitor__lack_of_memory_never_breaks_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
