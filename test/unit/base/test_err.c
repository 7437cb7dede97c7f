#include <string.h>

#include "unit.h"

#include "base/err.h"

enum {
    ERR_COUNT = 0
#define X(code, name, text, http, exit, retryable) +1
    ERR_TABLE(X)
#undef X
};

static void test_err__every_row_is_complete_and_named_once(void **state)
{
    (void)state;
    for (int i = 0; i < ERR_COUNT; i++) {
        enum err e = (enum err)i;

        assert_true(strlen(err_name(e)) > 0 && strlen(err_text(e)) > 0);
        assert_true(err_http_status(e) == 200 || err_http_status(e) >= 400);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(err_name(e), err_name((enum err)j));
            assert_int_not_equal(err_exit_code(e), err_exit_code((enum err)j));
        }
    }
}

static void test_err__success_is_zero_everywhere(void **state)
{
    (void)state;
    assert_int_equal(ERR_OK, 0);
    assert_int_equal(err_exit_code(ERR_OK), 0);
    assert_int_equal(err_http_status(ERR_OK), 200);
}

static void test_err__what_may_be_retried_is_a_server_error(void **state)
{
    (void)state;
    for (int i = 0; i < ERR_COUNT; i++)
        if (err_is_retryable((enum err)i))
            assert_true(err_http_status((enum err)i) >= 500);
}

static void test_err__an_unknown_code_is_said_to_be_unknown(void **state)
{
    (void)state;
    assert_string_equal(err_name((enum err)ERR_COUNT), "unknown");
    assert_string_equal(err_name((enum err) - 1), "unknown");
    assert_int_equal(err_exit_code((enum err)9999), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err__every_row_is_complete_and_named_once),
        cmocka_unit_test(test_err__success_is_zero_everywhere),
        cmocka_unit_test(test_err__what_may_be_retried_is_a_server_error),
        cmocka_unit_test(test_err__an_unknown_code_is_said_to_be_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
