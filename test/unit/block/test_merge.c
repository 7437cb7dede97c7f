#include "block_fixture.h"

#include "block/layout.h"
#include "block/merge.h"

enum { BLOCKS = 8, SERIES = 120, ROUNDS = 12, TIMES = 400 };

static const char *const names[BLOCKS] = { "a", "b", "c", "d", "e", "f", "g", "h" };

struct damages {
    size_t count;
};

static void on_damage(void *ctx, const char *path, uint64_t offset_bytes, const char *what)
{
    struct damages *d = ctx;

    (void)path;
    (void)offset_bytes;
    (void)what;
    d->count++;
}

static enum err merge_into_out(const struct fixture *f, const struct merge *m, struct diag *diag)
{
    struct block_writer *w = NULL;
    struct block_info info;
    enum err err = block_writer_new(f->dir, "out", BLOCK_LEVEL_SMALL, &w, diag);

    if (!err)
        err = merge_blocks(m, w, diag);
    if (!err && block_writer_series_count(w))
        err = block_writer_finish(w, &info, diag);
    block_writer_free(w);
    return err;
}

/* What several blocks hold, as plain arrays: a value for each series and time, and who gave it. */
struct table {
    double values[SERIES][TIMES];
    bool known[SERIES][TIMES];
};

static void write_random_block(struct fixture *f, struct rng *rng, const char *name,
                               struct table *table)
{
    struct model m;
    int64_t from = (int64_t)rng_below(rng, TIMES);

    model_init(&m);
    for (unsigned i = 0; i < SERIES; i++) {
        struct model_series *s;

        if (rng_below(rng, 3) == 0)
            continue;
        s = model_add(&m, model_numbered(&m, i, true), TIMES);
        for (int64_t t = rng_below(rng, 2) ? from : 0; t < TIMES; t++) {
            double value = rng_unit(rng);

            if (rng_below(rng, 4) == 0)
                continue;
            model_push(s, t, value);
            if (!table->known[i][t])
                table->values[i][t] = value;
            table->known[i][t] = true;
        }
        if (!s->count)
            free(m.series[--m.count].samples);
    }
    model_sort(&m);
    fixture_write(f, &m, name);
    model_release(&m);
}

static void expect_table(struct model *m, const struct table *table, int64_t min_ts_ms)
{
    for (unsigned i = 0; i < SERIES; i++) {
        struct model_series *s = model_add(m, model_numbered(m, i, true), TIMES);

        for (int64_t t = 0; t < TIMES; t++)
            if (table->known[i][t] && t >= min_ts_ms)
                model_push(s, t, table->values[i][t]);
        if (!s->count)
            free(m->series[--m->count].samples);
    }
    model_sort(m);
}

static void test_merge__gives_what_plain_arrays_give(void **state)
{
    struct fixture *f = *state;
    struct rng rng = seed_rng("merge");

    for (int round = 0; round < ROUNDS; round++) {
        struct table *table = calloc(1, sizeof *table);
        struct block *blocks[BLOCKS];
        size_t count = 1 + (size_t)rng_below(&rng, BLOCKS);
        _Atomic uint64_t done = 0;
        struct merge m = { .blocks = blocks, .block_count = count, .done_count = &done };
        struct block *merged;
        struct diag diag = { 0 };

        for (size_t i = 0; i < count; i++) {
            write_random_block(f, &rng, names[i], table);
            blocks[i] = fixture_open(f, names[i]);
        }
        m.min_ts_ms = round % 3 ? INT64_MIN : (int64_t)rng_below(&rng, TIMES);
        expect_table(&f->model, table, m.min_ts_ms);
        assert_int_equal(merge_into_out(f, &m, &diag), ERR_OK);
        assert_int_equal(atomic_load(&done), f->model.count);
        if (f->model.count) {
            merged = fixture_open(f, "out");
            check_block(merged, &f->model);
            block_unref(merged);
        }
        for (size_t i = 0; i < count; i++)
            block_unref(blocks[i]);
        model_release(&f->model);
        free(table);
    }
}

static void test_merge__first_run_wins_on_equal_times(void **state)
{
    static const struct sample first[] = { { 1, 10 }, { 3, 30 }, { 5, 50 } };
    static const struct sample second[] = { { 0, 1 }, { 3, 3 }, { 4, 4 }, { 9, 9 } };
    static const struct sample expected[] = { { 0, 1 }, { 1, 10 }, { 3, 30 },
                                              { 4, 4 }, { 5, 50 }, { 9, 9 } };
    struct sample ret[7];

    (void)state;
    assert_int_equal(merge_samples(first, 3, second, 4, ret), ARRAY_LEN(expected));
    assert_memory_equal(ret, expected, sizeof expected);
    assert_int_equal(merge_samples(first, 3, NULL, 0, ret), 3);
    assert_memory_equal(ret, first, sizeof first);
    assert_int_equal(merge_samples(NULL, 0, second, 4, ret), 4);
    assert_memory_equal(ret, second, sizeof second);
    assert_int_equal(merge_samples(first, 3, first, 3, ret), 3);
}

/* Two blocks of 600 series, whose values stand in two pages each. */
static void write_two(struct fixture *f, struct block **blocks)
{
    struct model *m = &f->model;

    for (unsigned i = 0; i < 600; i++) {
        struct model_series *s = model_add(m, model_numbered(m, i, true), 10);

        for (int k = 0; k < 10; k++)
            model_push(s, k, i + k / 3.0);
    }
    model_sort(m);
    fixture_write(f, m, "a");
    fixture_write(f, m, "b");
    blocks[0] = fixture_open(f, "a");
    blocks[1] = fixture_open(f, "b");
}

static void test_merge__leaves_out_what_is_damaged_and_reports_it_once(void **state)
{
    struct fixture *f = *state;
    struct damages damages = { 0 };
    struct block *blocks[2], *merged;
    struct merge m = { .blocks = blocks,
                       .block_count = 1,
                       .min_ts_ms = INT64_MIN,
                       .on_damage = on_damage,
                       .ctx = &damages };
    struct block_cursor *c = NULL;
    int fd;

    write_two(f, blocks);
    fd = open(fixture_path(f, "a"), O_WRONLY);
    assert_int_equal(pwrite(fd, "damage", 6, BLOCK_HEADER_BYTES + 100), 6);
    close(fd);
    assert_int_equal(merge_into_out(f, &m, NULL), ERR_OK);
    assert_int_equal(damages.count, 1);
    merged = fixture_open(f, "out");
    assert_int_equal(block_info(merged)->series_count, 600 - 512);
    assert_int_equal(block_cursor_new(merged, &c), ERR_OK);
    for (uint32_t i = 0; i < 600 - 512; i++) {
        struct labels labels;

        assert_int_equal(block_labels(c, i, &labels, NULL), ERR_OK);
        assert_true(labels_equals(labels, f->model.series[512 + i].labels));
    }
    block_cursor_free(c);
    block_unref(merged);
    m.block_count = 2; /* the other block has all of it */
    damages.count = 0;
    assert_int_equal(merge_into_out(f, &m, NULL), ERR_OK);
    assert_int_equal(damages.count, 1);
    merged = fixture_open(f, "out");
    check_block(merged, &f->model);
    block_unref(merged);
    block_unref(blocks[0]);
    block_unref(blocks[1]);
}

static void test_merge__goes_on_without_a_block_whose_directory_is_damaged(void **state)
{
    struct fixture *f = *state;
    struct damages damages = { 0 };
    struct block *blocks[2], *merged;
    struct merge m = { .blocks = blocks,
                       .block_count = 2,
                       .min_ts_ms = INT64_MIN,
                       .on_damage = on_damage,
                       .ctx = &damages };
    int fd;

    write_two(f, blocks);
    fd = open(fixture_path(f, "a"), O_WRONLY);
    assert_int_equal(pwrite(fd, "x", 1, (off_t)block_info(blocks[0])->bytes - 120), 1);
    close(fd);
    assert_int_equal(merge_into_out(f, &m, NULL), ERR_OK);
    assert_int_equal(damages.count, 1);
    merged = fixture_open(f, "out");
    check_block(merged, &f->model);
    block_unref(merged);
    block_unref(blocks[0]);
    block_unref(blocks[1]);
}

static void test_merge__stops_when_it_is_told(void **state)
{
    struct fixture *f = *state;
    atomic_bool cancel = true;
    struct block *blocks[2];
    struct merge m = { .blocks = blocks, .block_count = 2, .cancel = &cancel };

    write_two(f, blocks);
    assert_int_equal(merge_into_out(f, &m, NULL), ERR_CANCELLED);
    assert_int_equal(access(fixture_path(f, "out"), F_OK), -1);
    assert_int_equal(access(fixture_path(f, "out.tmp"), F_OK), -1);
    block_unref(blocks[0]);
    block_unref(blocks[1]);
}

static void test_merge__survives_every_failing_allocation(void **state)
{
    struct fixture *f = *state;
    struct block *blocks[2];
    struct merge m = { .blocks = blocks, .block_count = 2, .min_ts_ms = INT64_MIN };
    long n = 0;

    write_two(f, blocks);
    do {
        enum err err;

        mem_fail_nth(++n);
        err = merge_into_out(f, &m, NULL);
        assert_true(mem_fault_happened() ? !err || err == ERR_NOMEM : !err);
        block_trim(blocks[0]);
    } while (mem_fault_happened());
    print_message("%ld allocations\n", n - 1);
    block_unref(blocks[0]);
    block_unref(blocks[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define MERGE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        MERGE_TEST(test_merge__gives_what_plain_arrays_give),
        MERGE_TEST(test_merge__first_run_wins_on_equal_times),
        MERGE_TEST(test_merge__leaves_out_what_is_damaged_and_reports_it_once),
        MERGE_TEST(test_merge__goes_on_without_a_block_whose_directory_is_damaged),
        MERGE_TEST(test_merge__stops_when_it_is_told),
        MERGE_TEST(test_merge__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
