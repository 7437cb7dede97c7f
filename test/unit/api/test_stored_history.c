/* Lines of charts from stored series: by hand, and against an oracle that looks at every pair of
 * samples and every step. */
#include "../tsdb/tsdb_fixture.h"

#include <math.h>

#include "api/export.h"
#include "api/stored_history.h"

enum { STEP_S = 30, STEPS = 20, SERIES_SAMPLES = 4000 };
static const int64_t NOON = 1700049600000; /* of a day, and so a multiple of each step */

struct script {
    struct fixture *f;
    struct budget budget;
    struct service_history history;
    enum err go_on_err;
    int go_on_from; /* calls of go_on before it answers that */
};

static enum err go_on(void *ctx)
{
    struct script *s = ctx;

    return s->go_on_from-- > 0 ? ERR_OK : s->go_on_err;
}

static void forget(struct script *s)
{
    for (int line = 0; line < HISTORY_LINE_COUNT; line++)
        for (int i = 0; i < STEPS; i++)
            s->history.lines[line][i] = NAN;
}

/* An empty store, and steps that end at `end_ms`. */
static void begin(struct script *s, void **state, int64_t end_ms)
{
    struct tsdb_options options;

    *s = (struct script){ .f = *state };
    options = fixture_options(s->f);
    fixture_open(s->f, &options);
    budget_init(&s->budget, 0);
    s->history = (struct service_history){ .period_s = STEP_S * STEPS,
                                           .stored = true,
                                           .step_s = STEP_S,
                                           .end_ms = end_ms,
                                           .count = STEPS };
    forget(s);
}

static enum err fill(struct script *s)
{
    const struct stored_ask ask = { .db = s->f->db,
                                    .budget = &s->budget,
                                    .service = STR("orders"),
                                    .stored_ms = 10000,
                                    .go_on = go_on,
                                    .ctx = s };

    return stored_history_fill(&ask, &s->history, NULL);
}

/* Metric, service, job, instance and quantile of a series; NULL: the usual, or none. */
struct who {
    const char *metric, *service, *job, *instance, *quantile;
};

static uint32_t ref_of(struct script *s, const struct who *who)
{
    struct arena arena = arena_limited(1 << 16);
    struct labels_builder b;
    struct labels labels;
    uint32_t ref;

    labels_builder_init(&b, &arena);
    labels_builder_add(&b, LABEL_METRIC_NAME, str_of(who->metric));
    labels_builder_add(&b, STR("service"), str_of(who->service ? who->service : "orders"));
    labels_builder_add(&b, STR("job"), str_of(who->job ? who->job : "fusebox"));
    labels_builder_add(&b, STR("instance"), str_of(who->instance ? who->instance : "here:1"));
    if (who->quantile)
        labels_builder_add(&b, STR("quantile"), str_of(who->quantile));
    assert_int_equal(labels_builder_finish(&b, &labels, NULL), ERR_OK);
    assert_int_equal(tsdb_series(s->f->db, labels, &ref), ERR_OK);
    arena_release(&arena);
    return ref;
}

static void put_list(struct script *s, const struct who *who, const struct sample *samples,
                     size_t count)
{
    struct sample_batch *batch = sample_batch_new(count);
    uint32_t ref = ref_of(s, who);

    assert_non_null(batch);
    for (size_t i = 0; i < count; i++)
        batch->items[batch->count++] = (struct series_sample){ ref, samples[i].ts_ms,
                                                               samples[i].value };
    assert_int_equal(tsdb_commit(s->f->db, &batch, 1, samples[count - 1].ts_ms), ERR_OK);
    sample_batch_free(batch);
}

/* Samples each 10 s in [from_s, to_s] seconds after NOON, growing by `more` each time. */
static void put(struct script *s, const char *metric, int from_s, int to_s, double first,
                double more)
{
    struct sample samples[SERIES_SAMPLES];
    size_t count = 0;

    for (int at_s = from_s; at_s <= to_s; at_s += 10, count++)
        samples[count] = (struct sample){ NOON + at_s * INT64_C(1000),
                                          first + (double)count * more };
    put_list(s, &(struct who){ .metric = metric }, samples, count);
}

/* The source was heard all the time. */
static void put_heard(struct script *s, int from_s, int to_s)
{
    put(s, OWN_SERIES_LAST_DATA, from_s, to_s, (double)(NOON / 1000 + from_s), 10);
}

static void expect_line(const struct script *s, int line, int from, int to, double value)
{
    for (int i = from; i < to; i++) {
        double is = (double)s->history.lines[line][i];

        if (isnan(value) ? !isnan(is) : !(fabs(is - value) <= 1e-6 * fmax(1, fabs(value))))
            fail_msg("line %d, step %d: %g instead of %g", line, i, is, value);
    }
}

static void expect_all(const struct script *s, int line, double value)
{
    expect_line(s, line, 0, STEPS, value);
}

static void test_stored_history__rates_and_ratios_of_counters(void **state)
{
    struct script s;

    begin(&s, state, NOON + STEP_S * STEPS * 1000);
    put_heard(&s, -20, 620);
    put(&s, OWN_SERIES_CALLS, -20, 620, 5000, 1000);
    put(&s, OWN_SERIES_ERRORS, -20, 620, 0, 100);
    put(&s, OWN_SERIES_RETRIES, -20, 620, 0, 250);
    assert_int_equal(fill(&s), ERR_OK);
    expect_all(&s, HISTORY_CALLS, 100);
    expect_all(&s, HISTORY_ERRORS, 10);
    expect_all(&s, HISTORY_RETRIES, 25);
    expect_all(&s, HISTORY_SUCCESS, 0.9);
    expect_all(&s, HISTORY_ATTEMPT_SUCCESS, 1 - 35.0 / 125);
    expect_all(&s, HISTORY_DENIED, NAN);
    expect_all(&s, HISTORY_P99, NAN);
}

static void test_stored_history__what_was_not_heard_is_not_known(void **state)
{
    struct script s;

    begin(&s, state, NOON + STEP_S * STEPS * 1000);
    put_heard(&s, 0, 200);
    put(&s, OWN_SERIES_LAST_DATA, 210, 400, (double)(NOON / 1000 + 200), 0); /* it is silent */
    put(&s, OWN_SERIES_LAST_DATA, 410, 600, (double)(NOON / 1000 + 410), 10);
    put(&s, OWN_SERIES_CALLS, 0, 200, 0, 1000);
    put(&s, OWN_SERIES_CALLS, 210, 400, 20000, 0);
    put(&s, OWN_SERIES_CALLS, 410, 600, 41000, 1000); /* caught up with */
    put(&s, OWN_SERIES_UTILIZATION, 0, 600, 50, 0);
    put(&s, OWN_SERIES_RETRIES, 0, 600, 0, 0);
    assert_int_equal(fill(&s), ERR_OK);
    expect_line(&s, HISTORY_CALLS, 0, 7, 100); /* the last of them for 20 s */
    expect_line(&s, HISTORY_CALLS, 7, 13, NAN);
    expect_line(&s, HISTORY_UTILIZATION, 7, 13, NAN);
    expect_line(&s, HISTORY_CALLS, 13, STEPS, 100); /* 210 s and their calls in one reading */
}

static void test_stored_history__a_counter_that_falls_began_again(void **state)
{
    struct script s;

    begin(&s, state, NOON + STEP_S * STEPS * 1000);
    put_heard(&s, 0, 600);
    put(&s, OWN_SERIES_CALLS, 0, 300, 90000, 1000);
    put(&s, OWN_SERIES_CALLS, 310, 600, 1000, 1000);
    assert_int_equal(fill(&s), ERR_OK);
    expect_all(&s, HISTORY_CALLS, 100);
}

static void test_stored_history__a_gap_in_the_store_is_a_gap(void **state)
{
    struct script s;

    begin(&s, state, NOON + STEP_S * STEPS * 1000);
    put_heard(&s, 0, 60);
    put_heard(&s, 500, 600);
    put(&s, OWN_SERIES_CALLS, 0, 60, 0, 1000);
    put(&s, OWN_SERIES_CALLS, 500, 600, 80000, 1000);
    assert_int_equal(fill(&s), ERR_OK);
    expect_line(&s, HISTORY_CALLS, 0, 2, 100);
    expect_line(&s, HISTORY_CALLS, 2, 16, NAN);
    expect_line(&s, HISTORY_CALLS, 16, STEPS, 100);
}

static void test_stored_history__a_stale_marker_ends_a_series(void **state)
{
    const struct sample ends[] = { { NOON + 70000, sample_from_bits(SAMPLE_STALE_BITS) } };
    struct script s;

    begin(&s, state, NOON + STEP_S * STEPS * 1000);
    put_heard(&s, 0, 600);
    put(&s, OWN_SERIES_CALLS, 0, 600, 0, 1000);
    put(&s, OWN_SERIES_ERRORS, 0, 60, 0, 100);
    put_list(&s, &(struct who){ .metric = OWN_SERIES_ERRORS }, ends, 1);
    put(&s, OWN_SERIES_ERRORS, 150, 600, 777, 100);
    assert_int_equal(fill(&s), ERR_OK);
    expect_line(&s, HISTORY_ERRORS, 0, 2, 10);
    expect_line(&s, HISTORY_ERRORS, 2, 5, NAN);
    expect_line(&s, HISTORY_SUCCESS, 2, 5, NAN);
    expect_line(&s, HISTORY_ERRORS, 5, STEPS, 10);
    expect_all(&s, HISTORY_CALLS, 100);
}

static void test_stored_history__instances_follow_each_other(void **state)
{
    static const char *const metrics[] = { OWN_SERIES_LAST_DATA, OWN_SERIES_CALLS };
    struct script s;

    begin(&s, state, NOON + STEP_S * STEPS * 1000);
    for (int m = 0; m < 2; m++)
        for (int half = 0; half < 2; half++) {
            struct who who = { .metric = metrics[m], .instance = half ? "here:2" : "here:1" };
            struct sample samples[31];

            for (int i = 0; i <= 30; i++) {
                int at_s = half * 300 + i * 10;

                samples[i] = (struct sample){ NOON + at_s * INT64_C(1000),
                                              m ? i * 1000.0 : (double)(NOON / 1000 + at_s) };
            }
            put_list(&s, &who, samples, 31);
        }
    assert_int_equal(fill(&s), ERR_OK);
    expect_all(&s, HISTORY_CALLS, 100);
}

static void test_stored_history__only_its_own_series_of_the_service_count(void **state)
{
    const struct sample wild[] = { { NOON, 0 }, { NOON + 10000, 1e9 } };
    struct script s;

    begin(&s, state, NOON + STEP_S * STEPS * 1000);
    put_heard(&s, 0, 600);
    put(&s, OWN_SERIES_CALLS, 0, 600, 0, 1000);
    put_list(&s, &(struct who){ .metric = OWN_SERIES_CALLS, .service = "other" }, wild, 2);
    put_list(&s, &(struct who){ .metric = OWN_SERIES_CALLS, .job = "api" }, wild, 2);
    put_list(&s, &(struct who){ .metric = "fusebox_calls_total_x" }, wild, 2);
    put_list(&s, &(struct who){ .metric = OWN_SERIES_LATENCY, .quantile = "0.42" }, wild, 2);
    assert_int_equal(fill(&s), ERR_OK);
    expect_all(&s, HISTORY_CALLS, 100);
    expect_all(&s, HISTORY_P50, NAN);
}

static void test_stored_history__gauges_are_means_over_time(void **state)
{
    struct sample latency[61];
    struct script s;

    begin(&s, state, NOON + STEP_S * STEPS * 1000);
    put_heard(&s, 0, 600);
    put(&s, OWN_SERIES_RETRIES, 0, 600, 0, 0);
    put(&s, OWN_SERIES_UTILIZATION, 0, 600, 0, 1); /* 1, 2, 3 in the first step */
    put(&s, OWN_SERIES_RETRY_LIMIT, 0, 600, 22, 0);
    put(&s, OWN_SERIES_FIRST_SUCCESS, 0, 600, 0.75, 0);
    for (int i = 0; i <= 60; i++)
        latency[i] = (struct sample){ NOON + i * 10000, i % 3 ? 0.1 : 0.4 };
    put_list(&s, &(struct who){ .metric = OWN_SERIES_LATENCY, .quantile = "0.95" }, latency, 61);
    assert_int_equal(fill(&s), ERR_OK);
    for (int i = 0; i < STEPS; i++)
        expect_line(&s, HISTORY_UTILIZATION, i, i + 1, 2 + 3 * i);
    expect_all(&s, HISTORY_RETRY_LIMIT, 22);
    expect_all(&s, HISTORY_FIRST_SUCCESS, 0.75);
    expect_all(&s, HISTORY_P95, 0.2);
    expect_all(&s, HISTORY_P50, NAN);
    expect_all(&s, HISTORY_CALLS, NAN);
}

static void test_stored_history__a_budget_without_told_retries_is_unknown(void **state)
{
    struct script s;

    begin(&s, state, NOON + STEP_S * STEPS * 1000);
    put_heard(&s, 0, 600);
    put(&s, OWN_SERIES_CALLS, 0, 600, 0, 1000);
    put(&s, OWN_SERIES_RETRY_LIMIT, 0, 600, 10, 0);
    assert_int_equal(fill(&s), ERR_OK);
    expect_all(&s, HISTORY_RETRY_LIMIT, NAN);
    expect_all(&s, HISTORY_CALLS, 100);
}

static void test_stored_history__what_memory_knows_stays(void **state)
{
    struct script s;

    begin(&s, state, NOON + STEP_S * STEPS * 1000);
    put_heard(&s, 0, 600);
    put(&s, OWN_SERIES_CALLS, 0, 600, 0, 1000);
    put(&s, OWN_SERIES_ERRORS, 0, 600, 0, 100);
    for (int i = 15; i < STEPS; i++)
        s.history.lines[HISTORY_CALLS][i] = 50;
    assert_int_equal(fill(&s), ERR_OK);
    expect_line(&s, HISTORY_CALLS, 0, 15, 100);
    expect_line(&s, HISTORY_CALLS, 15, STEPS, 50);
    expect_line(&s, HISTORY_SUCCESS, 15, STEPS, 0.8);
}

static void test_stored_history__blocks_and_midnights_leave_no_seam(void **state)
{
    const int64_t midnight = NOON + 12 * 3600000;
    struct script s;

    begin(&s, state, midnight + 10 * STEP_S * 1000);
    put_heard(&s, 42800, 43200);
    put(&s, OWN_SERIES_CALLS, 42800, 43200, 0, 1000);
    fixture_seal(s.f, midnight);
    put_heard(&s, 43210, 43600);
    put(&s, OWN_SERIES_CALLS, 43210, 43600, 41000, 1000);
    assert_int_equal(fill(&s), ERR_OK);
    expect_all(&s, HISTORY_CALLS, 100);
    fixture_seal(s.f, midnight + 600000);
    forget(&s);
    assert_int_equal(fill(&s), ERR_OK);
    expect_all(&s, HISTORY_CALLS, 100);
}

/* --- an oracle --- */

/* What each pair of neighbours gives each step, without anything clever. */
static double oracle_part(const struct sample *list, size_t count, int step, bool is_counter,
                          double *ret_time_s)
{
    int64_t from_ms = NOON + step * STEP_S * 1000, to_ms = from_ms + STEP_S * 1000;
    double sum = 0;

    *ret_time_s = 0;
    for (size_t i = 1; i < count; i++) {
        int64_t a = list[i - 1].ts_ms, b = list[i].ts_ms;
        double low = (double)(a > from_ms ? a : from_ms), high = (double)(b < to_ms ? b : to_ms);
        double grown = list[i].value - list[i - 1].value;

        if (b - a > 300000 || high <= low)
            continue;
        grown = grown >= 0 ? grown : is_counter ? list[i].value : 0;
        sum += grown * (high - low) / (double)(b - a);
        *ret_time_s += (high - low) / 1000;
    }
    return sum;
}

static size_t random_times(struct rng *rng, struct sample *list, size_t max)
{
    int64_t at_ms = NOON - 400000;
    size_t count = 0;

    while (count < max && at_ms < NOON + 1000000) {
        list[count++].ts_ms = at_ms;
        at_ms += 1 + (int64_t)(rng_below(rng, 40) ? rng_below(rng, 20000) : rng_below(rng, 500000));
    }
    return count;
}

static void test_stored_history__random_histories_equal_the_oracle(void **state)
{
    struct rng rng = seed_rng(__func__);

    for (int round = 0; round < 30; round++) {
        struct sample heard[SERIES_SAMPLES], calls[SERIES_SAMPLES];
        size_t count = random_times(&rng, heard, SERIES_SAMPLES);
        double data_s = (double)(NOON / 1000 - 400), total = 0;
        struct script s;

        begin(&s, state, NOON + STEP_S * STEPS * 1000);
        for (size_t i = 0; i < count; i++) {
            calls[i].ts_ms = heard[i].ts_ms;
            heard[i].value = data_s;
            calls[i].value = total;
            if (rng_below(&rng, 4))
                data_s += (double)rng_below(&rng, 30);
            total = rng_below(&rng, 30) ? total + (double)rng_below(&rng, 5000)
                                        : (double)rng_below(&rng, 500);
        }
        put_list(&s, &(struct who){ .metric = OWN_SERIES_LAST_DATA }, heard, count / 2);
        put_list(&s, &(struct who){ .metric = OWN_SERIES_CALLS }, calls, count / 2);
        if (round % 2)
            fixture_seal(s.f, NOON);
        put_list(&s, &(struct who){ .metric = OWN_SERIES_LAST_DATA }, heard + count / 2,
                 count - count / 2);
        put_list(&s, &(struct who){ .metric = OWN_SERIES_CALLS }, calls + count / 2,
                 count - count / 2);
        assert_int_equal(fill(&s), ERR_OK);
        for (int i = 0; i < STEPS; i++) {
            double time_s, heard_s = oracle_part(heard, count, i, false, &time_s);
            double amount = oracle_part(calls, count, i, true, &time_s);
            double ratio = heard_s / (STEP_S / 4.0);

            if (fabs(ratio - 1) > 1e-9) /* else rounding decides */
                expect_line(&s, HISTORY_CALLS, i, i + 1,
                            ratio < 1 || !(time_s > 0) ? NAN : amount / heard_s);
        }
        tsdb_close(s.f->db);
        s.f->db = NULL;
        fixture_remove_files(s.f);
    }
}

/* --- when it cannot --- */

static void test_stored_history__gives_up_when_told_to(void **state)
{
    static const enum err why[] = { ERR_CANCELLED, ERR_TIMEOUT };
    struct script s;

    begin(&s, state, NOON + STEP_S * STEPS * 1000);
    put_heard(&s, 0, 600);
    put(&s, OWN_SERIES_CALLS, 0, 600, 0, 1000);
    for (int n = 0; n < 3; n++) {
        s.go_on_err = why[n % 2];
        s.go_on_from = n;
        assert_int_equal(fill(&s), why[n % 2]);
        expect_all(&s, HISTORY_CALLS, NAN);
        assert_int_equal(budget_used_bytes(&s.budget), 0);
    }
    s.go_on_from = 100;
    assert_int_equal(fill(&s), ERR_OK);
    expect_all(&s, HISTORY_CALLS, 100);
}

static void test_stored_history__asks_the_budget(void **state)
{
    struct script s;

    begin(&s, state, NOON + STEP_S * STEPS * 1000);
    put_heard(&s, 0, 600);
    put(&s, OWN_SERIES_CALLS, 0, 600, 0, 1000);
    budget_init(&s.budget, 20000);
    assert_int_equal(fill(&s), ERR_OVERLOADED);
    expect_all(&s, HISTORY_CALLS, NAN);
    assert_int_equal(budget_used_bytes(&s.budget), 0);
    budget_init(&s.budget, 200000);
    assert_int_equal(fill(&s), ERR_OK);
    assert_int_equal(budget_used_bytes(&s.budget), 0);
}

static void test_stored_history__fault_sweep(void **state)
{
    bool fault = true;
    struct script s;
    long n = 0, failed = 0;

    begin(&s, state, NOON + STEP_S * STEPS * 1000);
    put_heard(&s, 0, 300);
    put(&s, OWN_SERIES_CALLS, 0, 300, 0, 1000);
    fixture_seal(s.f, NOON + 300000);
    put_heard(&s, 310, 600);
    put(&s, OWN_SERIES_CALLS, 310, 600, 31000, 1000);
    while (fault && n < 1000) {
        enum err err;

        mem_fail_nth(++n);
        err = fill(&s);
        fault = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(err == ERR_OK || (fault && err == ERR_NOMEM)); /* some only cost a cache */
        expect_all(&s, HISTORY_CALLS, err ? NAN : 100);
        assert_int_equal(budget_used_bytes(&s.budget), 0);
        failed += err != ERR_OK;
        forget(&s);
    }
    assert_in_range(n, 5, 999);
    assert_true(failed > 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_stored_history__rates_and_ratios_of_counters),
        TEST(test_stored_history__what_was_not_heard_is_not_known),
        TEST(test_stored_history__a_counter_that_falls_began_again),
        TEST(test_stored_history__a_gap_in_the_store_is_a_gap),
        TEST(test_stored_history__a_stale_marker_ends_a_series),
        TEST(test_stored_history__instances_follow_each_other),
        TEST(test_stored_history__only_its_own_series_of_the_service_count),
        TEST(test_stored_history__gauges_are_means_over_time),
        TEST(test_stored_history__a_budget_without_told_retries_is_unknown),
        TEST(test_stored_history__what_memory_knows_stays),
        TEST(test_stored_history__blocks_and_midnights_leave_no_seam),
        TEST(test_stored_history__random_histories_equal_the_oracle),
        TEST(test_stored_history__gives_up_when_told_to),
        TEST(test_stored_history__asks_the_budget),
        TEST(test_stored_history__fault_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
