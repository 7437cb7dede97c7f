/* What a service's row and history say of durations and first attempts. */
#include "unit.h"

#include <math.h>

#include "base/attr.h"
#include "base/mem.h"
#include "monitor/history.h"

static const int64_t T0 = 1700000000000; /* the begin of a slot */
static struct service_watch *s;

static int set_up(void **state UNUSED)
{
    s = service_watch_new(10);
    assert_non_null(s);
    s->limits = (struct budget_limits){ .per_minute = NAN, .per_hour = NAN, .share = NAN };
    return 0;
}

static int tear_down(void **state UNUSED)
{
    service_watch_free(s);
    return 0;
}

static void tell(enum signal_kind kind, int64_t at_ms, double amount)
{
    service_watch_add(
        s, &(struct signal){ .subject = 1, .kind = kind, .at_ms = at_ms, .amount = amount });
}

static void tell_bucket(int64_t at_ms, double from_s, double bound_s, double calls)
{
    service_watch_add(s, &(struct signal){ .subject = 1,
                                           .kind = SIGNAL_TIMED_BUCKET,
                                           .at_ms = at_ms,
                                           .amount = calls,
                                           .from_s = from_s,
                                           .bound_s = bound_s });
}

/* One reading: of 100 calls 90 up to 0.1 s, 8 up to 1 s, 2 beyond; 5 first attempts failed. */
static void read_all(int64_t at_ms)
{
    tell(SIGNAL_CALLS, at_ms, 100);
    tell(SIGNAL_ERRORS, at_ms, 1);
    tell(SIGNAL_TIMED_CALLS, at_ms, 100);
    tell(SIGNAL_TIMED_SECONDS, at_ms, 20);
    tell_bucket(at_ms, 0, 0.1, 90);
    tell_bucket(at_ms, 0.1, 1, 8);
    tell_bucket(at_ms, 1, INFINITY, 2);
    tell(SIGNAL_FIRST_CALLS, at_ms, 100);
    tell(SIGNAL_FIRST_ERRORS, at_ms, 5);
    service_watch_advance(s, at_ms);
}

static struct service_view look(int64_t now_ms, double target_ms)
{
    struct config_service cfg = { .slo_success_rate_percent = NAN,
                                  .slo_response_time_ms = target_ms,
                                  .slo_error_rate = NAN };
    struct catalog_service known = { .name = STR("a"), .config = &cfg, .heard = true };
    struct service_view view = { 0 };

    service_watch_advance(s, now_ms);
    service_watch_view(s, &known, now_ms, &view);
    return view;
}

static void past(int64_t now_ms, int period_s, struct service_history *ret)
{
    struct history_ask ask = {
        .period_s = period_s, .end_ms = now_ms, .now_ms = now_ms, .stored_ms = 10000
    };

    service_watch_history(s, &ask, ret);
}

static void test_service_durations__what_nobody_tells_is_unknown(void **state UNUSED)
{
    struct service_history history;
    struct service_view view;

    for (int i = 0; i <= 60; i++)
        tell(SIGNAL_CALLS, T0 + i * 1000, 100);
    view = look(T0 + 60000, 500);
    for (int q = 0; q < LATENCY_COUNT; q++)
        assert_true(isnan(view.latency_s[q]));
    assert_true(isnan(view.first_success_ratio));
    assert_int_equal(view.slo_response_compliant, -1);
    assert_null(s->latency);
    assert_null(s->first_attempts);
    past(T0 + 60000, 60, &history);
    for (int line = HISTORY_FIRST_SUCCESS; line <= HISTORY_P99; line++)
        for (int i = 0; i < history.count; i++)
            assert_true(isnan((double)history.lines[line][i]));
}

static void test_service_durations__a_row_has_percentiles_and_first_attempts(void **state UNUSED)
{
    struct service_view view;

    for (int i = 0; i <= 120; i++)
        read_all(T0 + i * 1000);
    view = look(T0 + 120000, NAN);
    assert_float_equal(view.latency_s[LATENCY_P50], 0.1 * 50 / 90, 1e-9);
    assert_float_equal(view.latency_s[LATENCY_P95], 0.6625F, 1e-6);
    assert_float_equal(view.latency_s[LATENCY_P99], 1, 1e-9);
    assert_float_equal(view.first_success_ratio, 0.95F, 1e-9);
    assert_float_equal(view.response_ms, 200, 1e-6);
}

static void test_service_durations__the_window_follows_a_slow_source(void **state UNUSED)
{
    struct service_view view;

    for (int i = 0; i <= 20; i++)
        read_all(T0 + i * 60000);
    view = look(T0 + 1200000, NAN);
    assert_int_equal(view.window_s, 300);
    assert_float_equal(view.latency_s[LATENCY_P50], 0.1 * 50 / 90, 1e-9);
    assert_float_equal(view.first_success_ratio, 0.95F, 1e-9);
    view = look(T0 + 1200000 + 290000, NAN); /* its last reading is still in the window */
    assert_true(view.latency_s[LATENCY_P50] > 0);
    view = look(T0 + 1200000 + 320000, NAN);
    assert_true(isnan(view.latency_s[LATENCY_P50]));
}

static void test_service_durations__the_95th_percentile_judges_a_target(void **state UNUSED)
{
    static const struct {
        double target_ms;
        int compliant;
    } rows[] = { { 663, 1 }, { 662, 0 }, { 250, 0 } /* the mean is 200 */, { 5000, 1 } };

    for (int i = 0; i <= 60; i++)
        read_all(T0 + i * 1000);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(look(T0 + 60000, rows[i].target_ms).slo_response_compliant,
                         rows[i].compliant);
}

static void test_service_durations__beyond_the_last_bound_no_target_is_kept(void **state UNUSED)
{
    for (int i = 0; i <= 60; i++) {
        tell(SIGNAL_CALLS, T0 + i * 1000, 100);
        tell_bucket(T0 + i * 1000, 0, 1, 50);
        tell_bucket(T0 + i * 1000, 1, INFINITY, 50);
    }
    assert_int_equal(look(T0 + 60000, 900).slo_response_compliant, 0);
    assert_int_equal(look(T0 + 60000, 1500).slo_response_compliant, -1);
}

static void test_service_durations__without_buckets_the_mean_judges(void **state UNUSED)
{
    for (int i = 0; i <= 60; i++) {
        tell(SIGNAL_CALLS, T0 + i * 1000, 100);
        tell(SIGNAL_TIMED_CALLS, T0 + i * 1000, 100);
        tell(SIGNAL_TIMED_SECONDS, T0 + i * 1000, 20);
    }
    assert_int_equal(look(T0 + 60000, 250).slo_response_compliant, 1);
    assert_int_equal(look(T0 + 60000, 150).slo_response_compliant, 0);
}

static void test_service_durations__the_past_has_them_for_an_hour(void **state UNUSED)
{
    static const struct {
        enum history_line line;
        double value;
    } rows[] = { { HISTORY_FIRST_SUCCESS, 0.95 },
                 { HISTORY_P50, 0.1 * 50 / 90 },
                 { HISTORY_P95, 0.1 + 0.9 * 5 / 8 },
                 { HISTORY_P99, 1 } };
    struct service_history history;
    int64_t now_ms = T0 + 4000000;

    for (int i = 0; i <= 4000; i++)
        read_all(T0 + i * 1000);
    for (int period_s = 60; period_s <= 3600; period_s *= 4) {
        past(now_ms, period_s, &history);
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
            for (int p = 1; p < history.count; p++) /* the first may reach beyond the hour */
                assert_float_equal(history.lines[rows[i].line][p], rows[i].value, 1e-6);
    }
}

/* A brown-out of a minute: the line rises while it lasts, and comes back. */
static void test_service_durations__the_past_shows_when_it_was_slow(void **state UNUSED)
{
    struct service_history history;
    int64_t now_ms = T0 + 600000;

    for (int i = 0; i <= 600; i++) {
        tell(SIGNAL_CALLS, T0 + i * 1000, 100);
        tell_bucket(T0 + i * 1000, i >= 300 && i < 360 ? 1 : 0, i >= 300 && i < 360 ? 2 : 1, 100);
        service_watch_advance(s, T0 + i * 1000);
    }
    past(now_ms, 600, &history);
    for (int p = 5; p < history.count; p++) {
        int64_t end_s = (history.end_ms - T0) / 1000 - (history.count - 1 - p) * history.step_s;

        if (end_s <= 300 || end_s > 420)
            assert_float_equal(history.lines[HISTORY_P50][p], 0.5, 1e-6);
        if (end_s > 351 && end_s <= 360)
            assert_float_equal(history.lines[HISTORY_P50][p], 1.5, 1e-6);
    }
}

static void test_service_durations__without_memory_they_stay_unknown(void **state UNUSED)
{
    struct service_view view;

    for (int i = 0; i <= 30; i++)
        tell(SIGNAL_CALLS, T0 + i * 1000, 100);
    mem_fail_nth(1);
    tell_bucket(T0 + 30000, 0, 1, 100);
    assert_true(mem_fault_happened());
    mem_fail_nth(1);
    tell(SIGNAL_FIRST_CALLS, T0 + 30000, 100);
    assert_true(mem_fault_happened());
    mem_fail_nth(0);
    view = look(T0 + 30000, NAN);
    assert_true(isnan(view.latency_s[LATENCY_P50]) && isnan(view.first_success_ratio));
    assert_true(view.calls_per_s > 0);
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(test_service_durations__##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_nobody_tells_is_unknown),
        TEST(a_row_has_percentiles_and_first_attempts),
        TEST(the_window_follows_a_slow_source),
        TEST(the_95th_percentile_judges_a_target),
        TEST(beyond_the_last_bound_no_target_is_kept),
        TEST(without_buckets_the_mean_judges),
        TEST(the_past_has_them_for_an_hour),
        TEST(the_past_shows_when_it_was_slow),
        TEST(without_memory_they_stay_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
