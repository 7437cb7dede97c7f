#include "tsdb_fixture.h"

#include "base/thread.h"

/* One appender, one thread that seals and merges, readers beside them. Made for the thread
 * sanitizer. */

enum { SERIES = 20, ROUNDS = 1200, READERS = 2, READS_MIN = 20, SEALS_MIN = 6 };

struct shared {
    struct tsdb *db;
    _Atomic int64_t committed_ms; /* every series has its sample of this time */
    _Atomic bool done;
    struct tsdb_job *_Atomic job; /* for the sealer; it takes it away when it has run */
    _Atomic uint64_t reads_count;
    _Atomic uint64_t wrong_count;
};

struct reading {
    struct shared *shared;
    int64_t committed_ms;
    bool wrong;
};

/* value = time * number, times rise by 1000 from 1000 on without gaps, and what was committed is
 * there. */
static bool check_series(void *ctx, const struct tsdb_series_data *data)
{
    struct reading *r = ctx;
    int number = atoi(labels_value(data->labels, LABEL_METRIC_NAME).ptr + 1);

    if (data->samples[0].ts_ms != 1000)
        r->wrong = true;
    for (size_t i = 0; i < data->count; i++) {
        struct sample s = data->samples[i];

        if (s.value != (double)s.ts_ms * number)
            r->wrong = true;
        if (i && s.ts_ms != data->samples[i - 1].ts_ms + 1000)
            r->wrong = true;
    }
    if (data->samples[data->count - 1].ts_ms < r->committed_ms)
        r->wrong = true;
    if (data->labels.count != 3)
        r->wrong = true;
    return true;
}

static void *read_on(void *arg)
{
    struct shared *shared = arg;

    while (!shared->done) {
        struct reading r = { .shared = shared, .committed_ms = shared->committed_ms };
        struct tsdb_stats stats;
        enum err err = tsdb_select(shared->db, NULL, 0, 0, INT64_MAX, SIZE_MAX, check_series, &r);

        tsdb_stats(shared->db, &stats);
        if (err || r.wrong)
            shared->wrong_count++;
        shared->reads_count++;
    }
    return NULL;
}

static void *seal_on(void *arg)
{
    struct shared *shared = arg;

    while (!shared->done) {
        struct tsdb_job *job = shared->job;

        if (!job)
            continue;
        tsdb_job_run(job);
        shared->job = NULL;
    }
    return NULL;
}

/* Hands a finished job back to the store, and the next one to the sealer. */
static void turn_job(struct fixture *f, struct shared *shared, struct tsdb_job **out,
                     int64_t now_ms, size_t *seals)
{
    struct tsdb_job_result result;

    if (shared->job)
        return;
    if (*out) {
        assert_int_equal(tsdb_job_finish(f->db, *out, &result, NULL), ERR_OK);
        *seals += result.kind == TSDB_SEAL;
        *out = NULL;
    }
    tsdb_request_seal(f->db);
    assert_int_equal(tsdb_plan(f->db, now_ms, 0, out), ERR_OK);
    shared->job = *out;
}

static void write_all(struct fixture *f, struct shared *shared)
{
    struct sample_batch *batch = sample_batch_new(SERIES);
    struct tsdb_job_result result;
    struct tsdb_job *job = NULL;
    size_t seals = 0;

    /* On a busy machine the others may come late: go on until they have done something. */
    for (int64_t round = 1; round <= ROUNDS || shared->reads_count < READS_MIN || seals < SEALS_MIN;
         round++) {
        int64_t ts_ms = round * 1000;

        batch->count = 0;
        for (unsigned number = 0; number < SERIES; number++) {
            uint32_t ref = fixture_ref(f, number);

            batch->items[batch->count++] = (struct series_sample){ ref, ts_ms,
                                                                   (double)ts_ms * number };
        }
        assert_int_equal(tsdb_commit(f->db, &batch, 1, ts_ms), ERR_OK);
        shared->committed_ms = ts_ms;
        fixture_ref(f, 1000 + (unsigned)round % ROUNDS); /* the index grows meanwhile */
        if (round % 10 == 0)
            assert_int_equal(tsdb_maintain(f->db, ts_ms, 0, NULL, NULL), ERR_OK);
        if (round % 50 == 0)
            turn_job(f, shared, &job, ts_ms, &seals);
    }
    while (shared->job)
        ;
    if (job)
        assert_int_equal(tsdb_job_finish(f->db, job, &result, NULL), ERR_OK);
    sample_batch_free(batch);
}

static void test_tsdb_threads__readers_see_all_samples_while_others_append_and_seal(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct shared shared = { 0 };
    struct thread readers[READERS] = { 0 };
    struct thread sealer = { 0 };

    fixture_open(f, &options);
    shared.db = f->db;
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(thread_start(&readers[i], "reader", read_on, &shared), ERR_OK);
    assert_int_equal(thread_start(&sealer, "sealer", seal_on, &shared), ERR_OK);
    write_all(f, &shared);
    shared.done = true;
    thread_stop(&sealer);
    for (size_t i = 0; i < READERS; i++)
        thread_stop(&readers[i]);
    assert_int_equal(shared.wrong_count, 0);
    assert_true(shared.reads_count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_tsdb_threads__readers_see_all_samples_while_others_append_and_seal, fixture_setup,
            fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
