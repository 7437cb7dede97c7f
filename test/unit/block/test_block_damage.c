/* A damaged block: never a wrong number, always a named place, never a crash. */
#include "block_fixture.h"

#include "block/layout.h"

enum { FILE_MAX_BYTES = 1 << 16, SERIES = 40 };

struct damages {
    size_t count;
    uint64_t last_offset;
};

static void on_damage(void *ctx, const char *path, uint64_t offset_bytes, const char *what)
{
    struct damages *d = ctx;

    assert_non_null(strstr(path, "/b"));
    assert_true(what[0] != '\0');
    d->count++;
    d->last_offset = offset_bytes;
}

/* Pages of values of two kinds, three columns of times, pairs with lists and single ones. */
static size_t write_small(struct fixture *f, char *bytes)
{
    size_t len;
    FILE *file;

    for (unsigned i = 0; i < SERIES; i++) {
        struct model_series *s = model_add(&f->model, model_numbered(&f->model, i, i % 3 == 0), 20);

        for (int k = 0; k < 10 + (int)(i % 3); k++)
            model_push(s, 1000 * k + (int64_t)(i % 3), i % 2 ? k : k / 3.0);
    }
    model_sort(&f->model);
    fixture_write(f, &f->model, "a");
    file = fopen(fixture_path(f, "a"), "rb");
    len = fread(bytes, 1, FILE_MAX_BYTES, file);
    fclose(file);
    assert_true(len < FILE_MAX_BYTES);
    return len;
}

static void write_bytes(const struct fixture *f, const char *bytes, size_t len)
{
    FILE *file = fopen(fixture_path(f, "b"), "wb");

    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static bool is_named(const struct diag *diag)
{
    return diag->code == ERR_CORRUPT && strstr(diag->message, "/b is damaged at byte ");
}

/* Answers how many reads found damage; what is read is right. */
static size_t read_all(struct block *b, const struct model *m)
{
    struct sample_list list = { 0 };
    struct block_cursor *c = NULL;
    size_t found = 0;

    assert_int_equal(block_cursor_new(b, &c), ERR_OK);
    for (uint32_t i = 0; i < m->count; i++) {
        struct diag diag = { 0 };
        struct labels labels;

        if (block_labels(c, i, &labels, &diag) == ERR_OK)
            assert_true(labels_equals(labels, m->series[i].labels));
        else
            found += is_named(&diag);
        list.count = 0;
        diag = (struct diag){ 0 };
        if (block_samples(c, i, INT64_MIN, INT64_MAX, &list, &diag) == ERR_OK) {
            assert_true(
                samples_equal(list.items, list.count, m->series[i].samples, m->series[i].count));
        } else {
            assert_int_equal(list.count, 0);
            assert_true(is_named(&diag));
            found++;
        }
    }
    mem_free(list.items);
    block_cursor_free(c);
    return found;
}

/* With the index damaged, the series whose labels can be read are found all the same. */
static void salvage(struct block_cursor *c, const struct model *m, const struct matcher *matcher)
{
    struct damages damages = { 0 };
    uint32_t *series = NULL;
    size_t count = 0, at = 0;

    if (block_salvage_select(c, matcher, 1, &series, &count, on_damage, &damages, NULL))
        return; /* the directory went while the block was open */
    for (uint32_t i = 0; i < m->count; i++) {
        struct labels labels;

        if (!matcher_matches(matcher, m->series[i].labels) ||
            block_labels(c, i, &labels, NULL) != ERR_OK)
            continue;
        assert_true(at < count);
        assert_int_equal(series[at++], i);
    }
    assert_int_equal(at, count);
    mem_free(series);
}

static size_t select_all(struct block *b, const struct model *m)
{
    struct matcher matchers[] = { { MATCH_EQUAL, STR("code"), STR("2"), NULL },
                                  { MATCH_EQUAL, STR("id"), STR("id-00000003"), NULL },
                                  { MATCH_NOT_EQUAL, STR("id"), STR(""), NULL } };
    struct block_cursor *c = NULL;
    size_t found = 0;

    assert_int_equal(block_cursor_new(b, &c), ERR_OK);
    for (size_t k = 0; k < ARRAY_LEN(matchers); k++) {
        struct diag diag = { 0 };
        uint32_t *series = NULL;
        size_t count = 0, expected = 0;

        if (block_select(c, &matchers[k], 1, &series, &count, &diag)) {
            assert_true(is_named(&diag));
            salvage(c, m, &matchers[k]);
            found++;
            continue;
        }
        for (uint32_t i = 0; i < m->count; i++)
            if (matcher_matches(&matchers[k], m->series[i].labels))
                assert_int_equal(series[expected++], i);
        assert_int_equal(count, expected);
        mem_free(series);
    }
    block_cursor_free(c);
    return found;
}

/* The bytes of the file are wrong at `at`. */
static void check_damaged(const struct fixture *f, size_t at)
{
    struct damages damages = { 0 };
    struct diag diag = { 0 };
    struct block *b = NULL;
    uint64_t damaged = 0;
    enum err err = block_open(fixture_path(f, "b"), &b, &diag);

    if (err) {
        assert_int_equal(err, ERR_CORRUPT);
        assert_true(is_named(&diag));
        return;
    }
    read_all(b, &f->model);
    select_all(b, &f->model);
    assert_int_equal(block_verify(b, on_damage, &damages, &damaged), ERR_OK);
    assert_int_equal(damaged, damages.count);
    assert_int_equal(damaged, 1);
    assert_true(damages.last_offset <= at);
    block_unref(b);
}

static void test_block_damage__finds_every_changed_byte(void **state)
{
    static char bytes[FILE_MAX_BYTES];
    struct fixture *f = *state;
    size_t len = write_small(f, bytes);

    for (size_t at = 0; at < len; at++) {
        char kept = bytes[at];

        bytes[at] = (char)(at % 4 ? kept ^ 1 << at % 8 : ~kept);
        write_bytes(f, bytes, len);
        check_damaged(f, at);
        bytes[at] = kept;
    }
    print_message("%zu bytes changed\n", len);
}

static void test_block_damage__refuses_every_cut(void **state)
{
    static char bytes[FILE_MAX_BYTES];
    struct fixture *f = *state;
    size_t len = write_small(f, bytes);

    for (size_t cut = 0; cut <= len + 1; cut++) {
        struct diag diag = { 0 };
        struct block *b = NULL;

        if (cut == len)
            continue;
        write_bytes(f, bytes, cut);
        assert_int_equal(block_open(fixture_path(f, "b"), &b, &diag), ERR_CORRUPT);
        assert_true(is_named(&diag));
    }
}

/* Bytes that go while the block is open. */
static void test_block_damage__notices_a_file_that_was_cut_while_it_was_open(void **state)
{
    static char bytes[FILE_MAX_BYTES];
    struct fixture *f = *state;
    size_t len = write_small(f, bytes);

    for (size_t cut = 0; cut < len; cut += 7) {
        struct block *b = NULL;
        struct block_cursor *c = NULL;
        uint64_t damaged = 0;

        write_bytes(f, bytes, len);
        assert_int_equal(block_open(fixture_path(f, "b"), &b, NULL), ERR_OK);
        assert_int_equal(block_cursor_new(b, &c), ERR_OK);
        if (cut % 2) /* the directory is in memory, or not */
            assert_int_equal(block_labels(c, 0, &(struct labels){ 0 }, NULL), ERR_OK);
        assert_int_equal(truncate(fixture_path(f, "b"), (off_t)cut), 0);
        read_all(b, &f->model);
        select_all(b, &f->model);
        assert_int_equal(block_verify(b, NULL, NULL, &damaged), ERR_OK);
        assert_true(damaged > 0);
        block_cursor_free(c);
        block_unref(b);
    }
}

static void test_block_damage__salvages_the_other_segments(void **state)
{
    struct fixture *f = *state;
    struct model_series *s = model_add(&f->model, model_numbered(&f->model, 0, false), 100000);
    struct sample_list list = { 0 };
    struct damages damages = { 0 };
    struct block_cursor *c = NULL;
    struct diag diag = { 0 };
    struct block *b;
    int fd;

    for (int i = 0; i < 100000; i++)
        model_push(s, i * 1000, i * 0.37);
    fixture_write(f, &f->model, "b");
    fd = open(fixture_path(f, "b"), O_WRONLY);
    assert_int_equal(pwrite(fd, "damage", 6, BLOCK_HEADER_BYTES + 100), 6);
    close(fd);
    b = fixture_open(f, "b");
    assert_int_equal(block_cursor_new(b, &c), ERR_OK);
    assert_int_equal(block_samples(c, 0, INT64_MIN, INT64_MAX, &list, &diag), ERR_CORRUPT);
    assert_int_equal(list.count, 0);
    assert_int_equal(block_salvage(c, 0, INT64_MIN, INT64_MAX, &list, on_damage, &damages, &diag),
                     ERR_OK);
    assert_int_equal(damages.count, 1);
    assert_true(list.count > 0 && list.count < s->count);
    for (size_t i = 0; i < list.count; i++) {
        const struct sample *expected = &s->samples[list.items[i].ts_ms / 1000];

        assert_memory_equal(&list.items[i], expected, sizeof *expected);
    }
    mem_free(list.items);
    block_cursor_free(c);
    block_unref(b);
}

static void damage_postings(const struct fixture *f)
{
    uint8_t footer[BLOCK_FOOTER_BYTES];
    int fd = open(fixture_path(f, "b"), O_RDWR);
    off_t size = lseek(fd, 0, SEEK_END);
    struct layout layout;

    assert_int_equal(pread(fd, footer, sizeof footer, size - BLOCK_FOOTER_BYTES), sizeof footer);
    assert_int_equal(layout_get_footer(footer, (uint64_t)size, &layout, NULL), ERR_OK);
    assert_int_equal(pwrite(fd, "damage", 6, (off_t)layout.postings_at + 13), 6);
    close(fd);
}

/* Reports damage once, and finds what it found before. */
static void test_block_damage__selects_without_the_index(void **state)
{
    struct fixture *f = *state;
    struct matcher m = { MATCH_EQUAL, STR("code"), STR("3"), NULL };
    struct damages damages = { 0 };
    struct block_cursor *c = NULL;
    struct diag diag = { 0 };
    struct block *b;
    uint32_t *series = NULL;
    size_t count = 0;

    for (unsigned i = 0; i < 1000; i++)
        model_push(model_add(&f->model, model_numbered(&f->model, i, true), 1), i, i);
    model_sort(&f->model);
    fixture_write(f, &f->model, "b");
    damage_postings(f);
    b = fixture_open(f, "b");
    assert_int_equal(block_cursor_new(b, &c), ERR_OK);
    assert_int_equal(block_select(c, &m, 1, &series, &count, &diag), ERR_CORRUPT);
    assert_int_equal(block_salvage_select(c, &m, 1, &series, &count, on_damage, &damages, NULL),
                     ERR_OK);
    assert_int_equal(damages.count, 1);
    assert_int_equal(damages.last_offset, diag.position_bytes);
    assert_int_equal(count, 250);
    for (size_t i = 0; i < count; i++)
        assert_true(matcher_matches(&m, f->model.series[series[i]].labels));
    mem_free(series);
    block_cursor_free(c);
    block_unref(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define DAMAGE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        DAMAGE_TEST(test_block_damage__finds_every_changed_byte),
        DAMAGE_TEST(test_block_damage__refuses_every_cut),
        DAMAGE_TEST(test_block_damage__notices_a_file_that_was_cut_while_it_was_open),
        DAMAGE_TEST(test_block_damage__selects_without_the_index),
        DAMAGE_TEST(test_block_damage__salvages_the_other_segments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
