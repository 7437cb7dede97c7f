#include "budget_history.h"

#include "base/attr.h"

enum { HISTORIES = 30, CHECKS = 30 };

static double percent(double used, double limit)
{
    return limit > 0 ? 100 * used / limit : used > 0 ? INFINITY : 0;
}

static void assert_same(double got, double expected)
{
    if (isinf(expected) || isnan(expected))
        assert_true(isnan(expected) ? isnan(got) : isinf(got));
    else
        assert_true(fabs(got - expected) <= 1e-9 * (1 + fabs(expected)));
}

static double allowed(const struct budget_limits *l, const struct history *h, int span_s)
{
    return l->share * history_sum(h->calls_at, h->now_s, span_s) + l->reserve_per_s * span_s;
}

static double utilization(const struct budget_limits *l, const struct history *h)
{
    double largest = 0;

    if (!isnan(l->per_minute))
        largest = percent(history_sum(h->retries_at, h->now_s, 60), l->per_minute);
    if (!isnan(l->per_hour))
        largest = fmax(largest, percent(history_sum(h->retries_at, h->now_s, 3600), l->per_hour));
    if (!isnan(l->share))
        largest = fmax(largest, percent(history_sum(h->retries_at, h->now_s, HISTORY_MODEL_S),
                                        allowed(l, h, HISTORY_MODEL_S)));
    return largest;
}

static void compare(const struct budget_limits *l, const struct history *h)
{
    struct budget_input in = history_input(h, SPAN_MODEL);
    double minute = history_sum(h->retries_at, h->now_s, 60);
    double hour = history_sum(h->retries_at, h->now_s, 3600);
    double calls = history_sum(h->calls_at, h->now_s, 60);
    double limit_minute = l->per_minute, limit_hour = l->per_hour;
    struct budget_view view;

    retry_budget_judge(l, &in, &view);
    if (!isnan(l->share) && isnan(limit_minute))
        limit_minute = allowed(l, h, 60);
    if (!isnan(l->share) && isnan(limit_hour))
        limit_hour = allowed(l, h, 3600);
    assert_same(view.utilization_percent, utilization(l, h));
    assert_same(view.used_minute, minute);
    assert_same(view.used_hour, hour);
    assert_same(view.limit_minute, limit_minute);
    assert_same(view.limit_hour, limit_hour);
    assert_same(view.remaining_minute, isnan(limit_minute) ? NAN : fmax(0, limit_minute - minute));
    assert_same(view.remaining_hour, isnan(limit_hour) ? NAN : fmax(0, limit_hour - hour));
    assert_same(view.retry_rate_percent, calls > 0 ? 100 * minute / calls : NAN);
    assert_true(view.returning_percent <= view.utilization_percent + 1e-9);
    assert_int_equal(view.kind,
                     isnan(l->per_minute) && isnan(l->per_hour) ? BUDGET_RATIO : BUDGET_ABSOLUTE);
}

static void test_retry_budget__figures_equal_those_of_a_plain_list(void **state UNUSED)
{
    static struct history h;

    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct rng r = rng_seeded(seed);

        print_message("seed %llu\n", (unsigned long long)seed);
        history_init(&h);
        for (int i = 0; i < CHECKS; i++) {
            struct budget_limits l = limits_random(&r);

            history_live(&h, &r);
            compare(&l, &h);
        }
        history_release(&h);
    }
}

static struct budget_view judge(struct budget_limits l, unsigned calls, unsigned retries)
{
    struct history h;
    struct budget_input in;
    struct budget_view view;

    history_init(&h);
    history_add(&h, calls, retries);
    in = history_input(&h, SPAN_MODEL);
    retry_budget_judge(&l, &in, &view);
    history_release(&h);
    return view;
}

static void test_retry_budget__risk_begins_at_its_threshold_exactly(void **state UNUSED)
{
    static const struct {
        unsigned retries;
        enum risk risk;
    } rows[] = {
        { 0, RISK_LOW },    { 699, RISK_LOW },  { 700, RISK_MEDIUM },    { 849, RISK_MEDIUM },
        { 850, RISK_HIGH }, { 999, RISK_HIGH }, { 1000, RISK_CRITICAL }, { 5000, RISK_CRITICAL },
    };
    struct budget_limits l = limits_none();

    l.per_minute = 1000;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct budget_view view = judge(l, 0, rows[i].retries);

        assert_int_equal(view.risk, rows[i].risk);
        assert_true(view.remaining_minute >= 0);
        assert_int_equal(view.exhaustion.in_s == 0, view.risk == RISK_CRITICAL);
    }
}

static void test_retry_budget__a_limit_of_nothing(void **state UNUSED)
{
    struct budget_limits l = limits_none();
    struct budget_view view;

    l.share = 0;
    l.reserve_per_s = 0;
    view = judge(l, 100, 0);
    assert_float_equal(view.utilization_percent, 0, 0);
    assert_int_equal(view.risk, RISK_LOW);
    assert_true(view.exhaustion.in_s < 0);
    view = judge(l, 100, 1);
    assert_true(isinf(view.utilization_percent));
    assert_int_equal(view.risk, RISK_CRITICAL);
    assert_float_equal(view.remaining_minute, 0, 0);
    assert_float_equal(view.exhaustion.in_s, 0, 0);
}

static void test_retry_budget__is_unknown_where_no_retries_are_told(void **state UNUSED)
{
    struct budget_limits l = limits_none();
    struct budget_input in = { .covered_s = 1 };
    struct budget_view view;

    l.per_minute = 600;
    retry_budget_judge(&l, &in, &view);
    assert_int_equal(view.kind, BUDGET_UNKNOWN);
    assert_int_equal(view.risk, RISK_UNKNOWN);
    assert_true(isnan(view.utilization_percent) && isnan(view.used_minute));
    assert_true(isnan(view.used_hour) && isnan(view.remaining_minute));
    assert_true(isnan(view.retry_rate_percent) && isnan(view.returning_percent));
    assert_true(view.exhaustion.in_s < 0);
}

static void test_retry_budget__without_calls_the_reserve_alone_counts(void **state UNUSED)
{
    struct budget_limits l = limits_none();
    struct budget_view view;
    struct budget_input in;
    struct history h;

    l.share = 0.2;
    history_init(&h);
    history_add(&h, 1000, 50);
    in = history_input(&h, SPAN_MODEL);
    in.calls = NULL;
    retry_budget_judge(&l, &in, &view);
    assert_float_equal(view.utilization_percent, 50, 1e-9); /* of 10/s over 10 s */
    assert_true(isnan(view.retry_rate_percent));
    history_release(&h);
}

static void test_retry_budget__a_slow_source_is_judged_over_a_longer_span(void **state UNUSED)
{
    struct budget_limits l = limits_none();
    struct history h;

    l.share = 0.2;
    history_init(&h);
    for (int i = 0; i < 600; i++)
        history_add(&h, i % 15 ? 0 : 1500,
                    i % 15 ? 0 : 300); /* 100 and 20 a second, told each 15 s */
    for (int i = 0; i < 30; i++) {
        struct budget_input in = history_input(&h, SPAN_MINUTE);
        struct budget_view view;

        retry_budget_judge(&l, &in, &view);
        assert_float_equal(view.utilization_percent, 66.6666667F, 1e-4);
        history_add(&h, i % 15 ? 0 : 1500, i % 15 ? 0 : 300);
    }
    history_release(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retry_budget__figures_equal_those_of_a_plain_list),
        cmocka_unit_test(test_retry_budget__risk_begins_at_its_threshold_exactly),
        cmocka_unit_test(test_retry_budget__a_limit_of_nothing),
        cmocka_unit_test(test_retry_budget__is_unknown_where_no_retries_are_told),
        cmocka_unit_test(test_retry_budget__without_calls_the_reserve_alone_counts),
        cmocka_unit_test(test_retry_budget__a_slow_source_is_judged_over_a_longer_span),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
