#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/mem.h"
#include "model/labels.h"

struct fixture {
    struct arena arena;
    struct labels_builder builder;
    struct buf out;
};

static int open_fixture(void **state)
{
    static struct fixture f;

    f = (struct fixture){ .arena = arena_limited(1 << 20), .out = buf_limited(1 << 20) };
    labels_builder_init(&f.builder, &f.arena);
    *state = &f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;

    arena_release(&f->arena);
    buf_release(&f->out);
    return 0;
}

static struct labels up_labels(struct fixture *f)
{
    struct labels labels = { 0 };

    labels_builder_init(&f->builder, &f->arena);
    labels_builder_add(&f->builder, STR("job"), STR("node"));
    labels_builder_add(&f->builder, STR("__name__"), STR("up"));
    labels_builder_add(&f->builder, STR("instance"), STR("a:1"));
    assert_int_equal(labels_builder_finish(&f->builder, &labels, NULL), ERR_OK);
    return labels;
}

static void assert_out(struct fixture *f, const char *expected)
{
    assert_int_equal(buf_error(&f->out), ERR_OK);
    assert_int_equal(f->out.len, strlen(expected));
    assert_memory_equal(f->out.data, expected, f->out.len);
}

static void test_labels__are_sorted_by_name(void **state)
{
    struct labels labels = up_labels(*state);

    assert_int_equal(labels.count, 3);
    assert_true(str_equals(labels.items[0].name, STR("__name__")));
    assert_true(str_equals(labels.items[1].name, STR("instance")));
    assert_true(str_equals(labels.items[2].name, STR("job")));
    assert_true(str_equals(labels_value(labels, STR("job")), STR("node")));
    assert_int_equal(labels_value(labels, STR("none")).len, 0);
}

static void test_labels__empty_value_is_no_label(void **state)
{
    struct fixture *f = *state;
    struct labels labels;

    labels_builder_add(&f->builder, STR("a"), STR(""));
    labels_builder_set(&f->builder, STR("b"), STR("1"));
    labels_builder_set(&f->builder, STR("b"), STR("2"));
    labels_builder_set(&f->builder, STR("c"), STR("3"));
    labels_builder_set(&f->builder, STR("c"), STR(""));
    assert_int_equal(labels_builder_finish(&f->builder, &labels, NULL), ERR_OK);
    assert_int_equal(labels.count, 1);
    assert_true(str_equals(labels_value(labels, STR("b")), STR("2")));
}

static void expect_finish(struct fixture *f, enum err expected)
{
    struct labels labels = { 0 };
    struct diag diag = { 0 };

    assert_int_equal(labels_builder_finish(&f->builder, &labels, &diag), expected);
    assert_int_equal(diag.code, expected);
    assert_true(diag.message[0] != '\0');
    assert_null(labels.items);
    labels_builder_init(&f->builder, &f->arena);
}

static void test_labels__bad_names_and_values_are_invalid(void **state)
{
    struct fixture *f = *state;

    labels_builder_add(&f->builder, STR("a"), STR("1"));
    labels_builder_add(&f->builder, STR("a"), STR("2"));
    expect_finish(f, ERR_INVALID);
    labels_builder_add(&f->builder, STR("0a"), STR("1"));
    expect_finish(f, ERR_INVALID);
    labels_builder_add(&f->builder, STR(""), STR("1"));
    expect_finish(f, ERR_INVALID);
    labels_builder_add(&f->builder, STR("a"), STR("\xff"));
    expect_finish(f, ERR_INVALID);
    labels_builder_add(&f->builder, STR("__name__"), STR("a-b"));
    expect_finish(f, ERR_INVALID);
}

static void test_labels__limits_hold_at_their_edges(void **state)
{
    struct fixture *f = *state;
    static char text[LABEL_VALUE_MAX_BYTES + 1];
    static char names[LABELS_MAX + 1][4];
    struct labels labels;

    memset(text, 'a', sizeof text);
    labels_builder_add(&f->builder, (struct str){ text, LABEL_NAME_MAX_BYTES },
                       (struct str){ text, LABEL_VALUE_MAX_BYTES });
    assert_int_equal(labels_builder_finish(&f->builder, &labels, NULL), ERR_OK);
    labels_builder_init(&f->builder, &f->arena);
    labels_builder_add(&f->builder, (struct str){ text, LABEL_NAME_MAX_BYTES + 1 }, STR("b"));
    expect_finish(f, ERR_LIMIT);
    labels_builder_add(&f->builder, STR("a"), (struct str){ text, LABEL_VALUE_MAX_BYTES + 1 });
    expect_finish(f, ERR_LIMIT);
    for (int i = 0; i < 4; i++) {
        names[i][0] = (char)('a' + i);
        labels_builder_add(&f->builder, (struct str){ names[i], 1 },
                           (struct str){ text, LABEL_VALUE_MAX_BYTES });
    }
    expect_finish(f, ERR_LIMIT);
    for (int i = 0; i <= LABELS_MAX; i++) {
        names[i][0] = 'a';
        names[i][1] = (char)('0' + i / 10);
        names[i][2] = (char)('0' + i % 10);
        if (i == LABELS_MAX)
            assert_int_equal(labels_builder_finish(&f->builder, &labels, NULL), ERR_OK);
        labels_builder_add(&f->builder, (struct str){ names[i], 3 }, STR("v"));
    }
    expect_finish(f, ERR_LIMIT);
}

static void test_labels__equal_sets_have_equal_bytes(void **state)
{
    struct fixture *f = *state;
    struct labels labels = up_labels(f), back;

    labels_encode(labels, &f->out);
    assert_out(f, "\x08__name__\x02up\x08instance\x03"
                  "a:1\x03job\x04node");
    assert_int_equal(labels_decode(buf_str(&f->out), &f->arena, &back), ERR_OK);
    assert_true(labels_equals(labels, back));
    assert_false(labels_equals(labels, (struct labels){ labels.items, 2 }));
    assert_int_equal(labels_decode(STR_NONE, &f->arena, &back), ERR_OK);
    assert_int_equal(back.count, 0);
}

static void test_labels__long_value_survives_the_byte_form(void **state)
{
    struct fixture *f = *state;
    static char text[LABEL_VALUE_MAX_BYTES];
    struct labels labels, back;

    memset(text, 'x', sizeof text);
    labels_builder_add(&f->builder, STR("v"), (struct str){ text, sizeof text });
    assert_int_equal(labels_builder_finish(&f->builder, &labels, NULL), ERR_OK);
    labels_encode(labels, &f->out);
    assert_int_equal(labels_decode(buf_str(&f->out), &f->arena, &back), ERR_OK);
    assert_true(labels_equals(labels, back));
}

static void test_labels__damaged_bytes_are_corrupt(void **state)
{
    struct fixture *f = *state;
    struct labels ignored;
    struct str whole;

    labels_encode(up_labels(f), &f->out);
    whole = buf_str(&f->out);
    for (size_t len = 1; len < whole.len; len++) {
        enum err err = labels_decode((struct str){ whole.ptr, len }, &f->arena, &ignored);
        bool at_border = len == 12 || len == 25;

        assert_int_equal(err, at_border ? ERR_OK : ERR_CORRUPT);
    }
    assert_int_equal(labels_decode(STR("\1b\1x\1a\1x"), &f->arena, &ignored), ERR_CORRUPT);
    assert_int_equal(labels_decode(STR("\1a\1x\1a\1x"), &f->arena, &ignored), ERR_CORRUPT);
    assert_int_equal(labels_decode(STR("\1a\0"), &f->arena, &ignored), ERR_CORRUPT);
    assert_int_equal(labels_decode(STR("\x81\0a\1x"), &f->arena, &ignored), ERR_CORRUPT);
    assert_int_equal(labels_decode(STR("\x81\x80\x80\x01"), &f->arena, &ignored), ERR_CORRUPT);
}

static void test_labels__too_many_encoded_labels_are_a_limit(void **state)
{
    struct fixture *f = *state;
    struct labels ignored;

    for (int i = 0; i <= LABELS_MAX; i++)
        buf_printf(&f->out, "\3a%02d\1x", i);
    assert_int_equal(labels_decode(buf_str(&f->out), &f->arena, &ignored), ERR_LIMIT);
}

static void test_labels__print_escapes_values(void **state)
{
    struct fixture *f = *state;
    struct labels labels;

    labels_builder_add(&f->builder, STR("__name__"), STR("up"));
    labels_builder_add(&f->builder, STR("b"), STR("q\"\\\n"));
    labels_builder_add(&f->builder, STR("a"), STR("ä"));
    assert_int_equal(labels_builder_finish(&f->builder, &labels, NULL), ERR_OK);
    labels_print(labels, &f->out);
    assert_out(f, "up{a=\"ä\",b=\"q\\\"\\\\\\n\"}");
}

static void test_labels__print_leaves_out_what_is_absent(void **state)
{
    struct fixture *f = *state;
    struct label name = { STR("__name__"), STR("up") }, job = { STR("job"), STR("x") };

    labels_print((struct labels){ &name, 1 }, &f->out);
    buf_append_byte(&f->out, ' ');
    labels_print((struct labels){ &job, 1 }, &f->out);
    buf_append_byte(&f->out, ' ');
    labels_print((struct labels){ NULL, 0 }, &f->out);
    assert_out(f, "up {job=\"x\"} {}");
}

static void test_labels__names_follow_the_exposition_format(void **state UNUSED)
{
    assert_true(label_name_is_valid(STR("_a0")));
    assert_false(label_name_is_valid(STR("a:b")));
    assert_false(label_name_is_valid(STR("0a")));
    assert_false(label_name_is_valid(STR("")));
    assert_true(metric_name_is_valid(STR(":a:0")));
    assert_false(metric_name_is_valid(STR("0")));
    assert_false(metric_name_is_valid(STR("a-b")));
}

static void test_labels__survive_the_fault_sweep(void **state UNUSED)
{
    bool happened = true;

    for (long n = 1; happened; n++) {
        struct arena arena = arena_limited(1 << 16);
        struct labels_builder b;
        struct labels labels;
        enum err err;

        labels_builder_init(&b, &arena);
        labels_builder_add(&b, STR("a"), STR("1"));
        mem_fail_nth(n);
        err = labels_builder_finish(&b, &labels, NULL);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, happened ? ERR_NOMEM : ERR_OK);
        arena_release(&arena);
    }
}

#define LABELS_TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LABELS_TEST(test_labels__are_sorted_by_name),
        LABELS_TEST(test_labels__empty_value_is_no_label),
        LABELS_TEST(test_labels__bad_names_and_values_are_invalid),
        LABELS_TEST(test_labels__limits_hold_at_their_edges),
        LABELS_TEST(test_labels__equal_sets_have_equal_bytes),
        LABELS_TEST(test_labels__long_value_survives_the_byte_form),
        LABELS_TEST(test_labels__damaged_bytes_are_corrupt),
        LABELS_TEST(test_labels__too_many_encoded_labels_are_a_limit),
        LABELS_TEST(test_labels__print_escapes_values),
        LABELS_TEST(test_labels__print_leaves_out_what_is_absent),
        LABELS_TEST(test_labels__names_follow_the_exposition_format),
        LABELS_TEST(test_labels__survive_the_fault_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
