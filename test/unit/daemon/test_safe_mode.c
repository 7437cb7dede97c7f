#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/file.h"
#include "base/mem.h"
#include "daemon/safe_mode.h"

static const int64_t T0 = 1700000000000;
enum { MINUTE_MS = 60000 };

struct folder {
    char dir[64], file[96];
};

static struct folder folder_new(void)
{
    struct folder f;

    snprintf(f.dir, sizeof f.dir, "/tmp/fusebox-safe-XXXXXX");
    assert_non_null(mkdtemp(f.dir));
    snprintf(f.file, sizeof f.file, "%s/starts", f.dir);
    return f;
}

static void folder_free(struct folder *f)
{
    (void)unlink(f->file);
    assert_int_equal(rmdir(f->dir), 0);
}

static struct safe_mode_start begin(struct folder *f, int64_t now_ms)
{
    struct safe_mode_start start;

    assert_int_equal(safe_mode_begin(f->dir, now_ms, &start, NULL), ERR_OK);
    return start;
}

static void test_safe_mode__comes_with_the_start_behind_three_that_ended_badly(void **state UNUSED)
{
    struct folder f = folder_new();

    for (int i = 0; i < 3; i++)
        assert_false(begin(&f, T0 + i * MINUTE_MS).is_safe);
    assert_true(begin(&f, T0 + 3 * MINUTE_MS).is_safe);
    safe_mode_end(f.dir);
    assert_false(begin(&f, T0 + 4 * MINUTE_MS).is_safe);
    folder_free(&f);
}

static void test_safe_mode__counts_the_last_ten_minutes_only(void **state UNUSED)
{
    struct folder f = folder_new();

    for (int i = 0; i < 20; i++)
        assert_false(begin(&f, T0 + i * 5 * MINUTE_MS + 1 * i).is_safe);
    folder_free(&f);
}

static void test_safe_mode__starts_from_the_future_do_not_count(void **state UNUSED)
{
    struct starts s = { .count = 0 };

    for (int i = 0; i < 5; i++)
        starts_note(&s, T0 + 86400000);
    assert_false(starts_ask_for_safe_mode(&s, T0));
    assert_true(starts_ask_for_safe_mode(&s, T0 + 86400000));
}

static void test_safe_mode__keeps_the_newest_starts(void **state UNUSED)
{
    struct starts s = { .count = 0 }, read;
    struct buf text = buf_limited(4096);

    for (int i = 0; i < 3 * SAFE_MODE_STARTS_KEPT; i++)
        starts_note(&s, T0 + i);
    assert_int_equal(s.count, SAFE_MODE_STARTS_KEPT);
    assert_int_equal(s.at_ms[SAFE_MODE_STARTS_KEPT - 1], T0 + 3 * SAFE_MODE_STARTS_KEPT - 1);
    starts_format(&s, &text);
    assert_true(starts_parse(buf_str(&text), &read));
    assert_int_equal(read.count, s.count);
    assert_memory_equal(read.at_ms, s.at_ms, sizeof s.at_ms);
    buf_release(&text);
}

static void test_safe_mode__a_damaged_file_counts_as_empty(void **state UNUSED)
{
    static const char *const texts[] = {
        "start 17\nstart 18\nstart 19", "start x\n", "\n", "start -1\n", "stop 1\n", "start\n",
    };
    struct folder f = folder_new();

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct safe_mode_start start;

        assert_int_equal(file_write_atomic(f.file, str_of(texts[i]), NULL), ERR_OK);
        start = begin(&f, T0);
        assert_true(start.is_damaged);
        assert_false(start.is_safe);
        assert_false(begin(&f, T0 + 1).is_damaged);
    }
    folder_free(&f);
}

static void test_safe_mode__a_folder_that_is_not_there_is_an_error(void **state UNUSED)
{
    struct safe_mode_start start;
    struct diag diag = { 0 };

    assert_int_not_equal(safe_mode_begin("/tmp/fusebox-not-there", T0, &start, &diag), ERR_OK);
    assert_false(start.is_safe);
}

static void test_safe_mode__survives_every_failed_allocation(void **state UNUSED)
{
    struct folder f = folder_new();
    bool faulted = true;

    for (unsigned nth = 1; faulted; nth++) {
        struct safe_mode_start start;
        enum err err;

        mem_fail_nth(nth);
        err = safe_mode_begin(f.dir, T0, &start, NULL);
        faulted = mem_fault_happened();
        mem_fail_nth(0);
        if (!faulted)
            assert_int_equal(err, ERR_OK);
        safe_mode_end(f.dir);
    }
    folder_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safe_mode__comes_with_the_start_behind_three_that_ended_badly),
        cmocka_unit_test(test_safe_mode__counts_the_last_ten_minutes_only),
        cmocka_unit_test(test_safe_mode__starts_from_the_future_do_not_count),
        cmocka_unit_test(test_safe_mode__keeps_the_newest_starts),
        cmocka_unit_test(test_safe_mode__a_damaged_file_counts_as_empty),
        cmocka_unit_test(test_safe_mode__a_folder_that_is_not_there_is_an_error),
        cmocka_unit_test(test_safe_mode__survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
