#include "unit.h"

#include <math.h>

#include "base/mem.h"
#include "base/rng.h"
#include "monitor/breaker.h"

enum { FLIPS = 1000 };
static const int64_t T0 = 1700000000000;

static struct breaker_watch watch_new(void)
{
    struct breaker_watch b;

    assert_int_equal(breaker_watch_init(&b), ERR_OK);
    return b;
}

/* What is counted by state adds up to all of it. */
static void assert_by_state(const struct breaker_view *view)
{
    struct breaker_traffic sum = { 0 };

    for (int state = 0; state < BREAKER_STATE_COUNT; state++) {
        sum.requests += view->traffic[state].requests;
        sum.failures += view->traffic[state].failures;
        sum.blocked += view->traffic[state].blocked;
    }
    assert_true(isnan(view->requests_total) || fabs(sum.requests - view->requests_total) < 1e-6);
    assert_true(isnan(view->failures_total) || fabs(sum.failures - view->failures_total) < 1e-6);
    assert_true(isnan(view->blocked_total) || fabs(sum.blocked - view->blocked_total) < 1e-6);
}

/* The view of now; every figure that must hold for any breaker is checked here. */
static struct breaker_view look(struct breaker_watch *b, int64_t now_ms)
{
    struct breaker_view view = { 0 };
    uint64_t sum = 0;

    breaker_watch_advance(b, now_ms);
    breaker_watch_view(b, now_ms, &view);
    for (int from = 0; from < BREAKER_STATE_COUNT; from++)
        for (int to = 0; to < BREAKER_STATE_COUNT; to++)
            sum += view.transitions[from][to];
    assert_int_equal(sum, view.transitions_total);
    assert_by_state(&view);
    assert_true(view.strip_count <= VIEW_STRIP_MAX);
    for (int i = 1; i < view.strip_count; i++) {
        assert_true(view.strip[i - 1].at_ms <= view.strip[i].at_ms);
        assert_int_not_equal(view.strip[i - 1].state, view.strip[i].state);
    }
    if (view.strip_count) {
        assert_true(view.strip[0].at_ms >= now_ms - BREAKER_STRIP_MS);
        assert_true(view.strip[0].at_ms >= b->told_ms);
        assert_int_equal(view.strip[view.strip_count - 1].state, view.state);
    }
    return view;
}

static double total_seconds(const struct breaker_view *view)
{
    double sum = 0;

    for (int i = 0; i < BREAKER_STATE_COUNT; i++)
        sum += view->seconds_in_state[i];
    return sum;
}

static void test_breaker__is_unknown_until_told(void **state UNUSED)
{
    struct breaker_watch b = watch_new();
    struct breaker_view view = look(&b, T0);

    assert_int_equal(view.state, BREAKER_UNKNOWN);
    assert_int_equal(view.since_ms, -1);
    assert_int_equal(view.strip_count, 0);
    assert_true(total_seconds(&view) <= 0);
    assert_true(isnan(view.requests) && isnan(view.failures) && isnan(view.failure_rate_percent));
    assert_true(isnan(view.requests_total) && isnan(view.blocked_total));
    assert_true(isnan(view.last_recovery_s));
    assert_false(breaker_watch_state(&b, BREAKER_UNKNOWN, T0)); /* gone before it ever spoke */
    assert_int_equal(look(&b, T0).since_ms, -1);
    breaker_watch_release(&b);
}

static void test_breaker__the_first_state_is_no_transition(void **state UNUSED)
{
    struct breaker_watch b = watch_new();
    struct breaker_view view;

    assert_true(breaker_watch_state(&b, BREAKER_OPEN, T0));
    assert_false(breaker_watch_state(&b, BREAKER_OPEN, T0 + 1000));
    view = look(&b, T0 + 5000);
    assert_int_equal(view.transitions_total, 0);
    assert_int_equal(view.transitions_15m, 0);
    assert_int_equal(view.since_ms, T0);
    assert_int_equal(view.strip_count, 1);
    assert_int_equal(view.strip[0].at_ms, T0);
    assert_float_equal(view.seconds_in_state[BREAKER_OPEN], 5, 1e-9);
    breaker_watch_release(&b);
}

static void test_breaker__recovery_lasts_from_the_first_open_to_closed(void **state UNUSED)
{
    struct breaker_watch b = watch_new();
    struct breaker_view view;

    breaker_watch_state(&b, BREAKER_CLOSED, T0);
    breaker_watch_state(&b, BREAKER_OPEN, T0 + 10000);
    breaker_watch_state(&b, BREAKER_HALF_OPEN, T0 + 20000);
    breaker_watch_state(&b, BREAKER_OPEN, T0 + 21000);
    breaker_watch_state(&b, BREAKER_HALF_OPEN, T0 + 31000);
    assert_true(isnan(look(&b, T0 + 31000).last_recovery_s));
    breaker_watch_state(&b, BREAKER_CLOSED, T0 + 33500);
    view = look(&b, T0 + 40000);
    assert_float_equal(view.last_recovery_s, 23.5, 1e-9);
    assert_int_equal(view.transitions_total, 5);
    assert_int_equal(view.transitions[BREAKER_HALF_OPEN][BREAKER_OPEN], 1);
    assert_int_equal(view.transitions[BREAKER_OPEN][BREAKER_HALF_OPEN], 2);
    assert_float_equal(view.seconds_in_state[BREAKER_CLOSED], 16.5, 1e-9);
    assert_float_equal(view.seconds_in_state[BREAKER_OPEN], 20, 1e-9);
    assert_float_equal(view.seconds_in_state[BREAKER_HALF_OPEN], 3.5, 1e-9);
    assert_int_equal(view.strip_count, 6);
    assert_int_equal(view.strip[0].at_ms, T0); /* not before it was first told */
    breaker_watch_release(&b);
}

static void test_breaker__open_from_the_start_recovers_too(void **state UNUSED)
{
    struct breaker_watch b = watch_new();

    breaker_watch_state(&b, BREAKER_OPEN, T0);
    breaker_watch_state(&b, BREAKER_CLOSED, T0 + 4000);
    assert_float_equal(look(&b, T0 + 4000).last_recovery_s, 4, 1e-9);
    breaker_watch_release(&b);
}

static void test_breaker__a_state_of_the_past_is_ignored(void **state UNUSED)
{
    struct breaker_watch b = watch_new();

    breaker_watch_state(&b, BREAKER_CLOSED, T0);
    breaker_watch_state(&b, BREAKER_OPEN, T0 + 2000);
    assert_false(breaker_watch_state(&b, BREAKER_CLOSED, T0 + 1999));
    assert_int_equal(look(&b, T0 + 3000).state, BREAKER_OPEN);
    breaker_watch_release(&b);
}

static void test_breaker__gone_is_unknown_and_comes_back(void **state UNUSED)
{
    struct breaker_watch b = watch_new();
    struct breaker_view view;

    breaker_watch_state(&b, BREAKER_CLOSED, T0);
    assert_true(breaker_watch_state(&b, BREAKER_UNKNOWN, T0 + 1000));
    view = look(&b, T0 + 3000);
    assert_int_equal(view.state, BREAKER_UNKNOWN);
    assert_int_equal(view.since_ms, T0 + 1000);
    assert_float_equal(view.seconds_in_state[BREAKER_UNKNOWN], 2, 1e-9);
    assert_true(breaker_watch_state(&b, BREAKER_CLOSED, T0 + 3000));
    assert_true(isnan(look(&b, T0 + 3000).last_recovery_s));
    breaker_watch_release(&b);
}

static void test_breaker__seconds_add_up_and_only_rise_when_states_come_late(void **state UNUSED)
{
    struct rng r = rng_seeded(7);
    struct breaker_watch b = watch_new();
    double before[BREAKER_STATE_COUNT] = { 0 };
    int64_t now_ms = T0;

    breaker_watch_state(&b, BREAKER_CLOSED, T0);
    for (int i = 0; i < FLIPS; i++) {
        struct breaker_view view;

        now_ms += (int64_t)rng_below(&r, 3000);
        breaker_watch_state(&b, (enum breaker_state)rng_below(&r, BREAKER_STATE_COUNT),
                            now_ms - (int64_t)rng_below(&r, 900));
        view = look(&b, now_ms);
        assert_float_equal(total_seconds(&view), (double)(now_ms - T0) / 1000, 1e-6);
        for (int s = 0; s < BREAKER_STATE_COUNT; s++) {
            assert_true(view.seconds_in_state[s] >= before[s]);
            before[s] = view.seconds_in_state[s];
        }
    }
    breaker_watch_release(&b);
}

static void
test_breaker__a_thousand_flips_are_counted_and_the_strip_stays_honest(void **state UNUSED)
{
    struct breaker_watch b = watch_new();
    struct breaker_view view;

    breaker_watch_state(&b, BREAKER_CLOSED, T0);
    for (int i = 1; i <= FLIPS; i++)
        breaker_watch_state(&b, i % 2 ? BREAKER_OPEN : BREAKER_CLOSED, T0 + i * 100);
    view = look(&b, T0 + FLIPS * 100 + 50);
    assert_int_equal(view.transitions_total, FLIPS);
    assert_int_equal(view.transitions_15m, BREAKER_HISTORY);
    assert_int_equal(view.strip_count, VIEW_STRIP_MAX);
    assert_int_equal(view.strip[0].at_ms, T0 + (FLIPS - VIEW_STRIP_MAX + 1) * 100);
    assert_float_equal(view.last_recovery_s, 0.1, 1e-9);
    assert_float_equal(total_seconds(&view), 100.05F, 1e-3);
    view = look(&b, T0 + FLIPS * 100 + BREAKER_STRIP_MS + 1);
    assert_int_equal(view.strip_count, 1);
    assert_int_equal(view.transitions_15m, 0);
    assert_int_equal(view.transitions_total, FLIPS);
    breaker_watch_release(&b);
}

static void test_breaker__the_strip_is_full_at_its_limit_exactly(void **state UNUSED)
{
    for (int flips = VIEW_STRIP_MAX - 2; flips <= VIEW_STRIP_MAX + 1; flips++) {
        struct breaker_watch b = watch_new();
        struct breaker_view view;

        breaker_watch_state(&b, BREAKER_CLOSED, T0);
        for (int i = 1; i <= flips; i++)
            breaker_watch_state(&b, i % 2 ? BREAKER_OPEN : BREAKER_CLOSED, T0 + i * 100);
        view = look(&b, T0 + flips * 100);
        assert_int_equal(view.strip_count, flips + 1 < VIEW_STRIP_MAX ? flips + 1 : VIEW_STRIP_MAX);
        breaker_watch_release(&b);
    }
}

static void
test_breaker__the_strip_begins_with_the_state_of_fifteen_minutes_ago(void **state UNUSED)
{
    struct breaker_watch b = watch_new();
    struct breaker_view view;
    int64_t now_ms = T0 + 2 * BREAKER_STRIP_MS;

    breaker_watch_state(&b, BREAKER_CLOSED, T0);
    breaker_watch_state(&b, BREAKER_HALF_OPEN, T0 + 1000);
    breaker_watch_state(&b, BREAKER_OPEN, now_ms - 60000);
    view = look(&b, now_ms);
    assert_int_equal(view.strip_count, 2);
    assert_int_equal(view.strip[0].at_ms, now_ms - BREAKER_STRIP_MS);
    assert_int_equal(view.strip[0].state, BREAKER_HALF_OPEN);
    assert_int_equal(view.strip[1].at_ms, now_ms - 60000);
    breaker_watch_release(&b);
}

static void test_breaker__a_failure_rate_of_nothing_is_unknown_and_none_is_zero(void **state UNUSED)
{
    struct breaker_watch b = watch_new();
    struct breaker_view view;

    breaker_watch_calls(&b, 10, T0);
    assert_true(isnan(look(&b, T0).failure_rate_percent)); /* failures never told */
    breaker_watch_errors(&b, 0, T0);
    view = look(&b, T0);
    assert_float_equal(view.failure_rate_percent, 0, 0);
    assert_int_equal(view.last_failure_ms, -1);
    breaker_watch_errors(&b, 5, T0 + 1000);
    view = look(&b, T0 + 1000);
    assert_float_equal(view.failure_rate_percent, 50, 1e-9);
    assert_int_equal(view.last_failure_ms, T0 + 1000);
    breaker_watch_errors(&b, 15, T0 + 2000); /* more failures than requests were told of */
    assert_float_equal(look(&b, T0 + 2000).failure_rate_percent, 100, 1e-9);
    view = look(&b, T0 + 2000 + BREAKER_WINDOW_S * 1000);
    assert_true(isnan(view.failure_rate_percent)); /* told, but nothing happened */
    assert_float_equal(view.requests, 0, 0);
    assert_float_equal(view.requests_total, 10, 0);
    assert_float_equal(view.failures_total, 20, 0);
    breaker_watch_release(&b);
}

static void test_breaker__what_went_through_is_counted_by_state(void **state UNUSED)
{
    struct breaker_watch b = watch_new();
    struct breaker_view view;

    breaker_watch_calls(&b, 1, T0);
    breaker_watch_state(&b, BREAKER_CLOSED, T0);
    breaker_watch_calls(&b, 10, T0);
    breaker_watch_errors(&b, 4, T0);
    breaker_watch_state(&b, BREAKER_OPEN, T0 + 1000);
    breaker_watch_blocked(&b, 7);
    breaker_watch_state(&b, BREAKER_HALF_OPEN, T0 + 2000);
    breaker_watch_calls(&b, 2, T0 + 2000);
    view = look(&b, T0 + 3000);
    assert_true(view.traffic[BREAKER_UNKNOWN].requests == 1);
    assert_true(view.traffic[BREAKER_CLOSED].requests == 10);
    assert_true(view.traffic[BREAKER_CLOSED].failures == 4);
    assert_true(view.traffic[BREAKER_OPEN].blocked == 7);
    assert_true(view.traffic[BREAKER_OPEN].requests == 0);
    assert_true(view.traffic[BREAKER_HALF_OPEN].requests == 2);
    assert_true(view.requests_total == 13);
    breaker_watch_release(&b);
}

static void test_breaker__levels_are_taken_back(void **state UNUSED)
{
    struct breaker_watch b = watch_new();
    struct breaker_view view;

    breaker_watch_consecutive(&b, 3);
    breaker_watch_failure_ratio(&b, 0.25);
    breaker_watch_forced(&b, 0);
    view = look(&b, T0);
    assert_int_equal(view.forced, 0);
    assert_int_equal(view.consecutive_failures, 3);
    assert_true(view.failure_rate_percent == 25);
    breaker_watch_consecutive(&b, NAN);
    breaker_watch_failure_ratio(&b, NAN);
    breaker_watch_forced(&b, NAN);
    view = look(&b, T0);
    assert_int_equal(view.forced, -1);
    assert_int_equal(view.consecutive_failures, -1);
    assert_true(isnan(view.failure_rate_percent));
    breaker_watch_release(&b);
}

static void test_breaker__is_forced_only_while_it_is_open(void **state UNUSED)
{
    struct breaker_watch b = watch_new();

    assert_int_equal(look(&b, T0).forced, -1);
    breaker_watch_state(&b, BREAKER_OPEN, T0);
    breaker_watch_forced(&b, 1);
    assert_int_equal(look(&b, T0).forced, 1);
    breaker_watch_state(&b, BREAKER_CLOSED, T0 + 1000);
    assert_int_equal(look(&b, T0 + 1000).forced, 0);
    breaker_watch_release(&b);
}

static void test_breaker__what_was_replayed_is_not_counted_again(void **state UNUSED)
{
    struct breaker_watch b = watch_new();
    struct breaker_view view;

    breaker_watch_state(&b, BREAKER_CLOSED, T0);
    breaker_watch_calls(&b, 10, T0 + 1000);
    breaker_watch_state(&b, BREAKER_OPEN, T0 + 5000);
    breaker_watch_state(&b, BREAKER_CLOSED, T0 + 9000);
    breaker_watch_state(&b, BREAKER_OPEN, T0 + 20000);
    assert_true(look(&b, T0 + 20000).counted_since_ms == T0);
    breaker_watch_begin_totals(&b, T0 + 50000);
    view = look(&b, T0 + 56000);
    assert_true(view.counted_since_ms == T0 + 50000);
    assert_float_equal(view.seconds_in_state[BREAKER_OPEN], 6, 1e-9);
    assert_float_equal(view.seconds_in_state[BREAKER_CLOSED], 0, 0);
    assert_int_equal(view.transitions[BREAKER_CLOSED][BREAKER_OPEN], 0);
    assert_float_equal(view.requests_total, 0, 0);
    assert_float_equal(view.recovery.sum_s, 0, 0);
    assert_float_equal(view.last_recovery_s, 4, 1e-9);
    assert_int_equal(view.transitions_total, 0);
    assert_int_equal(view.recent_count, 3);
    assert_float_equal(view.requests, 10, 0);
    breaker_watch_release(&b);
}

static void test_breaker__the_source_knows_its_last_failure(void **state UNUSED)
{
    struct breaker_watch b = watch_new();

    breaker_watch_errors(&b, 1, T0);
    assert_int_equal(look(&b, T0).last_failure_ms, T0);
    breaker_watch_last_failure(&b, (double)(T0 - 2500) / 1000, T0);
    assert_int_equal(look(&b, T0).last_failure_ms, T0 - 2500);
    breaker_watch_errors(&b, 1, T0 + 1000); /* heard of, not happened */
    assert_int_equal(look(&b, T0 + 1000).last_failure_ms, T0 - 2500);
    breaker_watch_last_failure(&b, (double)(T0 + 9000) / 1000, T0 + 1000); /* not yet */
    assert_int_equal(look(&b, T0 + 1000).last_failure_ms, T0 - 2500);
    breaker_watch_last_failure(&b, NAN, T0 + 1000);
    breaker_watch_errors(&b, 1, T0 + 2000);
    assert_int_equal(look(&b, T0 + 2000).last_failure_ms, T0 + 2000);
    breaker_watch_release(&b);
}

static void test_breaker__counts_name_the_worst(void **state UNUSED)
{
    static const enum breaker_state order[] = { BREAKER_DISABLED, BREAKER_CLOSED, BREAKER_UNKNOWN,
                                                BREAKER_HALF_OPEN, BREAKER_OPEN };
    struct breaker_counts up = { 0 }, down = { 0 };

    for (int i = 0; i < BREAKER_STATE_COUNT; i++) {
        breaker_count(&up, order[i]);
        assert_int_equal(up.worst, order[i]);
        breaker_count(&down, order[BREAKER_STATE_COUNT - 1 - i]);
        assert_int_equal(down.worst, BREAKER_OPEN);
        assert_int_equal(up.total, i + 1);
    }
}

static void test_breaker__no_memory_is_an_error_and_leaks_nothing(void **state UNUSED)
{
    struct breaker_watch b;

    for (long n = 1;; n++) {
        enum err err;

        mem_fail_nth(n);
        err = breaker_watch_init(&b);
        if (!mem_fault_happened()) {
            assert_int_equal(err, ERR_OK);
            assert_true(n > 2);
            break;
        }
        assert_int_equal(err, ERR_NOMEM);
    }
    mem_fail_nth(0);
    breaker_watch_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breaker__is_unknown_until_told),
        cmocka_unit_test(test_breaker__the_first_state_is_no_transition),
        cmocka_unit_test(test_breaker__recovery_lasts_from_the_first_open_to_closed),
        cmocka_unit_test(test_breaker__open_from_the_start_recovers_too),
        cmocka_unit_test(test_breaker__a_state_of_the_past_is_ignored),
        cmocka_unit_test(test_breaker__gone_is_unknown_and_comes_back),
        cmocka_unit_test(test_breaker__seconds_add_up_and_only_rise_when_states_come_late),
        cmocka_unit_test(test_breaker__a_thousand_flips_are_counted_and_the_strip_stays_honest),
        cmocka_unit_test(test_breaker__the_strip_is_full_at_its_limit_exactly),
        cmocka_unit_test(test_breaker__the_strip_begins_with_the_state_of_fifteen_minutes_ago),
        cmocka_unit_test(test_breaker__a_failure_rate_of_nothing_is_unknown_and_none_is_zero),
        cmocka_unit_test(test_breaker__what_went_through_is_counted_by_state),
        cmocka_unit_test(test_breaker__levels_are_taken_back),
        cmocka_unit_test(test_breaker__is_forced_only_while_it_is_open),
        cmocka_unit_test(test_breaker__what_was_replayed_is_not_counted_again),
        cmocka_unit_test(test_breaker__the_source_knows_its_last_failure),
        cmocka_unit_test(test_breaker__counts_name_the_worst),
        cmocka_unit_test(test_breaker__no_memory_is_an_error_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
