#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "monitor/health.h"

/* A row that says nothing bad; each test spoils what it is about. */
static struct service_view good(void)
{
    return (struct service_view){
        .name = STR("orders"),
        .evidence = EVIDENCE_OK,
        .success_ratio = 1,
        .budget = { .kind = BUDGET_ABSOLUTE, .risk = RISK_LOW, .evidence = EVIDENCE_OK },
    };
}

static void expect(struct service_view view, const struct config_service *cfg, enum health health,
                   const char *reason)
{
    static const enum severity severities[] = { SEVERITY_OK, SEVERITY_WARNING, SEVERITY_CRITICAL,
                                                SEVERITY_UNKNOWN };
    struct catalog_service known = { .name = view.name, .config = cfg };
    struct arena arena = arena_limited(4096);

    health_judge(&known, &arena, &view);
    if (view.health != health)
        fail_msg("%s, not %s: %s", health_name(view.health), health_name(health), view.reason);
    assert_int_equal(view.severity, severities[health]);
    if (reason)
        assert_string_equal(view.reason, reason);
    else
        assert_null(view.reason);
    arena_release(&arena);
}

static void test_health__errors_are_judged_by_what_is_tolerated(void **state UNUSED)
{
    static const struct {
        double tolerated_percent; /* success target; 0: none given, 1 % is tolerated */
        double success;
        enum health health;
        const char *reason;
    } rows[] = {
        { 0, 1, HEALTH_HEALTHY, NULL },
        { 0, 0.99, HEALTH_HEALTHY, NULL },
        { 0, 0.985, HEALTH_DEGRADED, "1.5 % of calls fail" },
        { 0, 0.9501, HEALTH_DEGRADED, "5.0 % of calls fail" },
        { 0, 0.95, HEALTH_UNHEALTHY, "5.0 % of calls fail" },
        { 0, 0, HEALTH_UNHEALTHY, "100 % of calls fail" },
        { 99.9, 0.9995, HEALTH_HEALTHY, NULL },
        { 99.9, 0.998, HEALTH_DEGRADED, "0.2 % of calls fail" },
        { 99.9, 0.96, HEALTH_DEGRADED, "4.0 % of calls fail" },
        { 90, 0.92, HEALTH_HEALTHY, NULL },
        { 90, 0.6, HEALTH_DEGRADED, "40 % of calls fail" },
        { 90, 0.45, HEALTH_UNHEALTHY, "55 % of calls fail" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct config_service cfg = { .slo_error_rate = NAN,
                                      .slo_success_rate_percent = rows[i].tolerated_percent };
        struct service_view view = good();

        view.success_ratio = rows[i].success;
        expect(view, rows[i].tolerated_percent > 0 ? &cfg : NULL, rows[i].health, rows[i].reason);
    }
}

static void test_health__what_instances_say_of_themselves_counts(void **state UNUSED)
{
    struct service_view view = good();

    view.instances = (struct instances_view){ 2, 1, 0, 1, 0, HEALTH_DEGRADED, "orders-2 failed" };
    expect(view, NULL, HEALTH_DEGRADED, "orders-2 failed");
    view.success_ratio = 0.5;
    expect(view, NULL, HEALTH_UNHEALTHY, "50 % of calls fail");
    view.evidence = EVIDENCE_STALE;
    expect(view, NULL, HEALTH_DEGRADED, "orders-2 failed");
    view.evidence = EVIDENCE_UNKNOWN;
    view.instances = (struct instances_view){ 2, 2, 0, 0, 0, HEALTH_HEALTHY, NULL };
    expect(view, NULL, HEALTH_HEALTHY, NULL);
    view.evidence = EVIDENCE_STALE;
    expect(view, NULL, HEALTH_UNKNOWN, "its source went silent");
}

static void test_health__an_error_rate_target_wins_over_a_success_target(void **state UNUSED)
{
    struct config_service cfg = { .slo_error_rate = 0.03, .slo_success_rate_percent = 99.99 };
    struct service_view view = good();

    view.success_ratio = 0.98;
    expect(view, &cfg, HEALTH_HEALTHY, NULL);
}

static void test_health__a_budget_past_its_thresholds_degrades(void **state UNUSED)
{
    static const struct {
        enum risk risk;
        double percent;
        enum health health;
        const char *reason;
    } rows[] = {
        { RISK_LOW, 69, HEALTH_HEALTHY, NULL },
        { RISK_MEDIUM, 70, HEALTH_DEGRADED, "retry budget 70 % used" },
        { RISK_HIGH, 85, HEALTH_DEGRADED, "retry budget 85 % used" },
        { RISK_CRITICAL, 118.2, HEALTH_UNHEALTHY, "retry budget used up: 118 %" },
        { RISK_CRITICAL, INFINITY, HEALTH_UNHEALTHY, "retry budget used up: 9999 %" },
        { RISK_UNKNOWN, NAN, HEALTH_HEALTHY, NULL },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct service_view view = good();

        view.budget.risk = rows[i].risk;
        view.budget.utilization_percent = rows[i].percent;
        expect(view, NULL, rows[i].health, rows[i].reason);
        view.budget.evidence = EVIDENCE_TOO_LITTLE;
        expect(view, NULL, HEALTH_HEALTHY, NULL);
    }
}

static void test_health__breakers_count_by_those_in_service(void **state UNUSED)
{
    static const struct {
        uint32_t in_state[BREAKER_STATE_COUNT]; /* closed, half-open, open, disabled, unknown */
        enum health health;
        const char *reason;
    } rows[] = {
        { { 3, 0, 0, 0, 0 }, HEALTH_HEALTHY, NULL },
        { { 2, 0, 1, 0, 0 }, HEALTH_DEGRADED, "1 of 3 breakers open" },
        { { 2, 1, 0, 0, 0 }, HEALTH_DEGRADED, "1 of 3 breakers half-open" },
        { { 0, 0, 1, 0, 0 }, HEALTH_UNHEALTHY, "its breaker is open" },
        { { 0, 0, 3, 0, 0 }, HEALTH_UNHEALTHY, "all 3 breakers are open" },
        { { 0, 0, 2, 1, 1 }, HEALTH_UNHEALTHY, "all 2 breakers are open" },
        { { 0, 0, 0, 2, 2 }, HEALTH_HEALTHY, NULL },
        { { 0, 1, 1, 0, 0 }, HEALTH_DEGRADED, "1 of 2 breakers open" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct service_view view = good();

        for (int s = 0; s < BREAKER_STATE_COUNT; s++)
            for (uint32_t n = 0; n < rows[i].in_state[s]; n++)
                view.breakers.in_state[s]++, view.breakers.total++;
        expect(view, NULL, rows[i].health, rows[i].reason);
    }
}

static void test_health__says_that_breakers_were_forced_open(void **state UNUSED)
{
    struct service_view view = good();

    view.breakers = (struct breaker_counts){ .total = 1,
                                             .in_state = { [BREAKER_OPEN] = 1 },
                                             .forced = 1 };
    expect(view, NULL, HEALTH_UNHEALTHY, "its breaker is forced open");
    view.breakers = (struct breaker_counts){
        .total = 3, .in_state = { [BREAKER_CLOSED] = 1, [BREAKER_OPEN] = 2 }, .forced = 2
    };
    expect(view, NULL, HEALTH_DEGRADED, "2 of 3 breakers forced open");
    view.breakers.forced = 1;
    expect(view, NULL, HEALTH_DEGRADED, "2 of 3 breakers open");
}

static void test_health__the_worst_verdict_gives_the_reason(void **state UNUSED)
{
    struct service_view view = good();

    view.success_ratio = 0.98;
    view.breakers = (struct breaker_counts){ .total = 1, .in_state = { [BREAKER_OPEN] = 1 } };
    expect(view, NULL, HEALTH_UNHEALTHY, "its breaker is open");
    view.success_ratio = 0.5; /* the first of equals stays */
    expect(view, NULL, HEALTH_UNHEALTHY, "50 % of calls fail");
}

static void test_health__without_evidence_only_what_is_certain_counts(void **state UNUSED)
{
    struct service_view view = good();

    view.success_ratio = 0;
    view.evidence = EVIDENCE_TOO_LITTLE;
    expect(view, NULL, HEALTH_UNKNOWN, "too few calls to say");
    view.breakers = (struct breaker_counts){ .total = 1, .in_state = { [BREAKER_OPEN] = 1 } };
    expect(view, NULL, HEALTH_UNHEALTHY, "its breaker is open");
    view.evidence = EVIDENCE_UNKNOWN; /* only its breakers are told */
    expect(view, NULL, HEALTH_UNHEALTHY, "its breaker is open");
    view.evidence = EVIDENCE_STALE;
    expect(view, NULL, HEALTH_UNKNOWN, "its source went silent");
    view.evidence = EVIDENCE_NO_DATA;
    expect(view, NULL, HEALTH_UNKNOWN, "configured, but nothing has been heard of it");
    view = good();
    view.evidence = EVIDENCE_UNKNOWN;
    view.success_ratio = NAN;
    expect(view, NULL, HEALTH_UNKNOWN, "no source tells its calls");
}

static void test_health__conditions_of_breakers_are_reasons(void **state UNUSED)
{
    struct service_view s = good();

    s.breakers.total = s.breakers.in_state[BREAKER_CLOSED] = 3;
    s.conditions[BREAKER_FAILING] = (struct service_condition){ 1, 0, "b1 fails" };
    expect(s, NULL, HEALTH_DEGRADED, "b1 fails");
    s.conditions[BREAKER_FLAPPING] = (struct service_condition){ 2, 0, "b2 flaps" };
    expect(s, NULL, HEALTH_DEGRADED, "b2 flaps, and 1 more likewise");
    s.breakers.in_state[BREAKER_OPEN] = s.breakers.total = 1;
    s.breakers.in_state[BREAKER_CLOSED] = 0;
    s.conditions[BREAKER_STUCK_OPEN] = (struct service_condition){ 1, 0, "b1 is stuck" };
    expect(s, NULL, HEALTH_UNHEALTHY, "its breaker is open");
    s.breakers.in_state[BREAKER_CLOSED] = 1;
    s.breakers.total = 2;
    expect(s, NULL, HEALTH_DEGRADED, "b1 is stuck");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_health__errors_are_judged_by_what_is_tolerated),
        cmocka_unit_test(test_health__what_instances_say_of_themselves_counts),
        cmocka_unit_test(test_health__an_error_rate_target_wins_over_a_success_target),
        cmocka_unit_test(test_health__a_budget_past_its_thresholds_degrades),
        cmocka_unit_test(test_health__breakers_count_by_those_in_service),
        cmocka_unit_test(test_health__says_that_breakers_were_forced_open),
        cmocka_unit_test(test_health__the_worst_verdict_gives_the_reason),
        cmocka_unit_test(test_health__without_evidence_only_what_is_certain_counts),
        cmocka_unit_test(test_health__conditions_of_breakers_are_reasons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
