#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/file.h"
#include "cli/backup_copy.h"
#include "tsdb/backup.h"

enum { PATH_BYTES = 256 };

static char dir[PATH_BYTES], from[2 * PATH_BYTES], to[2 * PATH_BYTES];

static const char *path_of(const char *base, const char *name)
{
    static char path[4 * PATH_BYTES];

    snprintf(path, sizeof path, "%s/%s", base, name);
    return path;
}

static void put(const char *name, const char *text)
{
    assert_int_equal(file_write_atomic(path_of(from, name), str_of(text), NULL), ERR_OK);
}

static void assert_file(const char *name, const char *text)
{
    struct arena arena = arena_limited(1 << 16);
    struct str found;

    assert_int_equal(file_read(&arena, path_of(to, name), 1 << 10, &found, NULL), ERR_OK);
    assert_true(str_equals(found, str_of(text)));
    arena_release(&arena);
}

static int begin(void **state UNUSED)
{
    snprintf(dir, sizeof dir, "/tmp/fusebox-backup-copy-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(from, sizeof from, "%s/from", dir);
    snprintf(to, sizeof to, "%s/to", dir);
    assert_int_equal(file_make_dir(path_of(from, "blocks"), NULL), ERR_OK);
    put("blocks/one.block", "1");
    put("blocks/two.block", "22");
    put("MANIFEST", "m");
    return 0;
}

static int end(void **state UNUSED)
{
    backup_remove(from);
    backup_remove(to);
    return rmdir(dir);
}

static void test_backup_copy__copies_every_file(void **state UNUSED)
{
    struct stat before, after;

    assert_int_equal(backup_copy(from, to, NULL), ERR_OK);
    assert_file("blocks/one.block", "1");
    assert_file("blocks/two.block", "22");
    assert_file("MANIFEST", "m");
    assert_int_equal(stat(path_of(from, "blocks/one.block"), &before), 0);
    assert_int_equal(stat(path_of(to, "blocks/one.block"), &after), 0);
    assert_true(before.st_ino != after.st_ino);
}

static void test_backup_copy__never_touches_what_is_there(void **state UNUSED)
{
    struct diag diag = { 0 };

    assert_int_equal(file_make_dir(to, NULL), ERR_OK);
    assert_int_equal(backup_copy(from, to, &diag), ERR_CONFLICT);
    assert_non_null(strstr(diag.message, "is there already"));
    assert_int_equal(access(to, F_OK), 0);
    assert_int_not_equal(access(path_of(to, "blocks"), F_OK), 0);
}

static void test_backup_copy__refuses_what_is_no_backup(void **state UNUSED)
{
    struct diag diag = { 0 };

    assert_int_equal(unlink(path_of(from, "MANIFEST")), 0);
    assert_int_equal(backup_copy(from, to, &diag), ERR_NOT_FOUND);
    assert_non_null(strstr(diag.message, "is no backup"));
    assert_int_not_equal(access(to, F_OK), 0);
}

static void test_backup_copy__leaves_nothing_behind_when_it_fails(void **state UNUSED)
{
    struct diag diag = { 0 };

    assert_int_equal(mkdir(path_of(from, "blocks/sub"), 0700), 0);
    assert_int_not_equal(backup_copy(from, to, &diag), ERR_OK);
    assert_true(diag.message[0]);
    assert_int_not_equal(access(to, F_OK), 0);
    assert_int_equal(rmdir(path_of(from, "blocks/sub")), 0);
}

static void test_backup_copy__refuses_paths_that_are_too_long(void **state UNUSED)
{
    static char long_path[5000];

    memset(long_path, 'a', sizeof long_path - 1);
    assert_int_equal(backup_copy(long_path, to, NULL), ERR_LIMIT);
    assert_int_equal(backup_copy(from, long_path, NULL), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_backup_copy__copies_every_file, begin, end),
        cmocka_unit_test_setup_teardown(test_backup_copy__never_touches_what_is_there, begin, end),
        cmocka_unit_test_setup_teardown(test_backup_copy__refuses_what_is_no_backup, begin, end),
        cmocka_unit_test_setup_teardown(test_backup_copy__leaves_nothing_behind_when_it_fails,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_backup_copy__refuses_paths_that_are_too_long, begin,
                                        end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
