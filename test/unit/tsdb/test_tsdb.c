#include "tsdb_fixture.h"

#include "head/series.h"

#include <signal.h>
#include <sys/resource.h>

static void test_tsdb__committed_samples_are_read_back(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct collected got;
    uint32_t ref;

    fixture_open(f, &options);
    ref = fixture_ref(f, 1);
    assert_int_equal(fixture_ref(f, 1), ref);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.series_count, 0);
    assert_int_equal(fixture_commit_one(f->db, ref, 1000, 1.5), ERR_OK);
    assert_int_equal(fixture_commit_one(f->db, ref, 2000, sample_from_bits(SAMPLE_STALE_BITS)),
                     ERR_OK);
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
        assert_int_equal(got.sample_count, 2);
        assert_string_equal(got.last_labels, "m1{even=\"no\",job=\"test\"}");
        assert_true(got.first_samples[0].value == 1.5);
        assert_true(sample_is_stale(got.first_samples[1].value));
        fixture_reopen(f);
        assert_int_equal(fixture_ref(f, 1), ref);
    }
    assert_int_equal(fixture_stats(f).replayed_samples_count, 2);
    assert_int_equal(fixture_stats(f).samples_appended_count, 0);
}

static void test_tsdb__late_equal_and_future_samples_are_counted(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct sample_batch *batch = sample_batch_new(4);
    struct collected got;
    struct tsdb_stats stats;
    uint32_t ref;

    options.max_future_ms = 1000;
    fixture_open(f, &options);
    ref = fixture_ref(f, 1);
    assert_int_equal(fixture_commit_one(f->db, ref, 5000, 1), ERR_OK);
    batch->items[batch->count++] = (struct series_sample){ ref, 4999, 2 };
    batch->items[batch->count++] = (struct series_sample){ ref, 5000, 3 };
    batch->items[batch->count++] = (struct series_sample){ ref, 6000, 4 };
    batch->items[batch->count++] = (struct series_sample){ ref, 6001, 5 };
    assert_int_equal(tsdb_commit(f->db, &batch, 1, 5000), ERR_OK);
    stats = fixture_stats(f);
    assert_int_equal(stats.samples_late_count, 1);
    assert_int_equal(stats.samples_out_of_order_count, 0);
    assert_int_equal(stats.samples_duplicate_count, 1);
    assert_int_equal(stats.samples_future_count, 1);
    assert_int_equal(stats.samples_appended_count, 3);
    assert_int_equal(stats.min_ts_ms, 4999);
    assert_int_equal(stats.max_ts_ms, 6000);
    fixture_reopen(f);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.sample_count, 3);
    assert_true(got.first_samples[0].value == 2 && got.first_samples[1].value == 1 &&
                got.first_samples[2].value == 4);
    sample_batch_free(batch);
}

/* With a retention: late by more than the window is refused, unless the clock itself is there. */
static void test_tsdb__the_late_window_is_judged_by_series_and_clock(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct collected got;

    options.retention_ms = 1000000;
    options.late_window_ms = 10000;
    fixture_open(f, &options);
    assert_int_equal(fixture_commit_at(f->db, fixture_ref(f, 1), 500000, 1, 500000), ERR_OK);
    assert_int_equal(fixture_commit_at(f->db, fixture_ref(f, 1), 490000, 1, 500000), ERR_OK);
    assert_int_equal(fixture_commit_at(f->db, fixture_ref(f, 1), 489999, 1, 500000), ERR_OK);
    assert_int_equal(fixture_stats(f).samples_out_of_order_count, 1);
    /* another series has its own latest sample */
    assert_int_equal(fixture_commit_at(f->db, fixture_ref(f, 2), 489999, 1, 500000), ERR_OK);
    /* the clock was set back: what is written by it is taken */
    assert_int_equal(fixture_commit_at(f->db, fixture_ref(f, 1), 300000, 1, 300000), ERR_OK);
    assert_int_equal(fixture_stats(f).samples_out_of_order_count, 1);
    /* older than the retention */
    assert_int_equal(fixture_commit_at(f->db, fixture_ref(f, 3), 499999, 1, 1500000), ERR_OK);
    assert_int_equal(fixture_stats(f).samples_too_old_count, 1);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.sample_count, 3);
}

/* What was stored and comes again is neither late nor another value, however late it comes. */
static void test_tsdb__a_commit_tells_what_it_left_out(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct sample_batch *batch = sample_batch_new(8);
    uint32_t ref;

    options.retention_ms = 1000000;
    options.late_window_ms = 10000;
    options.max_future_ms = 1000;
    fixture_open(f, &options);
    ref = fixture_ref(f, 1);
    assert_int_equal(fixture_commit_at(f->db, ref, 400000, 1, 500000), ERR_OK);
    assert_int_equal(fixture_commit_at(f->db, ref, 500000, 1, 500000), ERR_OK);
    batch->items[batch->count++] = (struct series_sample){ ref, 400000, 1 };  /* as before */
    batch->items[batch->count++] = (struct series_sample){ ref, 400000, 2 };  /* another value */
    batch->items[batch->count++] = (struct series_sample){ ref, 400001, 3 };  /* too late */
    batch->items[batch->count++] = (struct series_sample){ ref, 500000, 1 };  /* as before */
    batch->items[batch->count++] = (struct series_sample){ ref, 500001, 4 };  /* stored */
    batch->items[batch->count++] = (struct series_sample){ ref, 501001, 5 };  /* too far */
    batch->items[batch->count++] = (struct series_sample){ ref, -500001, 6 }; /* too old */
    batch->items[batch->count++] = (struct series_sample){ 99, 500000, 7 };   /* no series */
    for (int again = 0; again < 2; again++) {
        assert_int_equal(tsdb_commit(f->db, &batch, 1, 500000), ERR_OK);
        for (size_t i = 0; i < SAMPLE_FAULTS; i++)
            assert_int_equal(batch->left_out.by[i].count, 1);
    }
    assert_true(batch->left_out.by[SAMPLE_TOO_OLD].first.value == 6);
    assert_true(batch->left_out.by[SAMPLE_TOO_FAR].first.value == 5);
    assert_true(batch->left_out.by[SAMPLE_TOO_LATE].first.value == 3);
    assert_true(batch->left_out.by[SAMPLE_OTHER_VALUE].first.value == 2);
    assert_true(batch->left_out.by[SAMPLE_ORPHANED].first.series == 99);
    assert_int_equal(fixture_stats(f).samples_appended_count, 3);
    assert_int_equal(fixture_stats(f).samples_out_of_order_count, 2);
    sample_batch_free(batch);
}

static void test_tsdb__samples_without_a_series_are_left_out(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct sample_batch *batch = sample_batch_new(2);
    struct label space[LABELS_MAX];
    struct collected got;

    fixture_open(f, &options);
    batch->items[batch->count++] = (struct series_sample){ 99, 1, 1 };
    batch->items[batch->count++] = (struct series_sample){ fixture_ref(f, 1), 1, 1 };
    assert_int_equal(tsdb_commit(f->db, &batch, 1, 1), ERR_OK);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.sample_count, 1);
    assert_int_equal(fixture_stats(f).samples_orphaned_count, 1);
    assert_int_equal(tsdb_labels(f->db, 99, space).count, 0);
    assert_int_equal(tsdb_labels(f->db, 0, space).count, 0);
    sample_batch_free(batch);
}

static void test_tsdb__empty_commits_write_nothing(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct sample_batch *batch = sample_batch_new(1);

    options.max_future_ms = 1;
    fixture_open(f, &options);
    assert_int_equal(tsdb_commit(f->db, NULL, 0, 0), ERR_OK);
    assert_int_equal(tsdb_commit(f->db, &batch, 1, 0), ERR_OK);
    batch->items[batch->count++] = (struct series_sample){ fixture_ref(f, 1), 100, 1 };
    assert_int_equal(tsdb_commit(f->db, &batch, 1, 0), ERR_OK);
    assert_int_equal(fixture_stats(f).log_rows_count, 0);
    assert_int_equal(fixture_stats(f).commits_count, 3);
    sample_batch_free(batch);
}

struct replayed {
    size_t batch_count;
    size_t sample_count;
    int64_t last_ms;
};

static void on_replayed(void *ctx, const struct sample_batch *batch)
{
    struct replayed *r = ctx;

    assert_true(r->batch_count == 0 || batch->received_ms > r->last_ms);
    for (size_t i = 0; i < batch->count; i++)
        assert_int_equal(batch->items[i].ts_ms, batch->received_ms);
    r->batch_count++;
    r->sample_count += batch->count;
    r->last_ms = batch->received_ms;
}

/* From blocks and memory alike, and only the metrics that are asked for. */
static void test_tsdb__replay_hands_out_what_was_committed_by_time(void **state)
{
    static const struct str names[] = { { "m1", 2 }, { "m2", 2 } };
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct replayed replayed = { 0 };

    fixture_open(f, &options);
    for (int64_t round = 0; round < 100; round++) {
        for (unsigned number = 1; number <= 3; number++)
            assert_int_equal(
                fixture_commit_one(f->db, fixture_ref(f, number), round * 10000, (double)round),
                ERR_OK);
        if (round == 50)
            fixture_seal(f, round * 10000);
    }
    fixture_reopen(f);
    assert_int_equal(tsdb_replay(f->db, names, 2, 200000, 989999, on_replayed, &replayed), ERR_OK);
    assert_int_equal(replayed.batch_count, 79);
    assert_int_equal(replayed.sample_count, 158);
    assert_int_equal(replayed.last_ms, 980000);
}

/* --- retention --- */

static const int64_t day = 86400000;

/* A sample at noon of each of ten days, a block for each. */
static void fill_days(struct fixture *f)
{
    for (int64_t i = 0; i < 10; i++) {
        assert_int_equal(fixture_commit_at(f->db, fixture_ref(f, 1), i * day + day / 2, (double)i,
                                           i * day + day / 2),
                         ERR_OK);
        fixture_seal(f, i * day + day / 2);
    }
    assert_int_equal(fixture_stats(f).blocks_count, 10);
}

static void test_tsdb__retention_drops_whole_blocks(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    int64_t now_ms = 9 * day + day / 2;
    struct collected got;

    fixture_open(f, &options);
    fill_days(f);
    tsdb_set_retention(f->db, 3 * day, 0);
    assert_int_equal(tsdb_maintain(f->db, now_ms, 1, NULL, NULL), ERR_OK);
    assert_int_equal(fixture_stats(f).blocks_count, 4);
    assert_int_equal(fixture_stats(f).blocks_dropped_count, 6);
    fixture_reopen(f);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.sample_count, 4);
    assert_int_equal(got.first_samples[0].ts_ms, 6 * day + day / 2);
}

static void test_tsdb__retention_by_size_keeps_the_newest(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct tsdb_stats stats;

    fixture_open(f, &options);
    fill_days(f);
    stats = fixture_stats(f);
    tsdb_set_retention(f->db, 0, stats.blocks_bytes / 2);
    assert_int_equal(tsdb_maintain(f->db, 10 * day, 1, NULL, NULL), ERR_OK);
    assert_in_range(fixture_stats(f).blocks_count, 4, 5);
    tsdb_set_retention(f->db, 0, 1);
    assert_int_equal(tsdb_maintain(f->db, 10 * day, 2, NULL, NULL), ERR_OK);
    assert_int_equal(fixture_stats(f).blocks_count, 1);
    assert_int_equal(fixture_stats(f).max_ts_ms, 9 * day + day / 2);
}

/* T1: the clock jumps ten years ahead, and back after five hours. */
static void test_tsdb__a_clock_jump_deletes_one_block_an_hour_at_most(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    int64_t now_ms = 9 * day + day / 2;
    int64_t hour_ns = INT64_C(3600) * 1000000000;
    int64_t mono_ns = 0;

    options.retention_ms = 30 * day;
    fixture_open(f, &options);
    fill_days(f);
    assert_int_equal(tsdb_maintain(f->db, now_ms, mono_ns, NULL, NULL), ERR_OK);
    for (int hour = 0; hour < 5; hour++) {
        for (int tick = 0; tick < 60; tick++) {
            mono_ns += hour_ns / 60;
            assert_int_equal(
                tsdb_maintain(f->db, now_ms + 3650 * day + mono_ns / 1000000, mono_ns, NULL, NULL),
                ERR_OK);
        }
        assert_true(fixture_stats(f).blocks_count >= (uint64_t)(10 - hour));
    }
    assert_true(fixture_stats(f).clock_behind_ms > 3649 * day);
    assert_int_equal(tsdb_maintain(f->db, now_ms + mono_ns / 1000000, mono_ns, NULL, NULL), ERR_OK);
    assert_in_range(fixture_stats(f).blocks_count, 5, 6);
    assert_int_equal(fixture_stats(f).clock_behind_ms, 0);
}

/* Without a retention any age and, with max_future 0, any future is taken. */
static void test_tsdb__takes_samples_of_any_age(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    static const int64_t times[] = { 1763600000000, 0, 4102444800000, -1, 1, 1763600000001 };
    struct collected got;

    fixture_open(f, &options);
    for (size_t i = 0; i < ARRAY_LEN(times); i++)
        assert_int_equal(fixture_commit_at(f->db, fixture_ref(f, 1), times[i], 1, 1763600000000),
                         ERR_OK);
    fixture_seal(f, 1763600000000);
    assert_int_equal(fixture_commit_at(f->db, fixture_ref(f, 1), 86400000, 1, 1763600000000),
                     ERR_OK);
    fixture_reopen(f);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.sample_count, 7);
    assert_int_equal(got.first_samples[0].ts_ms, -1);
    assert_int_equal(got.first_samples[6].ts_ms, 4102444800000);
}

/* --- memory --- */

static void test_tsdb__the_budget_refuses_new_series_and_known_ones_go_on(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct budget budget;
    uint32_t refused;
    unsigned number = 0;

    budget_init(&budget, 4 << 20);
    options.budget = &budget;
    fixture_open(f, &options);
    while (fixture_series(f->db, number, &refused) == ERR_OK && number < 100000)
        number++;
    assert_in_range(number, 100, 99999);
    assert_int_equal(fixture_stats(f).series_refused_count, 1);
    assert_true(budget_used_bytes(&budget) <= 4 << 20);
    for (int64_t i = 0; i < 300; i++)
        assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, (unsigned)i % 100), i * 1000, 1),
                         ERR_OK);
    assert_int_equal(fixture_stats(f).samples_appended_count, 300);
    tsdb_close(f->db);
    f->db = NULL;
    assert_int_equal(budget_used_bytes(&budget), 0);
}

static void test_tsdb__safe_mode_refuses_new_series(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    uint32_t ref;

    fixture_open(f, &options);
    fixture_ref(f, 1);
    tsdb_refuse_new_series(f->db, true);
    assert_int_equal(fixture_series(f->db, 2, &ref), ERR_LIMIT);
    assert_int_equal(fixture_series(f->db, 1, &ref), ERR_OK);
    tsdb_refuse_new_series(f->db, false);
    assert_int_equal(fixture_series(f->db, 2, &ref), ERR_OK);
}

struct evicted {
    uint32_t refs[16];
    size_t count;
};

static bool on_evicted(void *ctx, const uint32_t *refs, size_t count)
{
    struct evicted *e = ctx;

    for (size_t i = 0; i < count && e->count < 16; i++)
        e->refs[e->count++] = refs[i];
    return true;
}

static void test_tsdb__idle_series_leave_memory_and_come_back(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    int64_t step_ns = INT64_C(1000000) * SERIES_EPOCH_MS;
    struct evicted evicted = { .count = 0 };
    struct collected got;

    fixture_open(f, &options);
    assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1), 1000, 1), ERR_OK);
    assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 2), 1000, 2), ERR_OK);
    for (int64_t i = 1; i <= 4; i++) {
        fixture_seal(f, i * SERIES_EPOCH_MS);
        assert_int_equal(tsdb_maintain(f->db, 1000, i * step_ns + 1, on_evicted, &evicted), ERR_OK);
        assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 2), i * SERIES_EPOCH_MS, 2),
                         ERR_OK);
    }
    assert_int_equal(evicted.count, 1);
    assert_int_equal(evicted.refs[0], 1);
    assert_int_equal(fixture_stats(f).series_count, 1);
    assert_int_equal(fixture_stats(f).series_evicted_count, 1);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK); /* from its block */
    assert_int_equal(got.sample_count, 1);
    assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1), 9000000, 3), ERR_OK);
    fixture_reopen(f);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.sample_count, 2);
}

static void test_tsdb__after_a_failed_commit_nothing_is_readable_and_repeating_works(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct sample_batch *batch = sample_batch_new(2);
    struct collected got;

    fixture_open(f, &options);
    batch->items[batch->count++] = (struct series_sample){ fixture_ref(f, 1), 1, 1 };
    batch->items[batch->count++] = (struct series_sample){ fixture_ref(f, 2), 1, 1 };
    for (long n = 1;; n++) {
        enum err err;

        mem_fail_nth(n);
        err = tsdb_commit(f->db, &batch, 1, 1);
        mem_fail_nth(0);
        if (!err)
            break;
        assert_int_equal(err, ERR_NOMEM);
        assert_int_equal(fixture_select(f->db, NULL, 0, 0, 9, &got), ERR_OK);
        assert_int_equal(got.series_count, 0);
        assert_int_equal(fixture_stats(f).commit_failures_count, n);
        assert_int_equal(fixture_stats(f).log_rows_count, 0);
    }
    assert_true(fixture_stats(f).commit_failures_count > 0);
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(fixture_select(f->db, NULL, 0, 0, 9, &got), ERR_OK);
        assert_int_equal(got.series_count, 2);
        assert_int_equal(got.sample_count, 2);
        fixture_reopen(f);
    }
    sample_batch_free(batch);
}

static void limit_file_bytes(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_tsdb__after_a_refused_write_nothing_is_readable_and_repeating_works(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct collected got;
    int64_t ts_ms = 0;

    signal(SIGXFSZ, SIG_IGN);
    fixture_open(f, &options);
    limit_file_bytes(100000);
    while (fixture_commit_one(f->db, fixture_ref(f, (unsigned)ts_ms % 7), ts_ms, 1) == ERR_OK)
        ts_ms++;
    for (int again = 0; again < 3; again++) {
        assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1000), ts_ms, 1), ERR_IO);
        assert_int_equal(fixture_read(f->db, 1000, &got), ERR_OK);
        assert_int_equal(got.sample_count, 0);
    }
    assert_int_equal(fixture_stats(f).log_rows_count, ts_ms);
    limit_file_bytes(RLIM_INFINITY);
    assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1000), ts_ms, 2), ERR_OK);
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(fixture_read(f->db, 1000, &got), ERR_OK);
        assert_int_equal(got.sample_count, 1);
        assert_true(got.first_samples[0].value == 2);
        assert_int_equal(fixture_select(f->db, NULL, 0, 0, INT64_MAX, &got), ERR_OK);
        assert_int_equal(got.sample_count, ts_ms + 1);
        fixture_reopen(f);
    }
}

/* One whole life; every step may run out of memory. */
static enum err live(struct fixture *f)
{
    struct tsdb_options options = fixture_options(f);
    struct collected *got = calloc(1, sizeof *got);
    uint32_t ref = 0;
    enum err err = tsdb_open(&options, &f->db, NULL);

    for (unsigned number = 0; number < 5 && !err; number++) {
        err = fixture_series(f->db, number, &ref);
        for (int64_t ts_ms = 0; ts_ms < 3 && !err; ts_ms++)
            err = fixture_commit_one(f->db, ref, ts_ms, 1);
    }
    if (!err)
        err = fixture_read(f->db, 3, got);
    if (!err)
        err = tsdb_maintain(f->db, 0, 0, NULL, NULL);
    tsdb_close(f->db);
    f->db = NULL;
    free(got);
    return err;
}

static void test_tsdb__survives_every_failing_allocation(void **state)
{
    struct fixture *f = *state;
    struct collected got;
    long n = 0;
    enum err err;

    do {
        fixture_remove_files(f);
        mem_fail_nth(++n);
        err = live(f);
        if (err)
            assert_true(mem_fault_happened());
        if (mem_fault_happened() && err)
            assert_int_equal(err, ERR_NOMEM);
    } while (mem_fault_happened());
    mem_fail_nth(0);
    assert_int_equal(err, ERR_OK);
    assert_true(n > 20);
    fixture_reopen(f);
    assert_int_equal(fixture_select(f->db, NULL, 0, 0, 9, &got), ERR_OK);
    assert_int_equal(got.series_count, 5);
    assert_int_equal(got.sample_count, 15);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_tsdb__committed_samples_are_read_back),
        TEST(test_tsdb__late_equal_and_future_samples_are_counted),
        TEST(test_tsdb__the_late_window_is_judged_by_series_and_clock),
        TEST(test_tsdb__a_commit_tells_what_it_left_out),
        TEST(test_tsdb__samples_without_a_series_are_left_out),
        TEST(test_tsdb__empty_commits_write_nothing),
        TEST(test_tsdb__replay_hands_out_what_was_committed_by_time),
        TEST(test_tsdb__retention_drops_whole_blocks),
        TEST(test_tsdb__retention_by_size_keeps_the_newest),
        TEST(test_tsdb__a_clock_jump_deletes_one_block_an_hour_at_most),
        TEST(test_tsdb__takes_samples_of_any_age),
        TEST(test_tsdb__the_budget_refuses_new_series_and_known_ones_go_on),
        TEST(test_tsdb__safe_mode_refuses_new_series),
        TEST(test_tsdb__idle_series_leave_memory_and_come_back),
        TEST(test_tsdb__after_a_failed_commit_nothing_is_readable_and_repeating_works),
        TEST(test_tsdb__after_a_refused_write_nothing_is_readable_and_repeating_works),
        TEST(test_tsdb__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
