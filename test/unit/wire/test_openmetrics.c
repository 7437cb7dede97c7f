#include "wire/openmetrics.h"

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
 * The files named good_ and bad_ are held against Prometheus 2.42 in
 * test/peers/openmetrics.test.mjs. To write the expectations anew: GOLDEN_WRITE=1,
 * then read the difference.
 */

static void describe_number(struct buf *out, double value, bool has_ts, int64_t ts_ms)
{
    char number[NUMBER_TEXT_BYTES];

    number_format(value, number);
    buf_printf(out, " %s", number);
    if (has_ts)
        buf_printf(out, " @%lld", (long long)ts_ms);
}

static enum err describe_sample(const struct openmetrics_line *it, struct arena *arena,
                                struct buf *out, struct diag *diag)
{
    struct labels_builder builder;
    struct labels labels;
    enum err err;

    labels_builder_init(&builder, arena);
    err = openmetrics_parse_series(it->line.series, &builder, diag);
    if (!err)
        err = labels_builder_finish(&builder, &labels, diag);
    if (err)
        return err;
    labels_print(labels, out);
    describe_number(out, it->line.value, it->line.has_ts, it->line.ts_ms);
    if (it->has_exemplar) {
        buf_printf(out, " exemplar %.*s", STR_ARG(it->exemplar.labels));
        describe_number(out, it->exemplar.value, it->exemplar.has_ts, it->exemplar.ts_ms);
    }
    buf_append_byte(out, '\n');
    return ERR_OK;
}

/* Everything that a body says, as text; or the error. */
static void describe(struct str body, struct buf *out)
{
    static const char *const words[] = {
        [EXPOSITION_TYPE] = "TYPE", [EXPOSITION_HELP] = "HELP", [EXPOSITION_UNIT] = "UNIT"
    };
    struct arena arena = arena_limited(1 << 20);
    struct openmetrics_reader reader;
    struct openmetrics_line it;
    struct diag diag = { 0 };
    enum err err;

    openmetrics_init(&reader, body);
    while ((err = openmetrics_next(&reader, &it, &diag)) == ERR_OK &&
           it.line.kind != EXPOSITION_END) {
        if (it.line.kind == EXPOSITION_SAMPLE)
            err = describe_sample(&it, &arena, out, &diag);
        else
            buf_printf(out, "%s %.*s |%.*s|\n", words[it.line.kind], STR_ARG(it.line.series),
                       STR_ARG(it.line.text));
        if (err)
            break;
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

static void test_openmetrics__reads_golden_files_as_written_down(void **state)
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
    assert_true(seen > 80);
}

static void expect_refusal(struct str body, int line, int column, const char *message)
{
    struct openmetrics_reader reader;
    struct openmetrics_line it;
    struct diag diag = { 0 };
    enum err err;

    openmetrics_init(&reader, body);
    while ((err = openmetrics_next(&reader, &it, &diag)) == ERR_OK)
        assert_int_not_equal(it.line.kind, EXPOSITION_END);
    assert_int_equal(err, ERR_INVALID);
    assert_int_equal(diag.line, line);
    assert_int_equal(diag.column, column);
    assert_string_equal(diag.message, message);
}

static void test_openmetrics__says_line_and_column_of_what_is_wrong(void **state)
{
    (void)state;
    expect_refusal(STR("a 1\nb{c=\"d\"} 2 x\n# EOF\n"), 2, 12,
                   "a timestamp in seconds or the end of the line is expected, not \"x\"");
    expect_refusal(STR("a 1\n"), 2, 1,
                   "\"# EOF\" is expected, but the body ends: it did not come whole");
    expect_refusal(STR("# EOF\na 1\n"), 2, 1, "nothing may stand behind \"# EOF\"");
}

static void test_openmetrics__refuses_a_line_over_the_limit(void **state)
{
    size_t len = EXPOSITION_LINE_MAX_BYTES + 2;
    char *text = mem_alloc(len);
    struct openmetrics_reader reader;
    struct openmetrics_line it;

    (void)state;
    assert_non_null(text);
    memset(text, 'a', len);
    memcpy(text + len - 3, " 1\n", 3);
    openmetrics_init(&reader, (struct str){ text, len });
    assert_int_equal(openmetrics_next(&reader, &it, NULL), ERR_LIMIT);
    openmetrics_init(&reader, (struct str){ text + 1, len - 1 });
    assert_int_equal(openmetrics_next(&reader, &it, NULL), ERR_OK);
    mem_free(text);
}

/* A body that was cut anywhere is refused, but for its last line feed; nothing is read behind the
 * cut. */
static void test_openmetrics__refuses_every_cut(void **state)
{
    struct str body = STR(
        "# HELP m text\n# TYPE m counter\n# UNIT m_s s\n"
        "m_total{a=\"x\\\"y\",b=\"}\"} 1.5e3 123 # {t=\"}\"} 1 2.5\nn NaN\n# EOF\n");

    (void)state;
    for (size_t len = 0; len <= body.len; len++) {
        char *copy = mem_alloc(len + 1);
        struct buf said = buf_limited(1 << 16);

        assert_non_null(copy);
        memcpy(copy, body.ptr, len);
        describe((struct str){ copy, len }, &said);
        assert_int_equal(memmem(said.data ? said.data : "", said.len, "invalid ", 8) == NULL,
                         len + 1 >= body.len);
        buf_release(&said);
        mem_free(copy);
    }
}

static void test_openmetrics__fails_cleanly_without_memory(void **state)
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
        err = openmetrics_parse_series(series, &builder, NULL);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, happened ? ERR_NOMEM : ERR_OK);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openmetrics__reads_golden_files_as_written_down),
        cmocka_unit_test(test_openmetrics__says_line_and_column_of_what_is_wrong),
        cmocka_unit_test(test_openmetrics__refuses_a_line_over_the_limit),
        cmocka_unit_test(test_openmetrics__refuses_every_cut),
        cmocka_unit_test(test_openmetrics__fails_cleanly_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
