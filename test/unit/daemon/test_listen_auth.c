#include "config_text.h"

#include <stdio.h>
#include <unistd.h>

#include "base/attr.h"
#include "daemon/listen_auth.h"

#define TOKEN "token: 'read reader-0123456789'"

struct row {
    const char *yaml;
    bool loopback;
    enum err err;
    bool required;
};

static const struct row rows[] = {
    { "", true, ERR_OK, false },
    { "http: {" TOKEN "}", true, ERR_OK, false },
    { "http: {require_auth: true}", true, ERR_FORBIDDEN, false },
    { "http: {require_auth: true, " TOKEN "}", true, ERR_OK, true },
    { "http: {require_auth: true, basic_user: ops, basic_password: secret}", true, ERR_OK, true },
    { "", false, ERR_FORBIDDEN, false },
    { "http: {" TOKEN "}", false, ERR_OK, true },
    { "http: {basic_user: ops, basic_password: secret}", false, ERR_OK, true },
    { "http: {basic_user: ops}", false, ERR_INVALID, false },
    { "http: {token: short}", true, ERR_INVALID, false },
    { "http: {insecure_listen: true}", false, ERR_OK, false },
    { "http: {insecure_listen: true, " TOKEN "}", false, ERR_OK, true },
    { "http: {insecure_listen: true, require_auth: true}", false, ERR_FORBIDDEN, false },
};

static void test_listen_auth__asks_where_others_can_reach_it(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct config *cfg = config_of(rows[i].yaml);
        struct listen_address address = { .host = "192.0.2.1", .is_loopback = rows[i].loopback };
        struct diag diag = { 0 };
        struct auth auth;

        if (listen_auth_init(&auth, cfg, &address, &diag) != rows[i].err)
            fail_msg("row %zu (%s): %s", i, rows[i].yaml, diag.message);
        if (!rows[i].err)
            assert_int_equal(auth.is_required, rows[i].required);
        else
            assert_true(diag.message[0]);
        config_unref(cfg);
    }
}

/* What the log says about this configuration. */
static void warned(const char *yaml, bool loopback, char *out, size_t out_bytes)
{
    struct config *cfg = config_of(yaml);
    struct listen_address address = { .host = "192.0.2.1", .is_loopback = loopback };
    struct auth auth;
    struct log log;
    ssize_t len;
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    log_init(&log, fds[1], LOG_INFO, LOG_FORMAT_LOGFMT, clock_system());
    assert_int_equal(listen_auth_init(&auth, cfg, &address, NULL), ERR_OK);
    listen_auth_warn(&auth, &address, &log);
    log_release(&log);
    close(fds[1]);
    len = read(fds[0], out, out_bytes - 1);
    out[len > 0 ? len : 0] = '\0';
    close(fds[0]);
    config_unref(cfg);
}

static void test_listen_auth__warns_of_what_is_weaker_than_it_looks(void **state UNUSED)
{
    char text[4096];

    warned("", true, text, sizeof text);
    assert_string_equal(text, "");
    warned("http: {" TOKEN "}", true, text, sizeof text);
    assert_non_null(strstr(text, "http.require_auth"));
    warned("http: {" TOKEN "}", false, text, sizeof text);
    assert_non_null(strstr(text, "TLS"));
    assert_null(strstr(text, "everybody"));
    warned("http: {insecure_listen: true}", false, text, sizeof text);
    assert_non_null(strstr(text, "everybody"));
    assert_null(strstr(text, "reader-"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listen_auth__asks_where_others_can_reach_it),
        cmocka_unit_test(test_listen_auth__warns_of_what_is_weaker_than_it_looks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
