#include "unit.h"

#include <math.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/csv.h"
#include "base/mem.h"

enum { TEXT_BYTES = 4096 };

static void expect(struct buf *text, const char *expected)
{
    buf_append_byte(text, '\0');
    assert_int_equal(buf_error(text), ERR_OK);
    assert_string_equal(text->data, expected);
    buf_release(text);
}

static void test_csv__quotes_what_would_break_a_row(void **state UNUSED)
{
    struct buf text = buf_limited(TEXT_BYTES);
    struct csv c = csv_to(&text);

    csv_cstr(&c, "plain");
    csv_cstr(&c, "a,b");
    csv_cstr(&c, "say \"hi\"");
    csv_cstr(&c, "two\nlines");
    csv_cstr(&c, " blank");
    csv_cstr(&c, NULL);
    csv_end_row(&c);
    csv_cstr(&c, "");
    csv_cstr(&c, "x");
    csv_end_row(&c);
    expect(&text, "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\" blank\",\r\n,x\r\n");
}

static void test_csv__a_formula_is_only_a_text(void **state UNUSED)
{
    struct buf text = buf_limited(TEXT_BYTES);
    struct csv c = csv_to(&text);

    csv_cstr(&c, "=1+1");
    csv_cstr(&c, "@x");
    csv_cstr(&c, "-a,b");
    csv_number(&c, -1);
    csv_end_row(&c);
    expect(&text, "'=1+1,'@x,\"'-a,b\",-1\r\n");
}

static void test_csv__numbers_are_short_and_unknown_ones_empty(void **state UNUSED)
{
    struct buf text = buf_limited(TEXT_BYTES);
    struct csv c = csv_to(&text);

    csv_number(&c, 0.1);
    csv_number(&c, NAN);
    csv_number(&c, INFINITY);
    csv_rounded(&c, 2.34567, 2);
    csv_rounded(&c, 3, 2);
    csv_rounded(&c, -0.001, 2);
    csv_rounded(&c, 1200, 0);
    csv_rounded(&c, NAN, 2);
    csv_int(&c, -7);
    csv_time(&c, -1);
    csv_time(&c, 0);
    csv_end_row(&c);
    expect(&text, "0.1,,+Inf,2.35,3,0,1200,,-7,,1970-01-01T00:00:00.000Z\r\n");
}

static void test_csv__failures_are_those_of_the_buffer(void **state UNUSED)
{
    struct buf text = buf_limited(TEXT_BYTES);
    struct csv c = csv_to(&text);

    mem_fail_nth(1);
    csv_cstr(&c, "text");
    csv_number(&c, 1);
    csv_end_row(&c);
    assert_true(mem_fault_happened());
    mem_fail_nth(0);
    assert_int_equal(buf_error(&text), ERR_NOMEM);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv__quotes_what_would_break_a_row),
        cmocka_unit_test(test_csv__a_formula_is_only_a_text),
        cmocka_unit_test(test_csv__numbers_are_short_and_unknown_ones_empty),
        cmocka_unit_test(test_csv__failures_are_those_of_the_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
