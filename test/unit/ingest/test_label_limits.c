#include "ingest/label_limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct label items[] = {
    { { "__name__", 8 }, { "m", 1 } },
    { { "job", 3 }, { "0123456789", 10 } },
};
static const struct labels labels = { items, 2 };

static enum err check(size_t count, size_t name_bytes, size_t value_bytes, struct diag *diag)
{
    struct label_limits limits = { count, name_bytes, value_bytes };

    *diag = (struct diag){ 0 };
    return label_limits_check(&limits, labels, diag);
}

static void test_label_limits__nothing_is_limited_by_zero(void **state)
{
    struct diag diag;

    (void)state;
    assert_int_equal(check(0, 0, 0, &diag), ERR_OK);
}

static void test_label_limits__allow_what_is_at_the_limit(void **state)
{
    struct diag diag;

    (void)state;
    assert_int_equal(check(2, 8, 10, &diag), ERR_OK);
}

static void test_label_limits__say_what_is_over(void **state)
{
    struct diag diag;

    (void)state;
    assert_int_equal(check(1, 0, 0, &diag), ERR_INVALID);
    assert_string_equal(diag_text(&diag), "m has 2 labels, the label_limit is 1");
    assert_int_equal(check(0, 7, 0, &diag), ERR_INVALID);
    assert_string_equal(diag_text(&diag),
                        "m: the label name __name__ has 8 bytes, the label_name_length_limit is 7");
    assert_int_equal(check(0, 0, 9, &diag), ERR_INVALID);
    assert_string_equal(
        diag_text(&diag),
        "m: the value of label job has 10 bytes, the label_value_length_limit is 9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_label_limits__nothing_is_limited_by_zero),
        cmocka_unit_test(test_label_limits__allow_what_is_at_the_limit),
        cmocka_unit_test(test_label_limits__say_what_is_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
