#include "ingest/scrape_result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "batch_text.h"
#include "ingest/exemplars.h"

struct world {
    struct test_store store;
    struct arena arena;
    struct config *cfg;
    struct target *target;
};

static struct target *make_target(struct world *w, bool honor_labels, bool honor_timestamps)
{
    static const struct label group[] = { { { "__hidden", 8 }, { "x", 1 } },
                                          { { "env", 3 }, { "test", 4 } } };
    struct config_target from = { .address = STR("host:1"), .labels = { group, 2 } };
    struct config_scrape scrape = { .job_name = STR("j"),
                                    .scheme = STR("http"),
                                    .metrics_path = STR("/metrics"),
                                    .query = STR(""),
                                    .interval_ms = 1000,
                                    .timeout_ms = 900,
                                    .sample_limit_count = 10,
                                    .honor_labels = honor_labels,
                                    .honor_timestamps = honor_timestamps };
    struct scrape_job *job = NULL;
    struct target *t = NULL;

    assert_int_equal(scrape_job_new(&scrape, &job), ERR_OK);
    assert_int_equal(target_new(w->cfg, &scrape, job, &from, &t, NULL), ERR_OK);
    scrape_job_unref(job);
    return t;
}

static void set_up(struct world *w, bool honor_labels, bool honor_timestamps)
{
    struct config_errors errors;

    test_store_open(&w->store);
    w->arena = arena_limited(1 << 20);
    config_errors_init(&errors);
    assert_int_equal(config_load(&(struct config_sources){ 0 }, &w->cfg, &errors), ERR_OK);
    config_errors_release(&errors);
    w->target = make_target(w, honor_labels, honor_timestamps);
}

static void tear_down(struct world *w)
{
    target_free(w->target);
    config_unref(w->cfg);
    arena_release(&w->arena);
    test_store_close(&w->store);
}

/* One good scrape; `handed` says whether the queue took it. */
static void scrape_and_expect(struct world *w, const char *body, int64_t ts_ms, bool handed,
                              const char *expected)
{
    struct scrape_outcome outcome;
    struct diag diag = { 0 };

    if (scrape_result_good(w->target, w->store.db, str_of(body), ts_ms, 0.5, &outcome, &diag) !=
        ERR_OK)
        fail_msg("%s", diag_text(&diag));
    assert_string_equal(batch_text(&w->store, &w->arena, outcome.batch, false), expected);
    if (handed)
        scrape_result_settle(w->target, &outcome);
    sample_batch_free(outcome.batch);
}

static void fail_and_expect(struct world *w, int64_t ts_ms, bool handed, const char *expected)
{
    struct scrape_outcome outcome;

    assert_int_equal(scrape_result_bad(w->target, w->store.db, ts_ms, 0.1, &outcome), ERR_OK);
    assert_string_equal(batch_text(&w->store, &w->arena, outcome.batch, false), expected);
    if (handed)
        scrape_result_settle(w->target, &outcome);
    sample_batch_free(outcome.batch);
}

#define OWN "env=\"test\",instance=\"host:1\",job=\"j\""

static void test_scrape_result__adds_the_targets_labels_and_the_scrapes_time(void **state)
{
    struct world w;

    (void)state;
    set_up(&w, false, true);
    scrape_and_expect(&w, "# TYPE a counter\na{x=\"1\"} 5\nb 6 777\n", 1000, true,
                      "a{" OWN ",x=\"1\"} 5 @1000\nb{" OWN "} 6 @777\n");
    scrape_and_expect(&w, "a{x=\"1\"} 7\n", 2000, true, "a{" OWN ",x=\"1\"} 7 @2000\n");
    tear_down(&w);
}

static void test_scrape_result__renames_clashing_labels(void **state)
{
    struct world w;

    (void)state;
    set_up(&w, false, false);
    scrape_and_expect(&w, "a{job=\"x\",exported_job=\"y\",__r=\"z\"} 5 777\n", 1000, true,
                      "a{env=\"test\",exported_exported_job=\"x\",exported_job=\"y\","
                      "instance=\"host:1\",job=\"j\"} 5 @1000\n");
    tear_down(&w);
}

static void test_scrape_result__honors_labels_when_told(void **state)
{
    struct world w;

    (void)state;
    set_up(&w, true, true);
    scrape_and_expect(&w, "a{job=\"x\",instance=\"\"} 5\n", 1000, true,
                      "a{env=\"test\",job=\"x\"} 5 @1000\n");
    tear_down(&w);
}

static void test_scrape_result__reports_about_the_scrape(void **state)
{
    struct world w;
    struct scrape_outcome outcome;

    (void)state;
    set_up(&w, false, true);
    assert_int_equal(
        scrape_result_good(w.target, w.store.db, STR("a 1\nb 2\na 3\n"), 1000, 0.5, &outcome, NULL),
        ERR_OK);
    assert_int_equal(outcome.duplicate_count, 1);
    assert_string_equal(batch_text(&w.store, &w.arena, outcome.batch, true),
                        "a{" OWN "} 1 @1000\nb{" OWN "} 2 @1000\nup{" OWN "} 1 @1000\n"
                        "scrape_duration_seconds{" OWN "} 0.5 @1000\n"
                        "scrape_samples_scraped{" OWN "} 3 @1000\n"
                        "scrape_samples_post_metric_relabeling{" OWN "} 3 @1000\n"
                        "scrape_series_added{" OWN "} 2 @1000\n");
    sample_batch_free(outcome.batch);
    tear_down(&w);
}

static void test_scrape_result__samples_with_times_are_no_duplicates(void **state)
{
    static const char samples[] = "a{" OWN "} 1 @777\na{" OWN "} 2 @778\nup{" OWN "} 1 @1000\n";
    struct world w;
    struct scrape_outcome outcome;
    struct str text;

    (void)state;
    set_up(&w, false, true);
    assert_int_equal(scrape_result_good(w.target, w.store.db, STR("a 1 777\na 2 778\n"), 1000, 0.5,
                                        &outcome, NULL),
                     ERR_OK);
    assert_int_equal(outcome.duplicate_count, 0);
    text = str_of(batch_text(&w.store, &w.arena, outcome.batch, true));
    assert_true(str_has_prefix(text, STR(samples)));
    sample_batch_free(outcome.batch);
    tear_down(&w);
}

static void test_scrape_result__marks_missing_series_stale_once(void **state)
{
    struct world w;

    (void)state;
    set_up(&w, false, true);
    scrape_and_expect(&w, "a 1\nb 1\n", 1000, true, "a{" OWN "} 1 @1000\nb{" OWN "} 1 @1000\n");
    scrape_and_expect(&w, "b 2\n", 2000, true, "b{" OWN "} 2 @2000\na{" OWN "} stale @2000\n");
    scrape_and_expect(&w, "b 3\n", 3000, true, "b{" OWN "} 3 @3000\n");
    scrape_and_expect(&w, "a 4\nb 4\n", 4000, true, "a{" OWN "} 4 @4000\nb{" OWN "} 4 @4000\n");
    tear_down(&w);
}

static void test_scrape_result__does_not_mark_series_with_times_of_their_own(void **state)
{
    struct world w;

    (void)state;
    set_up(&w, false, true);
    scrape_and_expect(&w, "a 1 500\nb 1\n", 1000, true, "a{" OWN "} 1 @500\nb{" OWN "} 1 @1000\n");
    scrape_and_expect(&w, "b 2\n", 2000, true, "b{" OWN "} 2 @2000\n");
    tear_down(&w);
}

static void test_scrape_result__marks_all_stale_on_failure_once(void **state)
{
    struct world w;

    (void)state;
    set_up(&w, false, true);
    fail_and_expect(&w, 500, true, "");
    scrape_and_expect(&w, "a 1\n", 1000, true, "a{" OWN "} 1 @1000\n");
    fail_and_expect(&w, 2000, true, "a{" OWN "} stale @2000\n");
    fail_and_expect(&w, 3000, true, "");
    scrape_and_expect(&w, "a 4\n", 4000, true, "a{" OWN "} 4 @4000\n");
    assert_int_equal(w.target->cache.had_count, 1);
    tear_down(&w);
}

static void test_scrape_result__counts_nothing_of_a_batch_that_was_dropped(void **state)
{
    struct world w;

    (void)state;
    set_up(&w, false, true);
    scrape_and_expect(&w, "a 1\nb 1\n", 1000, true, "a{" OWN "} 1 @1000\nb{" OWN "} 1 @1000\n");
    scrape_and_expect(&w, "b 2\nc 2\n", 2000, false,
                      "b{" OWN "} 2 @2000\nc{" OWN "} 2 @2000\na{" OWN "} stale @2000\n");
    scrape_and_expect(&w, "b 3\n", 3000, true, "b{" OWN "} 3 @3000\na{" OWN "} stale @3000\n");
    fail_and_expect(&w, 4000, false, "b{" OWN "} stale @4000\n");
    fail_and_expect(&w, 5000, true, "b{" OWN "} stale @5000\n");
    tear_down(&w);
}

static void test_scrape_result__knows_a_series_under_another_text(void **state)
{
    struct world w;

    (void)state;
    set_up(&w, false, true);
    scrape_and_expect(&w, "a{x=\"1\",y=\"2\"} 1\n", 1000, true,
                      "a{" OWN ",x=\"1\",y=\"2\"} 1 @1000\n");
    scrape_and_expect(&w, "a{y=\"2\",x=\"1\"} 2\n", 2000, true,
                      "a{" OWN ",x=\"1\",y=\"2\"} 2 @2000\n");
    scrape_and_expect(&w, "b 3\n", 3000, true,
                      "b{" OWN "} 3 @3000\na{" OWN ",x=\"1\",y=\"2\"} stale @3000\n");
    tear_down(&w);
}

static void test_scrape_result__refuses_a_body_whole(void **state)
{
    struct world w;
    struct scrape_outcome outcome;
    struct diag diag = { 0 };

    (void)state;
    set_up(&w, false, true);
    assert_int_equal(
        scrape_result_good(w.target, w.store.db, STR("a 1\nb{x=1} 2\n"), 1000, 0, &outcome, &diag),
        ERR_INVALID);
    assert_int_equal(diag.line, 2);
    assert_null(outcome.batch);
    diag = (struct diag){ 0 };
    assert_int_equal(
        scrape_result_good(w.target, w.store.db,
                           STR("a 1\nb 1\nc 1\nd 1\ne 1\nf 1\ng 1\nh 1\ni 1\nj 1\nk 1\n"), 1000, 0,
                           &outcome, &diag),
        ERR_LIMIT);
    assert_string_equal(diag.message, "more than 10 samples");
    tear_down(&w);
}

static void test_scrape_result__says_farewell_to_everything(void **state)
{
    struct world w;
    struct scrape_outcome outcome;

    (void)state;
    set_up(&w, false, true);
    assert_int_equal(scrape_result_leave(w.target, 500, &outcome), ERR_OK);
    assert_null(outcome.batch);
    scrape_and_expect(&w, "a 1\n", 1000, true, "a{" OWN "} 1 @1000\n");
    w.target->last_ts_ms = 1000;
    assert_int_equal(scrape_result_leave(w.target, 900, &outcome), ERR_OK);
    assert_int_equal(outcome.batch->count, 1 + REPORT_COUNT);
    for (size_t i = 0; i < outcome.batch->count; i++) {
        assert_true(sample_is_stale(outcome.batch->items[i].value));
        assert_int_equal(outcome.batch->items[i].ts_ms, 1001);
    }
    scrape_result_settle(w.target, &outcome);
    sample_batch_free(outcome.batch);
    assert_int_equal(scrape_result_leave(w.target, 2000, &outcome), ERR_OK);
    assert_null(outcome.batch);
    tear_down(&w);
}

/* Whatever allocation fails, the scrape fails clean or leaves one series out, and the next one is
 * right. */
/* --- leases --- */

enum { MINUTE_MS = 60000, NS_PER_MS = 1000000, HOUR_MS = 60 * MINUTE_MS };

static void begin(struct world *w, int64_t mono_ms)
{
    scrape_result_begin(w->target, mono_ms * NS_PER_MS);
}

/* The references in memory become others: what the target thinks it knows is made wrong. */
static void spoil(struct world *w)
{
    for (size_t i = 0; i < w->target->cache.count; i++)
        w->target->cache.entries[i].ref = 999999;
    for (size_t i = 0; i < REPORT_COUNT; i++)
        w->target->report_refs[i] = 999999;
}

static bool is_spoilt(const struct sample_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i].series == 999999)
            return true;
    return false;
}

static void test_scrape_result__asks_again_before_a_lease_is_over(void **state)
{
    struct scrape_outcome outcome;
    struct world w;

    (void)state;
    set_up(&w, false, true);
    for (int64_t minute = 1; minute < 300; minute++) {
        bool due = minute > 1 && minute % 21 == 1; /* the first minute past SCRAPE_RENEW_MS */

        if (due)
            spoil(&w);
        begin(&w, (minute + 100) * MINUTE_MS);
        assert_int_equal(scrape_result_good(w.target, w.store.db, STR("a 1\nb 2\n"),
                                            minute * MINUTE_MS, 0, &outcome, NULL),
                         ERR_OK);
        assert_false(is_spoilt(outcome.batch));
        assert_int_equal(outcome.batch->count, 2 + REPORT_COUNT);
        assert_int_equal(outcome.added_count, minute == 1 ? 2 : 0);
        scrape_result_settle(w.target, &outcome);
        sample_batch_free(outcome.batch);
    }
    tear_down(&w);
}

static void test_scrape_result__an_interval_may_be_longer_than_a_lease(void **state)
{
    struct scrape_outcome outcome;
    struct world w;

    (void)state;
    set_up(&w, false, true);
    for (int64_t hour = 1; hour < 5; hour++) {
        begin(&w, hour * HOUR_MS);
        assert_int_equal(scrape_result_good(w.target, w.store.db,
                                            hour == 3 ? STR("a 1\n") : STR("a 1\nb 2\n"),
                                            hour * HOUR_MS, 0, &outcome, NULL),
                         ERR_OK);
        assert_false(is_spoilt(outcome.batch));
        /* No marker for b: its lease is over. */
        assert_int_equal(outcome.batch->count, (hour == 3 ? 1 : 2) + REPORT_COUNT);
        scrape_result_settle(w.target, &outcome);
        sample_batch_free(outcome.batch);
        spoil(&w);
    }
    tear_down(&w);
}

static void test_scrape_result__a_target_that_was_down_asks_again(void **state)
{
    struct scrape_outcome outcome;
    struct world w;

    (void)state;
    set_up(&w, false, true);
    begin(&w, HOUR_MS);
    scrape_and_expect(&w, "a 1\n", HOUR_MS, true, "a{" OWN "} 1 @3600000\n");
    for (int64_t minute = 1; minute < 200; minute++) {
        begin(&w, HOUR_MS + minute * MINUTE_MS);
        assert_int_equal(
            scrape_result_bad(w.target, w.store.db, HOUR_MS + minute * MINUTE_MS, 0, &outcome),
            ERR_OK);
        assert_int_equal(outcome.batch->count, REPORT_COUNT + (minute == 1));
        assert_false(is_spoilt(outcome.batch));
        scrape_result_settle(w.target, &outcome);
        sample_batch_free(outcome.batch);
    }
    spoil(&w);
    begin(&w, 5 * HOUR_MS);
    scrape_and_expect(&w, "a 2\n", 5 * HOUR_MS, true, "a{" OWN "} 2 @18000000\n");
    tear_down(&w);
}

static void test_scrape_result__leaves_without_markers_when_the_lease_is_over(void **state)
{
    struct scrape_outcome outcome;
    struct world w;

    (void)state;
    set_up(&w, false, true);
    begin(&w, HOUR_MS);
    scrape_and_expect(&w, "a 1\n", HOUR_MS, true, "a{" OWN "} 1 @3600000\n");
    begin(&w, HOUR_MS + 25 * MINUTE_MS);
    assert_int_equal(scrape_result_leave(w.target, 2 * HOUR_MS, &outcome), ERR_OK);
    assert_int_equal(outcome.batch->count, 1 + REPORT_COUNT);
    sample_batch_free(outcome.batch); /* the queue was full */
    begin(&w, HOUR_MS + 31 * MINUTE_MS);
    assert_int_equal(scrape_result_leave(w.target, 2 * HOUR_MS, &outcome), ERR_OK);
    assert_int_equal(outcome.batch->count, 0);
    sample_batch_free(outcome.batch);
    tear_down(&w);
}

static void test_scrape_result__survives_every_failed_allocation(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct scrape_outcome outcome;
        struct world w;
        enum err err;

        set_up(&w, false, true);
        mem_fail_nth(n);
        err = scrape_result_good(w.target, w.store.db, STR("a{x=\"\\n\",job=\"q\"} 1\nb 1\n"), 1000,
                                 0, &outcome, NULL);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        if (err)
            assert_int_equal(err, ERR_NOMEM);
        if (!err) {
            scrape_result_settle(w.target, &outcome);
            sample_batch_free(outcome.batch);
        }
        assert_int_equal(scrape_result_bad(w.target, w.store.db, 2000, 0, &outcome), ERR_OK);
        sample_batch_free(outcome.batch);
        tear_down(&w);
    }
}

static void test_scrape_result__reads_openmetrics_and_keeps_exemplars_apart(void **state)
{
    const struct exemplar_scraped *e;
    struct world w;

    (void)state;
    set_up(&w, false, true);
    w.target->is_openmetrics = true;
    scrape_and_expect(&w, "# TYPE c counter\nc_total 1 # {t=\"x\"} 0.5 2.25\nd 2 1.5\n# EOF\n",
                      1000, true,
                      "c_total{env=\"test\",instance=\"host:1\",job=\"j\"} 1 @1000\n"
                      "d{env=\"test\",instance=\"host:1\",job=\"j\"} 2 @1500\n");
    assert_int_equal(w.target->exemplars.count, 1);
    e = vec_at(&w.target->exemplars, 0);
    assert_true(str_equals(e->from.labels, STR("{t=\"x\"}")));
    assert_int_equal(e->from.ts_ms, 2250);
    scrape_and_expect(&w, "c_total 2\n# EOF\n", 2000, true,
                      "c_total{env=\"test\",instance=\"host:1\",job=\"j\"} 2 @2000\n");
    assert_int_equal(w.target->exemplars.count, 0);
    tear_down(&w);
}

static void test_scrape_result__takes_nothing_of_openmetrics_that_was_cut(void **state)
{
    struct scrape_outcome outcome;
    struct diag diag = { 0 };
    struct world w;

    (void)state;
    set_up(&w, false, true);
    w.target->is_openmetrics = true;
    assert_int_equal(
        scrape_result_good(w.target, w.store.db, STR("c_total 1\n"), 1000, 0.5, &outcome, &diag),
        ERR_INVALID);
    assert_int_equal(diag.line, 2);
    assert_null(outcome.batch);
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scrape_result__adds_the_targets_labels_and_the_scrapes_time),
        cmocka_unit_test(test_scrape_result__renames_clashing_labels),
        cmocka_unit_test(test_scrape_result__honors_labels_when_told),
        cmocka_unit_test(test_scrape_result__reports_about_the_scrape),
        cmocka_unit_test(test_scrape_result__samples_with_times_are_no_duplicates),
        cmocka_unit_test(test_scrape_result__marks_missing_series_stale_once),
        cmocka_unit_test(test_scrape_result__does_not_mark_series_with_times_of_their_own),
        cmocka_unit_test(test_scrape_result__marks_all_stale_on_failure_once),
        cmocka_unit_test(test_scrape_result__counts_nothing_of_a_batch_that_was_dropped),
        cmocka_unit_test(test_scrape_result__knows_a_series_under_another_text),
        cmocka_unit_test(test_scrape_result__refuses_a_body_whole),
        cmocka_unit_test(test_scrape_result__says_farewell_to_everything),
        cmocka_unit_test(test_scrape_result__asks_again_before_a_lease_is_over),
        cmocka_unit_test(test_scrape_result__an_interval_may_be_longer_than_a_lease),
        cmocka_unit_test(test_scrape_result__a_target_that_was_down_asks_again),
        cmocka_unit_test(test_scrape_result__leaves_without_markers_when_the_lease_is_over),
        cmocka_unit_test(test_scrape_result__survives_every_failed_allocation),
        cmocka_unit_test(test_scrape_result__reads_openmetrics_and_keeps_exemplars_apart),
        cmocka_unit_test(test_scrape_result__takes_nothing_of_openmetrics_that_was_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
