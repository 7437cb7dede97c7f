#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "base/file.h"
#include "base/mem.h"

static char dir[64];

static const char *in_dir(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static int open_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/fusebox-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static size_t entry_count(void)
{
    DIR *d = opendir(dir);
    size_t count = 0;

    while (readdir(d))
        count++;
    closedir(d);
    return count - 2;
}

static int close_dir(void **state)
{
    static const char *const names[] = { "text", "lock", "a/b/c", "a/b", "a" };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        remove(in_dir(names[i]));
    return rmdir(dir);
}

static void test_file__reads_what_was_written(void **state)
{
    struct arena a = arena_limited(1 << 20);
    struct str text = STR_NONE;

    (void)state;
    assert_int_equal(file_write_atomic(in_dir("text"), STR("one\0two"), NULL), ERR_OK);
    assert_int_equal(file_read(&a, in_dir("text"), 100, &text, NULL), ERR_OK);
    assert_true(str_equals(text, STR("one\0two")));
    assert_int_equal(text.ptr[text.len], '\0');
    assert_int_equal(file_write_atomic(in_dir("text"), STR_NONE, NULL), ERR_OK);
    assert_int_equal(file_read(&a, in_dir("text"), 100, &text, NULL), ERR_OK);
    assert_int_equal(text.len, 0);
    assert_int_equal(entry_count(), 1); /* no temporary file stays */
    arena_release(&a);
}

static void test_file__says_why_it_cannot_read(void **state)
{
    struct arena a = arena_limited(1 << 20), tiny = arena_limited(16);
    struct str text = STR("untouched");
    struct diag diag = { .code = ERR_OK };

    (void)state;
    assert_int_equal(file_read(&a, in_dir("none"), 100, &text, &diag), ERR_NOT_FOUND);
    assert_non_null(strstr(diag.message, "none"));
    assert_int_equal(file_read(&a, dir, 100, &text, NULL), ERR_IO);
    assert_int_equal(file_write_atomic(in_dir("text"), STR("0123456789abcdef"), NULL), ERR_OK);
    assert_int_equal(file_read(&a, in_dir("text"), 15, &text, NULL), ERR_LIMIT);
    assert_int_equal(file_read(&tiny, in_dir("text"), 16, &text, NULL), ERR_LIMIT);
    assert_int_equal(file_read(&a, in_dir("text"), 16, &text, NULL), ERR_OK);
    arena_release(&a);
    arena_release(&tiny);
}

static void test_file__a_failed_write_leaves_the_old_file(void **state)
{
    struct arena a = arena_limited(1 << 20);
    struct str text = STR_NONE;

    (void)state;
    assert_int_equal(file_write_atomic(in_dir("none/text"), STR("x"), NULL), ERR_IO);
    assert_int_equal(file_make_dir(in_dir("a"), NULL), ERR_OK);
    assert_int_equal(file_write_atomic(in_dir("a"), STR("x"), NULL), ERR_IO); /* a directory */
    assert_int_equal(entry_count(), 1);
    assert_int_equal(file_read(&a, in_dir("text"), 100, &text, NULL), ERR_NOT_FOUND);
    arena_release(&a);
}

static void test_file__makes_all_parents(void **state)
{
    struct stat st = { .st_mode = 0 };

    (void)state;
    assert_int_equal(file_make_dir(in_dir("a/b/c"), NULL), ERR_OK);
    assert_int_equal(file_make_dir(in_dir("a/b/c/"), NULL), ERR_OK);
    assert_int_equal(stat(in_dir("a/b/c"), &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void test_file__a_file_in_the_way_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(file_write_atomic(in_dir("text"), STR("x"), NULL), ERR_OK);
    assert_int_equal(file_make_dir(in_dir("text"), NULL), ERR_IO);
    assert_int_equal(file_make_dir(in_dir("text/below"), NULL), ERR_IO);
}

static void test_file__a_locked_folder_names_its_holder(void **state)
{
    struct diag diag = { .code = ERR_OK };
    char holder[32];
    int fd = -1, second = -1;

    (void)state;
    snprintf(holder, sizeof holder, "process %d:", (int)getpid());
    assert_int_equal(file_lock_dir(dir, &fd, NULL), ERR_OK);
    assert_int_equal(file_lock_dir(dir, &second, &diag), ERR_CONFLICT);
    assert_int_equal(second, -1);
    assert_non_null(strstr(diag.message, holder));
    close(fd);
    assert_int_equal(file_lock_dir(dir, &second, NULL), ERR_OK);
    close(second);
}

static void test_file__survives_every_failing_allocation(void **state)
{
    bool happened = true;

    (void)state;
    assert_int_equal(file_write_atomic(in_dir("text"), STR("x"), NULL), ERR_OK);
    for (long n = 1; happened; n++) {
        struct arena a = arena_limited(1 << 20);
        struct str text = STR_NONE;
        enum err err;

        mem_fail_nth(n);
        err = file_read(&a, in_dir("text"), 100, &text, NULL);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, happened ? ERR_NOMEM : ERR_OK);
        arena_release(&a);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_dir, close_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_file__reads_what_was_written),
        TEST(test_file__says_why_it_cannot_read),
        TEST(test_file__a_failed_write_leaves_the_old_file),
        TEST(test_file__makes_all_parents),
        TEST(test_file__a_file_in_the_way_is_an_error),
        TEST(test_file__a_locked_folder_names_its_holder),
        TEST(test_file__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
