#include "budget_history.h"

#include "base/attr.h"
#include "monitor/exhaustion.h"
#include "resilience/failure_tokens.h"
#include "resilience/retry_quota.h"
#include "resilience/retry_share.h"

enum { HISTORIES = 10, CHECKS = 20 };
static const double Z_80 = 1.2816;

/* One limit as the oracle sees it: `share` of calls plus `constant` over the last span_s seconds.
 */
struct rule {
    int span_s;
    double constant, share;
};

/* Runs the present speed on, second by second, with nothing but the raw history. -1: not within the
 * span. */
static double run_out(const struct history *h, struct rule rule, double retries_per_s,
                      double calls_per_s)
{
    for (int t = 0; t <= rule.span_s; t++) {
        int kept_s = rule.span_s - t;
        double used = history_sum(h->retries_at, h->now_s, kept_s) + retries_per_s * t;
        double calls = history_sum(h->calls_at, h->now_s, kept_s) + calls_per_s * t;
        double limit = rule.constant + (rule.share > 0 ? rule.share * calls : 0);

        if (used > 1e-9 && used >= limit - 1e-7 && (t > 0 ? retries_per_s > 0 : true))
            return t;
    }
    return -1;
}

struct expected {
    double in_s, low_s, high_s;
};

static struct expected expect_rule(const struct history *h, struct rule rule, int speed_s)
{
    double n = history_sum(h->retries_at, h->now_s, speed_s);
    double over_s = fmin(speed_s, h->now_s + 1), spread = n > 0 ? Z_80 / sqrt(n) : 0;
    double calls_per_s = history_sum(h->calls_at, h->now_s, speed_s) / over_s;
    double slow = n / over_s * (1 - spread);

    return (struct expected){
        .in_s = run_out(h, rule, n / over_s, calls_per_s),
        .low_s = run_out(h, rule, n / over_s * (1 + spread), calls_per_s),
        .high_s = run_out(h, rule, slow < 0 ? 0 : slow, calls_per_s),
    };
}

static void take_sooner(struct expected *best, struct expected other)
{
    if (other.in_s >= 0 && (best->in_s < 0 || other.in_s < best->in_s))
        *best = other;
}

static struct expected expect(const struct history *h, const struct budget_limits *l, int speed_s)
{
    struct expected best = { .in_s = -1 };

    if (!isnan(l->per_minute))
        take_sooner(&best, expect_rule(h, (struct rule){ 60, l->per_minute, 0 }, speed_s));
    if (!isnan(l->per_hour))
        take_sooner(&best, expect_rule(h, (struct rule){ 3600, l->per_hour, 0 }, speed_s));
    if (!isnan(l->share))
        take_sooner(&best,
                    expect_rule(h, (struct rule){ speed_s, l->reserve_per_s * speed_s, l->share },
                                speed_s));
    return best;
}

/* A second either way where the sum meets the limit to the last bit. */
static void assert_close(const char *what, double got, double expected)
{
    if ((got < 0) != (expected < 0) || fabs(got - expected) > 1)
        fail_msg("%s: %g, second by second it is %g", what, got, expected);
}

static struct exhaustion exhaustion_of(const struct budget_limits *l, const struct budget_input *in)
{
    struct budget_view view;

    retry_budget_judge(l, in, &view);
    assert_true((view.exhaustion.in_s < 0) == (view.exhaustion.reason == EXHAUSTION_LASTS));
    return view.exhaustion;
}

static void check(const struct history *h, const struct budget_limits *l, int span, int speed_s)
{
    struct budget_input in = history_input(h, span);
    struct exhaustion e = exhaustion_of(l, &in);
    struct expected x = expect(h, l, speed_s);

    assert_close("in_s", e.in_s, x.in_s);
    if (e.in_s < 0)
        return;
    assert_true(e.low_s >= 0 && e.low_s <= e.in_s && e.in_s <= e.high_s);
    assert_close("low_s", e.low_s, x.low_s);
    assert_close("high_s", isinf(e.high_s) ? -1 : e.high_s, x.high_s);
}

static void test_exhaustion__equals_a_run_second_by_second(void **state UNUSED)
{
    static struct history h;

    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct rng r = rng_seeded(seed);

        print_message("seed %llu\n", (unsigned long long)seed);
        history_init(&h);
        for (int i = 0; i < CHECKS; i++) {
            struct budget_limits l = limits_random(&r);

            history_live(&h, &r);
            check(&h, &l, SPAN_MODEL, HISTORY_MODEL_S);
            check(&h, &l, SPAN_MINUTE, 60);
        }
        history_release(&h);
    }
}

/* `seconds` of the same second; then what is said of it. */
static struct exhaustion after(struct budget_limits l, int burst, int seconds, unsigned retries)
{
    static struct history h;
    struct budget_input in;
    struct exhaustion e;

    history_init(&h);
    if (burst)
        history_add(&h, 0, (unsigned)burst);
    for (int i = 0; i < seconds; i++)
        history_add(&h, 100, retries);
    in = history_input(&h, SPAN_MODEL);
    e = exhaustion_of(&l, &in);
    history_release(&h);
    return e;
}

static void test_exhaustion__never_while_the_speed_keeps_below_the_limit(void **state UNUSED)
{
    struct budget_limits l = limits_none();

    l.per_minute = 600;
    assert_true(after(l, 0, 120, 9).in_s < 0);
    assert_true(after(l, 0, 120, 0).in_s < 0);
    l.per_minute = 0;
    assert_true(after(l, 0, 120, 0).in_s < 0);
}

static void test_exhaustion__the_time_is_that_of_the_sum(void **state UNUSED)
{
    struct budget_limits l = limits_none();
    struct exhaustion e;

    l.per_minute = 600;
    e = after(l, 0, 20, 20); /* 400 used, 20 a second */
    assert_float_equal(e.in_s, 10, 0);
    assert_false(e.hour);
    assert_true(e.low_s <= e.in_s && e.high_s > e.in_s);
    e = after(l, 0, 120, 10); /* exactly at the limit */
    assert_float_equal(e.in_s, 0, 0);
    l.per_hour = 450;
    e = after(l, 0, 20, 20);
    assert_float_equal(e.in_s, 3, 0);
    assert_true(e.hour);
}

static void test_exhaustion__a_burst_counts_until_it_leaves(void **state UNUSED)
{
    struct budget_limits l = limits_none();

    l.per_hour = 20000;
    /* 18,000 at once, then 1 a second: a steady 3,600 an hour, but the burst stays for an hour */
    assert_float_equal(after(l, 18000, 600, 1).in_s, 1400, 0);
    assert_true(after(l, 15000, 600, 1).in_s < 0);
}

static void test_exhaustion__few_retries_make_the_far_end_unknown(void **state UNUSED)
{
    struct budget_limits l = limits_none();
    struct exhaustion e;

    l.per_minute = 5;
    e = after(l, 0, 1, 1);
    assert_true(e.in_s > 0);
    assert_true(isinf(e.high_s));
}

/* Concurrency over the last minute as the model judges it, run on second by second. -1: never. */
static double concurrency_run_out(const struct history *h, const struct exhaustion_concurrency *c,
                                  double retries_per_s, double calls_per_s)
{
    for (int t = 0; t <= 60; t++) {
        double heard_s = fmin(60, h->now_s + 1 + t);
        double retries = history_sum(h->retries_at, h->now_s, 60 - t) + retries_per_s * t;
        double calls = history_sum(h->calls_at, h->now_s, 60 - t) + calls_per_s * t;
        struct retry_share share = retry_share_of(
            &(struct retry_share_options){ c->share, c->min_retries },
            &(struct retry_share_load){ calls / heard_s, retries / heard_s, c->attempt_s });

        if (retries > 1e-9 && share.utilization_percent >= 100 - 1e-7 &&
            (t == 0 || retries_per_s > 0))
            return t;
    }
    return -1;
}

static void check_concurrency(const struct history *h, struct rng *r)
{
    struct exhaustion_concurrency c = {
        .share = (double)rng_below(r, 40) / 100,
        .min_retries = (double)rng_below(r, 8),
        .attempt_s = (double)(1 + rng_below(r, 500)) / 1000,
        .rate_span = SPAN_MINUTE,
    };
    struct budget_input in = history_input(h, SPAN_MODEL);
    struct exhaustion e = exhaustion_of_concurrency(&c, &in);
    double n = history_sum(h->retries_at, h->now_s, HISTORY_MODEL_S);
    double over_s = fmin(HISTORY_MODEL_S, h->now_s + 1), spread = n > 0 ? Z_80 / sqrt(n) : 0;
    double calls_per_s = history_sum(h->calls_at, h->now_s, HISTORY_MODEL_S) / over_s;

    assert_close("in_s", e.in_s, concurrency_run_out(h, &c, n / over_s, calls_per_s));
    if (e.in_s < 0) {
        assert_ptr_equal(e.reason, EXHAUSTION_LASTS);
        return;
    }
    assert_int_equal(e.kind, BUDGET_CONCURRENCY);
    assert_close("low_s", e.low_s,
                 concurrency_run_out(h, &c, n / over_s * (1 + spread), calls_per_s));
    assert_close("high_s", isinf(e.high_s) ? -1 : e.high_s,
                 concurrency_run_out(h, &c, n / over_s * fmax(0, 1 - spread), calls_per_s));
}

static void test_exhaustion__concurrency_equals_a_run_second_by_second(void **state UNUSED)
{
    static struct history h;

    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct rng r = rng_seeded(seed);

        print_message("seed %llu\n", (unsigned long long)seed);
        history_init(&h);
        for (int i = 0; i < CHECKS; i++) {
            history_live(&h, &r);
            check_concurrency(&h, &r);
        }
        history_release(&h);
    }
}

enum { RUN_MAX_S = 20000, ACCOUNTS = 300, OVER_S = 10 };

/* The seconds until tokens that start at `level` refuse retries; -1: not soon. */
static int tokens_run_out(struct failure_tokens t, uint64_t good, uint64_t failed)
{
    for (int s = 0; s <= RUN_MAX_S; s++) {
        if (!failure_tokens_allow(&t))
            return s;
        failure_tokens_on_results(&t, good, failed);
    }
    return -1;
}

static int quota_run_out(struct retry_quota q, uint64_t first_good, uint64_t lost)
{
    for (int s = 0; s <= RUN_MAX_S; s++) {
        if (!retry_quota_allow(&q))
            return s;
        retry_quota_on_results(
            &q, &(struct retry_quota_results){ .first_successes = first_good, .retries = lost });
    }
    return -1;
}

/* The account's own arithmetic says when it is spent: told is the fraction of that second. */
static void assert_runs_out(struct exhaustion e, int after_s)
{
    if (after_s < 0)
        assert_true(e.in_s < 0 || e.in_s > RUN_MAX_S - 1);
    else
        assert_int_equal((int)ceil(e.in_s - 1e-6), after_s);
    if (e.in_s >= 0)
        assert_true(e.low_s <= e.in_s && e.in_s <= e.high_s);
    else
        assert_ptr_equal(e.reason, EXHAUSTION_LASTS);
}

static void test_exhaustion__accounts_run_out_when_told(void **state UNUSED)
{
    struct rng r = rng_seeded(7);

    for (int i = 0; i < ACCOUNTS; i++) {
        int64_t max = 1 + (int64_t)rng_below(&r, 1000), cost = 1 + (int64_t)rng_below(&r, 9);
        double ratio = (double)(1 + rng_below(&r, 500)) / 1000;
        uint64_t good = rng_below(&r, 50), lost = rng_below(&r, 10);
        struct failure_tokens t;
        struct retry_quota q;
        struct exhaustion_account a = { .taken_each = 1, .given_each = ratio, .over_s = OVER_S };

        assert_int_equal(failure_tokens_init(&t, &(struct failure_tokens_options){ max, ratio, 2 }),
                         ERR_OK);
        failure_tokens_on_results(&t, 0, rng_below(&r, (uint64_t)max));
        a.room = failure_tokens_level(&t) - failure_tokens_capacity(&t) / 2;
        a.taken_count = (double)lost * OVER_S;
        a.given_count = (double)good * OVER_S;
        assert_runs_out(exhaustion_of_account(BUDGET_FAILURE_TOKENS, &a),
                        tokens_run_out(t, good, lost));

        assert_int_equal(
            retry_quota_init(&q, &(struct retry_quota_options){ max + cost, cost, 1, 2 }), ERR_OK);
        retry_quota_on_results(&q, &(struct retry_quota_results){ .retries = rng_below(&r, 99) });
        a.room = (double)(q.level - cost + 1);
        a.taken_each = (double)cost;
        a.given_each = 1;
        assert_runs_out(exhaustion_of_account(BUDGET_QUOTA, &a), quota_run_out(q, good, lost));
    }
}

static void test_exhaustion__an_account_has_the_interval_of_its_counts(void **state UNUSED)
{
    struct exhaustion_account a = { 100, 64, 1, 0, 1, 8 };
    struct exhaustion e = exhaustion_of_account(BUDGET_QUOTA, &a);

    /* 8 a second; 64 -/+ 1.2816 x 8 in 8 s */
    assert_float_equal(e.in_s, 12.5, 1e-9);
    assert_true(fabs(e.low_s - 800 / (64 + 1.2816 * 8)) < 1e-9);
    assert_true(fabs(e.high_s - 800 / (64 - 1.2816 * 8)) < 1e-9);
    a.taken_count = 1;
    assert_true(isinf(exhaustion_of_account(BUDGET_QUOTA, &a).high_s));
    a.room = 0;
    assert_float_equal(exhaustion_of_account(BUDGET_QUOTA, &a).high_s, 0, 0);
}

static void test_exhaustion__says_what_is_missing(void **state UNUSED)
{
    static struct history h;
    struct exhaustion_concurrency c = { .min_retries = 3,
                                        .attempt_s = NAN,
                                        .rate_span = SPAN_MINUTE };
    struct budget_input in;

    history_init(&h);
    history_add(&h, 10, 5);
    in = history_input(&h, SPAN_MODEL);
    assert_ptr_equal(exhaustion_of_concurrency(&c, &in).reason, EXHAUSTION_NO_DURATION);
    c.attempt_s = 0;
    assert_ptr_equal(exhaustion_of_concurrency(&c, &in).reason, EXHAUSTION_LASTS);
    in.calls = NULL;
    assert_ptr_equal(exhaustion_of_concurrency(&c, &in).reason, EXHAUSTION_NO_CALLS);
    in.retries = NULL;
    assert_ptr_equal(exhaustion_of_concurrency(&c, &in).reason, EXHAUSTION_NO_RETRIES);
    history_release(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exhaustion__equals_a_run_second_by_second),
        cmocka_unit_test(test_exhaustion__never_while_the_speed_keeps_below_the_limit),
        cmocka_unit_test(test_exhaustion__the_time_is_that_of_the_sum),
        cmocka_unit_test(test_exhaustion__a_burst_counts_until_it_leaves),
        cmocka_unit_test(test_exhaustion__few_retries_make_the_far_end_unknown),
        cmocka_unit_test(test_exhaustion__concurrency_equals_a_run_second_by_second),
        cmocka_unit_test(test_exhaustion__accounts_run_out_when_told),
        cmocka_unit_test(test_exhaustion__an_account_has_the_interval_of_its_counts),
        cmocka_unit_test(test_exhaustion__says_what_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
