#include "http/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/mem.h"
#include "tiny_http.h"

struct heard {
    struct http_result result;
    char body[256];
    size_t body_len;
    int count;
};

static void on_done(void *ctx, const struct http_result *result)
{
    struct heard *heard = ctx;

    heard->result = *result;
    heard->body_len = result->body.len;
    if (result->body.len < sizeof heard->body)
        memcpy(heard->body, result->body.ptr ? result->body.ptr : "", result->body.len);
    heard->count++;
}

static struct http_call call_of(const char *url, struct heard *heard)
{
    return (struct http_call){ .url = url,
                               .body_max_bytes = 1 << 16,
                               .timeout_ms = 5000,
                               .accept_gzip = true,
                               .done = on_done,
                               .ctx = heard };
}

static struct http_client *new_client(void)
{
    struct http_client *client = NULL;

    assert_int_equal(http_client_new(8, &client), ERR_OK);
    return client;
}

static void run(struct http_client *client, const struct http_call *call, struct heard *heard)
{
    struct diag diag = { 0 };

    memset(heard, 0, sizeof *heard);
    assert_int_equal(http_client_start(client, call, &diag), ERR_OK);
    while (http_client_running(client))
        http_client_drive(client, 1000);
    assert_int_equal(heard->count, 1);
}

/* --- servers --- */

struct script {
    struct tiny_http server;
    char url[64];
    char request[2048];
    char location[96];
    int connection_count, last_fd;
};

static void start(struct script *script, tiny_http_answer *answer)
{
    memset(script, 0, sizeof *script);
    script->last_fd = -1;
    tiny_http_start(&script->server, answer, script);
    assert_int_not_equal(script->server.port, 0);
    snprintf(script->url, sizeof script->url, "http://127.0.0.1:%u/m", script->server.port);
}

static bool say(int fd, const char *text)
{
    return tiny_http_write(fd, text, strlen(text));
}

static bool answer_hello(void *ctx, int fd, const char *request)
{
    struct script *script = ctx;

    snprintf(script->request, sizeof script->request, "%s", request);
    return tiny_http_reply(fd, 200, "Content-Type: text/plain\r\n", "hello", 5);
}

static bool answer_redirect(void *ctx, int fd, const char *request)
{
    (void)ctx;
    (void)request;
    return tiny_http_reply(fd, 302, "Location: http://127.0.0.1:1/\r\n", "", 0);
}

/* Sends the caller to script->location. */
static bool answer_elsewhere(void *ctx, int fd, const char *request)
{
    struct script *script = ctx;
    char header[128];

    snprintf(script->request, sizeof script->request, "%s", request);
    snprintf(header, sizeof header, "Location: %s\r\n", script->location);
    return tiny_http_reply(fd, 302, header, "", 0);
}

static bool answer_never(void *ctx, int fd, const char *request)
{
    struct script *script = ctx;

    (void)request;
    tiny_http_hang(&script->server, fd);
    return false;
}

static bool answer_half(void *ctx, int fd, const char *request)
{
    (void)ctx;
    (void)request;
    say(fd, "HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\nhel");
    return false;
}

static bool answer_nothing(void *ctx, int fd, const char *request)
{
    (void)ctx;
    (void)fd;
    (void)request;
    return false;
}

static bool answer_endless(void *ctx, int fd, const char *request)
{
    char block[4096];

    (void)ctx;
    (void)request;
    memset(block, 'x', sizeof block);
    say(fd, "HTTP/1.1 200 X\r\n\r\n");
    while (tiny_http_write(fd, block, sizeof block))
        ;
    return false;
}

static bool answer_endless_headers(void *ctx, int fd, const char *request)
{
    (void)ctx;
    (void)request;
    say(fd, "HTTP/1.1 200 X\r\n");
    while (say(fd, "X-A: b\r\n"))
        ;
    return false;
}

/* `len` bytes "a", compressed. */
static bool answer_gzip(void *ctx, int fd, size_t len)
{
    z_stream z = { 0 };
    char *plain = mem_alloc(len);
    size_t packed_max = len + 1024;
    unsigned char *packed = mem_alloc(packed_max);
    bool sent;

    (void)ctx;
    memset(plain, 'a', len);
    deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
    z.next_in = (unsigned char *)plain;
    z.avail_in = (unsigned)len;
    z.next_out = packed;
    z.avail_out = (unsigned)packed_max;
    deflate(&z, Z_FINISH);
    sent = tiny_http_reply(fd, 200, "Content-Encoding: gzip\r\n", packed, z.total_out);
    deflateEnd(&z);
    mem_free(plain);
    mem_free(packed);
    return sent;
}

static bool answer_small_gzip(void *ctx, int fd, const char *request)
{
    (void)request;
    return answer_gzip(ctx, fd, 100);
}

static bool answer_bomb(void *ctx, int fd, const char *request)
{
    (void)request;
    return answer_gzip(ctx, fd, 8 << 20);
}

static bool answer_deflate(void *ctx, int fd, const char *request)
{
    (void)ctx;
    (void)request;
    return tiny_http_reply(fd, 200, "Content-Encoding: deflate\r\n", "xxxx", 4);
}

/* --- tests --- */

static void test_client__gives_status_body_and_type(void **state)
{
    struct http_client *client = new_client();
    struct script script;
    struct heard heard;
    const char *headers[] = { "X-One: 1", NULL };
    struct http_call call;

    (void)state;
    start(&script, answer_hello);
    call = call_of(script.url, &heard);
    call.headers = headers;
    for (int i = 0; i < 3; i++) {
        run(client, &call, &heard);
        assert_int_equal(heard.result.err, ERR_OK);
        assert_int_equal(heard.result.status, 200);
        assert_int_equal(heard.body_len, 5);
        assert_memory_equal(heard.body, "hello", 5);
        assert_true(heard.result.duration_s > 0);
    }
    assert_non_null(strstr(script.request, "GET /m HTTP/1.1\r\n"));
    assert_non_null(strstr(script.request, "X-One: 1\r\n"));
    assert_non_null(strstr(script.request, "Accept-Encoding: gzip\r\n"));
    http_client_free(client);
    tiny_http_stop(&script.server);
}

static void test_client__posts_a_body(void **state)
{
    struct http_client *client = new_client();
    struct script script;
    struct heard heard;
    struct http_call call;

    (void)state;
    start(&script, answer_hello);
    call = call_of(script.url, &heard);
    call.method = "POST";
    call.body = STR("payload");
    run(client, &call, &heard);
    assert_int_equal(heard.result.status, 200);
    assert_non_null(strstr(script.request, "POST /m HTTP/1.1\r\n"));
    assert_non_null(strstr(script.request, "Content-Length: 7\r\n"));
    http_client_free(client);
    tiny_http_stop(&script.server);
}

struct expectation {
    const char *what;
    tiny_http_answer *answer;
    enum err err;
    int status;
    const char *reason;
    size_t body_len;
};

static void test_client__explains_each_failure(void **state)
{
    static const struct expectation rows[] = {
        { "redirect is not followed", answer_redirect, ERR_OK, 302, "", 0 },
        { "hangs", answer_never, ERR_TIMEOUT, 0, "no whole answer within 100ms", 0 },
        { "ends early", answer_half, ERR_UNAVAILABLE, 200, "the answer ended before its end", 0 },
        { "closes", answer_nothing, ERR_UNAVAILABLE, 0,
          "the connection was closed without an answer", 0 },
        { "endless", answer_endless, ERR_LIMIT, 200, "body over 64KiB", 0 },
        { "endless headers", answer_endless_headers, ERR_LIMIT, 200, "headers over 64KiB", 0 },
        { "gzip", answer_small_gzip, ERR_OK, 200, "", 100 },
        { "gzip bomb", answer_bomb, ERR_LIMIT, 200, "body over 64KiB", 0 },
        { "deflate", answer_deflate, ERR_INVALID, 200, "the answer is encoded, and not with gzip",
          0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_client *client = new_client();
        struct script script;
        struct heard heard;
        struct http_call call;

        start(&script, rows[i].answer);
        call = call_of(script.url, &heard);
        call.timeout_ms = rows[i].err == ERR_TIMEOUT ? 100 : 5000;
        run(client, &call, &heard);
        if (heard.result.err != rows[i].err || strcmp(heard.result.reason, rows[i].reason) != 0)
            fail_msg("%s: %s \"%s\"", rows[i].what, err_name(heard.result.err),
                     heard.result.reason);
        assert_int_equal(heard.result.status, rows[i].status);
        assert_int_equal(heard.body_len, rows[i].body_len);
        http_client_free(client);
        tiny_http_stop(&script.server);
    }
}

static void test_client__says_refused_when_nobody_listens(void **state)
{
    struct http_client *client = new_client();
    struct script script;
    struct heard heard;
    struct http_call call;

    (void)state;
    start(&script, answer_hello);
    tiny_http_stop(&script.server);
    call = call_of(script.url, &heard);
    run(client, &call, &heard);
    assert_int_equal(heard.result.err, ERR_UNAVAILABLE);
    assert_string_equal(heard.result.reason, "connection refused");
    http_client_free(client);
}

static void test_client__refuses_what_is_no_web_address(void **state)
{
    static const char *const urls[] = { "",          "ftp://127.0.0.1/", "file:///etc/passwd",
                                        "127.0.0.1", "http://",          "http://a b/" };
    struct http_client *client = new_client();
    struct heard heard = { .count = 0 };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct http_call call = call_of(urls[i], &heard);
        struct diag diag = { 0 };

        assert_int_equal(http_client_start(client, &call, &diag), ERR_INVALID);
        assert_true(strlen(diag.message) > 0);
    }
    assert_int_equal(heard.count, 0);
    assert_int_equal(http_client_running(client), 0);
    http_client_free(client);
}

static void test_client__ends_running_calls_when_freed(void **state)
{
    struct http_client *client = new_client();
    struct script script;
    struct heard heard = { .count = 0 };
    struct http_call call;

    (void)state;
    start(&script, answer_never);
    call = call_of(script.url, &heard);
    assert_int_equal(http_client_start(client, &call, NULL), ERR_OK);
    http_client_drive(client, 0);
    http_client_free(client);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.result.err, ERR_CANCELLED);
    tiny_http_stop(&script.server);
}

static void test_client__survives_every_failed_allocation(void **state)
{
    bool happened = true;
    struct script script;

    (void)state;
    start(&script, answer_hello);
    for (long n = 1; happened; n++) {
        struct http_client *client = NULL;
        struct heard heard = { .count = 0 };
        struct http_call call = call_of(script.url, &heard);
        enum err err;

        mem_fail_nth(n);
        err = http_client_new(8, &client);
        if (!err)
            err = http_client_start(client, &call, NULL);
        while (!err && http_client_running(client))
            http_client_drive(client, 1000);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err ? err : heard.result.err, happened ? ERR_NOMEM : ERR_OK);
        assert_int_equal(heard.count, err ? 0 : 1);
        http_client_free(client);
    }
    tiny_http_stop(&script.server);
}

static void test_client__names_its_library(void **state)
{
    (void)state;
    assert_true(strlen(http_client_library_version()) >= 5);
}

static void test_client__keeps_credentials_at_the_first_host(void **state)
{
    static const struct http_access access = { .authorization = "Bearer s3cret",
                                               .follow_redirects = true };
    struct http_client *client = new_client();
    struct script home, away;
    struct heard heard;
    struct http_call call;

    (void)state;
    start(&home, answer_elsewhere);
    start(&away, answer_hello);
    snprintf(home.location, sizeof home.location, "%s", away.url);
    call = call_of(home.url, &heard);
    call.access = &access;
    run(client, &call, &heard);
    assert_int_equal(heard.result.status, 200);
    assert_non_null(strstr(home.request, "\r\nAuthorization: Bearer s3cret\r\n"));
    assert_null(strstr(away.request, "Authorization"));
    run(client,
        &(struct http_call){ .url = away.url,
                             .body_max_bytes = 100,
                             .timeout_ms = 5000,
                             .done = on_done,
                             .ctx = &heard },
        &heard);
    assert_null(strstr(away.request, "Authorization")); /* nor does an idle transfer keep them */
    http_client_free(client);
    tiny_http_stop(&home.server);
    tiny_http_stop(&away.server);
}

static void test_client__gives_up_after_ten_redirects(void **state)
{
    static const struct http_access access = { .follow_redirects = true };
    struct http_client *client = new_client();
    struct script home;
    struct heard heard;
    struct http_call call;

    (void)state;
    start(&home, answer_elsewhere);
    snprintf(home.location, sizeof home.location, "%s", home.url);
    call = call_of(home.url, &heard);
    call.access = &access;
    run(client, &call, &heard);
    assert_int_equal(heard.result.err, ERR_UNAVAILABLE);
    assert_string_equal(heard.result.reason, "more than 10 redirects");
    snprintf(home.location, sizeof home.location, "ftp://127.0.0.1/x");
    run(client, &call, &heard);
    assert_int_equal(heard.result.err, ERR_UNAVAILABLE);
    http_client_free(client);
    tiny_http_stop(&home.server);
}

static void test_client__calls_a_proxy_in_place_of_the_host(void **state)
{
    struct http_client *client = new_client();
    struct http_access access = { 0 };
    struct script proxy;
    struct heard heard;
    struct http_call call;

    (void)state;
    start(&proxy, answer_hello);
    access.proxy_url = proxy.url;
    call = call_of("http://far.invalid:9100/m", &heard);
    call.access = &access;
    run(client, &call, &heard);
    assert_int_equal(heard.result.status, 200);
    assert_true(str_has_prefix(str_of(proxy.request), STR("GET http://far.invalid:9100/m ")));
    http_client_free(client);
    tiny_http_stop(&proxy.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client__gives_status_body_and_type),
        cmocka_unit_test(test_client__posts_a_body),
        cmocka_unit_test(test_client__explains_each_failure),
        cmocka_unit_test(test_client__says_refused_when_nobody_listens),
        cmocka_unit_test(test_client__refuses_what_is_no_web_address),
        cmocka_unit_test(test_client__ends_running_calls_when_freed),
        cmocka_unit_test(test_client__keeps_credentials_at_the_first_host),
        cmocka_unit_test(test_client__gives_up_after_ten_redirects),
        cmocka_unit_test(test_client__calls_a_proxy_in_place_of_the_host),
        cmocka_unit_test(test_client__survives_every_failed_allocation),
        cmocka_unit_test(test_client__names_its_library),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
