#include "monitor_script.h"

#include <math.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/rng.h"

enum { SEEDS = 30, SECONDS = 400 };
static const int64_t T0 = 1700000000000;

static const char every_kind[] =
    "services: [{name: orders, budgets: [{kind: absolute, max_retries_per_minute: 600},"
    " {kind: ratio, max_retry_rate_percent: 10, reserve_per_second: 2},"
    " {kind: concurrency, budget_percent: 20, min_retry_concurrency: 3, attempt_duration: 200ms},"
    " {kind: failure_tokens, max_tokens: 100, token_ratio: 0.1, clients: 3},"
    " {kind: quota, capacity: 500, cost: 5, clients: 2}]}]";

/* The kind in the view; fails when it is not there. */
static const struct budget_kind_view *kind_in(const struct budget_view *b, enum budget_kind kind)
{
    for (int i = 0; i < b->kind_count; i++)
        if (b->kinds[i].kind == kind)
            return &b->kinds[i];
    fail_msg("no budget of kind %s", budget_kind_name(kind));
    return NULL;
}

/* What the accounts of every_kind must hold, in whole numbers. */
struct oracle {
    int64_t tokens_milli, units;
    double calls[SECONDS], retries[SECONDS];
    int now_s;
};

static int64_t clamp(int64_t level, int64_t full)
{
    return level < 0 ? 0 : level > full ? full : level;
}

static void oracle_step(struct oracle *o, int64_t calls, int64_t errors, int64_t retries)
{
    int64_t good = calls - errors;
    int64_t back = calls + retries
                       ? (2 * retries * good + calls + retries) / (2 * (calls + retries))
                       : 0;

    o->tokens_milli = clamp(o->tokens_milli + 100 * good - 1000 * (errors + retries), 300000);
    o->units = clamp(o->units + (good - back) - 5 * (retries - back), 1000);
    o->calls[o->now_s] = (double)calls;
    o->retries[o->now_s] = (double)retries;
    o->now_s++;
}

static double sum_last(const double *at, int count, int span)
{
    double sum = 0;

    for (int i = count > span ? count - span : 0; i < count; i++)
        sum += at[i];
    return sum;
}

static void expect_near(double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-9 * (1 + fabs(expected))))
        fail_msg("%.12g, not %.12g", got, expected);
}

static void compare(const struct oracle *o, const struct budget_view *b)
{
    double minute = sum_last(o->retries, o->now_s, 60), largest = 0;
    double used = sum_last(o->retries, o->now_s, 10);
    double allowed = 0.1 * sum_last(o->calls, o->now_s, 10) + 20;

    assert_int_equal(b->kind_count, 5);
    expect_near(kind_in(b, BUDGET_ABSOLUTE)->utilization_percent, minute / 6);
    expect_near(kind_in(b, BUDGET_RATIO)->utilization_percent, 100 * used / allowed);
    expect_near(kind_in(b, BUDGET_FAILURE_TOKENS)->utilization_percent,
                200.0 * (double)(300000 - o->tokens_milli) / 300000);
    expect_near(kind_in(b, BUDGET_FAILURE_TOKENS)->remaining, (double)o->tokens_milli / 1000);
    expect_near(kind_in(b, BUDGET_QUOTA)->utilization_percent,
                100.0 * (double)(200 - o->units / 5) / 200);
    for (int i = 0; i < b->kind_count; i++) {
        largest = fmax(largest, b->kinds[i].utilization_percent);
        assert_int_equal(b->kinds[i].modelled, b->kinds[i].kind >= BUDGET_CONCURRENCY);
    }
    expect_near(b->utilization_percent, largest);
    assert_int_equal(b->risk == RISK_CRITICAL, largest >= 100);
}

/* Concurrency rests on the rates of the view: the same formula from its figures. */
static void compare_concurrency(const struct service_view *s)
{
    const struct budget_kind_view *k = kind_in(&s->budget, BUDGET_CONCURRENCY);
    double active = s->retries_per_s * 0.2;
    double limit = fmax(0.2 * 0.2 * (s->calls_per_s + s->retries_per_s), 3);

    expect_near(k->utilization_percent, 100 * active / limit);
    expect_near(k->limit, limit);
    assert_true(k->low_percent <= k->utilization_percent);
    assert_true(k->high_percent >= k->utilization_percent);
}

static void live_one_history(uint64_t seed)
{
    static struct oracle o;
    struct rng r = rng_seeded(seed);
    struct monitor *m = monitor_of(every_kind);
    int64_t mood = 1;

    print_message("seed %llu\n", (unsigned long long)seed);
    o = (struct oracle){ .tokens_milli = 300000, .units = 1000 };
    for (int i = 0; i < SECONDS; i++) {
        int64_t calls = (int64_t)rng_below(&r, 200), errors, retries;
        struct monitor_view *view;

        mood = rng_below(&r, 40) ? mood : 1 + (int64_t)rng_below(&r, 20);
        errors = (int64_t)rng_below(&r, (uint64_t)(calls / mood) + 1);
        retries = (int64_t)rng_below(&r, (uint64_t)(20 / mood) + 1);
        tell(m, "orders", T0 + i * 1000, (double)calls, (double)errors, (double)retries);
        oracle_step(&o, calls, errors, retries);
        view = view_of(m, T0 + i * 1000);
        if (i >= 5) /* until then the source's pace is not known */
            compare(&o, &view->services[0].budget);
        compare_concurrency(&view->services[0]);
        view_unref(view);
    }
    monitor_free(m);
}

static void test_budget_models__every_kind_equals_exact_arithmetic(void **state UNUSED)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        live_one_history(seed);
}

static void test_budget_models__a_kind_that_is_given_replaces_the_default(void **state UNUSED)
{
    struct monitor *m = monitor_of(
        "services: [{name: orders, budgets: [{kind: failure_tokens, maxTokens: 10,"
        " tokenRatio: 0.1}]}]");
    struct monitor_view *view;
    const struct budget_view *b;

    tell(m, "orders", T0, 0, 0, 0);
    for (int i = 1; i <= 60; i++)
        tell(m, "orders", T0 + i * 1000, 10, i == 60 ? 5 : 0, 0);
    view = view_of(m, T0 + 60000);
    b = &view->services[0].budget;
    assert_int_equal(b->kind, BUDGET_FAILURE_TOKENS);
    assert_int_equal(b->kind_count, 1);
    assert_true(b->modelled);
    assert_int_equal(b->evidence, EVIDENCE_OK);
    expect_near(b->utilization_percent, 200 * 4.5 / 10);
    assert_int_equal(b->risk, RISK_HIGH);
    assert_true(isnan(b->limit_minute));
    expect_near(b->used_minute, 0);
    view_unref(view);
    monitor_free(m);
}

static void test_budget_models__concurrency_without_a_duration_is_unknown(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: orders, budgets: [{kind: concurrency}]}]");
    uint32_t id = subject_of(m, "orders", NULL);
    struct monitor_view *view;

    for (int i = 0; i <= 60; i++)
        tell(m, "orders", T0 + i * 1000, i ? 100 : 0, 0, i ? 10 : 0);
    view = view_of(m, T0 + 60000);
    assert_int_equal(view->services[0].budget.kind, BUDGET_UNKNOWN);
    assert_string_equal(view->services[0].budget.exhaustion.reason,
                        "no source tells how long an attempt takes");
    assert_int_equal(view->services[0].budget.evidence, EVIDENCE_UNKNOWN);
    assert_int_equal(view->services[0].budget.risk, RISK_UNKNOWN);
    assert_true(isnan(view->services[0].budget.utilization_percent));
    view_unref(view);
    for (int i = 61; i <= 120; i++) {
        tell(m, "orders", T0 + i * 1000, 100, 0, 10);
        send(m, id, SIGNAL_TIMED_CALLS, T0 + i * 1000, 100);
        send(m, id, SIGNAL_TIMED_SECONDS, T0 + i * 1000, 22);
    }
    view = view_of(m, T0 + 120000);
    expect_near(view->services[0].response_ms, 220);
    /* 220 ms a call are 200 ms an attempt: 2 retries run of 22 attempts, 4.4 may. */
    expect_near(view->services[0].budget.utilization_percent, 100 * 2 / 4.4);
    assert_int_equal(view->services[0].budget.kind, BUDGET_CONCURRENCY);
    view_unref(view);
    monitor_free(m);
}

static void test_budget_models__accounts_keep_their_level_over_a_reload(void **state UNUSED)
{
    static const char same[] =
        "services: [{name: orders, budgets: [{kind: quota, capacity: 100}]}]";
    struct monitor *m = monitor_of(same);
    struct config *again = config_of(same);
    struct config *other = config_of(
        "services: [{name: orders, budgets: [{kind: quota, capacity: 200}]}]");
    struct monitor_view *view;

    tell(m, "orders", T0, 10, 10, 10);
    view = view_of(m, T0);
    expect_near(view->services[0].budget.utilization_percent, 50);
    view_unref(view);
    assert_int_equal(monitor_apply(m, again), ERR_OK);
    view = view_of(m, T0);
    expect_near(view->services[0].budget.utilization_percent, 50);
    view_unref(view);
    assert_int_equal(monitor_apply(m, other), ERR_OK);
    view = view_of(m, T0);
    expect_near(view->services[0].budget.utilization_percent, 0);
    view_unref(view);
    config_unref(again);
    config_unref(other);
    monitor_free(m);
}

static void test_budget_models__response_time_is_judged_where_it_is_told(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: orders, slo_target_response_time: 150},"
                                   " {name: mute, slo_target_response_time: 150}]");
    uint32_t id = subject_of(m, "orders", NULL);
    struct monitor_view *view;

    for (int i = 0; i <= 60; i++) {
        tell(m, "orders", T0 + i * 1000, i ? 100 : 0, 0, 0);
        tell(m, "mute", T0 + i * 1000, i ? 100 : 0, 0, 0);
        send(m, id, SIGNAL_TIMED_CALLS, T0 + i * 1000, 10);
        send(m, id, SIGNAL_TIMED_SECONDS, T0 + i * 1000, 1.501);
        send(m, id, SIGNAL_RETRIES_DENIED, T0 + i * 1000, i ? 6 : 0);
    }
    view = view_of(m, T0 + 60000);
    assert_int_equal(view_find_service(view, STR("orders"))->slo_response_compliant, 0);
    expect_near(view_find_service(view, STR("orders"))->response_ms, 150.1);
    expect_near(view_find_service(view, STR("orders"))->denied_per_s, 6);
    assert_int_equal(view_find_service(view, STR("mute"))->slo_response_compliant, -1);
    assert_true(isnan(view_find_service(view, STR("mute"))->denied_per_s));
    view_unref(view);
    monitor_free(m);
}

static void test_budget_models__a_spent_account_is_told_everywhere(void **state UNUSED)
{
    static struct service_history h;
    struct monitor *m = monitor_of("services: [{name: orders, budgets: [{kind: absolute,"
                                   " max_retries_per_minute: 1000},"
                                   " {kind: failure_tokens, max_tokens: 10, token_ratio: 0.1}]}]");
    struct monitor_view *view = NULL;
    int64_t now_ms = T0;

    for (int i = 0; i <= 120; i++) {
        now_ms = T0 + i * 1000;
        tell(m, "orders", now_ms, i ? 10 : 0, i ? 2 : 0, i ? 1 : 0);
        view_unref(view);
        view = view_of(m, now_ms);
    }
    assert_int_equal(view->services[0].budget.kind, BUDGET_FAILURE_TOKENS);
    expect_near(view->services[0].budget.utilization_percent, 200);
    expect_near(view->services[0].budget.exhaustion.in_s, 0);
    assert_int_equal(view->services[0].budget.exhaustion.kind, BUDGET_FAILURE_TOKENS);
    assert_true(isnan(view->services[0].budget.returning_percent));
    expect_near(kind_in(&view->services[0].budget, BUDGET_ABSOLUTE)->utilization_percent, 6);
    assert_true(monitor_history(
        m, STR("orders"),
        &(struct history_ask){ .period_s = 60, .end_ms = now_ms, .now_ms = now_ms }, &h));
    for (int i = 0; i < h.count; i++)
        expect_near((double)h.lines[HISTORY_UTILIZATION][i], 200);
    view_unref(view);
    monitor_free(m);
}

/* A quiet minute, then trouble of one kind for as long as it takes. */
struct trouble {
    const char *budget;
    enum budget_kind kind;
    double calls, errors, retries; /* a second */
};

static struct budget_kind_view judged_at(struct monitor *m, int64_t now_ms)
{
    struct monitor_view *view = view_of(m, now_ms);
    struct budget_kind_view k = view->services[0].budget.kinds[0];

    assert_int_equal(view->services[0].budget.kind_count, 1);
    assert_true(k.exhaustion.in_s < 0 ? k.exhaustion.reason != NULL : k.exhaustion.reason == NULL);
    view_unref(view);
    return k;
}

static void expect_true_prophecy(const struct trouble *trouble)
{
    char text[256];
    struct monitor *m;
    struct budget_kind_view k;
    int64_t now_ms = T0;
    double told_s;
    int took_s = 0;

    snprintf(text, sizeof text, "services: [{name: orders, budgets: [%s]}]", trouble->budget);
    m = monitor_of(text);
    for (int i = 0; i <= 70; i++, now_ms += 1000) {
        tell(m, "orders", now_ms, i ? 10 : 0, 0, i ? 1 : 0);
        k = judged_at(m, now_ms);
    }
    assert_true(k.exhaustion.in_s < 0);
    for (int i = 0; i < 10; i++, now_ms += 1000) {
        tell(m, "orders", now_ms, trouble->calls, trouble->errors, trouble->retries);
        k = judged_at(m, now_ms);
    }
    told_s = k.exhaustion.in_s;
    assert_int_equal(k.kind, trouble->kind);
    assert_int_equal(k.exhaustion.kind, trouble->kind);
    assert_true(told_s > 5 && k.utilization_percent < 100);
    assert_true(k.exhaustion.low_s < told_s && k.exhaustion.high_s > told_s);
    for (; k.utilization_percent < 100 && took_s < 1000; now_ms += 1000, took_s++) {
        tell(m, "orders", now_ms, trouble->calls, trouble->errors, trouble->retries);
        k = judged_at(m, now_ms);
    }
    if (fabs(took_s - told_s) > 1)
        fail_msg("%s: %g s were told, it took %d", trouble->budget, told_s, took_s);
    assert_float_equal(k.exhaustion.in_s, 0, 0);
    monitor_free(m);
}

static void test_budget_models__each_kind_runs_out_when_told(void **state UNUSED)
{
    static const struct trouble troubles[] = {
        { "{kind: absolute, max_retries_per_minute: 600}", BUDGET_ABSOLUTE, 100, 10, 20 },
        { "{kind: concurrency, budget_percent: 20, min_retry_concurrency: 3,"
          " attempt_duration: 400ms}",
          BUDGET_CONCURRENCY, 20, 5, 12 },
        { "{kind: failure_tokens, max_tokens: 1000, token_ratio: 0.1}", BUDGET_FAILURE_TOKENS, 20,
          10, 1 },
        { "{kind: quota, capacity: 500, cost: 5}", BUDGET_QUOTA, 20, 20, 2 },
    };

    for (size_t i = 0; i < ARRAY_LEN(troubles); i++)
        expect_true_prophecy(&troubles[i]);
}

/* The ratio's window is that of the speed: within it the present speed is all there is. */
static void test_budget_models__a_kind_that_lasts_says_so(void **state UNUSED)
{
    struct monitor *m = monitor_of(every_kind);
    struct monitor_view *view;

    for (int i = 0; i <= 60; i++)
        tell(m, "orders", T0 + i * 1000, i ? 100 : 0, 0, i ? 1 : 0);
    view = view_of(m, T0 + 60000);
    assert_true(view->services[0].budget.exhaustion.in_s < 0);
    for (int i = 0; i < view->services[0].budget.kind_count; i++)
        assert_string_equal(view->services[0].budget.kinds[i].exhaustion.reason,
                            "it lasts at the present speed");
    view_unref(view);
    monitor_free(m);
}

static void test_budget_models__without_memory_a_figure_stays_unknown(void **state UNUSED)
{
    static const enum signal_kind kinds[] = { SIGNAL_RETRIES_DENIED, SIGNAL_TIMED_CALLS,
                                              SIGNAL_TIMED_SECONDS };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct monitor *m = monitor_of("");
        uint32_t id = subject_of(m, "orders", NULL);
        struct monitor_view *view;

        tell(m, "orders", T0, 10, 0, 0);
        mem_fail_nth(1);
        send(m, id, kinds[i], T0, 1);
        assert_true(mem_fault_happened());
        mem_fail_nth(0);
        view = view_of(m, T0);
        assert_true(isnan(view->services[0].denied_per_s));
        assert_true(isnan(view->services[0].response_ms));
        view_unref(view);
        send(m, id, kinds[i], T0 + 1000, 5);
        view = view_of(m, T0 + 1000);
        assert_int_equal(isnan(view->services[0].denied_per_s), i != 0);
        view_unref(view);
        monitor_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget_models__every_kind_equals_exact_arithmetic),
        cmocka_unit_test(test_budget_models__a_kind_that_is_given_replaces_the_default),
        cmocka_unit_test(test_budget_models__concurrency_without_a_duration_is_unknown),
        cmocka_unit_test(test_budget_models__accounts_keep_their_level_over_a_reload),
        cmocka_unit_test(test_budget_models__response_time_is_judged_where_it_is_told),
        cmocka_unit_test(test_budget_models__a_spent_account_is_told_everywhere),
        cmocka_unit_test(test_budget_models__each_kind_runs_out_when_told),
        cmocka_unit_test(test_budget_models__a_kind_that_lasts_says_so),
        cmocka_unit_test(test_budget_models__without_memory_a_figure_stays_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
