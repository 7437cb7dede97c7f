#include <string.h>

#include "unit.h"

#include "base/diag.h"

static void test_diag__keeps_the_first_error(void **state)
{
    struct diag d = { .code = ERR_OK };

    (void)state;
    assert_int_equal(diag_set_at(&d, ERR_INVALID, 3, 7, "unknown key '%s'", "sevices"),
                     ERR_INVALID);
    assert_int_equal(diag_set(&d, ERR_IO, "later"), ERR_IO);
    assert_int_equal(d.code, ERR_INVALID);
    assert_int_equal(d.line, 3);
    assert_int_equal(d.column, 7);
    assert_string_equal(diag_text(&d), "unknown key 'sevices'");
}

static void test_diag__nobody_has_to_read(void **state)
{
    (void)state;
    assert_int_equal(diag_set(NULL, ERR_LIMIT, "%d", 1), ERR_LIMIT);
    assert_int_equal(diag_set_at(NULL, ERR_LIMIT, 1, 1, "%d", 1), ERR_LIMIT);
}

static void test_diag__cuts_long_messages(void **state)
{
    struct diag d = { .code = ERR_OK };

    (void)state;
    assert_int_equal(diag_set(&d, ERR_LIMIT, "%1000d", 1), ERR_LIMIT);
    assert_int_equal(strlen(d.message), DIAG_MESSAGE_BYTES - 1);
}

static void test_diag__without_a_message_says_what_the_code_means(void **state)
{
    struct diag d = { .code = ERR_TIMEOUT };

    (void)state;
    assert_string_equal(diag_text(&d), err_text(ERR_TIMEOUT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diag__keeps_the_first_error),
        cmocka_unit_test(test_diag__nobody_has_to_read),
        cmocka_unit_test(test_diag__cuts_long_messages),
        cmocka_unit_test(test_diag__without_a_message_says_what_the_code_means),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
