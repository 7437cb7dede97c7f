#include "wire/exposition.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/number.h"

/*
 * The files named good_ and bad_ were held against Prometheus 2.42. To write the
 * expectations anew: GOLDEN_WRITE=1, then read the difference.
 */

/* Everything that a body says, as text: samples with sorted labels, metadata as it came; or the
 * error. */
static void describe(struct str body, struct buf *out)
{
    struct arena arena = arena_limited(1 << 20);
    struct exposition_reader reader;
    struct exposition_line line;
    struct diag diag = { 0 };
    enum err err;

    exposition_init(&reader, body);
    while ((err = exposition_next(&reader, &line, &diag)) == ERR_OK &&
           line.kind != EXPOSITION_END) {
        struct labels_builder builder;
        struct labels labels;
        char number[NUMBER_TEXT_BYTES];

        if (line.kind != EXPOSITION_SAMPLE) {
            buf_printf(out, "%s %.*s |%.*s|\n", line.kind == EXPOSITION_TYPE ? "TYPE" : "HELP",
                       STR_ARG(line.series), STR_ARG(line.text));
            continue;
        }
        labels_builder_init(&builder, &arena);
        err = exposition_parse_series(line.series, &builder, &diag);
        if (!err)
            err = labels_builder_finish(&builder, &labels, &diag);
        if (err)
            break;
        labels_print(labels, out);
        number_format(line.value, number);
        buf_printf(out, " %s", number);
        if (line.has_ts)
            buf_printf(out, " @%lld", (long long)line.ts_ms);
        buf_append_byte(out, '\n');
    }
    if (err)
        buf_printf(out, "%s %d:%d %s\n", err_name(err), diag.line ? diag.line : reader.line,
                   diag.column, diag_text(&diag));
    arena_release(&arena);
}

static void check_file(const char *name)
{
    struct arena arena = arena_limited(1 << 20);
    struct buf said = buf_limited(1 << 20);
    char path[512], expected_path[512];
    struct str body, expected = STR("");

    snprintf(path, sizeof path, "%s/%s", GOLDEN_DIR, name);
    snprintf(expected_path, sizeof expected_path, "%s/%.*s.expected", GOLDEN_DIR,
             (int)strlen(name) - 4, name);
    assert_int_equal(file_read(&arena, path, 1 << 20, &body, NULL), ERR_OK);
    describe(body, &said);
    if (getenv("GOLDEN_WRITE"))
        assert_int_equal(file_write_atomic(expected_path, buf_str(&said), NULL), ERR_OK);
    assert_int_equal(file_read(&arena, expected_path, 1 << 20, &expected, NULL), ERR_OK);
    if (!str_equals(buf_str(&said), expected))
        fail_msg("%s says\n%.*sbut\n%.*sis expected", name, STR_ARG(buf_str(&said)),
                 STR_ARG(expected));
    assert_int_equal(str_has_prefix(str_of(name), STR("bad_")),
                     memmem(said.data ? said.data : "", said.len, "invalid ", 8) != NULL);
    buf_release(&said);
    arena_release(&arena);
}

static void test_exposition__reads_golden_files_as_written_down(void **state)
{
    DIR *dir = opendir(GOLDEN_DIR);
    struct dirent *entry;
    int seen = 0;

    (void)state;
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        if (!str_has_suffix(str_of(entry->d_name), STR(".txt")))
            continue;
        check_file(entry->d_name);
        seen++;
    }
    closedir(dir);
    assert_true(seen > 40);
}

static enum err read_first(struct str body, struct exposition_line *line, struct diag *diag)
{
    struct exposition_reader reader;

    exposition_init(&reader, body);
    return exposition_next(&reader, line, diag);
}

static void test_exposition__says_line_and_column_of_what_is_wrong(void **state)
{
    struct exposition_reader reader;
    struct exposition_line line;
    struct diag diag = { 0 };

    (void)state;
    exposition_init(&reader, STR("a 1\n\nb 2\nc 1x\n"));
    assert_int_equal(exposition_next(&reader, &line, &diag), ERR_OK);
    assert_int_equal(exposition_next(&reader, &line, &diag), ERR_OK);
    assert_int_equal(exposition_next(&reader, &line, &diag), ERR_INVALID);
    assert_int_equal(diag.line, 4);
    assert_int_equal(diag.column, 3);
    assert_string_equal(diag.message, "a number is expected, not \"1\"");
}

static void test_exposition__refuses_a_line_over_the_limit(void **state)
{
    size_t len = EXPOSITION_LINE_MAX_BYTES + 1;
    char *text = mem_alloc(len);
    struct exposition_line line;

    (void)state;
    assert_non_null(text);
    memset(text, 'a', len);
    memcpy(text + len - 2, " 1", 2);
    assert_int_equal(read_first((struct str){ text, len }, &line, NULL), ERR_LIMIT);
    assert_int_equal(read_first((struct str){ text + 1, len - 1 }, &line, NULL), ERR_OK);
    mem_free(text);
}

/* However a good body is cut, the reader takes it or says an error; it never reads behind the cut.
 */
static void test_exposition__survives_every_cut(void **state)
{
    struct str body = STR(
        "# HELP m text\n# TYPE m gauge\nm{a=\"x\\\"y\",b=\"}\",} 1.5e3 123\nn NaN\n");

    (void)state;
    for (size_t len = 0; len <= body.len; len++) {
        char *copy = mem_alloc(len + 1);
        struct buf said = buf_limited(1 << 16);

        assert_non_null(copy);
        memcpy(copy, body.ptr, len);
        describe((struct str){ copy, len }, &said);
        buf_release(&said);
        mem_free(copy);
    }
}

static void test_exposition__fails_cleanly_without_memory(void **state)
{
    struct str series = STR("m{a=\"x\\\"y\",b=\"c\\n\"}");
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct arena arena = arena_limited(1 << 16);
        struct labels_builder builder;
        enum err err;

        labels_builder_init(&builder, &arena);
        mem_fail_nth(n);
        err = exposition_parse_series(series, &builder, NULL);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, happened ? ERR_NOMEM : ERR_OK);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exposition__reads_golden_files_as_written_down),
        cmocka_unit_test(test_exposition__says_line_and_column_of_what_is_wrong),
        cmocka_unit_test(test_exposition__refuses_a_line_over_the_limit),
        cmocka_unit_test(test_exposition__survives_every_cut),
        cmocka_unit_test(test_exposition__fails_cleanly_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
