/*
 * Half an hour of services that nobody wrote down: calm, brown-outs, retry storms,
 * flapping breakers, sources that fall silent and come back, a configuration that
 * changes meanwhile. After every view the figures must agree with each other and
 * with what was sent. The seed of a failing run is the last one printed.
 */
#include "monitor_script.h"

#include <math.h>
#include <stdio.h>

#include "base/rng.h"

enum { SERVICES = 10, BREAKERS = 3, SECONDS = 1800, SEEDS = 25 };
static const int64_t T0 = 1700000000000;

struct sim_breaker {
    uint32_t subject;
    enum breaker_state state; /* BREAKER_STATE_COUNT: not told yet */
    uint64_t changes;
    int64_t told_ms;
};

struct sim_service {
    char name[16];
    uint32_t subject;
    int interval_s;
    int64_t silent_until_s;
    int64_t bad_until_s;
    double calls, errors, retries; /* all that was ever sent */
    bool told;
    struct sim_breaker breakers[BREAKERS];
};

struct sim {
    struct rng rng;
    struct monitor *monitor;
    struct sim_service services[SERVICES];
    uint64_t seq;
};

static bool chance(struct sim *s, double probability)
{
    return rng_unit(&s->rng) < probability;
}

static void sim_init(struct sim *s, uint64_t seed)
{
    *s = (struct sim){ .rng = rng_seeded(seed) };
    s->monitor = monitor_of("services: [{name: s0, max_retries_per_minute: 300,"
                            " max_retries_per_hour: 4000}, {name: s1, max_retry_rate_percent: 5}]");
    for (int i = 0; i < SERVICES; i++) {
        struct sim_service *service = &s->services[i];

        snprintf(service->name, sizeof service->name, "s%d", i);
        service->subject = subject_of(s->monitor, service->name, NULL);
        service->interval_s = (int[]){ 1, 1, 1, 5, 15 }[rng_below(&s->rng, 5)];
        for (int b = 0; b < BREAKERS; b++) {
            char name[16];

            snprintf(name, sizeof name, "b%d", b);
            service->breakers[b].subject = subject_of(s->monitor, service->name, name);
            service->breakers[b].state = BREAKER_STATE_COUNT;
        }
    }
}

static void set_state(struct sim *s, struct sim_breaker *b, enum breaker_state state, int64_t at_ms)
{
    if (state == BREAKER_UNKNOWN)
        send(s->monitor, b->subject, SIGNAL_GONE, at_ms, 0);
    else
        send(s->monitor, b->subject, SIGNAL_BREAKER_STATE, at_ms, state);
    if (b->state == BREAKER_STATE_COUNT) {
        if (state == BREAKER_UNKNOWN)
            return;
        b->told_ms = at_ms;
    } else if (b->state != state) {
        b->changes++;
    }
    b->state = state;
}

static void read_service(struct sim *s, struct sim_service *service, int64_t now_s, int64_t at_ms)
{
    bool bad = now_s < service->bad_until_s;
    double calls = (double)rng_below(&s->rng, 60) * service->interval_s;
    double errors = floor(calls * (bad ? 0.3 : 0.001) * rng_unit(&s->rng));
    double retries = floor(calls * (bad ? 0.6 : 0.02) * rng_unit(&s->rng));

    send(s->monitor, service->subject, SIGNAL_CALLS, at_ms, calls);
    send(s->monitor, service->subject, SIGNAL_ERRORS, at_ms, errors);
    send(s->monitor, service->subject, SIGNAL_RETRIES, at_ms, retries);
    service->calls += calls;
    service->errors += errors;
    service->retries += retries;
    service->told = true;
    for (int b = 0; b < BREAKERS; b++)
        if (chance(s, bad ? 0.3 : 0.005))
            set_state(s, &service->breakers[b], (enum breaker_state)rng_below(&s->rng, 4), at_ms);
}

static void step_service(struct sim *s, struct sim_service *service, int64_t now_s)
{
    int64_t at_ms = T0 + now_s * 1000 - (int64_t)rng_below(&s->rng, 300);

    if (chance(s, 0.003))
        service->bad_until_s = now_s + (int64_t)rng_below(&s->rng, 120);
    if (now_s >= service->silent_until_s && chance(s, 0.001)) {
        service->silent_until_s = now_s + (int64_t)rng_below(&s->rng, 300);
        for (int b = 0; b < BREAKERS; b++)
            set_state(s, &service->breakers[b], BREAKER_UNKNOWN, at_ms);
    }
    if (now_s >= service->silent_until_s && now_s % service->interval_s == 0)
        read_service(s, service, now_s, at_ms);
}

static void assert_same(const char *what, double got, double expected)
{
    if (isnan(got) != isnan(expected) || fabs(got - expected) > 1e-6 * (1 + fabs(expected)))
        fail_msg("%s is %g, not %g", what, got, expected);
}

static void check_budget(const struct budget_view *b)
{
    double percent = b->utilization_percent;

    if (b->kind == BUDGET_UNKNOWN) {
        assert_int_equal(b->risk, RISK_UNKNOWN);
        return;
    }
    assert_true(percent >= 0);
    assert_int_equal(b->risk, percent >= 100                   ? RISK_CRITICAL
                              : percent >= b->critical_percent ? RISK_HIGH
                              : percent >= b->warning_percent  ? RISK_MEDIUM
                                                               : RISK_LOW);
    assert_true(b->used_minute >= 0 && b->used_hour >= b->used_minute);
    assert_true(isnan(b->limit_minute) || b->remaining_minute >= 0);
    assert_true(isnan(b->limit_hour) || b->remaining_hour >= 0);
    assert_true(b->returning_percent <= percent + 1e-9);
    assert_int_equal(b->exhaustion.in_s >= 0 && b->exhaustion.in_s <= 0, percent >= 100);
    if (b->exhaustion.in_s >= 0)
        assert_true(b->exhaustion.low_s <= b->exhaustion.in_s &&
                    b->exhaustion.in_s <= b->exhaustion.high_s);
}

static void check_service(const struct sim_service *service, const struct service_view *v)
{
    if (service->told) {
        assert_same("calls_total", v->calls_total, service->calls);
        assert_same("errors_total", v->errors_total, service->errors);
        assert_same("retries_total", v->retries_total, service->retries);
    }
    assert_true(isnan(v->success_ratio) || (v->success_ratio >= 0 && v->success_ratio <= 1));
    assert_true(isnan(v->attempt_success_ratio) ||
                v->attempt_success_ratio <= v->success_ratio + 1e-9);
    assert_true((v->health == HEALTH_HEALTHY) == (v->reason == NULL));
    assert_int_equal(v->breaker_count, BREAKERS);
    assert_int_equal(v->breakers.total, BREAKERS);
    check_budget(&v->budget);
}

static void check_breaker(const struct sim_breaker *b, const struct breaker_view *v, int64_t now_ms)
{
    double seconds = 0;

    assert_int_equal(v->transitions_total, b->changes);
    assert_int_equal(v->state, b->state == BREAKER_STATE_COUNT ? BREAKER_UNKNOWN : b->state);
    for (int i = 0; i < BREAKER_STATE_COUNT; i++)
        seconds += v->seconds_in_state[i];
    assert_same("seconds in all states", seconds,
                b->state == BREAKER_STATE_COUNT ? 0 : (double)(now_ms - b->told_ms) / 1000);
    assert_true(v->strip_count <= VIEW_STRIP_MAX);
}

static void check_totals(const struct monitor_view *view)
{
    uint32_t services = 0, breakers = 0;
    double calls = NAN;

    for (size_t i = 0; i < view->service_count; i++) {
        const struct service_view *v = &view->services[i];

        if ((v->evidence == EVIDENCE_OK || v->evidence == EVIDENCE_TOO_LITTLE) &&
            !isnan(v->calls_per_s))
            calls = isnan(calls) ? v->calls_per_s : calls + v->calls_per_s;
    }
    for (int h = 0; h <= HEALTH_UNKNOWN; h++)
        services += view->totals.services[h];
    for (int state = 0; state < BREAKER_STATE_COUNT; state++)
        breakers += view->totals.breakers.in_state[state];
    assert_int_equal(services, view->service_count);
    assert_int_equal(breakers, view->breaker_count);
    assert_int_equal(view->totals.breakers.total, view->breaker_count);
    assert_same("calls_per_s of all", view->totals.calls_per_s, calls);
    assert_true(view->totals.open.count == view->totals.calls.count);
    assert_true(view->sentence.text[0] != '\0');
}

static void check_order(const struct monitor_view *view)
{
    static const int rank[] = {
        [HEALTH_UNHEALTHY] = 0, [HEALTH_DEGRADED] = 1, [HEALTH_UNKNOWN] = 2, [HEALTH_HEALTHY] = 3
    };

    for (size_t i = 1; i < view->service_count; i++)
        assert_true(rank[view->services[i - 1].health] <= rank[view->services[i].health]);
}

static void check_view(struct sim *s, int64_t now_ms)
{
    struct monitor_view *view = view_of(s->monitor, now_ms);

    assert_int_equal(view->seq, ++s->seq);
    assert_int_equal(view->service_count, SERVICES);
    for (int i = 0; i < SERVICES; i++) {
        const struct sim_service *service = &s->services[i];
        const struct service_view *v = view_find_service(view, str_of(service->name));

        assert_non_null(v);
        check_service(service, v);
        for (uint32_t b = 0; b < BREAKERS; b++)
            check_breaker(&service->breakers[b], &view->breakers[v->first_breaker + b], now_ms);
    }
    check_totals(view);
    check_order(view);
    view_unref(view);
}

static void reconfigure(struct sim *s)
{
    char yaml[128];
    struct config *cfg;

    snprintf(yaml, sizeof yaml, "services: [{name: s%d, max_retries_per_minute: %d}]",
             (int)rng_below(&s->rng, SERVICES), 1 + (int)rng_below(&s->rng, 1000));
    cfg = config_of(yaml);
    assert_int_equal(monitor_apply(s->monitor, cfg), ERR_OK);
    config_unref(cfg);
}

static void test_sim_monitor__figures_agree_whatever_happens(void **state UNUSED)
{
    static struct sim s;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        sim_init(&s, seed);
        for (int64_t now_s = 0; now_s < SECONDS; now_s++) {
            for (int i = 0; i < SERVICES; i++)
                step_service(&s, &s.services[i], now_s);
            if (chance(&s, 0.005))
                reconfigure(&s);
            if (chance(&s, 0.9))
                check_view(&s, T0 + now_s * 1000 + (int64_t)rng_below(&s.rng, 700));
        }
        monitor_free(s.monitor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_monitor__figures_agree_whatever_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
