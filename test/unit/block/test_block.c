#include "block_fixture.h"

#include "base/crc32c.h"
#include "block/block_file.h"
#include "block/layout.h"
#include "page/bytes.h"

enum { DAY_MS = 86400000, MANY = 20000, QUERIES = 300 };

static void fill_regular(struct model_series *s, size_t count, int64_t first_ms, double value)
{
    for (size_t i = 0; i < count; i++)
        model_push(s, first_ms + (int64_t)i * 1000, value + (double)(i % 7));
}

static void check_round_trip(struct fixture *f)
{
    struct block_info info;
    struct block *b;

    model_sort(&f->model);
    info = fixture_write(f, &f->model, "a");
    b = fixture_open(f, "a");
    assert_memory_equal(block_info(b), &info, sizeof info);
    check_block(b, &f->model);
    block_unref(b);
}

static void test_block__keeps_one_series_of_one_sample(void **state)
{
    struct fixture *f = *state;

    model_push(model_add(&f->model, model_numbered(&f->model, 0, false), 1), 0, 1.5);
    check_round_trip(f);
}

static void test_block__keeps_times_before_1970_and_at_the_ends_of_the_range(void **state)
{
    struct fixture *f = *state;
    struct model_series *s = model_add(&f->model, model_numbered(&f->model, 0, false), 8);

    model_push(s, INT64_MIN, 1);
    model_push(s, -DAY_MS, 2);
    model_push(s, -1, 3);
    model_push(s, 0, 4);
    model_push(s, 1, 5);
    model_push(s, INT64_MAX, 6);
    check_round_trip(f);
}

static void test_block__keeps_bits_of_stale_markers_and_other_nans(void **state)
{
    static const uint64_t bits[] = { SAMPLE_STALE_BITS,
                                     UINT64_C(0x7ff8000000000000),
                                     UINT64_C(0xfff8000000000123),
                                     UINT64_C(0x7ff0000000000000),
                                     UINT64_C(0x8000000000000000),
                                     UINT64_C(1) };
    struct fixture *f = *state;

    for (unsigned i = 0; i < 300; i++) {
        struct model_series *s = model_add(&f->model, model_numbered(&f->model, i, false), 40);

        fill_regular(s, 30, 1000 * i, i);
        model_push(s, DAY_MS, sample_from_bits(bits[i % ARRAY_LEN(bits)]));
    }
    check_round_trip(f);
}

static void test_block__splits_a_long_series_into_segments(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 5; i++) {
        size_t count = i * 40000 + 1;

        fill_regular(model_add(&f->model, model_numbered(&f->model, i, true), count), count,
                     (int64_t)i * 10, i);
    }
    check_round_trip(f);
}

static void test_block__keeps_many_series_with_columns_of_their_own(void **state)
{
    struct fixture *f = *state;
    struct rng rng = seed_rng("columns");

    for (unsigned i = 0; i < MANY; i++) {
        size_t count = 1 + (size_t)rng_below(&rng, 6);
        int64_t ts_ms = (int64_t)rng_below(&rng, DAY_MS);
        struct model_series *s = model_add(&f->model, model_numbered(&f->model, i, true), count);

        for (size_t k = 0; k < count; k++) {
            model_push(s, ts_ms, rng_unit(&rng));
            ts_ms += 1 + (int64_t)rng_below(&rng, 2000);
        }
    }
    check_round_trip(f);
}

static void test_block__keeps_the_longest_labels(void **state)
{
    struct fixture *f = *state;
    static char name[LABEL_NAME_MAX_BYTES + 1], value[LABEL_VALUE_MAX_BYTES + 1];
    const char *const pairs[] = { name, value, NULL };

    memset(name, 'n', LABEL_NAME_MAX_BYTES);
    for (unsigned i = 0; i < 600; i++) {
        memset(value, 'v', LABEL_VALUE_MAX_BYTES);
        snprintf(value, sizeof value, "%u", i * 7919);
        value[strlen(value)] = 'x';
        value[LABEL_VALUE_MAX_BYTES - 3 + i % 4] = '\0';
        model_push(model_add(&f->model, model_labels(&f->model, pairs), 1), i, i);
    }
    check_round_trip(f);
}

/* --- ranges --- */

static void test_block__reads_only_samples_in_the_range(void **state)
{
    static const int64_t ends[] = { INT64_MIN, -1,       0,        1,        999,      1000,
                                    1001,      32767000, 32768000, 32768001, 50000000, INT64_MAX };
    struct fixture *f = *state;
    struct model_series *s = model_add(&f->model, model_numbered(&f->model, 0, false), 50000);
    struct sample_list list = { 0 };
    struct block_cursor *c = NULL;
    struct block *b;

    fill_regular(s, 50000, 0, 1);
    fixture_write(f, &f->model, "a");
    b = fixture_open(f, "a");
    assert_int_equal(block_cursor_new(b, &c), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        for (size_t k = 0; k < ARRAY_LEN(ends); k++) {
            size_t from = 0, to = 0;

            while (from < s->count && s->samples[from].ts_ms < ends[i])
                from++;
            for (to = from; to < s->count && s->samples[to].ts_ms <= ends[k];)
                to++;
            list.count = 0;
            assert_int_equal(block_samples(c, 0, ends[i], ends[k], &list, NULL), ERR_OK);
            assert_true(samples_equal(list.items, list.count, s->samples + from, to - from));
        }
    assert_int_equal(block_samples(c, 1, 0, 1, &list, NULL), ERR_INVALID);
    mem_free(list.items);
    block_cursor_free(c);
    block_unref(b);
}

/* --- selecting --- */

static struct labels random_labels(struct rng *rng, struct model *m, unsigned number)
{
    static const char *const names[] = { "__name__", "a", "job", "zone" };
    const char *pairs[2 * ARRAY_LEN(names) + 3];
    char values[ARRAY_LEN(names)][32], id[32];
    size_t count = 0;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!rng_below(rng, 4))
            continue;
        snprintf(values[i], sizeof values[i], "v%u", (unsigned)rng_below(rng, i * 300 + 2));
        pairs[count++] = names[i];
        pairs[count++] = values[i];
    }
    snprintf(id, sizeof id, "%u", number);
    pairs[count++] = number % 2 ? "id" : "key";
    pairs[count++] = id;
    pairs[count] = NULL;
    return model_labels(m, pairs);
}

static struct matcher random_matcher(struct rng *rng, struct model *m)
{
    static const char *const names[] = { "__name__", "a",   "job", "zone", "id",
                                         "key",      "nop", "aaa", "zz",   "" };
    char value[32] = "";

    if (rng_below(rng, 4))
        snprintf(value, sizeof value, rng_below(rng, 4) ? "v%u" : "%u",
                 (unsigned)rng_below(rng, 1000) / (1 + (unsigned)rng_below(rng, 300)));
    return (struct matcher){
        .kind = rng_below(rng, 2) ? MATCH_EQUAL : MATCH_NOT_EQUAL,
        .name = str_of(names[rng_below(rng, ARRAY_LEN(names))]),
        .value = str_of(arena_copy(&m->arena, str_of(value))),
    };
}

static void check_query(struct block_cursor *c, const struct model *m,
                        const struct matcher *matchers, size_t count)
{
    uint32_t *series = NULL;
    size_t series_count = 0;
    size_t at = 0;

    assert_int_equal(block_select(c, matchers, count, &series, &series_count, NULL), ERR_OK);
    for (uint32_t i = 0; i < m->count; i++) {
        bool all = true;

        for (size_t k = 0; k < count; k++)
            all = all && matcher_matches(&matchers[k], m->series[i].labels);
        if (!all)
            continue;
        assert_true(at < series_count);
        assert_int_equal(series[at++], i);
    }
    assert_int_equal(at, series_count);
    mem_free(series);
}

static void test_block__selects_as_a_scan_of_all_labels(void **state)
{
    struct fixture *f = *state;
    struct rng rng = seed_rng("select");
    struct block_cursor *c = NULL;
    struct block *b;

    for (unsigned i = 0; i < 3000; i++)
        fill_regular(model_add(&f->model, random_labels(&rng, &f->model, i), 2), 2, i, i);
    model_sort(&f->model);
    fixture_write(f, &f->model, "a");
    b = fixture_open(f, "a");
    check_block(b, &f->model);
    assert_int_equal(block_cursor_new(b, &c), ERR_OK);
    for (int query = 0; query < QUERIES; query++) {
        struct matcher matchers[3];
        size_t count = (size_t)rng_below(&rng, 4);

        for (size_t i = 0; i < count; i++)
            matchers[i] = random_matcher(&rng, &f->model);
        check_query(c, &f->model, matchers, count);
    }
    block_cursor_free(c);
    block_unref(b);
}

/* --- life --- */

static void test_block__stays_readable_until_the_last_reference_goes(void **state)
{
    struct fixture *f = *state;
    struct block *b;

    fill_regular(model_add(&f->model, model_numbered(&f->model, 0, false), 9), 9, 0, 1);
    fixture_write(f, &f->model, "a");
    b = fixture_open(f, "a");
    block_unlink_late(b);
    block_trim(b);
    check_block(b, &f->model);
    block_unref(block_ref(b));
    assert_int_equal(access(fixture_path(f, "a"), F_OK), 0);
    block_unref(b);
    assert_int_equal(access(fixture_path(f, "a"), F_OK), -1);
}

static void test_block__gives_back_the_directory_only_without_cursors(void **state)
{
    struct fixture *f = *state;
    struct block_cursor *c = NULL;
    struct labels labels;
    struct block *b;
    size_t bytes;

    fill_regular(model_add(&f->model, model_numbered(&f->model, 0, false), 9), 9, 0, 1);
    fixture_write(f, &f->model, "a");
    b = fixture_open(f, "a");
    bytes = block_bytes(b);
    assert_int_equal(block_cursor_new(b, &c), ERR_OK);
    assert_int_equal(block_labels(c, 0, &labels, NULL), ERR_OK);
    assert_true(block_bytes(b) > bytes);
    assert_true(block_cursor_bytes(c) > 0);
    block_trim(b);
    assert_true(block_bytes(b) > bytes);
    block_cursor_free(c);
    block_trim(b);
    assert_int_equal(block_bytes(b), bytes);
    check_block(b, &f->model);
    block_unref(b);
}

static void test_block__keeps_a_bounded_number_of_descriptors(void **state)
{
    struct fixture *f = *state;
    enum { OPENED = BLOCK_FILES_OPEN_MAX + 40 };
    struct block *blocks[OPENED];

    fill_regular(model_add(&f->model, model_numbered(&f->model, 0, false), 9), 9, 0, 1);
    fixture_write(f, &f->model, "a");
    for (size_t i = 0; i < OPENED; i++)
        blocks[i] = fixture_open(f, "a");
    assert_int_equal(block_files_open_count(), BLOCK_FILES_OPEN_MAX);
    for (size_t i = 0; i < OPENED; i++)
        check_block(blocks[i], &f->model);
    assert_int_equal(block_files_open_count(), BLOCK_FILES_OPEN_MAX);
    for (size_t i = 0; i < OPENED; i++)
        block_unref(blocks[i]);
    assert_int_equal(block_files_open_count(), 0);
}

/* Takes all descriptors but so many. */
static size_t take_descriptors(int *fds, size_t max, size_t leave)
{
    size_t count = 0;

    while (count < max && (fds[count] = dup(0)) >= 0)
        count++;
    assert_true(count < max);
    for (size_t i = 0; i < leave && count; i++)
        close(fds[--count]);
    return count;
}

/* A writer needs two: one is free, the other comes from the block that is open. */
static void write_with_few_descriptors(struct fixture *f, int *fds, size_t *taken)
{
    close(fds[--*taken]);
    fixture_write(f, &f->model, "c");
    assert_int_equal(block_files_open_count(), 0);
}

static void test_block__closes_another_block_when_the_system_has_no_descriptor(void **state)
{
    struct fixture *f = *state;
    static int fds[65536];
    struct block *a, *b, *none = NULL;
    size_t taken;

    fill_regular(model_add(&f->model, model_numbered(&f->model, 0, false), 9), 9, 0, 1);
    fixture_write(f, &f->model, "a");
    fixture_write(f, &f->model, "b");
    taken = take_descriptors(fds, ARRAY_LEN(fds), 1);
    a = fixture_open(f, "a");
    b = fixture_open(f, "b");
    check_block(a, &f->model);
    check_block(b, &f->model);
    assert_int_equal(block_files_open_count(), 1);
    write_with_few_descriptors(f, fds, &taken);
    block_unref(a);
    block_unref(b);
    taken += take_descriptors(fds + taken, ARRAY_LEN(fds) - taken, 0);
    assert_int_equal(block_open(fixture_path(f, "a"), &none, NULL), ERR_LIMIT);
    while (taken)
        close(fds[--taken]);
}

static void test_block__refuses_what_is_no_block(void **state)
{
    struct fixture *f = *state;
    struct diag diag = { 0 };
    struct block *b = NULL;

    assert_int_equal(block_open(fixture_path(f, "a"), &b, &diag), ERR_IO);
    assert_non_null(strstr(diag.message, fixture_path(f, "a")));
    diag = (struct diag){ 0 };
    assert_int_equal(block_open(f->dir, &b, &diag), ERR_IO);
    assert_null(b);
}

/* A newer format has the same header, and may have any footer. */
static void test_block__tells_a_newer_format_from_damage(void **state)
{
    struct fixture *f = *state;
    struct diag diag = { 0 };
    struct block *b = NULL;
    uint8_t header[BLOCK_HEADER_BYTES];
    int fd;

    fill_regular(model_add(&f->model, model_numbered(&f->model, 0, false), 9), 9, 0, 1);
    fixture_write(f, &f->model, "a");
    layout_put_header(header);
    bytes_put_u32(header + 8, BLOCK_VERSION + 1);
    bytes_put_u32(header + 12, crc32c(0, header, 12));
    fd = open(fixture_path(f, "a"), O_WRONLY);
    assert_int_equal(pwrite(fd, header, sizeof header, 0), sizeof header);
    assert_int_equal(block_open(fixture_path(f, "a"), &b, &diag), ERR_CONFLICT);
    assert_non_null(strstr(diag.message, "version 2"));
    assert_int_equal(ftruncate(fd, 200), 0);
    assert_int_equal(block_open(fixture_path(f, "a"), &b, NULL), ERR_CONFLICT);
    close(fd);
    assert_int_equal(block_files_open_count(), 0);
}

/* --- memory --- */

static enum err read_everything(const struct fixture *f, const struct matcher *m)
{
    struct sample_list list = { 0 };
    struct block_cursor *c = NULL;
    struct block *b = NULL;
    uint32_t *series = NULL;
    size_t count = 0;
    uint64_t damaged = 0;
    enum err err = block_open(fixture_path(f, "a"), &b, NULL);

    if (!err)
        err = block_cursor_new(b, &c);
    if (!err)
        err = block_select(c, m, 1, &series, &count, NULL);
    for (size_t i = 0; i < count && !err; i++) {
        struct labels labels;

        err = block_labels(c, series[i], &labels, NULL);
        if (!err)
            err = block_samples(c, series[i], 0, INT64_MAX, &list, NULL);
    }
    if (!err)
        err = block_verify(b, NULL, NULL, &damaged);
    assert_int_equal(damaged, 0);
    mem_free(series);
    mem_free(list.items);
    block_cursor_free(c);
    block_unref(b);
    return err;
}

static void test_block__survives_every_failing_allocation(void **state)
{
    struct fixture *f = *state;
    struct matcher m = { MATCH_EQUAL, STR("job"), STR("test"), NULL };
    struct block_info info;
    long n = 0;

    for (unsigned i = 0; i < 300; i++)
        fill_regular(model_add(&f->model, model_numbered(&f->model, i, i % 2), 9), 9, 0, 1);
    model_sort(&f->model);
    do {
        mem_fail_nth(++n);
        if (fixture_try_write(f, &f->model, "a", &info, NULL)) {
            assert_true(mem_fault_happened());
            assert_int_equal(access(fixture_path(f, "a.tmp"), F_OK), -1);
        }
    } while (mem_fault_happened());
    print_message("%ld allocations to write\n", n - 1);
    n = 0;
    do {
        enum err err;

        mem_fail_nth(++n);
        err = read_everything(f, &m);
        assert_true(mem_fault_happened() ? err == ERR_NOMEM || !err : !err);
    } while (mem_fault_happened());
    print_message("%ld allocations to read\n", n - 1);
    assert_int_equal(block_files_open_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define BLOCK_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        BLOCK_TEST(test_block__keeps_one_series_of_one_sample),
        BLOCK_TEST(test_block__keeps_times_before_1970_and_at_the_ends_of_the_range),
        BLOCK_TEST(test_block__keeps_bits_of_stale_markers_and_other_nans),
        BLOCK_TEST(test_block__splits_a_long_series_into_segments),
        BLOCK_TEST(test_block__keeps_many_series_with_columns_of_their_own),
        BLOCK_TEST(test_block__keeps_the_longest_labels),
        BLOCK_TEST(test_block__reads_only_samples_in_the_range),
        BLOCK_TEST(test_block__selects_as_a_scan_of_all_labels),
        BLOCK_TEST(test_block__stays_readable_until_the_last_reference_goes),
        BLOCK_TEST(test_block__gives_back_the_directory_only_without_cursors),
        BLOCK_TEST(test_block__keeps_a_bounded_number_of_descriptors),
        BLOCK_TEST(test_block__closes_another_block_when_the_system_has_no_descriptor),
        BLOCK_TEST(test_block__refuses_what_is_no_block),
        BLOCK_TEST(test_block__tells_a_newer_format_from_damage),
        BLOCK_TEST(test_block__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
