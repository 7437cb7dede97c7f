#include "tsdb_fixture.h"

/* The store against plain lists: random commits, readings and restarts. */

enum { SERIES = 12, SAMPLES = 3000, STEPS = 1500, BATCH_MAX = 40 };

struct model {
    struct sample samples[SERIES][SAMPLES];
    size_t counts[SERIES];
    uint32_t refs[SERIES];
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

static int64_t random_ts(struct rng *rng, const struct model *m, unsigned number)
{
    int64_t last = m->counts[number] ? m->samples[number][m->counts[number] - 1].ts_ms : 0;

    switch (rng_below(rng, 10)) {
    case 0:
        return last;
    case 1:
        return last - (int64_t)rng_below(rng, 5000);
    case 2:
        return last + (int64_t)rng_below(rng, 1000000);
    default:
        return last + 990 + (int64_t)rng_below(rng, 20);
    }
}

static void model_add(struct model *m, unsigned number, struct sample s)
{
    size_t *count = &m->counts[number];

    if (*count == SAMPLES || (*count && s.ts_ms <= m->samples[number][*count - 1].ts_ms))
        return;
    m->samples[number][(*count)++] = s;
}

static bool model_is_full(const struct model *m)
{
    for (unsigned i = 0; i < SERIES; i++)
        if (m->counts[i] > SAMPLES - 4 * BATCH_MAX)
            return true;
    return false;
}

static void commit_some(struct fixture *f, struct model *m, struct rng *rng)
{
    struct sample_batch *batches[3];
    size_t batch_count = 1 + (size_t)rng_below(rng, ARRAY_LEN(batches));

    if (model_is_full(m))
        return;
    for (size_t b = 0; b < batch_count; b++) {
        batches[b] = sample_batch_new(BATCH_MAX);
        batches[b]->count = (size_t)rng_below(rng, BATCH_MAX + 1);
        for (size_t i = 0; i < batches[b]->count; i++) {
            unsigned number = (unsigned)rng_below(rng, SERIES);
            struct sample s = { random_ts(rng, m, number), random_value(rng) };

            m->refs[number] = fixture_ref(f, number);
            batches[b]->items[i] = (struct series_sample){ m->refs[number], s.ts_ms, s.value };
            model_add(m, number, s);
        }
    }
    assert_int_equal(tsdb_commit(f->db, batches, batch_count, 0), ERR_OK);
    for (size_t b = 0; b < batch_count; b++)
        sample_batch_free(batches[b]);
}

struct comparison {
    const struct model *model;
    int64_t start_ms, end_ms;
    size_t series_count;
};

static bool compare(void *ctx, const struct tsdb_series_data *data)
{
    struct comparison *c = ctx;
    unsigned number = 0;
    size_t at = 0;

    while (c->model->refs[number] != data->ref)
        assert_true(++number < SERIES);
    for (size_t i = 0; i < c->model->counts[number]; i++) {
        struct sample s = c->model->samples[number][i];

        if (s.ts_ms < c->start_ms || s.ts_ms > c->end_ms)
            continue;
        assert_true(at < data->count);
        assert_int_equal(data->samples[at].ts_ms, s.ts_ms);
        assert_int_equal(sample_bits(data->samples[at].value), sample_bits(s.value));
        at++;
    }
    assert_int_equal(at, data->count);
    c->series_count++;
    return true;
}

static size_t expected_series(const struct comparison *c)
{
    size_t count = 0;

    for (unsigned number = 0; number < SERIES; number++) {
        size_t i = 0;

        while (i < c->model->counts[number] && (c->model->samples[number][i].ts_ms < c->start_ms ||
                                                c->model->samples[number][i].ts_ms > c->end_ms))
            i++;
        count += i < c->model->counts[number];
    }
    return count;
}

static void read_some(struct fixture *f, const struct model *m, struct rng *rng)
{
    struct comparison c = { .model = m, .start_ms = INT64_MIN, .end_ms = INT64_MAX };

    if (rng_below(rng, 2)) {
        c.start_ms = (int64_t)rng_below(rng, 2000000);
        c.end_ms = c.start_ms + (int64_t)rng_below(rng, 1000000);
    }
    assert_int_equal(tsdb_select(f->db, NULL, 0, c.start_ms, c.end_ms, SIZE_MAX, compare, &c),
                     ERR_OK);
    assert_int_equal(c.series_count, expected_series(&c));
}

static void test_tsdb_model__behaves_as_plain_lists(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct model *m = calloc(1, sizeof *m);
    struct rng rng = fixture_rng("model");

    fixture_open(f, &options);
    for (int step = 0; step < STEPS; step++) {
        uint64_t dice = rng_below(&rng, 100);

        if (dice < 60)
            commit_some(f, m, &rng);
        else if (dice < 98)
            read_some(f, m, &rng);
        else if (dice == 98)
            fixture_reopen(f);
        else
            assert_int_equal(tsdb_maintain(f->db, INT64_MAX), ERR_OK); /* keeps everything */
    }
    fixture_reopen(f);
    read_some(f, m, &rng);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tsdb_model__behaves_as_plain_lists, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
