#include "unit.h"

#include <math.h>

#include "base/attr.h"
#include "base/mem.h"
#include "monitor/breaker.h"
#include "monitor/totals.h"

enum { ROWS_MAX = 4 };
static const int64_t T0 = 1700000000000;

struct stage {
    struct monitor_view view;
    struct service_view rows[ROWS_MAX];
    struct totals_keeper keeper;
};

static struct service_view *add(struct stage *s, enum evidence evidence, double calls,
                                double errors, double retries)
{
    struct service_view *row = &s->rows[s->view.service_count++];

    s->view.services = s->rows;
    *row = (struct service_view){
        .evidence = evidence, .calls_per_s = calls, .errors_per_s = errors, .retries_per_s = retries
    };
    row->calls.end_ms = row->errors.end_ms = row->retries.end_ms = -1;
    return row;
}

static void give_spark(struct spark *spark, int64_t end_ms, int count, float value)
{
    spark->end_ms = end_ms;
    spark->count = count;
    for (int i = 0; i < count; i++)
        spark->points[i] = value;
}

static void test_totals__sums_come_before_ratios(void **state UNUSED)
{
    struct stage s = { 0 };

    add(&s, EVIDENCE_OK, 100, 1, 10);
    add(&s, EVIDENCE_TOO_LITTLE, 1, 1, 0);
    totals_fill(&s.keeper, &s.view);
    assert_float_equal(s.view.totals.calls_per_s, 101, 1e-9);
    assert_float_equal(s.view.totals.success_ratio, (float)(1 - 2.0 / 101), 1e-6);
    assert_float_equal(s.view.totals.retry_ratio, (float)(10.0 / 111), 1e-6);
    assert_float_equal(s.view.totals.attempt_success_ratio, (float)(1 - 12.0 / 111), 1e-6);
}

static void test_totals__a_ratio_takes_only_services_that_tell_both_parts(void **state UNUSED)
{
    struct stage s = { 0 };

    add(&s, EVIDENCE_OK, 100, 10, NAN);  /* tells no retries */
    add(&s, EVIDENCE_OK, 900, NAN, NAN); /* tells no errors */
    add(&s, EVIDENCE_OK, NAN, NAN, 50);  /* tells retries alone */
    totals_fill(&s.keeper, &s.view);
    assert_float_equal(s.view.totals.calls_per_s, 1000, 1e-9);
    assert_float_equal(s.view.totals.retries_per_s, 50, 1e-9);
    assert_float_equal(s.view.totals.success_ratio, 0.9F, 1e-6);
    assert_true(isnan(s.view.totals.retry_ratio));
    assert_true(isnan(s.view.totals.attempt_success_ratio));
}

static void test_totals__what_is_stale_or_missing_is_left_out(void **state UNUSED)
{
    struct stage s = { 0 };

    add(&s, EVIDENCE_STALE, 100, 10, 1);
    add(&s, EVIDENCE_NO_DATA, NAN, NAN, NAN);
    totals_fill(&s.keeper, &s.view);
    assert_true(isnan(s.view.totals.calls_per_s) && isnan(s.view.totals.retries_per_s));
    assert_true(isnan(s.view.totals.success_ratio) && isnan(s.view.totals.retry_ratio));
}

static void test_totals__no_calls_have_no_ratio(void **state UNUSED)
{
    struct stage s = { 0 };

    add(&s, EVIDENCE_OK, 0, 0, 0);
    totals_fill(&s.keeper, &s.view);
    assert_float_equal(s.view.totals.calls_per_s, 0, 0);
    assert_true(isnan(s.view.totals.success_ratio) && isnan(s.view.totals.retry_ratio));
}

static void test_totals__percentiles_are_of_the_calls_of_all_who_are_heard(void **state UNUSED)
{
    static const enum evidence evidence[] = { EVIDENCE_OK, EVIDENCE_TOO_LITTLE, EVIDENCE_STALE };
    struct stage s = { 0 };

    totals_begin(&s.keeper);
    totals_fill(&s.keeper, &s.view);
    assert_true(isnan(s.view.totals.latency_s[LATENCY_P50]));
    for (size_t i = 0; i < ARRAY_LEN(evidence); i++) {
        struct latency_watch *l = latency_new();

        latency_advance(l, T0, 60);
        latency_add(l, (double)i, (double)i + 1, 100, T0);
        totals_add_latency(&s.keeper, add(&s, evidence[i], 1, 0, 0), l);
        latency_free(l);
    }
    totals_fill(&s.keeper, &s.view);
    assert_true(fabs(s.view.totals.latency_s[LATENCY_P50] - 1) < 1e-9);
    assert_true(fabs(s.view.totals.latency_s[LATENCY_P99] - 1.98) < 1e-9);
    totals_release(&s.keeper);
}

static void test_totals__percentiles_are_unknown_without_memory_for_them(void **state UNUSED)
{
    struct latency_watch *l = latency_new();

    latency_advance(l, T0, 60);
    latency_add(l, 0, 1, 100, T0);
    for (long n = 1;; n++) {
        struct stage s = { 0 };
        bool happened;

        totals_begin(&s.keeper);
        mem_fail_nth(n);
        totals_add_latency(&s.keeper, add(&s, EVIDENCE_OK, 1, 0, 0), l);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        totals_fill(&s.keeper, &s.view);
        assert_int_equal(isnan(s.view.totals.latency_s[LATENCY_P50]), happened);
        totals_release(&s.keeper);
        if (!happened)
            break;
    }
    latency_free(l);
}

static void test_totals__breakers_add_up_and_name_the_worst(void **state UNUSED)
{
    static const enum breaker_state states[] = { BREAKER_DISABLED, BREAKER_OPEN, BREAKER_CLOSED };
    struct stage s = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        breaker_count(&add(&s, EVIDENCE_OK, 1, 0, 0)->breakers, states[i]);
    add(&s, EVIDENCE_OK, 1, 0, 0); /* has none */
    totals_fill(&s.keeper, &s.view);
    assert_int_equal(s.view.totals.breakers.total, 3);
    assert_int_equal(s.view.totals.breakers.worst, BREAKER_OPEN);
    s = (struct stage){ 0 };
    breaker_count(&add(&s, EVIDENCE_OK, 1, 0, 0)->breakers, BREAKER_DISABLED);
    totals_fill(&s.keeper, &s.view);
    assert_int_equal(s.view.totals.breakers.worst, BREAKER_DISABLED);
}

static void test_totals__sparks_add_the_same_steps(void **state UNUSED)
{
    struct stage s = { 0 };
    struct service_view *a = add(&s, EVIDENCE_OK, 1, 0, 0), *b = add(&s, EVIDENCE_OK, 1, 0, 0);

    give_spark(&a->calls, T0, 3, 10);
    give_spark(&a->errors, T0, 3, 1);
    give_spark(&b->calls, T0 - 10000, 1, 5); /* a slower source, heard for one step */
    totals_fill(&s.keeper, &s.view);
    assert_int_equal(s.view.totals.calls.count, 3);
    assert_int_equal(s.view.totals.calls.end_ms, T0);
    assert_float_equal(s.view.totals.calls.points[0], 10, 0);
    assert_float_equal(s.view.totals.calls.points[1], 15, 0);
    assert_float_equal(s.view.totals.calls.points[2], 10, 0);
    assert_float_equal(s.view.totals.success.points[1], 0.9F, 1e-6); /* b tells no errors */
    assert_true(isnan((double)s.view.totals.retries.points[1]));
}

/* The spark of open breakers while one is open from the 12th to the 35th second. */
static void test_totals__open_breakers_stand_at_the_ends_of_the_same_steps(void **state UNUSED)
{
    struct stage s = { 0 };
    const struct spark *open = &s.view.totals.open;

    for (int second = 0; second <= 61; second++) {
        struct service_view *row;

        s.view = (struct monitor_view){ .now_ms = T0 + second * 1000 };
        row = add(&s, EVIDENCE_OK, 1, 0, 0);
        breaker_count(&row->breakers, second >= 12 && second < 35 ? BREAKER_OPEN : BREAKER_CLOSED);
        give_spark(&row->calls, T0 + second / 10 * 10000, second / 10, 1);
        if (second < 42 || second >= 58) /* no view for a while */
            totals_fill(&s.keeper, &s.view);
    }
    assert_int_equal(open->count, 6);
    assert_int_equal(open->end_ms, s.view.totals.calls.end_ms);
    for (int p = 0; p < open->count; p++)
        assert_float_equal(open->points[p], p == 1 || p == 2 ? 1 : 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_totals__sums_come_before_ratios),
        cmocka_unit_test(test_totals__a_ratio_takes_only_services_that_tell_both_parts),
        cmocka_unit_test(test_totals__what_is_stale_or_missing_is_left_out),
        cmocka_unit_test(test_totals__no_calls_have_no_ratio),
        cmocka_unit_test(test_totals__percentiles_are_of_the_calls_of_all_who_are_heard),
        cmocka_unit_test(test_totals__percentiles_are_unknown_without_memory_for_them),
        cmocka_unit_test(test_totals__breakers_add_up_and_name_the_worst),
        cmocka_unit_test(test_totals__sparks_add_the_same_steps),
        cmocka_unit_test(test_totals__open_breakers_stand_at_the_ends_of_the_same_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
