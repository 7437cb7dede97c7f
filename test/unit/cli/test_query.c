#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "cli/query_answer.h"
#include "cli/query_chart.h"
#include "cli/query_print.h"

enum { ARENA_BYTES = 1 << 20 };

#define VECTOR(series)                                                                             \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" series "]}}"
#define MATRIX(series)                                                                             \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" series "]}}"

struct page {
    struct arena arena;
    struct query_answer answer;
    char *text;
    size_t len;
    FILE *out;
};

static void page_open(struct page *p, const char *json)
{
    struct json_value doc;

    *p = (struct page){ .arena = arena_limited(ARENA_BYTES) };
    assert_int_equal(json_read(str_of(json), &doc, NULL), ERR_OK);
    assert_int_equal(query_answer_read(doc, &p->arena, &p->answer, NULL), ERR_OK);
    p->out = open_memstream(&p->text, &p->len);
}

static void page_close(struct page *p, const char *expected)
{
    fclose(p->out);
    if (expected)
        assert_string_equal(p->text, expected);
    free(p->text);
    arena_release(&p->arena);
}

static void assert_table(const char *json, const char *expected)
{
    struct page p;

    page_open(&p, json);
    query_print_table(p.out, &p.answer);
    page_close(&p, expected);
}

static void assert_csv(const char *json, const char *expected)
{
    struct buf text = buf_limited(1 << 16);
    struct page p;

    page_open(&p, json);
    query_print_csv(&text, &p.answer);
    buf_append_byte(&text, '\0');
    assert_string_equal(text.data, expected);
    buf_release(&text);
    page_close(&p, "");
}

static void assert_chart(const char *json, int64_t end_ms, int64_t step_ms, const char *expected)
{
    const struct query_frame frame = { .end_ms = end_ms, .step_ms = step_ms, .width = 23 };
    struct page p;

    page_open(&p, json);
    query_chart_print(p.out, &p.answer, &frame);
    page_close(&p, expected);
}

static void test_query__numbers_are_humane(void **state UNUSED)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        { 0, "0" },
        { 48120, "48,120" },
        { -48120, "-48,120" },
        { 0.25, "0.25" },
        { 12.3456, "12.35" },
        { 1e-7, "1e-07" },
        { 1234.56, "1,234.6" },
        { 1e15, "1e+15" },
        { 999.99, "1000" },
        { -1999.96, "-2,000.0" },
        { 1.0 / 3, "0.3333" },
        { (double)INFINITY, "+Inf" },
        { -(double)INFINITY, "-Inf" },
        { (double)NAN, "NaN" },
    };
    char text[QUERY_NUMBER_BYTES];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(query_number(cases[i].value, text), cases[i].text);
}

static void test_query__a_table_has_labels_in_columns_and_values_on_the_right(void **state UNUSED)
{
    assert_table(VECTOR("{\"metric\":{\"job\":\"a\",\"__name__\":\"up\"},\"value\":[1,\"1\"]},"
                        "{\"metric\":{\"instance\":\"\\u00e9\\u001b\",\"job\":\"long-job\"},"
                        "\"value\":[1,\"48120\"]}"),
                 "METRIC  instance  job        VALUE\n"
                 "up                a              1\n"
                 "        \u00e9?        long-job  48,120\n");
    assert_table(VECTOR(""), "no series has a value there\n");
}

static void test_query__an_instant_matrix_has_a_row_for_each_point(void **state UNUSED)
{
    assert_table(MATRIX("{\"metric\":{\"job\":\"a\"},\"values\":[[1,\"1\"],[1.5,\"-20\"]]}"),
                 "job  TIME                      VALUE\n"
                 "a    1970-01-01T00:00:01.000Z      1\n"
                 "a    1970-01-01T00:00:01.500Z    -20\n");
}

static void test_query__scalars_and_strings_stand_alone(void **state UNUSED)
{
    const char *scalar = "{\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"42000\"]}}";
    const char *text = "{\"data\":{\"resultType\":\"string\",\"result\":[1,\"a,\\\"b\\u0007\"]}}";

    assert_table(scalar, "42,000\n");
    assert_csv(scalar, "timestamp,value\r\n1970-01-01T00:00:01.000Z,42000\r\n");
    assert_table(text, "a,\"b?\n");
    assert_csv(text, "value\r\n\"a,\"\"b\a\"\r\n");
}

static void test_query__csv_has_all_digits_and_quotes_what_needs_it(void **state UNUSED)
{
    assert_csv(
        VECTOR("{\"metric\":{\"a\":\"x,y\",\"__name__\":\"m\"},\"value\":[1.25,\"0.1234567\"]}"),
        "__name__,a,timestamp,value\r\nm,\"x,y\",1970-01-01T00:00:01.250Z,0.1234567\r\n");
    assert_csv(
        MATRIX("{\"metric\":{},\"values\":[[1,\"1\"],[2,\"+Inf\"]]}"),
        "timestamp,value\r\n1970-01-01T00:00:01.000Z,1\r\n1970-01-01T00:00:02.000Z,+Inf\r\n");
    assert_csv(VECTOR(""), "timestamp,value\r\n");
}

static void test_query__a_chart_rises_from_the_lower_left(void **state UNUSED)
{
    assert_chart(MATRIX("{\"metric\":{\"__name__\":\"m\",\"a\":\"b\"},"
                        "\"values\":[[0,\"0\"],[19,\"19000\"]]}"),
                 19000, 19000,
                 "1970-01-01T00:00:00.000Z to 1970-01-01T00:00:19.000Z, every 19s\n\n"
                 "m{a=\"b\"}  last 19,000\n"
                 "      19,000 ⠀⠀⠀⠀⠀⠀⠀⢀⠤⠊\n"
                 "             ⠀⠀⠀⠀⠀⡠⠔⠁⠀⠀\n"
                 "             ⠀⠀⢀⠔⠊⠀⠀⠀⠀⠀\n"
                 "           0 ⡠⠒⠁⠀⠀⠀⠀⠀⠀⠀\n");
}

static void test_query__a_chart_keeps_gaps_spikes_and_the_flat(void **state UNUSED)
{
    assert_chart(MATRIX("{\"metric\":{},\"values\":[[0,\"5\"],[5,\"5\"],[6,\"NaN\"],[13,\"5\"],"
                        "[19,\"5\"]]}"),
                 19000, 6000,
                 "1970-01-01T00:00:00.000Z to 1970-01-01T00:00:19.000Z, every 6s\n\n"
                 "{}  last 5\n"
                 "             ⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀\n"
                 "             ⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀\n"
                 "             ⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀\n"
                 "           5 ⣀⣀⣀⠀⠀⠀⢀⣀⣀⣀\n");
    assert_chart(
        MATRIX("{\"metric\":{},\"values\":[[9,\"1\"],[9.001,\"-1e308\"],[9.002,\"1e308\"]]}"),
        19000, 1,
        "1970-01-01T00:00:00.000Z to 1970-01-01T00:00:19.000Z, every 1ms\n\n"
        "{}  last 1e+308\n"
        "      1e+308 ⠀⠀⠀⠀⢸⠀⠀⠀⠀⠀\n"
        "             ⠀⠀⠀⠀⢸⠀⠀⠀⠀⠀\n"
        "             ⠀⠀⠀⠀⢸⠀⠀⠀⠀⠀\n"
        "     -1e+308 ⠀⠀⠀⠀⢸⠀⠀⠀⠀⠀\n");
    assert_chart(MATRIX("{\"metric\":{},\"values\":[[9,\"NaN\"]]}"), 19000, 1000,
                 "1970-01-01T00:00:00.000Z to 1970-01-01T00:00:19.000Z, every 1s\n\n"
                 "{}  last NaN\n");
}

static void test_query__more_series_than_charts_are_counted(void **state UNUSED)
{
    const struct query_frame frame = { .end_ms = 1000, .step_ms = 1000, .width = 0 };
    struct buf json = buf_limited(1 << 16);
    struct page p;

    buf_append_cstr(&json, "{\"data\":{\"resultType\":\"matrix\",\"result\":[");
    for (int i = 0; i < QUERY_CHARTS_MAX + 3; i++)
        buf_printf(&json, "%s{\"metric\":{\"n\":\"%d\"},\"values\":[[0,\"1\"]]}", i ? "," : "", i);
    buf_append(&json, "]}}", 4);
    page_open(&p, json.data);
    query_chart_print(p.out, &p.answer, &frame);
    fflush(p.out);
    assert_non_null(strstr(p.text, "{n=\"19\"}"));
    assert_null(strstr(p.text, "{n=\"20\"}"));
    assert_non_null(strstr(p.text, "\nand 3 more series; -o csv has them all\n"));
    page_close(&p, NULL);
    buf_release(&json);
}

static void test_query__the_caret_stands_under_the_place(void **state UNUSED)
{
    static const struct {
        const char *expression;
        int line, column;
        const char *text;
    } cases[] = {
        { "rate(up[5m)", 1, 11, "  rate(up[5m)\n            ^\n" },
        { "a +\n\u00e9 b", 2, 4, "  \u00e9 b\n    ^\n" },
        { "a", 1, 99, "  a\n   ^\n" },
        { "", 1, 1, "  \n  ^\n" },
        { "a", 3, 1, "  \n  ^\n" },
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);

        query_print_caret(out, str_of(cases[i].expression), cases[i].line, cases[i].column);
        fclose(out);
        assert_string_equal(text, cases[i].text);
        free(text);
    }
}

static enum err read_limited(const char *json, size_t limit_bytes)
{
    struct arena arena = arena_limited(limit_bytes);
    struct query_answer answer;
    struct json_value doc;
    struct diag diag = { 0 };
    enum err err = json_read(str_of(json), &doc, NULL);

    if (!err)
        err = query_answer_read(doc, &arena, &answer, &diag);
    assert_int_equal(diag.code, err);
    arena_release(&arena);
    return err;
}

static void test_query__what_is_no_answer_is_refused(void **state UNUSED)
{
    static const char *const documents[] = {
        "{}",
        "[]",
        "{\"data\":{\"resultType\":\"vector\",\"result\":7}}",
        "{\"data\":{\"resultType\":\"scalar\",\"result\":[]}}",
        "{\"data\":{\"resultType\":\"string\",\"result\":[1]}}",
        VECTOR("7"),
        VECTOR("{\"metric\":{\"a\":7},\"value\":[1,\"1\"]}"),
        VECTOR("{\"metric\":{},\"value\":[1,\"one\"]}"),
        VECTOR("{\"metric\":{},\"value\":[\"1\",\"1\"]}"),
        MATRIX("{\"metric\":{},\"values\":[[1]]}"),
    };

    for (size_t i = 0; i < ARRAY_LEN(documents); i++)
        assert_int_equal(read_limited(documents[i], ARENA_BYTES), ERR_INVALID);
}

static void test_query__memory_is_bounded(void **state UNUSED)
{
    const char *json = VECTOR("{\"metric\":{\"a\":\"b\"},\"value\":[1,\"1\"]}");
    size_t limit_bytes = 0;

    for (; read_limited(json, limit_bytes); limit_bytes += 16)
        assert_int_equal(read_limited(json, limit_bytes), ERR_LIMIT);
    assert_true(limit_bytes >= 64);
}

static void test_query__a_failing_allocation_is_told(void **state UNUSED)
{
    const char *json = VECTOR("{\"metric\":{\"a\":\"b\"},\"value\":[1,\"1\"]}");
    long n = 0;

    for (bool fault = true; fault;) {
        enum err err;

        mem_fail_nth(++n);
        err = read_limited(json, ARENA_BYTES);
        fault = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, fault ? ERR_NOMEM : ERR_OK);
    }
    assert_true(n > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query__numbers_are_humane),
        cmocka_unit_test(test_query__a_table_has_labels_in_columns_and_values_on_the_right),
        cmocka_unit_test(test_query__an_instant_matrix_has_a_row_for_each_point),
        cmocka_unit_test(test_query__scalars_and_strings_stand_alone),
        cmocka_unit_test(test_query__csv_has_all_digits_and_quotes_what_needs_it),
        cmocka_unit_test(test_query__a_chart_rises_from_the_lower_left),
        cmocka_unit_test(test_query__a_chart_keeps_gaps_spikes_and_the_flat),
        cmocka_unit_test(test_query__more_series_than_charts_are_counted),
        cmocka_unit_test(test_query__the_caret_stands_under_the_place),
        cmocka_unit_test(test_query__what_is_no_answer_is_refused),
        cmocka_unit_test(test_query__memory_is_bounded),
        cmocka_unit_test(test_query__a_failing_allocation_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
