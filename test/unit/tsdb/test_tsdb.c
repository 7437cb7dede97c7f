#include "tsdb_fixture.h"

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
        assert_int_equal(got.last.ref, ref);
        assert_int_equal(got.last.labels.count, 3);
        assert_true(str_equals(labels_value(got.last.labels, STR("job")), STR("test")));
        assert_true(got.first_samples[0].value == 1.5);
        assert_true(sample_is_stale(got.first_samples[1].value));
        fixture_reopen(f);
        assert_int_equal(fixture_ref(f, 1), ref);
    }
    assert_int_equal(fixture_stats(f).replayed_samples_count, 2);
    assert_int_equal(fixture_stats(f).samples_appended_count, 0);
}

static void test_tsdb__selects_by_matchers_and_range(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct matcher even = { MATCH_EQUAL, STR("even"), STR("yes") };
    struct matcher odd = { MATCH_NOT_EQUAL, STR("even"), STR("yes") };
    struct matcher job = { MATCH_EQUAL, STR("job"), STR("test") };
    struct matcher no_such = { MATCH_EQUAL, STR("job"), STR("else") };
    struct matcher absent = { MATCH_EQUAL, STR("host"), STR("") };
    struct matcher present = { MATCH_NOT_EQUAL, STR("host"), STR("") };
    struct collected got;

    fixture_open(f, &options);
    for (unsigned number = 0; number < 10; number++)
        for (int64_t ts_ms = 0; ts_ms < 500; ts_ms++)
            assert_int_equal(
                fixture_commit_one(f->db, fixture_ref(f, number), ts_ms, (double)(ts_ms * ts_ms)),
                ERR_OK);
    assert_int_equal(fixture_select(f->db, &even, 1, 0, 9, &got), ERR_OK);
    assert_int_equal(got.series_count, 5);
    assert_int_equal(got.sample_count, 50);
    assert_int_equal(fixture_select(f->db, (struct matcher[]){ odd, job }, 2, 498, 900, &got),
                     ERR_OK);
    assert_int_equal(got.series_count, 5);
    assert_int_equal(got.sample_count, 10);
    assert_int_equal(
        fixture_select(f->db, (struct matcher[]){ even, job, absent }, 3, 200, 200, &got), ERR_OK);
    assert_int_equal(got.sample_count, 5);
    assert_true(got.first_samples[0].value == 40000);
    assert_int_equal(fixture_select(f->db, (struct matcher[]){ even, no_such }, 2, 0, 900, &got),
                     ERR_OK);
    assert_int_equal(got.series_count, 0);
    assert_int_equal(fixture_select(f->db, &present, 1, 0, 900, &got), ERR_OK);
    assert_int_equal(got.series_count, 0);
    assert_int_equal(fixture_select(f->db, NULL, 0, 0, 900, &got), ERR_OK);
    assert_int_equal(got.sample_count, 5000);
    assert_int_equal(fixture_select(f->db, NULL, 0, 501, 900, &got), ERR_OK);
    assert_int_equal(got.series_count, 0);
}

static bool stop_at_once(void *ctx, const struct tsdb_series_data *data)
{
    (void)data;
    ++*(int *)ctx;
    return false;
}

static void test_tsdb__a_visit_can_stop_and_a_long_series_is_a_limit(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    int visits = 0;

    fixture_open(f, &options);
    for (unsigned number = 0; number < 3; number++)
        for (int64_t ts_ms = 0; ts_ms < 3; ts_ms++)
            assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, number), ts_ms, 1), ERR_OK);
    assert_int_equal(tsdb_select(f->db, NULL, 0, 0, 9, 3, stop_at_once, &visits), ERR_OK);
    assert_int_equal(visits, 1);
    assert_int_equal(tsdb_select(f->db, NULL, 0, 0, 9, 2, stop_at_once, &visits), ERR_LIMIT);
    assert_int_equal(visits, 1);
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
    assert_int_equal(stats.samples_out_of_order_count, 1);
    assert_int_equal(stats.samples_duplicate_count, 1);
    assert_int_equal(stats.samples_future_count, 1);
    assert_int_equal(stats.samples_appended_count, 2);
    assert_int_equal(stats.min_ts_ms, 5000);
    assert_int_equal(stats.max_ts_ms, 6000);
    fixture_reopen(f);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.sample_count, 2);
    assert_true(got.first_samples[0].value == 1 && got.first_samples[1].value == 4);
    sample_batch_free(batch);
}

static void test_tsdb__unknown_references_are_refused_whole(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct sample_batch *batch = sample_batch_new(2);
    struct collected got;

    fixture_open(f, &options);
    batch->items[batch->count++] = (struct series_sample){ fixture_ref(f, 1), 1, 1 };
    batch->items[batch->count++] = (struct series_sample){ 99, 1, 1 };
    assert_int_equal(tsdb_commit(f->db, &batch, 1, 1), ERR_INVALID);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.series_count, 0);
    assert_int_equal(tsdb_labels(f->db, 99).count, 0);
    assert_int_equal(tsdb_labels(f->db, 0).count, 0);
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
    int64_t received_ms;
};

static void on_replayed(void *ctx, struct tsdb *db, const struct sample_batch *batch)
{
    struct replayed *r = ctx;

    assert_int_equal(tsdb_labels(db, batch->items[0].series).count, 3);

    r->batch_count++;
    r->sample_count += batch->count;
    r->received_ms = batch->received_ms;
}

static void test_tsdb__replay_hands_on_recent_batches_without_repetitions(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct sample_batch *batch = sample_batch_new(1);
    struct replayed replayed = { 0 };

    fixture_open(f, &options);
    for (int64_t ts_ms = 1; ts_ms <= 10; ts_ms++)
        assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1), ts_ms, 1), ERR_OK);
    batch->received_ms = 4242;
    batch->items[batch->count++] = (struct series_sample){ fixture_ref(f, 2), 11, 1 };
    assert_int_equal(tsdb_commit(f->db, &batch, 1, 11), ERR_OK);
    assert_int_equal(tsdb_commit(f->db, &batch, 1, 11), ERR_OK); /* a repetition */
    tsdb_close(f->db);
    f->db = NULL;
    options.on_replayed = on_replayed;
    options.ctx = &replayed;
    options.replay_from_ms = 9;
    fixture_open(f, &options);
    assert_int_equal(replayed.batch_count, 3);
    assert_int_equal(replayed.sample_count, 3);
    assert_int_equal(replayed.received_ms, 4242);
    sample_batch_free(batch);
}

static void damage(const struct fixture *f, const char *sql)
{
    struct db_options options = { .application_id = 0x46425453, .schema_version = 1 };
    char path[128];
    struct db *db;

    snprintf(path, sizeof path, "%s/samples.db", f->dir);
    options.path = path;
    assert_int_equal(db_open(&options, &db, NULL), ERR_OK);
    assert_int_equal(db_exec(db, sql, NULL), ERR_OK);
    db_close(db);
}

static void check_damage(struct fixture *f, const char *sql, enum err err, const char *words)
{
    struct tsdb_options options = fixture_options(f);
    struct diag diag = { 0 };

    damage(f, sql);
    assert_int_equal(tsdb_open(&options, &f->db, &diag), err);
    assert_non_null(strstr(diag.message, "samples.db"));
    if (!strstr(diag.message, words))
        fail_msg("%s", diag.message);
}

static void write_three_rows(struct fixture *f)
{
    struct tsdb_options options = fixture_options(f);

    fixture_open(f, &options);
    for (int64_t ts_ms = 1; ts_ms <= 3; ts_ms++)
        assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1), ts_ms, 1), ERR_OK);
    tsdb_close(f->db);
    f->db = NULL;
}

static void test_tsdb__a_damaged_row_is_named(void **state)
{
    write_three_rows(*state);
    check_damage(
        *state,
        "UPDATE log SET body = CAST(substr(body, 1, 20) || x'ff' || substr(body, 22) AS BLOB)"
        " WHERE id = 2",
        ERR_CORRUPT, "table log, row 2: checksum");
}

static void test_tsdb__a_damaged_series_is_named(void **state)
{
    write_three_rows(*state);
    check_damage(*state, "UPDATE series SET labels = x'0011223344' WHERE ref = 1", ERR_CORRUPT,
                 "table series, row 1");
}

static void test_tsdb__samples_without_their_series_are_named(void **state)
{
    write_three_rows(*state);
    check_damage(*state, "DELETE FROM series", ERR_CORRUPT, "table log, row 1");
}

static void test_tsdb__a_newer_format_is_left_alone(void **state)
{
    write_three_rows(*state);
    check_damage(*state, "PRAGMA user_version = 2", ERR_CONFLICT, "newer");
}

static void test_tsdb__retention_drops_chunks_and_rows(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct collected got;
    struct tsdb_stats stats;
    uint64_t chunks_before;

    options.retention_ms = 100000;
    fixture_open(f, &options);
    for (int64_t i = 0; i < 1000; i++)
        assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1), i * 1000, (double)(i * i)),
                         ERR_OK);
    assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 2), 0, 1), ERR_OK);
    chunks_before = fixture_stats(f).chunk_count;
    assert_int_equal(tsdb_maintain(f->db, 1000000), ERR_OK);
    stats = fixture_stats(f);
    assert_true(stats.chunk_count < chunks_before / 4);
    assert_in_range(stats.log_rows_count, 100, 101);
    assert_true(stats.min_ts_ms > 800000);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_in_range(got.sample_count, 100, 160);
    assert_int_equal(got.first_samples[got.sample_count - 1].ts_ms, 999000);
    assert_int_equal(fixture_read(f->db, 2, &got), ERR_OK);
    assert_int_equal(got.sample_count, 0);
    assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 2), 999000, 7), ERR_OK);
    assert_int_equal(fixture_read(f->db, 2, &got), ERR_OK);
    assert_int_equal(got.sample_count, 1);
    tsdb_set_retention(f->db, 1);
    assert_int_equal(tsdb_maintain(f->db, 2000000), ERR_OK);
    stats = fixture_stats(f);
    assert_int_equal(stats.chunk_count, 0);
    assert_int_equal(stats.log_rows_count, 0);
    assert_int_equal(stats.log_bytes, 0);
    assert_true(stats.min_ts_ms == INT64_MAX && stats.max_ts_ms == INT64_MIN);
    fixture_reopen(f);
    assert_int_equal(fixture_stats(f).series_count, 2);
    assert_int_equal(fixture_stats(f).replayed_samples_count, 0);
}

static void test_tsdb__memory_limit_refuses_series_and_drops_the_oldest(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct tsdb_stats stats;
    struct collected got;
    uint32_t refused;
    unsigned number = 0;

    options.memory_limit_bytes = 150000;
    fixture_open(f, &options);
    for (int64_t i = 0; i < 20000; i++)
        assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, (unsigned)(i % 20)), i,
                                            (double)(i * i * 7919)),
                         ERR_OK);
    stats = fixture_stats(f);
    assert_true(stats.memory_bytes > 150000);
    assert_int_equal(fixture_series(f->db, 1000, &refused), ERR_LIMIT);
    assert_int_equal(fixture_stats(f).series_refused_count, 1);
    assert_int_equal(tsdb_maintain(f->db, 20000), ERR_OK);
    stats = fixture_stats(f);
    assert_true(stats.memory_bytes <= 150000);
    assert_true(stats.memory_bytes > 100000);
    assert_true(stats.min_ts_ms > 1000);
    assert_int_equal(fixture_read(f->db, 19, &got), ERR_OK);
    assert_int_equal(got.first_samples[got.sample_count - 1].ts_ms, 19999);
    while (fixture_series(f->db, 2000 + number, &refused) == ERR_OK && number < 100000)
        number++;
    assert_in_range(number, 1, 99999);
    assert_int_equal(fixture_ref(f, 3), 4);
    fixture_reopen(f); /* without a limit */
    assert_int_equal(fixture_stats(f).replayed_samples_count, 20000);
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
        err = tsdb_maintain(f->db, 0);
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
        TEST(test_tsdb__selects_by_matchers_and_range),
        TEST(test_tsdb__a_visit_can_stop_and_a_long_series_is_a_limit),
        TEST(test_tsdb__late_equal_and_future_samples_are_counted),
        TEST(test_tsdb__unknown_references_are_refused_whole),
        TEST(test_tsdb__empty_commits_write_nothing),
        TEST(test_tsdb__replay_hands_on_recent_batches_without_repetitions),
        TEST(test_tsdb__a_damaged_row_is_named),
        TEST(test_tsdb__a_damaged_series_is_named),
        TEST(test_tsdb__samples_without_their_series_are_named),
        TEST(test_tsdb__a_newer_format_is_left_alone),
        TEST(test_tsdb__retention_drops_chunks_and_rows),
        TEST(test_tsdb__memory_limit_refuses_series_and_drops_the_oldest),
        TEST(test_tsdb__after_a_failed_commit_nothing_is_readable_and_repeating_works),
        TEST(test_tsdb__after_a_refused_write_nothing_is_readable_and_repeating_works),
        TEST(test_tsdb__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
