#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "monitor/breaker_condition.h"

enum { SEEDS = 40, STEPS = 400, ARENA_BYTES = 1 << 20 };
static const int64_t T0 = 1700000000000;

struct fixture {
    struct breaker_watch watch;
    struct arena arena;
    struct breaker_view view;
};

static struct fixture fixture_new(void)
{
    struct fixture f = { .arena = arena_limited(ARENA_BYTES) };

    assert_int_equal(breaker_watch_init(&f.watch), ERR_OK);
    return f;
}

static void fixture_release(struct fixture *f)
{
    breaker_watch_release(&f->watch);
    arena_release(&f->arena);
}

/* The condition at that time; whatever holds must be told in full. */
static struct condition_view at(struct fixture *f, enum breaker_condition c, int64_t now_ms)
{
    arena_reset(&f->arena);
    f->view = (struct breaker_view){ .name = STR("b1") };
    breaker_watch_advance(&f->watch, now_ms);
    breaker_watch_view(&f->watch, now_ms, &f->view);
    breaker_conditions_judge(&f->watch, now_ms, &f->arena, &f->view);
    for (int i = 0; i < BREAKER_CONDITION_COUNT; i++) {
        const struct condition_view *v = &f->view.conditions[i];

        assert_int_equal(v->holds == 1, v->text != NULL);
        assert_int_equal(v->holds == 1, v->since_ms >= 0);
        assert_true(v->since_ms <= now_ms);
        if (v->text)
            assert_non_null(strstr(v->text, "b1"));
    }
    return f->view.conditions[c];
}

static void test_breaker_condition__open_counts_from_one_minute(void **state UNUSED)
{
    struct fixture f = fixture_new();
    struct condition_view c;

    assert_int_equal(at(&f, BREAKER_LONG_OPEN, T0).holds, -1);
    breaker_watch_state(&f.watch, BREAKER_OPEN, T0);
    assert_int_equal(at(&f, BREAKER_LONG_OPEN, T0 + 59999).holds, 0);
    c = at(&f, BREAKER_LONG_OPEN, T0 + 200000);
    assert_int_equal(c.holds, 1);
    assert_int_equal(c.since_ms, T0 + 60000);
    assert_string_equal(c.text, "b1 has been open for 3 min");
    breaker_watch_state(&f.watch, BREAKER_HALF_OPEN, T0 + 201000);
    assert_int_equal(at(&f, BREAKER_LONG_OPEN, T0 + 300000).holds, 0);
    breaker_watch_state(&f.watch, BREAKER_DISABLED, T0 + 301000);
    assert_int_equal(at(&f, BREAKER_LONG_OPEN, T0 + 400000).holds, -1);
    fixture_release(&f);
}

static void test_breaker_condition__stuck_is_open_without_an_attempt(void **state UNUSED)
{
    struct fixture f = fixture_new();
    struct condition_view c;

    breaker_watch_state(&f.watch, BREAKER_OPEN, T0);
    assert_int_equal(at(&f, BREAKER_STUCK_OPEN, T0 + 900000).holds, 0);
    c = at(&f, BREAKER_STUCK_OPEN, T0 + 900001);
    assert_int_equal(c.holds, 1);
    assert_int_equal(c.since_ms, T0 + 900000);
    assert_string_equal(c.text, "b1 has been open for 15 min without an attempt to recover");
    breaker_watch_state(&f.watch, BREAKER_HALF_OPEN, T0 + 900002);
    breaker_watch_state(&f.watch, BREAKER_OPEN, T0 + 900003);
    assert_int_equal(at(&f, BREAKER_STUCK_OPEN, T0 + 960000).holds, 0);
    fixture_release(&f);
}

static void test_breaker_condition__seven_changes_flap_until_they_leave(void **state UNUSED)
{
    struct fixture f = fixture_new();
    struct condition_view c;

    breaker_watch_state(&f.watch, BREAKER_CLOSED, T0);
    for (int i = 1; i <= 6; i++)
        breaker_watch_state(&f.watch, i % 2 ? BREAKER_OPEN : BREAKER_CLOSED, T0 + i * 1000);
    assert_int_equal(at(&f, BREAKER_FLAPPING, T0 + 6000).holds, 0);
    breaker_watch_state(&f.watch, BREAKER_OPEN, T0 + 7000);
    c = at(&f, BREAKER_FLAPPING, T0 + 8000);
    assert_int_equal(c.holds, 1);
    assert_int_equal(c.since_ms, T0 + 7000);
    assert_string_equal(c.text, "b1 changed its state 7 times in 15 min");
    assert_int_equal(at(&f, BREAKER_FLAPPING, T0 + 900999).holds, 1);
    assert_int_equal(at(&f, BREAKER_FLAPPING, T0 + 901000).holds, 0);
    fixture_release(&f);
}

static void test_breaker_condition__a_source_that_restarts_does_not_flap(void **state UNUSED)
{
    struct fixture f = fixture_new();

    breaker_watch_state(&f.watch, BREAKER_CLOSED, T0);
    for (int i = 1; i <= 20; i++)
        breaker_watch_state(&f.watch, i % 2 ? BREAKER_UNKNOWN : BREAKER_CLOSED, T0 + i * 1000);
    assert_int_equal(at(&f, BREAKER_FLAPPING, T0 + 21000).holds, 0);
    assert_int_equal(f.view.transitions_15m, 20);
    fixture_release(&f);
}

/* The flips of any history, counted in a plain list. */
static void flap_at_random(uint64_t seed)
{
    static int64_t flips[STEPS];
    struct rng r = rng_seeded(seed);
    struct fixture f = fixture_new();
    enum breaker_state now = BREAKER_CLOSED;
    int64_t now_ms = T0, holds_since = -1;
    int count = 0;

    print_message("seed %llu\n", (unsigned long long)seed);
    breaker_watch_state(&f.watch, now, now_ms);
    for (int i = 0; i < STEPS; i++) {
        enum breaker_state next = (enum breaker_state)rng_below(&r, BREAKER_STATE_COUNT);
        struct condition_view c;
        int within = 0;

        now_ms += 1 + (int64_t)rng_below(&r, rng_below(&r, 10) ? 200000 : 1500000);
        for (int k = 0; k < count; k++)
            within += flips[k] > now_ms - BREAKER_STRIP_MS;
        holds_since = within > 6 ? holds_since : -1;
        if (next != now && next <= BREAKER_OPEN && now <= BREAKER_OPEN) {
            flips[count++] = now_ms;
            within++;
            holds_since = within > 6 && holds_since < 0 ? now_ms : holds_since;
        }
        breaker_watch_state(&f.watch, next, now_ms);
        now = next;
        c = at(&f, BREAKER_FLAPPING, now_ms);
        assert_int_equal(c.holds, within > 6);
        assert_int_equal(c.since_ms, holds_since);
    }
    fixture_release(&f);
}

static void test_breaker_condition__flapping_equals_a_plain_count(void **state UNUSED)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        flap_at_random(seed);
}

/* A request a second, of which every n-th fails. */
static int64_t run_requests(struct fixture *f, int64_t now_ms, int seconds, int nth)
{
    for (int i = 0; i < seconds; i++) {
        now_ms += 1000;
        breaker_watch_calls(&f->watch, 1, now_ms);
        breaker_watch_errors(&f->watch, nth && i % nth == 0, now_ms);
        at(f, BREAKER_FAILING, now_ms);
    }
    return now_ms;
}

static void test_breaker_condition__failures_must_last_two_minutes(void **state UNUSED)
{
    struct fixture f = fixture_new();
    struct condition_view c;
    int64_t now_ms = run_requests(&f, T0, 300, 0), since_ms;

    assert_int_equal(f.view.conditions[BREAKER_FAILING].holds, 0);
    do {
        now_ms = run_requests(&f, now_ms, 1, 1);
    } while (f.view.failure_rate_percent <= 10);
    since_ms = now_ms + BREAKER_FAILING_MS;
    now_ms = run_requests(&f, now_ms, 119, 3);
    assert_int_equal(f.view.conditions[BREAKER_FAILING].holds, 0);
    now_ms = run_requests(&f, now_ms, 2, 3);
    c = f.view.conditions[BREAKER_FAILING];
    assert_int_equal(c.holds, 1);
    assert_int_equal(c.since_ms, since_ms);
    run_requests(&f, now_ms, 310, 0);
    assert_int_equal(f.view.conditions[BREAKER_FAILING].holds, 0);
    fixture_release(&f);
}

static void test_breaker_condition__few_requests_are_no_failure_rate(void **state UNUSED)
{
    struct fixture f = fixture_new();

    assert_int_equal(at(&f, BREAKER_FAILING, T0).holds, -1);
    for (int i = 0; i < BREAKER_ENOUGH_CALLS - 1; i++) {
        breaker_watch_calls(&f.watch, 1, T0 + i * 10000);
        breaker_watch_errors(&f.watch, 1, T0 + i * 10000);
        assert_int_equal(at(&f, BREAKER_FAILING, T0 + i * 10000).holds, 0);
    }
    fixture_release(&f);
}

static void test_breaker_condition__says_that_it_was_forced_open(void **state UNUSED)
{
    struct fixture f = fixture_new();

    breaker_watch_state(&f.watch, BREAKER_OPEN, T0);
    breaker_watch_forced(&f.watch, 1);
    assert_string_equal(at(&f, BREAKER_LONG_OPEN, T0 + 120000).text,
                        "b1 has been forced open for 2 min");
    assert_string_equal(at(&f, BREAKER_STUCK_OPEN, T0 + 1200000).text,
                        "b1 has been forced open for 20 min");
    fixture_release(&f);
}

static void test_breaker_condition__a_told_failure_rate_stands_in(void **state UNUSED)
{
    struct fixture f = fixture_new();

    breaker_watch_failure_ratio(&f.watch, 0.25);
    assert_int_equal(at(&f, BREAKER_FAILING, T0).holds, 0);
    assert_float_equal(f.view.failure_rate_percent, 25, 1e-9);
    assert_int_equal(at(&f, BREAKER_FAILING, T0 + BREAKER_FAILING_MS).holds, 1);
    breaker_watch_consecutive(&f.watch, 4);
    breaker_watch_failure_ratio(&f.watch, 0);
    assert_int_equal(at(&f, BREAKER_FAILING, T0 + 200000).holds, 0);
    assert_int_equal(f.view.consecutive_failures, 4);
    fixture_release(&f);
}

static void test_breaker_condition__a_slow_recovery_is_told_while_and_after(void **state UNUSED)
{
    struct fixture f = fixture_new();
    struct condition_view c;

    breaker_watch_state(&f.watch, BREAKER_CLOSED, T0 - 1000);
    breaker_watch_state(&f.watch, BREAKER_OPEN, T0);
    for (int i = 1; i <= 6; i++)
        breaker_watch_state(&f.watch, i % 2 ? BREAKER_HALF_OPEN : BREAKER_OPEN, T0 + i * 50000);
    assert_int_equal(at(&f, BREAKER_SLOW_RECOVERY, T0 + 300000).holds, 0);
    c = at(&f, BREAKER_SLOW_RECOVERY, T0 + 361000);
    assert_int_equal(c.holds, 1);
    assert_int_equal(c.since_ms, T0 + 300000);
    assert_string_equal(c.text, "b1 has not closed again for 6 min");
    breaker_watch_state(&f.watch, BREAKER_CLOSED, T0 + 420000);
    c = at(&f, BREAKER_SLOW_RECOVERY, T0 + 720000);
    assert_int_equal(c.holds, 1);
    assert_int_equal(c.since_ms, T0 + 300000);
    assert_string_equal(c.text, "b1 took 7 min to close again");
    assert_int_equal(at(&f, BREAKER_SLOW_RECOVERY, T0 + 720001).holds, 0);
    fixture_release(&f);
}

static void test_breaker_condition__a_service_names_the_first_of_each(void **state UNUSED)
{
    struct breaker_view a = { .conditions = { [BREAKER_FLAPPING] = { 1, 2000, "a" } } };
    struct breaker_view
        b = { .conditions = {
                  [BREAKER_FLAPPING] = { 1, 1000, "b" }, [BREAKER_LONG_OPEN] = { -1, -1, NULL } } };
    struct service_view service = { .name = STR("orders") };

    assert_int_equal(breaker_conditions_worst(&service), BREAKER_CONDITION_COUNT);
    breaker_conditions_count(&a, &service);
    breaker_conditions_count(&b, &service);
    assert_int_equal(service.conditions[BREAKER_FLAPPING].breakers, 2);
    assert_int_equal(service.conditions[BREAKER_FLAPPING].since_ms, 1000);
    assert_string_equal(service.conditions[BREAKER_FLAPPING].text, "b");
    assert_int_equal(service.conditions[BREAKER_LONG_OPEN].breakers, 0);
    assert_int_equal(breaker_conditions_worst(&service), BREAKER_FLAPPING);
}

static void test_breaker_condition__severities_are_those_of_the_rules(void **state UNUSED)
{
    static const enum severity severities[BREAKER_CONDITION_COUNT] = {
        SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITY_WARNING
    };

    for (int i = 0; i < BREAKER_CONDITION_COUNT; i++) {
        enum breaker_condition c = (enum breaker_condition)i;

        assert_int_equal(breaker_condition_severity(c), severities[i]);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(breaker_condition_name(c),
                                    breaker_condition_name((enum breaker_condition)k));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breaker_condition__open_counts_from_one_minute),
        cmocka_unit_test(test_breaker_condition__stuck_is_open_without_an_attempt),
        cmocka_unit_test(test_breaker_condition__seven_changes_flap_until_they_leave),
        cmocka_unit_test(test_breaker_condition__a_source_that_restarts_does_not_flap),
        cmocka_unit_test(test_breaker_condition__flapping_equals_a_plain_count),
        cmocka_unit_test(test_breaker_condition__failures_must_last_two_minutes),
        cmocka_unit_test(test_breaker_condition__few_requests_are_no_failure_rate),
        cmocka_unit_test(test_breaker_condition__says_that_it_was_forced_open),
        cmocka_unit_test(test_breaker_condition__a_told_failure_rate_stands_in),
        cmocka_unit_test(test_breaker_condition__a_slow_recovery_is_told_while_and_after),
        cmocka_unit_test(test_breaker_condition__a_service_names_the_first_of_each),
        cmocka_unit_test(test_breaker_condition__severities_are_those_of_the_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
