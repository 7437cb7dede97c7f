#include "unit.h"

#include <string.h>

#include "base/attr.h"
#include "wire/protobuf.h"

#define BYTES(text) ((struct str){ "" text "", sizeof(text) - 1 })

static struct protobuf_field only_field(struct str message)
{
    struct protobuf p = protobuf_of(message);
    struct protobuf_field field, none;
    struct diag diag = { 0 };

    assert_int_equal(protobuf_next(&p, &field, &diag), PROTOBUF_FIELD);
    assert_int_equal(protobuf_next(&p, &none, &diag), PROTOBUF_END);
    assert_int_equal(diag.code, ERR_OK);
    return field;
}

static void assert_bad(struct str message, const char *words)
{
    struct protobuf p = protobuf_of(message);
    struct protobuf_field field;
    struct diag diag = { 0 };

    assert_int_equal(protobuf_next(&p, &field, &diag), PROTOBUF_BAD);
    assert_int_equal(diag.code, ERR_INVALID);
    assert_string_equal(diag.message, words);
}

static void test_protobuf__reads_each_kind_of_field(void **state UNUSED)
{
    struct protobuf_field field = only_field(BYTES("\x08\x96\x01"));

    assert_int_equal(field.number, 1);
    assert_int_equal(field.wire, PROTOBUF_VARINT);
    assert_int_equal(field.value, 150);
    field = only_field(BYTES("\x11\x01\x02\x03\x04\x05\x06\x07\x88"));
    assert_int_equal(field.number, 2);
    assert_true(field.value == UINT64_C(0x8807060504030201));
    field = only_field(BYTES("\x1a\x02hi"));
    assert_int_equal(field.number, 3);
    assert_true(str_equals(field.bytes, STR("hi")));
    field = only_field(BYTES("\x25\xff\xff\xff\xff"));
    assert_int_equal(field.number, 4);
    assert_int_equal(field.value, 0xffffffff);
    field = only_field(BYTES("\xf8\xff\xff\xff\x0f\x00"));
    assert_int_equal(field.number, (1 << 29) - 1);
}

static void test_protobuf__numbers_have_at_most_64_bits(void **state UNUSED)
{
    struct protobuf_field field = only_field(BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));

    assert_true(field.value == UINT64_MAX);
    assert_bad(BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x00"),
               "byte 1: a number has more than 64 bits");
    assert_bad(BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x80\x01"),
               "byte 1: a number has more than 64 bits");
}

static void test_protobuf__what_is_cut_off_is_told_with_its_byte(void **state UNUSED)
{
    assert_bad(BYTES("\x08"), "byte 1: a number ends too early");
    assert_bad(BYTES("\x88"), "byte 0: a number ends too early");
    assert_bad(BYTES("\x08\x80"), "byte 1: a number ends too early");
    assert_bad(BYTES("\x11\x01\x02\x03\x04\x05\x06\x07"), "byte 1: a number ends too early");
    assert_bad(BYTES("\x25\xff\xff\xff"), "byte 1: a number ends too early");
    assert_bad(BYTES("\x1a\x03hi"), "byte 1: a field is longer than what holds it");
    assert_bad(BYTES("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
               "byte 1: a field is longer than what holds it");
}

static void test_protobuf__groups_and_numbers_that_cannot_be_are_refused(void **state UNUSED)
{
    assert_bad(BYTES("\x0b\x0c"), "byte 0: a field of a kind that is not taken");
    assert_bad(BYTES("\x0f\x00"), "byte 0: a field of a kind that is not taken");
    assert_bad(BYTES("\x00\x00"), "byte 0: a field has a number that no field can have");
    assert_bad(BYTES("\x80\x80\x80\x80\x10\x00"),
               "byte 0: a field has a number that no field can have");
}

static void test_protobuf__bytes_are_counted_in_the_outermost_message(void **state UNUSED)
{
    struct protobuf p = protobuf_of(BYTES("\x0a\x04\x12\x02\x08\x80")), middle, inner;
    struct protobuf_field field;
    struct diag diag = { 0 };

    assert_int_equal(protobuf_next(&p, &field, &diag), PROTOBUF_FIELD);
    middle = protobuf_inside(&p, &field);
    assert_int_equal(protobuf_next(&middle, &field, &diag), PROTOBUF_FIELD);
    inner = protobuf_inside(&middle, &field);
    assert_int_equal(protobuf_next(&inner, &field, &diag), PROTOBUF_BAD);
    assert_int_equal(diag.position_bytes, 5);
    assert_string_equal(diag.message, "byte 5: a number ends too early");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protobuf__reads_each_kind_of_field),
        cmocka_unit_test(test_protobuf__numbers_have_at_most_64_bits),
        cmocka_unit_test(test_protobuf__what_is_cut_off_is_told_with_its_byte),
        cmocka_unit_test(test_protobuf__groups_and_numbers_that_cannot_be_are_refused),
        cmocka_unit_test(test_protobuf__bytes_are_counted_in_the_outermost_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
