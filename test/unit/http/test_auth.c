/* Who may call: the secrets alone, and a server that asks for them. */
#include "raw.h"

#include "base/mem.h"
#include "base/thread.h"
#include "http/auth_desk.h"

static const char tokens[] = "# of the pages\r\n"
                             "read  reader-0123456789\r\n"
                             "\n"
                             "write writer-0123456789\n"
                             "administrator-0123\n";

static struct auth auth;
static struct auth_desk desk;

static void given(const char *text, const char *user, const char *password)
{
    struct auth_options options = { .is_required = true,
                                    .tokens = str_of(text),
                                    .basic_user = str_of(user),
                                    .basic_password = str_of(password) };

    assert_int_equal(auth_init(&auth, &options, NULL), ERR_OK);
}

static void expect(const char *authorization, enum http_role role)
{
    assert_int_equal(auth_role(&auth, str_of(authorization)), role);
}

static void test_auth__a_token_has_its_role(void **state UNUSED)
{
    given(tokens, "", "");
    expect("Bearer reader-0123456789", HTTP_ROLE_READ);
    expect("bearer  writer-0123456789 ", HTTP_ROLE_WRITE);
    expect("Bearer administrator-0123", HTTP_ROLE_ADMIN);
}

static void test_auth__what_is_not_the_token_proves_nothing(void **state UNUSED)
{
    given(tokens, "", "");
    expect("", HTTP_ROLE_NONE);
    expect("Bearer", HTTP_ROLE_NONE);
    expect("Bearer ", HTTP_ROLE_NONE);
    expect("Bearer reader-012345678", HTTP_ROLE_NONE);
    expect("Bearer reader-01234567890", HTTP_ROLE_NONE);
    expect("Bearer Reader-0123456789", HTTP_ROLE_NONE);
    expect("Bearer reader-0123456789 x", HTTP_ROLE_NONE);
    expect("Digest reader-0123456789", HTTP_ROLE_NONE);
    expect("reader-0123456789", HTTP_ROLE_NONE);
}

static void test_auth__nobody_is_asked_unless_it_is_required(void **state UNUSED)
{
    struct auth_options options = { .tokens = str_of(tokens) };

    assert_int_equal(auth_init(&auth, &options, NULL), ERR_OK);
    assert_true(auth_has_secrets(&auth));
    expect("", HTTP_ROLE_ADMIN);
}

static void test_auth__basic_takes_the_pair_or_a_token_as_the_password(void **state UNUSED)
{
    given(tokens, "ops", "p:w d");
    expect("Basic b3BzOnA6dyBk", HTTP_ROLE_ADMIN); /* ops:p:w d */
    expect("basic b3BzOnA6dyBk", HTTP_ROLE_ADMIN);
    expect("Basic b3BzOnA6dyBl", HTTP_ROLE_NONE);                 /* ops:p:w e */
    expect("Basic b3BzOg==", HTTP_ROLE_NONE);                     /* ops: */
    expect("Basic eDpyZWFkZXItMDEyMzQ1Njc4OQ==", HTTP_ROLE_READ); /* x:reader-0123456789 */
    expect("Basic OnJlYWRlci0wMTIzNDU2Nzg5", HTTP_ROLE_READ);     /* :reader-0123456789 */
    expect("Basic cmVhZGVyLTAxMjM0NTY3ODk=", HTTP_ROLE_NONE);     /* without a colon */
    expect("Basic b3BzOnA6dyB", HTTP_ROLE_NONE);
    expect("Basic *", HTTP_ROLE_NONE);
    expect("Basic ", HTTP_ROLE_NONE);
}

static void test_auth__overlong_candidates_are_refused(void **state UNUSED)
{
    static char text[8000];

    given(tokens, "ops", "secret");
    memset(text, 'A', sizeof text - 1);
    memcpy(text, "Bearer ", 7);
    expect(text, HTTP_ROLE_NONE);
    memcpy(text, "Basic A", 7);
    expect(text, HTTP_ROLE_NONE);
}

static void test_auth__says_what_is_wrong_with_the_secrets(void **state UNUSED)
{
    static const struct {
        const char *tokens, *user, *password, *says;
    } rows[] = {
        { "short", "", "", "line 1" },
        { "read reader-0123456789\nroot another-0123456789", "", "", "line 2" },
        { "read reader-0123456789\nwrite reader-0123456789", "", "", "twice" },
        { "reader-0123\x7f"
          "456789",
          "", "", "visible" },
        { "", "ops", "", "together" },
        { "", "", "secret", "together" },
        { "", "o:ps", "secret", "colon" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct auth_options options = { .tokens = str_of(rows[i].tokens),
                                        .basic_user = str_of(rows[i].user),
                                        .basic_password = str_of(rows[i].password) };
        struct diag diag = { 0 };

        assert_int_equal(auth_init(&auth, &options, &diag), ERR_INVALID);
        assert_non_null(strstr(diag.message, rows[i].says));
        assert_null(strstr(diag.message, "reader-"));
    }
}

static void test_auth__has_room_for_so_many_tokens(void **state UNUSED)
{
    struct buf text = buf_limited(8192);
    struct auth_options options = { 0 };

    for (int i = 0; i < AUTH_TOKENS_MAX; i++)
        buf_printf(&text, "read token-of-reader-%03d\n", i);
    options.tokens = buf_str(&text);
    assert_int_equal(auth_init(&auth, &options, NULL), ERR_OK);
    buf_printf(&text, "read token-of-reader-more\n");
    options.tokens = buf_str(&text);
    assert_int_equal(auth_init(&auth, &options, NULL), ERR_LIMIT);
    buf_release(&text);
}

/* --- the server --- */

static enum err tell_role(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)ctx;
    reply->fixed = str_of(http_role_name(http_request_role(req)));
    return ERR_OK;
}

static const struct http_route routes[] = {
    { HTTP_GET, "/things", tell_role, "things", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_POST, "/things", tell_role, "make", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_POST, "/stop", tell_role, "stop", 0, false, HTTP_NEED_ADMIN },
    { HTTP_GET, "/live", tell_role, "probe", 0, true, HTTP_NEED_NOTHING },
};

static struct raw_answer a;

/* The status of one request with this Authorization line (or none); the answer stays in `a`. */
static int status_of(const struct raw_server *s, const char *line, const char *authorization)
{
    char request[512];
    int fd = raw_dial(s);

    snprintf(request, sizeof request,
             "%s HTTP/1.1\r\nHost: localhost\r\n%s%s%sConnection: close\r\n\r\n", line,
             authorization ? "Authorization: " : "", authorization ? authorization : "",
             authorization ? "\r\n" : "");
    memset(&a, 0, sizeof a);
    assert_true(raw_put(fd, request));
    raw_reply(fd, &a);
    close(fd);
    return a.status;
}

static struct raw_server asking(void)
{
    struct http_options options = raw_options(routes, ARRAY_LEN(routes));

    given(tokens, "ops", "secret");
    assert_int_equal(auth_desk_init(&desk, &auth), ERR_OK);
    options.auth = &desk;
    return raw_serve_with(options);
}

static void stop(struct raw_server *s)
{
    raw_stop(s);
    auth_desk_release(&desk);
}

static void test_auth__the_server_asks_before_it_says_anything(void **state UNUSED)
{
    struct raw_server s = asking();

    assert_int_equal(status_of(&s, "GET /things", NULL), 401);
    assert_non_null(strstr(a.text, "WWW-Authenticate: Bearer realm=\"fusebox\""));
    assert_non_null(strstr(a.text, "WWW-Authenticate: Basic realm=\"fusebox\""));
    assert_non_null(strstr(a.text, "\"code\":\"unauthorized\""));
    assert_int_equal(status_of(&s, "GET /things", "Bearer wrong-0123456789"), 401);
    assert_int_equal(status_of(&s, "HEAD /things", NULL), 401);
    assert_int_equal(status_of(&s, "GET /nowhere", NULL), 401);
    assert_int_equal(status_of(&s, "DELETE /things", NULL), 401);
    assert_int_equal(
        status_of(&s, "GET /things",
                  "Bearer reader-0123456789\r\nAuthorization: Bearer reader-0123456789"),
        401);
    assert_int_equal(s.stats->rejected_access, 6);
    stop(&s);
}

static void test_auth__the_server_lets_each_role_do_its_part(void **state UNUSED)
{
    static const struct {
        const char *line, *authorization;
        int status;
        const char *body;
    } rows[] = {
        { "GET /things", "Bearer reader-0123456789", 200, "read" },
        { "GET /things", "Basic b3BzOnNlY3JldA==", 200, "admin" }, /* ops:secret */
        { "POST /things", "Bearer reader-0123456789", 403, "role write" },
        { "POST /things", "Bearer writer-0123456789", 200, "write" },
        { "POST /stop", "Bearer writer-0123456789", 403, "role admin" },
        { "POST /stop", "Bearer administrator-0123", 200, "admin" },
        { "GET /nowhere", "Bearer reader-0123456789", 404, "not_found" },
        { "GET /live", NULL, 200, "none" },
        { "GET /live", "Bearer wrong", 200, "none" },
        { "GET /live", "Bearer reader-0123456789", 200, "read" },
    };
    struct raw_server s = asking();

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(status_of(&s, rows[i].line, rows[i].authorization), rows[i].status);
        assert_non_null(strstr(a.body, rows[i].body));
    }
    stop(&s);
}

static void test_auth__without_it_everybody_is_admin(void **state UNUSED)
{
    struct raw_server s = raw_serve_with(raw_options(routes, ARRAY_LEN(routes)));

    assert_int_equal(status_of(&s, "POST /stop", NULL), 200);
    assert_non_null(strstr(a.body, "admin"));
    raw_stop(&s);
}

static void test_auth__new_secrets_hold_from_the_next_request_on(void **state UNUSED)
{
    struct raw_server s = asking();

    assert_int_equal(status_of(&s, "GET /things", "Bearer reader-0123456789"), 200);
    given("read another-0123456789", "", "");
    assert_int_equal(auth_desk_set(&desk, &auth), ERR_OK);
    assert_int_equal(status_of(&s, "GET /things", "Bearer reader-0123456789"), 401);
    assert_int_equal(status_of(&s, "GET /things", "Bearer another-0123456789"), 200);
    stop(&s);
}

static void test_auth__without_memory_the_secrets_before_stay(void **state UNUSED)
{
    given(tokens, "", "");
    mem_fail_nth(1);
    assert_int_equal(auth_desk_init(&desk, &auth), ERR_NOMEM);
    mem_fail_nth(0);
    auth_desk_release(&desk);
    assert_int_equal(auth_desk_init(&desk, &auth), ERR_OK);
    given("read another-0123456789", "", "");
    mem_fail_nth(1);
    assert_int_equal(auth_desk_set(&desk, &auth), ERR_NOMEM);
    mem_fail_nth(0);
    assert_int_equal(auth_desk_role(&desk, STR("Bearer reader-0123456789")), HTTP_ROLE_READ);
    auth_desk_release(&desk);
}

enum { ASKED_TIMES = 20000, EXCHANGES = 2000 };

/* The reader's token is in all of them: it is never refused. */
static void *ask_often(void *ctx)
{
    for (int i = 0; i < ASKED_TIMES; i++)
        if (auth_desk_role(ctx, STR("Bearer reader-0123456789")) != HTTP_ROLE_READ)
            abort();
    return NULL;
}

static void test_auth__secrets_change_while_others_ask(void **state UNUSED)
{
    struct thread threads[2];

    given(tokens, "", "");
    assert_int_equal(auth_desk_init(&desk, &auth), ERR_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(thread_start(&threads[i], "asker", ask_often, &desk), ERR_OK);
    for (int i = 0; i < EXCHANGES; i++) {
        given(i % 2 ? tokens : "read reader-0123456789", "", "");
        assert_int_equal(auth_desk_set(&desk, &auth), ERR_OK);
    }
    for (int i = 0; i < 2; i++)
        thread_stop(&threads[i]);
    auth_desk_release(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auth__a_token_has_its_role),
        cmocka_unit_test(test_auth__what_is_not_the_token_proves_nothing),
        cmocka_unit_test(test_auth__nobody_is_asked_unless_it_is_required),
        cmocka_unit_test(test_auth__basic_takes_the_pair_or_a_token_as_the_password),
        cmocka_unit_test(test_auth__overlong_candidates_are_refused),
        cmocka_unit_test(test_auth__says_what_is_wrong_with_the_secrets),
        cmocka_unit_test(test_auth__has_room_for_so_many_tokens),
        cmocka_unit_test(test_auth__the_server_asks_before_it_says_anything),
        cmocka_unit_test(test_auth__the_server_lets_each_role_do_its_part),
        cmocka_unit_test(test_auth__without_it_everybody_is_admin),
        cmocka_unit_test(test_auth__new_secrets_hold_from_the_next_request_on),
        cmocka_unit_test(test_auth__without_memory_the_secrets_before_stay),
        cmocka_unit_test(test_auth__secrets_change_while_others_ask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
