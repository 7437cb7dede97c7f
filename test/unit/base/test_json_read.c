#include <math.h>
#include <string.h>

#include "unit.h"

#include "base/attr.h"
#include "base/json.h"
#include "base/json_read.h"

static struct json_value root_of(const char *text)
{
    struct json_value root = { 0 };
    struct diag diag = { 0 };

    assert_int_equal(json_read(str_of(text), &root, &diag), ERR_OK);
    return root;
}

static void assert_str(struct str text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.ptr, expected, text.len);
}

static void test_json_read__takes_what_the_rfc_allows(void **state UNUSED)
{
    static const struct {
        const char *text;
        enum json_kind kind;
    } rows[] = {
        { "null", JSON_NULL },
        { " true ", JSON_BOOL },
        { "false", JSON_BOOL },
        { "0", JSON_NUMBER },
        { "-0.5e+10", JSON_NUMBER },
        { "1E9", JSON_NUMBER },
        { "\"\"", JSON_STRING },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"", JSON_STRING },
        { "[]", JSON_ARRAY },
        { "[ [ ] , { } ]", JSON_ARRAY },
        { "{\"a\":[1,2,{\"b\":null}],\"c\":{}}", JSON_OBJECT },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(root_of(rows[i].text).kind, rows[i].kind);
}

static void test_json_read__refuses_all_else(void **state UNUSED)
{
    static const char *const texts[] = {
        "",
        " ",
        "nul",
        "nulll",
        "01",
        "-",
        "+1",
        "1.",
        ".5",
        "1e",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1",
        "[[1]",
        "]",
        "{\"a\"}",
        "{a:1}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "\"",
        "\"\n\"",
        "\"\\x\"",
        "\"\\u12",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "1 2",
        "[1}",
        "{\"a\":1]",
        "'a'",
        "// a",
        "NaN",
        "\xEF\xBB\xBF"
        "1",
        "\"\xFF\"",
        "\"\\ud800\\u0041\"",
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct json_value root = { 0 };
        struct diag diag = { 0 };

        assert_int_equal(json_read(str_of(texts[i]), &root, &diag), ERR_INVALID);
        assert_int_equal(root.kind, JSON_ABSENT);
        assert_true(diag.message[0]);
    }
    assert_int_equal(json_read(((struct str){ "1\0", 2 }), &(struct json_value){ 0 }, NULL),
                     ERR_INVALID);
}

static void test_json_read__names_line_and_column(void **state UNUSED)
{
    struct json_value root;
    struct diag diag = { 0 };

    assert_int_equal(json_read(STR("{\n  \"a\": oops\n}"), &root, &diag), ERR_INVALID);
    assert_int_equal(diag.line, 2);
    assert_int_equal(diag.column, 8);
}

static void test_json_read__depth_is_bounded(void **state UNUSED)
{
    char text[2 * JSON_READ_DEPTH_MAX + 4] = "";
    struct json_value root;

    memset(text, '[', JSON_READ_DEPTH_MAX);
    memset(text + JSON_READ_DEPTH_MAX, ']', JSON_READ_DEPTH_MAX);
    assert_int_equal(json_read(str_of(text), &root, NULL), ERR_OK);
    memset(text, '[', JSON_READ_DEPTH_MAX + 1);
    memset(text + JSON_READ_DEPTH_MAX + 1, ']', JSON_READ_DEPTH_MAX + 1);
    assert_int_equal(json_read(str_of(text), &root, NULL), ERR_INVALID);
}

static void test_json_read__finds_members_and_items(void **state UNUSED)
{
    struct json_value root = root_of(
        "{ \"a\" : { \"b\" : -7, \"c\": 0.5 }, \"d\": [ true , \"x\" ] }");
    struct json_value list = json_read_at(root, "d"), item = { 0 };

    assert_int_equal(json_read_i64(json_read_at(root, "a.b"), 0), -7);
    assert_true(fabs(json_read_double(json_read_at(root, "a.c"), 0) - 0.5) < 1e-12);
    assert_int_equal(json_read_at(root, "a.x").kind, JSON_ABSENT);
    assert_int_equal(json_read_at(root, "a.b.c").kind, JSON_ABSENT);
    assert_int_equal(json_read_at(root, "d.0").kind, JSON_ABSENT);
    assert_true(json_read_next(list, &item));
    assert_true(json_read_bool(item, false));
    assert_true(json_read_next(list, &item));
    assert_int_equal(item.kind, JSON_STRING);
    assert_false(json_read_next(list, &item));
    item = (struct json_value){ 0 };
    assert_true(json_read_next(root, &item));
    assert_str(item.key, "a");
    assert_false(json_read_next(root_of("[]"), &(struct json_value){ 0 }));
    assert_false(json_read_next(root_of("7"), &(struct json_value){ 0 }));
}

static void test_json_read__other_kinds_give_the_fallback(void **state UNUSED)
{
    assert_int_equal(json_read_i64(root_of("\"7\""), 3), 3);
    assert_int_equal(json_read_i64(root_of("1.5"), 3), 3);
    assert_int_equal(json_read_i64(root_of("99999999999999999999"), 3), 3);
    assert_true(json_read_bool(root_of("null"), true));
    assert_false(json_read_bool(root_of("false"), true));
    assert_true(isnan(json_read_double(root_of("null"), NAN)));
}

static void test_json_read__strings_lose_their_escapes(void **state UNUSED)
{
    struct arena arena = arena_limited(1 << 16);
    struct str text;

    assert_true(json_read_str(root_of("\"a\\n\\u00e9\\u20ac\\ud83d\\ude00/\\/\""), &arena, &text));
    assert_str(text, "a\n\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80//");
    assert_true(json_read_str(root_of("\"\""), &arena, &text));
    assert_str(text, "");
    assert_false(json_read_str(root_of("7"), &arena, &text));
    arena_release(&arena);
    arena = arena_limited(1);
    assert_false(json_read_str(root_of("\"a long text for a small arena\""), &arena, &text));
    arena_release(&arena);
}

static void test_json_read__reads_what_the_writer_wrote(void **state UNUSED)
{
    static const char hostile[] = "<b>\"\\\x01\x7F\xE2\x80\xA8 \xC3\xA9";
    struct arena arena = arena_limited(1 << 16);
    struct buf out = buf_limited(1 << 16);
    struct json j = json_to(&out);
    struct json_value root;
    struct str text;

    json_open_object(&j);
    json_key(&j, "text");
    json_cstr(&j, hostile);
    json_close_object(&j);
    assert_int_equal(json_read(buf_str(&out), &root, NULL), ERR_OK);
    assert_true(json_read_str(json_read_at(root, "text"), &arena, &text));
    assert_str(text, hostile);
    buf_release(&out);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_read__takes_what_the_rfc_allows),
        cmocka_unit_test(test_json_read__refuses_all_else),
        cmocka_unit_test(test_json_read__names_line_and_column),
        cmocka_unit_test(test_json_read__depth_is_bounded),
        cmocka_unit_test(test_json_read__finds_members_and_items),
        cmocka_unit_test(test_json_read__other_kinds_give_the_fallback),
        cmocka_unit_test(test_json_read__strings_lose_their_escapes),
        cmocka_unit_test(test_json_read__reads_what_the_writer_wrote),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
