#include "tsdb_fixture.h"

#include "head/series.h"

/*
 * The store against plain sorted lists: random commits (in order, late, twice), seals that count
 * and seals that fail, merges, series that leave memory, restarts; and readings in between.
 */

enum { SERIES = 12, SAMPLES = 4000, STEPS = 1200, BATCH_MAX = 40 };

static const int64_t day_ms = 86400000;

struct model {
    struct fixture *f;
    struct rng rng;
    struct sample samples[SERIES][SAMPLES]; /* rising */
    size_t counts[SERIES];
    int64_t last_ms[SERIES];
    int64_t now_ms, mono_ns;
    size_t seals, merges, evictions, restarts;
    struct budget budget;
    bool memory_is_short;
};

static double random_value(struct rng *rng)
{
    switch (rng_below(rng, 4)) {
    case 0:
        return sample_from_bits(SAMPLE_STALE_BITS);
    case 1:
        return sample_from_bits(rng_next(rng));
    default:
        return (double)rng_below(rng, 20);
    }
}

static int64_t random_ts(struct model *m, unsigned number)
{
    int64_t last = m->last_ms[number];

    switch (rng_below(&m->rng, 12)) {
    case 0:
        return last;
    case 1:
        return last - (int64_t)rng_below(&m->rng, 5000);
    case 2:
        return last - (int64_t)rng_below(&m->rng, (uint64_t)(3 * day_ms));
    case 3:
        return m->counts[number] ? m->samples[number][rng_below(&m->rng, m->counts[number])].ts_ms
                                 : 0;
    case 4:
        return last + (int64_t)rng_below(&m->rng, 10000000);
    default:
        return last + 990 + (int64_t)rng_below(&m->rng, 20);
    }
}

/* The first value of a time stays. */
static void model_add(struct model *m, unsigned number, struct sample s)
{
    struct sample *list = m->samples[number];
    size_t at = m->counts[number];

    while (at > 0 && list[at - 1].ts_ms > s.ts_ms)
        at--;
    if (at > 0 && list[at - 1].ts_ms == s.ts_ms)
        return;
    memmove(&list[at + 1], &list[at], (m->counts[number] - at) * sizeof *list);
    list[at] = s;
    m->counts[number]++;
    if (s.ts_ms > m->last_ms[number])
        m->last_ms[number] = s.ts_ms;
}

static bool model_is_full(const struct model *m)
{
    for (unsigned i = 0; i < SERIES; i++)
        if (m->counts[i] > SAMPLES - 4 * BATCH_MAX)
            return true;
    return false;
}

/* Series from `first` on only, so that the others become idle. */
static void commit_some(struct model *m, unsigned first)
{
    struct sample_batch *batches[3];
    size_t batch_count = 1 + (size_t)rng_below(&m->rng, ARRAY_LEN(batches));

    if (model_is_full(m))
        return;
    for (size_t b = 0; b < batch_count; b++) {
        batches[b] = sample_batch_new(BATCH_MAX);
        batches[b]->count = (size_t)rng_below(&m->rng, BATCH_MAX + 1);
        for (size_t i = 0; i < batches[b]->count; i++) {
            unsigned number = first + (unsigned)rng_below(&m->rng, SERIES - first);
            struct sample s = { random_ts(m, number), random_value(&m->rng) };

            batches[b]->items[i] = (struct series_sample){ fixture_ref(m->f, number), s.ts_ms,
                                                           s.value };
            model_add(m, number, s);
        }
    }
    assert_int_equal(tsdb_commit(m->f->db, batches, batch_count, m->now_ms), ERR_OK);
    for (size_t b = 0; b < batch_count; b++)
        sample_batch_free(batches[b]);
}

struct comparison {
    const struct model *model;
    int64_t start_ms, end_ms;
    bool met[SERIES];
};

static bool is_in(const struct comparison *c, struct sample s)
{
    return s.ts_ms >= c->start_ms && s.ts_ms <= c->end_ms;
}

static bool compare(void *ctx, const struct tsdb_series_data *data)
{
    struct comparison *c = ctx;
    unsigned number = (unsigned)atoi(labels_value(data->labels, LABEL_METRIC_NAME).ptr + 1);
    size_t at = 0;

    assert_true(number < SERIES);
    assert_false(c->met[number]);
    c->met[number] = true;
    for (size_t i = 0; i < c->model->counts[number]; i++) {
        struct sample s = c->model->samples[number][i];

        if (!is_in(c, s))
            continue;
        assert_true(at < data->count);
        assert_int_equal(data->samples[at].ts_ms, s.ts_ms);
        assert_int_equal(sample_bits(data->samples[at].value), sample_bits(s.value));
        at++;
    }
    assert_int_equal(at, data->count);
    return true;
}

static void read_some(struct model *m)
{
    struct comparison c = { .model = m, .start_ms = INT64_MIN, .end_ms = INT64_MAX };

    if (rng_below(&m->rng, 2)) {
        c.start_ms = (int64_t)rng_below(&m->rng, (uint64_t)(2 * day_ms)) - day_ms;
        c.end_ms = c.start_ms + (int64_t)rng_below(&m->rng, (uint64_t)day_ms);
    }
    assert_int_equal(tsdb_select(m->f->db, NULL, 0, c.start_ms, c.end_ms, SIZE_MAX, compare, &c),
                     ERR_OK);
    for (unsigned number = 0; number < SERIES; number++) {
        size_t i = 0;

        while (i < m->counts[number] && !is_in(&c, m->samples[number][i]))
            i++;
        assert_int_equal(c.met[number], i < m->counts[number]);
    }
}

static void pass_time(struct model *m, int64_t ms)
{
    m->now_ms += ms;
    m->mono_ns += ms * 1000000;
}

/* Any job that is due; now and then it is cancelled, or something comes in between. */
static void run_job(struct model *m, bool want_seal)
{
    struct tsdb_job_result result;
    struct tsdb_job *job = NULL;
    bool cancel = rng_below(&m->rng, 5) == 0;
    enum err err;

    if (want_seal)
        tsdb_request_seal(m->f->db);
    assert_int_equal(tsdb_plan(m->f->db, m->now_ms, m->mono_ns, &job), ERR_OK);
    if (!job)
        return;
    if (rng_below(&m->rng, 2))
        commit_some(m, 0);
    if (cancel)
        tsdb_job_cancel(job);
    tsdb_job_run(job);
    if (rng_below(&m->rng, 2))
        commit_some(m, 0);
    err = tsdb_job_finish(m->f->db, job, &result, NULL);
    if (err) {
        assert_true(cancel);
        assert_int_equal(err, ERR_CANCELLED);
        return;
    }
    m->seals += result.kind == TSDB_SEAL;
    m->merges += result.kind == TSDB_MERGE;
}

static void maintain(struct model *m)
{
    size_t taken = m->memory_is_short ? budget_room_bytes(&m->budget) : 0;

    budget_add(&m->budget, BUDGET_STREAM, taken);
    assert_int_equal(tsdb_maintain(m->f->db, m->now_ms, m->mono_ns, NULL, NULL), ERR_OK);
    budget_give(&m->budget, BUDGET_STREAM, taken);
}

/* The first half of the series is not written to for so long that it leaves memory. */
static void let_some_idle(struct model *m)
{
    for (int i = 0; i < SERIES_IDLE_EPOCHS + 1; i++) {
        pass_time(m, SERIES_EPOCH_MS);
        commit_some(m, SERIES / 2);
        run_job(m, true);
        maintain(m);
    }
    maintain(m);
    m->evictions = fixture_stats(m->f).series_evicted_count;
}

static void reopen(struct model *m)
{
    struct tsdb_options options = fixture_options(m->f);

    options.budget = &m->budget;
    tsdb_close(m->f->db);
    m->f->db = NULL;
    fixture_open(m->f, &options);
    m->restarts++;
}

static void play(struct model *m)
{
    uint64_t dice = rng_below(&m->rng, 200);

    pass_time(m, (int64_t)rng_below(&m->rng, 60000));
    if (dice < 110)
        commit_some(m, 0);
    else if (dice < 160)
        read_some(m);
    else if (dice < 175)
        maintain(m);
    else if (dice < 195)
        run_job(m, dice < 185);
    else if (dice < 198)
        reopen(m);
    else
        let_some_idle(m);
}

static void run_model(void **state, const char *name, bool memory_is_short)
{
    struct model *m = calloc(1, sizeof *m);

    m->f = *state;
    m->rng = seed_rng(name);
    m->memory_is_short = memory_is_short;
    budget_init(&m->budget, 1 << 30);
    reopen(m);
    for (int step = 0; step < STEPS; step++)
        play(m);
    reopen(m);
    read_some(m);
    print_message("%zu seals, %zu merges, %zu restarts\n", m->seals, m->merges, m->restarts);
    assert_true(m->seals > 10 && m->restarts > 2);
    tsdb_close(m->f->db);
    m->f->db = NULL;
    assert_int_equal(budget_used_bytes(&m->budget), 0);
    free(m);
}

static void test_tsdb_model__behaves_as_plain_lists(void **state)
{
    run_model(state, "model", false);
}

/* Sealed chunks leave memory at once: nearly everything is read from blocks. */
static void test_tsdb_model__behaves_so_when_memory_is_short(void **state)
{
    run_model(state, "model, little memory", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tsdb_model__behaves_as_plain_lists, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_tsdb_model__behaves_so_when_memory_is_short,
                                        fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
