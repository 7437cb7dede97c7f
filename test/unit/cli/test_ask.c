#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "cli/ask.h"

static void test_ask__an_error_of_the_daemon_keeps_its_code_and_sentence(void **state UNUSED)
{
    struct diag diag = { 0 };

    assert_int_equal(ask_verdict(409,
                                 STR("{\"error\":{\"code\":\"conflict\",\"message\":\"there is a "
                                     "backup called \\\"a\\\" already\",\"field\":\"name\"}}"),
                                 &diag),
                     ERR_CONFLICT);
    assert_string_equal(diag.message, "there is a backup called \"a\" already");
    assert_int_equal(ask_verdict(200, STR("{}"), &diag), ERR_OK);
    diag = (struct diag){ 0 };
    assert_int_equal(ask_verdict(422,
                                 STR("{\"status\":\"error\",\"errorType\":\"execution\","
                                     "\"error\":\"as Prometheus has it\"}"),
                                 &diag),
                     ERR_INVALID);
    assert_string_equal(diag.message, "as Prometheus has it");
}

static void test_ask__an_answer_of_somebody_else_is_told_as_such(void **state UNUSED)
{
    static const struct {
        int status;
        const char *body;
        enum err expected;
    } rows[] = {
        { 404, "<html>not here</html>", ERR_INVALID },
        { 502, "", ERR_UNAVAILABLE },
        { 301, "{\"error\":7}", ERR_INVALID },
        { 500, "{\"error\":{\"code\":\"ok\",\"message\":\"\"}}", ERR_UNAVAILABLE },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct diag diag = { 0 };

        assert_int_equal(ask_verdict(rows[i].status, str_of(rows[i].body), &diag),
                         rows[i].expected);
        assert_non_null(strstr(diag.message, "is the URL right?"));
    }
}

static void test_ask__nobody_there_is_said_with_what_to_do(void **state UNUSED)
{
    struct question q = { .url = "127.0.0.1:1", .method = "GET", .path = "/", .timeout_ms = 5000 };
    struct diag diag = { 0 };
    struct buf answer = { 0 };

    assert_int_equal(cli_ask(&q, &answer, &diag), ERR_UNAVAILABLE);
    assert_non_null(strstr(diag.message, "fusebox run"));
    buf_release(&answer);
    q.url = "ftp://127.0.0.1";
    assert_int_not_equal(cli_ask(&q, &answer, &diag), ERR_OK);
    buf_release(&answer);
}

static void test_ask__what_a_terminal_would_obey_is_not_printed(void **state UNUSED)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    ask_print_text(out, STR("a\x1b[31m\x7f\n\xC2\x9B"
                            "b\xC3\xA9\xC2"));
    fclose(out);
    assert_int_equal(len, strlen("a?[31m???b\xC3\xA9\xC2"));
    assert_memory_equal(text, "a?[31m???b\xC3\xA9\xC2", len);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ask__an_error_of_the_daemon_keeps_its_code_and_sentence),
        cmocka_unit_test(test_ask__an_answer_of_somebody_else_is_told_as_such),
        cmocka_unit_test(test_ask__nobody_there_is_said_with_what_to_do),
        cmocka_unit_test(test_ask__what_a_terminal_would_obey_is_not_printed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
