#include "block_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct block_writer *begin(const struct fixture *f)
{
    struct block_writer *w = NULL;

    assert_int_equal(block_writer_new(f->dir, "out", BLOCK_LEVEL_FAST, &w, NULL), ERR_OK);
    return w;
}

static bool is_there(const struct fixture *f, const char *name)
{
    return access(fixture_path(f, name), F_OK) == 0;
}

static void test_block_writer__shows_the_block_only_when_it_is_finished(void **state)
{
    struct fixture *f = *state;
    struct labels labels = model_numbered(&f->model, 1, true);
    struct sample sample = { 1, 2 };
    struct block_writer *w = begin(f);
    struct block_info info;

    assert_true(is_there(f, "out.tmp"));
    assert_int_equal(block_writer_add(w, labels, &sample, 1, NULL), ERR_OK);
    assert_false(is_there(f, "out"));
    assert_int_equal(block_writer_finish(w, &info, NULL), ERR_OK);
    assert_true(is_there(f, "out") && !is_there(f, "out.tmp"));
    assert_int_equal(info.series_count, 1);
    assert_int_equal(info.sample_count, 1);
    assert_int_equal(info.min_ts_ms, 1);
    assert_int_equal(info.max_ts_ms, 1);
    block_writer_free(w);
    assert_true(is_there(f, "out"));
}

static void test_block_writer__removes_what_was_not_finished(void **state)
{
    struct fixture *f = *state;
    struct block_writer *w = begin(f);
    struct block_info info;

    assert_int_equal(block_writer_finish(w, &info, NULL), ERR_INVALID);
    block_writer_free(w);
    assert_false(is_there(f, "out.tmp") || is_there(f, "out"));
}

static void test_block_writer__takes_over_what_a_crash_left(void **state)
{
    struct fixture *f = *state;
    struct model_series *s;
    struct block *b;
    FILE *file = fopen(fixture_path(f, "out.tmp"), "w");

    for (int i = 0; i < 100000; i++)
        fputc('x', file);
    fclose(file);
    s = model_add(&f->model, model_numbered(&f->model, 1, true), 1);
    model_push(s, 1, 2);
    fixture_write(f, &f->model, "out");
    b = fixture_open(f, "out");
    check_block(b, &f->model);
    block_unref(b);
}

static void test_block_writer__refuses_what_is_out_of_order(void **state)
{
    static const struct sample equal[] = { { 5, 1 }, { 5, 1 } }, falling[] = { { 5, 1 }, { 4, 1 } };
    struct fixture *f = *state;
    struct labels one = model_numbered(&f->model, 1, true);
    struct labels two = model_numbered(&f->model, 2, true);
    struct label twice[] = { { STR("a"), STR("x") }, { STR("a"), STR("y") } };
    struct label empty[] = { { STR("zzz"), STR("") } };
    struct block_writer *w = begin(f);
    struct diag diag = { 0 };

    assert_int_equal(block_writer_add(w, two, equal, 1, NULL), ERR_OK);
    assert_int_equal(block_writer_add(w, two, equal, 1, &diag), ERR_INVALID);
    assert_true(diag.message[0] != '\0');
    assert_int_equal(block_writer_add(w, one, equal, 1, NULL), ERR_INVALID);
    assert_int_equal(block_writer_add(w, (struct labels){ twice, 2 }, equal, 1, NULL), ERR_INVALID);
    assert_int_equal(block_writer_add(w, (struct labels){ empty, 1 }, equal, 1, NULL), ERR_INVALID);
    assert_int_equal(block_writer_add(w, (struct labels){ empty, 0 }, equal, 1, NULL), ERR_INVALID);
    one = model_numbered(&f->model, 3, true);
    assert_int_equal(block_writer_add(w, one, equal, 0, NULL), ERR_INVALID);
    assert_int_equal(block_writer_add(w, one, equal, 2, NULL), ERR_INVALID);
    assert_int_equal(block_writer_add(w, one, falling, 2, NULL), ERR_INVALID);
    assert_int_equal(block_writer_add(w, one, falling, 1, NULL), ERR_OK);
    assert_int_equal(block_writer_series_count(w), 2);
    block_writer_free(w);
}

static void test_block_writer__names_the_file_that_cannot_be_made(void **state)
{
    struct fixture *f = *state;
    struct block_writer *w = NULL;
    struct diag diag = { 0 };

    assert_int_equal(block_writer_new(fixture_path(f, "nowhere"), "out", 1, &w, &diag), ERR_IO);
    assert_non_null(strstr(diag.message, "nowhere/out.tmp"));
    assert_non_null(strstr(diag.message, "No such file"));
    assert_null(w);
}

/* A size that the system refuses stands for a disk that does. */
static void test_block_writer__removes_a_file_that_does_not_fit(void **state)
{
    struct fixture *f = *state;
    struct rlimit kept, small;
    struct block_info info;
    struct diag diag = { 0 };
    struct rng rng = rng_seeded(1);

    for (unsigned i = 0; i < 600; i++) {
        struct model_series *s = model_add(&f->model, model_numbered(&f->model, i, true), 100);

        for (int k = 0; k < 100; k++)
            model_push(s, k, sample_from_bits(rng_next(&rng)));
    }
    model_sort(&f->model);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &kept);
    small = (struct rlimit){ 100000, kept.rlim_max };
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(fixture_try_write(f, &f->model, "out", &info, &diag), ERR_IO);
    setrlimit(RLIMIT_FSIZE, &kept);
    assert_non_null(strstr(diag.message, "out.tmp: File too large"));
    assert_false(is_there(f, "out.tmp") || is_there(f, "out"));
}

static void test_block_writer__says_when_the_disk_is_full(void **state)
{
    struct fixture *f = *state;
    struct model_series *s = model_add(&f->model, model_numbered(&f->model, 1, true), 1);
    struct block_info info;
    struct diag diag = { 0 };

    model_push(s, 1, 2);
    assert_int_equal(symlink("/dev/full", fixture_path(f, "out.tmp")), 0);
    assert_int_equal(fixture_try_write(f, &f->model, "out", &info, &diag), ERR_LIMIT);
    assert_non_null(strstr(diag.message, "No space left"));
    assert_false(is_there(f, "out"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WRITER_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        WRITER_TEST(test_block_writer__shows_the_block_only_when_it_is_finished),
        WRITER_TEST(test_block_writer__removes_what_was_not_finished),
        WRITER_TEST(test_block_writer__takes_over_what_a_crash_left),
        WRITER_TEST(test_block_writer__refuses_what_is_out_of_order),
        WRITER_TEST(test_block_writer__names_the_file_that_cannot_be_made),
        WRITER_TEST(test_block_writer__removes_a_file_that_does_not_fit),
        WRITER_TEST(test_block_writer__says_when_the_disk_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
