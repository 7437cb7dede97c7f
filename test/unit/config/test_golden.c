/*
 * Every file of test/golden/config: bad_*.yml is refused and good_*.yml loads,
 * each with exactly the messages of the .txt beside it. With GOLDEN_WRITE in the
 * environment the .txt files are written instead; read the difference then.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "config/load.h"

enum { PATH_BYTES = 512, FILE_BYTES = 1 << 20, BAD_AT_LEAST = 40, GOOD_AT_LEAST = 10 };

static struct str read_golden(struct arena *arena, const char *name)
{
    char *path = arena_printf(arena, GOLDEN_DIR "/%s", name);
    struct str text = STR("");

    assert_non_null(path);
    assert_int_equal(file_read(arena, path, FILE_BYTES, &text, NULL), ERR_OK);
    return text;
}

static void write_golden(const char *name, struct str text)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, GOLDEN_DIR "/%s", name);
    assert_int_equal(file_write_atomic(path, text, NULL), ERR_OK);
}

static void check_messages(struct arena *arena, const char *name, struct str messages)
{
    char *beside = arena_printf(arena, "%.*s.txt", (int)strlen(name) - 4, name);
    struct str expected;

    assert_non_null(beside);
    if (getenv("GOLDEN_WRITE")) {
        write_golden(beside, messages);
        return;
    }
    expected = read_golden(arena, beside);
    if (!str_equals(expected, messages))
        fail_msg("%s\n--- expected\n%.*s--- got\n%.*s", name, STR_ARG(expected), STR_ARG(messages));
}

static void check_file(const char *name, bool good)
{
    struct arena arena = arena_limited(2 * FILE_BYTES);
    struct config_sources sources = { .file = name };
    struct buf messages = buf_limited(FILE_BYTES);
    struct config_errors errors;
    struct config *cfg = NULL;
    enum err err;

    config_errors_init(&errors);
    err = config_load_text(read_golden(&arena, name), &sources, &cfg, &errors);
    config_errors_print(&errors, &messages);
    assert_int_equal(buf_error(&messages), ERR_OK);
    if (err != (good ? ERR_OK : ERR_INVALID))
        fail_msg("%s: %s\n%.*s", name, err_name(err), STR_ARG(buf_str(&messages)));
    assert_int_equal(good, cfg != NULL);
    assert_int_equal(good, errors.items.count == 0);
    check_messages(&arena, name, messages.data ? buf_str(&messages) : STR(""));
    config_unref(cfg);
    config_errors_release(&errors);
    buf_release(&messages);
    arena_release(&arena);
}

static int check_all(struct str prefix, bool good)
{
    DIR *dir = opendir(GOLDEN_DIR);
    struct dirent *entry;
    int count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        struct str name = str_of(entry->d_name);

        if (!str_has_prefix(name, prefix) || !str_has_suffix(name, STR(".yml")))
            continue;
        check_file(entry->d_name, good);
        count++;
    }
    closedir(dir);
    return count;
}

static void test_golden__bad_files_are_refused_with_their_messages(void **state UNUSED)
{
    assert_true(check_all(STR("bad_"), false) >= BAD_AT_LEAST);
}

static void test_golden__good_files_load(void **state UNUSED)
{
    assert_true(check_all(STR("good_"), true) >= GOOD_AT_LEAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden__bad_files_are_refused_with_their_messages),
        cmocka_unit_test(test_golden__good_files_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
