#include "unit.h"

#include <math.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/rng.h"
#include "monitor/history.h"

static const int64_t T0 = 1700000000000; /* a whole step of the sparks */

static const struct catalog_service heard = { .name = { "a", 1 }, .source = "test", .heard = true };

static struct service_watch *watch_new(void)
{
    struct service_watch *s = service_watch_new(10);

    assert_non_null(s);
    s->limits = (struct budget_limits){ .per_minute = NAN,
                                        .per_hour = NAN,
                                        .share = 0.2,
                                        .reserve_per_s = 10,
                                        .warning_percent = 70,
                                        .critical_percent = 85,
                                        .modelled = true };
    return s;
}

static void tell(struct service_watch *s, enum signal_kind kind, int64_t at_ms, double amount)
{
    service_watch_add(
        s, &(struct signal){ .subject = 1, .kind = kind, .at_ms = at_ms, .amount = amount });
}

static void read_all(struct service_watch *s, int64_t at_ms, double calls, double errors,
                     double retries)
{
    tell(s, SIGNAL_CALLS, at_ms, calls);
    tell(s, SIGNAL_ERRORS, at_ms, errors);
    tell(s, SIGNAL_RETRIES, at_ms, retries);
}

static struct service_view look(struct service_watch *s, int64_t now_ms)
{
    struct service_view view = { 0 };

    service_watch_advance(s, now_ms);
    service_watch_view(s, &heard, now_ms, &view);
    return view;
}

/* Steady traffic, told every gap_ms; ends with the reading at T0 + length_s. */
static int64_t live(struct service_watch *s, int gap_ms, int length_s)
{
    int64_t at_ms = T0;

    read_all(s, at_ms, 0, 0, 0);
    while (at_ms + gap_ms <= T0 + length_s * 1000) {
        at_ms += gap_ms;
        read_all(s, at_ms, 100.0 * gap_ms / 1000, 1.0 * gap_ms / 1000, 10.0 * gap_ms / 1000);
        service_watch_advance(s, at_ms + 50);
    }
    return at_ms;
}

static void test_service__what_was_never_told_is_unknown(void **state UNUSED)
{
    struct config_service cfg = { .slo_success_rate_percent = NAN,
                                  .slo_response_time_ms = NAN,
                                  .slo_error_rate = NAN };
    struct catalog_service configured = { .name = { "a", 1 }, .config = &cfg };
    struct service_watch *s = watch_new();
    struct service_view view = look(s, T0);

    assert_int_equal(view.evidence, EVIDENCE_UNKNOWN);
    assert_int_equal(view.last_data_ms, -1);
    assert_true(isnan(view.calls_per_s) && isnan(view.errors_per_s) && isnan(view.retries_per_s));
    assert_true(isnan(view.success_ratio) && isnan(view.attempt_success_ratio));
    assert_true(isnan(view.calls_total) && isnan(view.denied_per_s));
    assert_int_equal(view.budget.kind, BUDGET_UNKNOWN);
    assert_int_equal(view.slo_success_compliant, -1);
    assert_int_equal(view.calls.count, 0);
    service_watch_view(s, &configured, T0, &view);
    assert_int_equal(view.evidence, EVIDENCE_NO_DATA);
    service_watch_free(s);
}

static void test_service__a_kind_that_is_not_told_stays_unknown(void **state UNUSED)
{
    struct service_watch *s = watch_new();
    struct service_view view;

    for (int i = 0; i <= 30; i++)
        tell(s, SIGNAL_CALLS, T0 + i * 1000, 10);
    view = look(s, T0 + 30000);
    assert_int_equal(view.evidence, EVIDENCE_OK);
    assert_true(view.calls_per_s > 0);
    assert_true(isnan(view.errors_per_s) && isnan(view.retries_per_s));
    assert_true(isnan(view.success_ratio) && isnan(view.attempt_success_ratio));
    assert_int_equal(view.budget.evidence, EVIDENCE_UNKNOWN);
    assert_true(isnan((double)view.errors.points[0]));
    assert_true(!isnan((double)view.calls.points[1]));
    service_watch_free(s);
}

static void test_service__rates_and_ratios_are_those_of_the_traffic(void **state UNUSED)
{
    struct service_watch *s = watch_new();
    int64_t now_ms = live(s, 1000, 300);
    struct service_view view = look(s, now_ms);

    assert_int_equal(view.resolution_s, 1);
    assert_int_equal(view.window_s, 60);
    assert_float_equal(view.calls_per_s, 100, 1e-6);
    assert_float_equal(view.errors_per_s, 1, 1e-6);
    assert_float_equal(view.retries_per_s, 10, 1e-6);
    assert_float_equal(view.success_ratio, 0.99F, 1e-6);
    assert_float_equal(view.attempt_success_ratio, 0.9F, 1e-6);
    assert_float_equal(view.calls_total, 30000, 0);
    service_watch_free(s);
}

static void test_service__the_window_follows_the_resolution(void **state UNUSED)
{
    static const struct {
        int gap_ms, resolution_s, window_s;
    } rows[] = {
        { 1000, 1, 60 },    { 1001, 1, 60 },    { 1499, 1, 60 },       { 100, 1, 60 },
        { 1500, 2, 60 },    { 15000, 15, 60 },  { 15020, 15, 60 },     { 16000, 16, 300 },
        { 60000, 60, 300 }, { 75000, 75, 300 }, { 120000, 120, 3600 },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct service_watch *s = watch_new();
        int64_t now_ms = live(s, rows[i].gap_ms, 4000);
        struct service_view view = look(s, now_ms);

        assert_int_equal(view.resolution_s, rows[i].resolution_s);
        assert_int_equal(view.window_s, rows[i].window_s);
        assert_int_equal(view.evidence, EVIDENCE_OK);
        assert_true(fabs(view.calls_per_s - 100) < 30); /* booked whole gaps at once */
        service_watch_free(s);
    }
}

static void test_service__one_outage_does_not_change_the_resolution(void **state UNUSED)
{
    struct service_watch *s = watch_new();
    int64_t now_ms = live(s, 1000, 60) + 100000;
    struct service_view view;

    read_all(s, now_ms, 100, 0, 0);
    assert_int_equal(service_resolution_s(s), 1);
    read_all(s, now_ms + 1000, 100, 0, 0);
    view = look(s, now_ms + 1000);
    assert_int_equal(view.resolution_s, 1);
    assert_int_equal(view.evidence, EVIDENCE_OK);
    for (int i = 1; i <= 3; i++)
        read_all(s, now_ms + 1000 + i * 30000, 100, 0, 0);
    assert_int_equal(service_resolution_s(s), 30); /* but another pace does */
    service_watch_free(s);
}

static void test_service__a_gap_of_years_is_no_overflow(void **state UNUSED)
{
    struct service_watch *s = watch_new();
    struct service_view view;

    read_all(s, 1000, 1, 0, 0);
    read_all(s, INT64_MAX / 2000, 1, 0, 0);
    view = look(s, INT64_MAX / 2000);
    assert_int_equal(view.resolution_s, WINDOW_LENGTH_MAX_S);
    service_watch_free(s);
}

static void test_service__goes_stale_after_its_patience_and_keeps_its_values(void **state UNUSED)
{
    static const struct {
        int gap_ms, patience_ms;
    } rows[] = { { 1000, 5000 }, { 2000, 6000 }, { 15000, 45000 }, { 60000, 180000 } };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct service_watch *s = watch_new();
        int64_t last_ms = live(s, rows[i].gap_ms, 900);
        struct service_view view = look(s, last_ms + rows[i].patience_ms);

        assert_int_not_equal(view.evidence, EVIDENCE_STALE);
        view = look(s, last_ms + rows[i].patience_ms + 1);
        assert_int_equal(view.evidence, EVIDENCE_STALE);
        assert_int_equal(view.budget.evidence, EVIDENCE_STALE);
        assert_int_equal(view.last_data_ms, last_ms);
        assert_true(view.calls_total > 0);
        assert_int_equal(view.slo_success_compliant, -1);
        service_watch_free(s);
    }
}

static void
test_service__one_reading_is_too_little_and_stale_only_after_minutes(void **state UNUSED)
{
    struct service_watch *s = watch_new();

    read_all(s, T0, 1000, 0, 0);
    assert_int_equal(look(s, T0 + 6000).evidence, EVIDENCE_TOO_LITTLE);
    assert_int_equal(look(s, T0 + 180000).evidence, EVIDENCE_TOO_LITTLE);
    assert_int_equal(look(s, T0 + 180001).evidence, EVIDENCE_STALE);
    service_watch_free(s);
}

static void test_service__needs_two_readings_and_twenty_calls(void **state UNUSED)
{
    struct service_watch *s = watch_new();

    read_all(s, T0, 1000, 0, 0);
    assert_int_equal(look(s, T0).evidence, EVIDENCE_TOO_LITTLE); /* one reading */
    service_watch_free(s);

    s = watch_new();
    read_all(s, T0, 0, 0, 0);
    read_all(s, T0 + 1000, SERVICE_ENOUGH_CALLS - 1, 1, 5);
    assert_int_equal(look(s, T0 + 1000).evidence, EVIDENCE_TOO_LITTLE);
    assert_int_equal(look(s, T0 + 1000).budget.evidence, EVIDENCE_OK); /* retries are a count */
    read_all(s, T0 + 2000, 1, 0, 0);
    assert_int_equal(look(s, T0 + 2000).evidence, EVIDENCE_OK);
    service_watch_free(s);
}

static void test_service__a_gap_is_null_in_sparks_and_history_never_zero(void **state UNUSED)
{
    struct service_watch *s = watch_new();
    struct service_history history;
    struct service_view view;
    int64_t now_ms = T0;

    for (int i = 0; i <= 120; i++) {
        now_ms = T0 + i * 1000;
        if (i < 40 || i >= 70)
            read_all(s, now_ms, i >= 90 && i < 100 ? 0 : 100, 0, 10); /* idle, but heard */
        view = look(s, now_ms + 50);
    }
    view = look(s, now_ms + 50);
    assert_int_equal(view.calls.count,
                     11); /* the step that ended just now may still get a reading */
    assert_int_equal(view.calls.end_ms, T0 + 110000);
    for (int p = 0; p < view.calls.count; p++) {
        bool gap = p >= 4 && p < 7;

        assert_int_equal(isnan((double)view.calls.points[p]), gap);
        assert_int_equal(isnan((double)view.retries.points[p]), gap);
        assert_int_equal(isnan((double)view.utilization.points[p]), gap);
        if (!gap)
            assert_float_equal(view.calls.points[p], p == 9 ? 0 : 100, 1e-3);
    }
    service_watch_history(
        s, &(struct history_ask){ .period_s = 120, .end_ms = now_ms + 50, .now_ms = now_ms + 50 },
        &history);
    assert_int_equal(history.step_s, 1);
    assert_int_equal(history.count, 120);
    assert_int_equal(history.end_ms, now_ms - 1000);
    for (int p = 1; p < history.count; p++) {
        int second = p - 1; /* the point that ends 119 - p seconds before the last */
        bool gap = second >= 40 && second < 70;

        assert_int_equal(isnan((double)history.lines[HISTORY_CALLS][p]), gap);
        assert_int_equal(isnan((double)history.lines[HISTORY_UTILIZATION][p]), gap);
    }
    assert_true(isnan((double)history.lines[HISTORY_CALLS][0])); /* before it was first heard */
    service_watch_free(s);
}

static void test_service__a_step_that_was_hardly_heard_is_null(void **state UNUSED)
{
    struct service_watch *s = watch_new();
    struct service_view view;

    for (int i = 0; i < 60; i++) {
        if (i < 24 || i >= 50 || (i >= 30 && i < 35)) /* 4 readings of step 2, 5 of step 3 */
            read_all(s, T0 + i * 1000, 100, 0, 0);
        service_watch_advance(s, T0 + i * 1000);
    }
    view = look(s, T0 + 61000);
    assert_int_equal(view.calls.count, 6);
    assert_true(isnan((double)view.calls.points[2]));
    assert_float_equal(view.calls.points[3], 50, 1e-3);
    assert_true(isnan((double)view.calls.points[4]));
    service_watch_free(s);
}

static void test_service__sparks_of_a_slow_source_show_its_rate(void **state UNUSED)
{
    static const int gaps_ms[] = { 5000, 15000, 15030, 60000, 120000 };

    for (size_t i = 0; i < ARRAY_LEN(gaps_ms); i++) {
        struct service_watch *s = watch_new();
        int64_t now_ms = live(s, gaps_ms[i], 1800);
        struct service_view view = look(s, now_ms);
        struct service_history history;

        assert_true(view.calls.count > 60);
        for (int p = view.calls.count - 40; p < view.calls.count; p++)
            if (!isnan((double)view.calls.points[p]))
                assert_float_equal(view.calls.points[p], 100, 1);
        service_watch_history(
            s, &(struct history_ask){ .period_s = 900, .end_ms = now_ms, .now_ms = now_ms },
            &history);
        assert_true(history.step_s * 1000 >= gaps_ms[i] - 500);
        for (int p = 1; p < history.count; p++)
            if (!isnan((double)history.lines[HISTORY_CALLS][p]))
                assert_float_equal(history.lines[HISTORY_CALLS][p], 100, 1);
        service_watch_free(s);
    }
}

/* Two instances of 50 calls a second each, both told every 15 s, three seconds apart. */
static void test_service__sources_that_take_turns_add_up(void **state UNUSED)
{
    struct service_watch *s = watch_new();
    struct service_view view;
    double sum = 0;
    int heard_count = 0;

    for (int i = 0; i <= 60; i++) {
        read_all(s, T0 + i * 15000, 750, 0, 0);
        read_all(s, T0 + i * 15000 + 3000, 750, 0, 0);
        service_watch_advance(s, T0 + i * 15000 + 3100);
    }
    view = look(s, T0 + 903100);
    for (int p = view.calls.count - 60; p < view.calls.count; p++)
        if (!isnan((double)view.calls.points[p])) {
            sum += (double)view.calls.points[p];
            heard_count++;
        }
    assert_true(heard_count > 50);
    assert_true(fabs(sum / heard_count - 100) < 10);
    service_watch_free(s);
}

static void test_service__history_keeps_its_bounds(void **state UNUSED)
{
    struct service_watch *s = watch_new();
    int64_t now_ms = live(s, 1000, 4000);

    for (int period_s = 1; period_s <= 3600; period_s += 7) {
        struct service_history h;

        service_watch_history(
            s, &(struct history_ask){ .period_s = period_s, .end_ms = now_ms, .now_ms = now_ms },
            &h);
        assert_in_range(h.count, 1, HISTORY_POINTS_MAX);
        assert_true(h.count * h.step_s <= period_s);
        assert_true(h.end_ms <= now_ms && h.end_ms % (h.step_s * 1000) == 0);
        for (int p = 0; p < h.count; p++)
            if (!isnan((double)h.lines[HISTORY_CALLS][p]))
                assert_float_equal(h.lines[HISTORY_CALLS][p], 100, 1e-3);
    }
    service_watch_free(s);
}

static void test_service__what_left_the_hour_is_null(void **state UNUSED)
{
    struct service_watch *s = watch_new();
    int64_t now_ms = live(s, 60000, 7200);
    struct service_history h;

    service_watch_history(
        s, &(struct history_ask){ .period_s = 3600, .end_ms = now_ms, .now_ms = now_ms }, &h);
    assert_int_equal(h.step_s, 60);
    assert_true(isnan((double)h.lines[HISTORY_CALLS][0])); /* its step began before the ring does */
    assert_float_equal(h.lines[HISTORY_CALLS][1], 100, 1e-3);
    service_watch_free(s);
}

/* The history of a service that was heard each second, to `end_ms`. */
static struct service_history past_of(const struct service_watch *s, int64_t now_ms, int64_t end_ms,
                                      int period_s)
{
    struct service_history h;

    service_watch_history(
        s,
        &(struct history_ask){
            .period_s = period_s, .end_ms = end_ms, .now_ms = now_ms, .stored_ms = 15000 },
        &h);
    assert_int_equal(h.period_s, period_s);
    return h;
}

static void test_service__history_ends_where_it_was_asked_to(void **state UNUSED)
{
    struct service_watch *s = watch_new();
    int64_t now_ms = live(s, 1000, 3000);
    struct service_history h = past_of(s, now_ms, now_ms - 600000, 60), now, ahead;

    assert_int_equal(h.end_ms, (now_ms - 600000) / 1000 * 1000);
    assert_int_equal(h.count, 60);
    for (int p = 0; p < h.count; p++)
        assert_float_equal(h.lines[HISTORY_CALLS][p], 100, 1e-3);
    now = past_of(s, now_ms, now_ms, 60);
    ahead = past_of(s, now_ms, now_ms + 3600000, 60);
    assert_int_equal(now.end_ms, now_ms - 1000);
    assert_int_equal(ahead.end_ms, now.end_ms);
    service_watch_free(s);
}

static void test_service__what_is_longer_or_older_than_memory_is_the_stores(void **state UNUSED)
{
    struct service_watch *s = watch_new();
    int64_t now_ms = live(s, 1000, 7200);
    struct service_history h = past_of(s, now_ms, now_ms, 3600);

    assert_false(h.stored);
    h = past_of(s, now_ms, now_ms - 60000, 3600);
    assert_true(h.stored);
    assert_int_equal(h.step_s, 15); /* as what is stored */
    assert_int_equal(h.end_ms % 15000, 0);
    h = past_of(s, now_ms, now_ms - 5 * 86400000, 60);
    assert_true(h.stored);
    assert_int_equal(h.count, 4);
    for (int p = 0; p < h.count; p++)
        assert_true(isnan((double)h.lines[HISTORY_CALLS][p]));
    h = past_of(s, now_ms, now_ms, 7 * 86400);
    assert_true(h.stored);
    assert_int_equal(h.step_s, 1680);
    assert_int_equal(h.count, HISTORY_POINTS_MAX);
    assert_true(isnan((double)h.lines[HISTORY_CALLS][HISTORY_POINTS_MAX - 4]));
    assert_float_equal(h.lines[HISTORY_CALLS][HISTORY_POINTS_MAX - 1], 100, 1e-3);
    service_watch_free(s);
}

static void test_service__the_limit_is_of_absolute_and_ratio_alone(void **state UNUSED)
{
    struct service_watch *s = watch_new();
    int64_t now_ms = live(s, 1000, 600);

    s->limits = (struct budget_limits){ .per_minute = 600, .per_hour = 7200, .share = NAN };
    assert_float_equal(past_of(s, now_ms, now_ms, 60).lines[HISTORY_RETRY_LIMIT][0], 10, 1e-6);
    s->limits.per_minute = NAN;
    assert_float_equal(past_of(s, now_ms, now_ms, 60).lines[HISTORY_RETRY_LIMIT][0], 2, 1e-6);
    s->limits.per_hour = NAN; /* another kind */
    assert_true(isnan((double)past_of(s, now_ms, now_ms, 60).lines[HISTORY_RETRY_LIMIT][0]));
    s->limits.share = 0.2;
    s->limits.reserve_per_s = 10;
    assert_float_equal(past_of(s, now_ms, now_ms, 60).lines[HISTORY_RETRY_LIMIT][0], 30, 1e-3);
    service_watch_free(s);
}

static void test_service__totals_begin_when_told_and_windows_stay(void **state UNUSED)
{
    struct service_watch *s = watch_new();
    int64_t now_ms = live(s, 1000, 100);
    struct service_view view = look(s, now_ms);
    double per_s = view.calls_per_s;

    assert_true(view.calls_total > 1000 && view.retries_total >= 0 && view.errors_total >= 0);
    service_watch_begin_totals(s);
    view = look(s, now_ms);
    assert_float_equal(view.calls_total, 0, 0);
    assert_float_equal(view.errors_total, 0, 0);
    assert_float_equal(view.retries_total, 0, 0);
    assert_true(isnan(view.denied_total)); /* never told */
    assert_float_equal(view.calls_per_s, per_s, 0);
    read_all(s, now_ms + 1000, 7, 2, 3);
    tell(s, SIGNAL_RETRIES_DENIED, now_ms + 1000, 4);
    view = look(s, now_ms + 1000);
    assert_float_equal(view.calls_total, 7, 0);
    assert_float_equal(view.errors_total, 2, 0);
    assert_float_equal(view.retries_total, 3, 0);
    assert_float_equal(view.denied_total, 4, 0);
    service_watch_free(s);
}

static void test_service__a_source_whose_clock_is_ahead_is_judged_at_its_time(void **state UNUSED)
{
    struct service_watch *s = watch_new();
    int64_t last_ms = live(s, 1000, 120);
    struct service_view view;

    tell(s, SIGNAL_RETRIES, last_ms + 1000, 10); /* calls of that second are still to come */
    view = look(s, last_ms - 3000);
    assert_int_equal(s->calls.head_s, s->retries.head_s);
    assert_int_equal(s->calls.head_s, s->heard.head_s);
    assert_float_equal(view.budget.used_minute, 600, 0);
    assert_int_equal(view.evidence, EVIDENCE_OK);
    service_watch_free(s);
}

static void test_service__random_readings_never_break_the_figures(void **state UNUSED)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct rng r = rng_seeded(seed);
        struct service_watch *s = watch_new();
        int64_t now_ms = T0;

        print_message("seed %llu\n", (unsigned long long)seed);
        for (int i = 0; i < 2000; i++) {
            struct service_view v;
            int64_t at_ms = now_ms - (int64_t)rng_below(&r, 3000);
            double calls = (double)rng_below(&r, 200);

            now_ms += (int64_t)rng_below(&r, rng_below(&r, 50) ? 3000 : 600000);
            read_all(s, at_ms, calls, (double)rng_below(&r, (uint64_t)calls + 1),
                     (double)rng_below(&r, 50));
            v = look(s, now_ms);
            assert_true(v.calls_per_s >= 0 && v.errors_per_s >= 0 && v.retries_per_s >= 0);
            assert_true(isnan(v.success_ratio) || (v.success_ratio >= 0 && v.success_ratio <= 1));
            assert_true(v.budget.remaining_minute >= 0 && v.budget.remaining_hour >= 0);
            assert_true(v.calls.count <= SPARK_POINTS && v.calls.count == v.utilization.count);
            assert_true(v.calls.end_ms <= now_ms);
        }
        service_watch_free(s);
    }
}

static void test_service__no_memory_is_none_and_leaks_nothing(void **state UNUSED)
{
    for (long n = 1; n < 20; n++) {
        struct service_watch *s;

        mem_fail_nth(n);
        s = service_watch_new(10);
        assert_int_equal(s == NULL, mem_fault_happened());
        service_watch_free(s);
        if (s)
            break;
    }
    mem_fail_nth(0);
    service_watch_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_service__what_was_never_told_is_unknown),
        cmocka_unit_test(test_service__a_kind_that_is_not_told_stays_unknown),
        cmocka_unit_test(test_service__rates_and_ratios_are_those_of_the_traffic),
        cmocka_unit_test(test_service__the_window_follows_the_resolution),
        cmocka_unit_test(test_service__one_outage_does_not_change_the_resolution),
        cmocka_unit_test(test_service__a_gap_of_years_is_no_overflow),
        cmocka_unit_test(test_service__goes_stale_after_its_patience_and_keeps_its_values),
        cmocka_unit_test(test_service__one_reading_is_too_little_and_stale_only_after_minutes),
        cmocka_unit_test(test_service__needs_two_readings_and_twenty_calls),
        cmocka_unit_test(test_service__a_gap_is_null_in_sparks_and_history_never_zero),
        cmocka_unit_test(test_service__a_step_that_was_hardly_heard_is_null),
        cmocka_unit_test(test_service__sparks_of_a_slow_source_show_its_rate),
        cmocka_unit_test(test_service__sources_that_take_turns_add_up),
        cmocka_unit_test(test_service__history_keeps_its_bounds),
        cmocka_unit_test(test_service__what_left_the_hour_is_null),
        cmocka_unit_test(test_service__history_ends_where_it_was_asked_to),
        cmocka_unit_test(test_service__what_is_longer_or_older_than_memory_is_the_stores),
        cmocka_unit_test(test_service__the_limit_is_of_absolute_and_ratio_alone),
        cmocka_unit_test(test_service__totals_begin_when_told_and_windows_stay),
        cmocka_unit_test(test_service__a_source_whose_clock_is_ahead_is_judged_at_its_time),
        cmocka_unit_test(test_service__random_readings_never_break_the_figures),
        cmocka_unit_test(test_service__no_memory_is_none_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
