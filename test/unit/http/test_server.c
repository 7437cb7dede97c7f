#include "raw.h"

#include "http/gzip.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static char big[8 << 20];

static enum err ok(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)ctx;
    reply->fixed = STR("{\"ok\":1}");
    return ERR_OK;
}

static enum err tagged(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)ctx;
    reply->fixed = STR("{\"tagged\":1}");
    reply->etag = "\"v1\"";
    reply->cache_control = "max-age=60";
    return ERR_OK;
}

static enum err long_text(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)ctx;
    reply->content_type = "text/plain; charset=utf-8";
    reply->etag = "\"long\"";
    reply->body = buf_limited(1 << 16);
    for (int i = 0; i < 1000; i++)
        buf_printf(&reply->body, "%d,", i);
    return ERR_OK;
}

static enum err packed(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct buf out = buf_limited(4096);

    (void)req;
    (void)ctx;
    if (gzip_pack(STR("this was packed before"), &out)) {
        buf_release(&out);
        return ERR_NOMEM;
    }
    reply->content_type = "text/plain";
    reply->content_encoding = "gzip";
    reply->body = out;
    return ERR_OK;
}

static enum err fails(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)ctx;
    reply->field = "limit";
    reply->body = buf_limited(100);
    buf_append_cstr(&reply->body, "thrown away");
    return diag_set(&reply->diag, ERR_INVALID, "limit must be a number, not \"%s\"", "<x>");
}

static enum err overloaded(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)ctx;
    reply->retry_after_s = 7;
    return ERR_OVERLOADED;
}

static enum err over_limit(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)ctx;
    reply->body = buf_limited(4);
    buf_append_cstr(&reply->body, "five!");
    return ERR_OK;
}

static enum err sends_big(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)ctx;
    reply->content_type = "application/octet-stream";
    reply->fixed = (struct str){ big, sizeof big };
    return ERR_OK;
}

static enum err uses_memory(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct str x;

    (void)ctx;
    if (!http_request_arg(req, "x", &x))
        return ERR_NOMEM;
    reply->etag = arena_printf(http_request_arena(req), "\"%.*s\"", STR_ARG(x));
    if (!reply->etag)
        return arena_error(http_request_arena(req));
    reply->body = buf_limited(1 << 16);
    for (int i = 0; i < 1000; i++)
        buf_append_str(&reply->body, http_request_body(req));
    return ERR_OK;
}

static enum err fallback(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)ctx;
    if (!str_has_prefix(http_request_path(req), STR("/old")))
        return ERR_NOT_FOUND;
    reply->status = 302;
    reply->location = "/ui/";
    return ERR_OK;
}

static const struct http_route routes[] = {
    { HTTP_GET, "/ok", ok, "ok", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_POST, "/ok", uses_memory, "memory", 4096, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/tagged", tagged, "tagged", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/long", long_text, "long", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/packed", packed, "packed", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/fails", fails, "fails", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/overloaded", overloaded, "overloaded", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/over-limit", over_limit, "over limit", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/big", sends_big, "big", 0, false, HTTP_NEED_BY_METHOD },
};

static struct raw_answer a;

static struct raw_server serve(void)
{
    return raw_serve_with(raw_options(routes, ARRAY_LEN(routes)));
}

static bool has_header(const char *name, const char *value)
{
    return strncmp(raw_header(&a, name), value, strlen(value)) == 0 &&
           raw_header(&a, name)[strlen(value)] == '\r';
}

static void test_server__sends_the_fixed_headers_with_everything(void **state)
{
    static const char *const requests[] = { GET("/ok"), GET("/nowhere"), GET("/fails"),
                                            "GET / HTTP/1.1\r\n\r\n" };
    struct raw_server s = serve();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        raw_ask(&s, requests[i], &a);
        assert_true(has_header(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'; require-trusted-types-for 'script'; "
            "trusted-types fusebox-worker"));
        assert_true(has_header("X-Content-Type-Options", "nosniff"));
        assert_true(has_header("Referrer-Policy", "no-referrer"));
        assert_true(has_header("Cross-Origin-Opener-Policy", "same-origin"));
        assert_true(has_header("Cross-Origin-Resource-Policy", "same-origin"));
        assert_true(raw_header(&a, "Permissions-Policy")[0]);
        assert_true(has_header("Cache-Control", "no-store"));
        assert_true(has_header("Content-Type", "application/json"));
    }
    raw_stop(&s);
}

static void test_server__keeps_the_connection_for_the_next_request(void **state)
{
    struct raw_server s = serve();
    int fd = raw_dial(&s);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(raw_put(fd, GET("/ok") GET("/nowhere")));
        assert_true(raw_put(fd, "HEAD /ok HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        a.len = 0;
        a.text[0] = '\0';
        assert_true(raw_wait_for(fd, &a, "{\"ok\":1}"));
        assert_true(raw_wait_for(fd, &a, "no such path"));
        assert_true(raw_wait_for(fd, &a, "field\":null}}HTTP/1.1 200 OK"));
        while (strstr(strstr(a.text, "null}}") + 6, "\r\n\r\n") == NULL)
            assert_true(recv(fd, a.text + a.len, 1, 0) == 1 && (a.text[++a.len] = '\0') == '\0');
    }
    close(fd);
    raw_stop(&s);
}

static void test_server__head_has_the_length_and_no_body(void **state)
{
    struct raw_server s = serve();
    int fd = raw_dial(&s);

    (void)state;
    assert_true(raw_put(fd, "HEAD /ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    raw_reply_to(fd, &a, true);
    assert_int_equal(a.status, 200);
    assert_true(has_header("Content-Length", "8"));
    assert_true(raw_is_closed(fd));
    assert_int_equal(a.body_len, 0);
    close(fd);
    raw_stop(&s);
}

static void test_server__says_which_methods_and_which_path(void **state)
{
    struct raw_server s = serve();

    (void)state;
    assert_int_equal(
        raw_ask(&s, "PUT /ok HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", &a), 405);
    assert_true(has_header("Allow", "GET, HEAD, POST"));
    assert_int_equal(raw_ask(&s, GET("/tagget"), &a), 404);
    assert_string_equal(a.body,
                        "{\"error\":{\"code\":\"not_found\",\"message\":\"no such path; did "
                        "you mean /tagged?\",\"field\":null}}");
    raw_stop(&s);
}

static void test_server__turns_errors_into_json(void **state)
{
    struct raw_server s = serve();

    (void)state;
    assert_int_equal(raw_ask(&s, GET("/fails"), &a), 400);
    assert_string_equal(a.body, "{\"error\":{\"code\":\"invalid\",\"message\":\"limit must be a "
                                "number, not \\\"\\u003cx\\u003e\\\"\",\"field\":\"limit\"}}");
    assert_int_equal(raw_ask(&s, GET("/overloaded"), &a), 503);
    assert_true(has_header("Retry-After", "7"));
    assert_int_equal(raw_ask(&s, GET("/over-limit"), &a), 422);
    raw_stop(&s);
}

static void test_server__answers_304_to_the_client_that_has_it(void **state)
{
    struct raw_server s = serve();
    int fd = raw_dial(&s);

    (void)state;
    assert_int_equal(raw_ask(&s, GET("/tagged"), &a), 200);
    assert_true(has_header("ETag", "\"v1\"") && has_header("Cache-Control", "max-age=60"));
    assert_true(raw_put(fd, "GET /tagged HTTP/1.1\r\nHost: localhost\r\n"
                            "If-None-Match: \"v0\", W/\"v1\"\r\n\r\n"));
    raw_reply(fd, &a);
    assert_int_equal(a.status, 304);
    assert_int_equal(a.body_len, 0);
    assert_true(has_header("ETag", "\"v1\""));
    assert_true(raw_put(fd, "GET /tagged HTTP/1.1\r\nHost: localhost\r\n"
                            "If-None-Match: \"v2\"\r\n\r\n"));
    raw_reply(fd, &a);
    assert_int_equal(a.status, 200);
    close(fd);
    raw_stop(&s);
}

static void test_server__compresses_long_text_for_those_who_take_it(void **state)
{
    struct raw_server s = serve();
    struct buf text = buf_limited(1 << 16);

    (void)state;
    assert_int_equal(raw_ask(&s, GET("/long"), &a), 200);
    assert_int_equal(a.body_len, 3890);
    assert_true(has_header("Vary", "Accept-Encoding") && has_header("ETag", "\"long\""));
    raw_ask(&s, "GET /long HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n", &a);
    assert_true(has_header("Content-Encoding", "gzip") && has_header("ETag", "W/\"long\""));
    assert_true(a.body_len < 3000);
    assert_int_equal(gzip_unpack((struct str){ a.body, a.body_len }, &text), ERR_OK);
    assert_int_equal(text.len, 3890);
    raw_ask(&s, "GET /ok HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n", &a);
    assert_string_equal(a.body, "{\"ok\":1}");
    buf_release(&text);
    raw_stop(&s);
}

static void test_server__unpacks_a_fixed_body_for_those_who_do_not(void **state)
{
    struct raw_server s = serve();

    (void)state;
    raw_ask(&s, GET("/packed"), &a);
    assert_string_equal(a.body, "this was packed before");
    assert_string_equal(raw_header(&a, "Content-Encoding"), "");
    raw_ask(&s, "GET /packed HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n", &a);
    assert_true(has_header("Content-Encoding", "gzip"));
    raw_stop(&s);
}

static void test_server__asks_the_fallback_for_unknown_gets(void **state)
{
    struct http_options o = raw_options(routes, ARRAY_LEN(routes));
    struct raw_server s;

    (void)state;
    o.fallback = fallback;
    s = raw_serve_with(o);
    assert_int_equal(raw_ask(&s, GET("/old/page"), &a), 302);
    assert_true(has_header("Location", "/ui/"));
    assert_int_equal(raw_ask(&s, GET("/new"), &a), 404);
    assert_int_equal(raw_ask(&s, GET("/old/../x"), &a), 404);
    assert_int_equal(raw_ask(&s, "DELETE /old HTTP/1.1\r\nHost: localhost\r\n\r\n", &a), 404);
    raw_stop(&s);
}

static void test_server__serves_200_connections_at_once(void **state)
{
    struct http_options o = raw_options(routes, ARRAY_LEN(routes));
    static int fds[200];
    struct raw_server s;

    (void)state;
    o.threads = 2;
    s = raw_serve_with(o);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        fds[i] = raw_dial(&s);
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < ARRAY_LEN(fds); i++)
            assert_true(raw_put(fds[i], GET("/ok")));
        for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
            raw_reply(fds[i], &a);
            assert_int_equal(a.status, 200);
        }
    }
    assert_int_equal(s.stats->requests_by_class[2], 1000);
    assert_int_equal(s.stats->connections_open, 200);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    raw_stop(&s);
}

static void test_server__closes_connections_over_its_limits(void **state)
{
    struct http_options o = raw_options(routes, ARRAY_LEN(routes));
    struct raw_server s;
    int fds[4];

    (void)state;
    for (int by_address = 0; by_address <= 1; by_address++) {
        o.max_connections = by_address ? 100 : 3;
        o.max_connections_per_ip = by_address ? 3 : 0;
        s = raw_serve_with(o);
        for (int i = 0; i < 3; i++) {
            fds[i] = raw_dial(&s);
            raw_put(fds[i], GET("/ok"));
            raw_reply(fds[i], &a);
            assert_int_equal(a.status, 200);
        }
        fds[3] = raw_dial(&s);
        assert_true(raw_is_closed(fds[3]));
        assert_int_equal(s.stats->rejected_limit, 1);
        for (int i = 0; i < 4; i++)
            close(fds[i]);
        raw_stop(&s);
    }
}

static void test_server__refuses_bad_addresses_and_taken_ports(void **state)
{
    struct http_options o = raw_options(routes, ARRAY_LEN(routes));
    struct raw_server s = raw_serve_with(o);
    struct http_server *second = NULL;
    struct diag diag = { 0 };

    (void)state;
    o.port = s.port;
    assert_int_equal(http_server_start(&o, &second, &diag), ERR_CONFLICT);
    assert_non_null(strstr(diag.message, "in use"));
    o.address = "localhost";
    assert_int_equal(http_server_start(&o, &second, NULL), ERR_INVALID);
    assert_null(second);
    raw_stop(&s);
}

static void test_server__stops_with_everything_half_done(void **state)
{
    struct raw_server s = serve();
    int fds[5];

    (void)state;
    for (int i = 0; i < 4; i++)
        fds[i] = raw_dial(&s);
    fds[4] = raw_dial_buffer(&s, 2048);
    assert_true(raw_put(fds[1], "GET /ok HT"));
    assert_true(
        raw_put(fds[2], "POST /ok HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab"));
    assert_true(raw_put(fds[3], GET("/ok")));
    raw_reply(fds[3], &a);
    assert_true(raw_put(fds[4], GET("/big")));
    assert_true(recv(fds[4], a.text, 100, 0) > 0);
    raw_stop(&s);
    for (int i = 0; i < 5; i++) {
        assert_true(raw_is_closed(fds[i]));
        close(fds[i]);
    }
}

static void test_server__survives_every_failing_allocation_of_a_start(void **state)
{
    struct http_options o = raw_options(routes, ARRAY_LEN(routes));
    bool failed = true;

    (void)state;
    for (long n = 1; failed; n++) {
        struct http_server *server = NULL;
        enum err err;

        mem_fail_nth(n);
        err = http_server_start(&o, &server, NULL);
        failed = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, failed ? ERR_NOMEM : ERR_OK);
        http_server_stop(server);
    }
}

static void test_server__survives_every_failing_allocation_of_a_request(void **state)
{
    struct raw_server s = serve();
    bool failed = true;
    int status = 0;

    (void)state;
    for (long n = 1; failed; n++) {
        int fd = raw_dial(&s);

        mem_fail_nth(n);
        raw_put(fd, "POST /ok?x=%41 HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n"
                    "Content-Length: 10\r\n\r\n0123456789");
        raw_reply(fd, &a);
        status = a.status;
        failed = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(status == 200 || (failed && (status == 503 || status == 0)));
        close(fd);
    }
    assert_int_equal(status, 200);
    assert_true(has_header("ETag", "W/\"A\""));
    raw_stop(&s);
}

static void test_server__keeps_the_connection_after_refusing_a_short_body(void **state)
{
    struct raw_server s = serve();
    int fd = raw_dial(&s);

    (void)state;
    assert_true(raw_put(fd, "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n"
                            "GET /" GET("/ok")));
    raw_reply(fd, &a);
    assert_int_equal(a.status, 404);
    assert_true(raw_wait_for(fd, &a, "{\"ok\":1}"));
    assert_true(raw_put(fd, "POST /nowhere HTTP/1.1\r\nHost: localhost\r\n"
                            "Content-Length: 99999\r\n\r\n"));
    raw_reply(fd, &a);
    assert_int_equal(a.status, 404);
    assert_true(raw_is_closed(fd));
    close(fd);
    raw_stop(&s);
}

static void test_server__without_deadlines_nothing_is_closed(void **state)
{
    struct http_options o = raw_options(routes, ARRAY_LEN(routes));
    struct raw_server s;
    int fd;

    (void)state;
    o.header_timeout_ms = o.body_timeout_ms = o.idle_timeout_ms = 0;
    o.request_timeout_ms = 20; /* only to sweep often */
    s = raw_serve_with(o);
    fd = raw_dial(&s);
    for (int i = 0; i < 3; i++) {
        assert_true(raw_gets_nothing(fd, 50));
        assert_true(raw_put(fd, GET("/ok")));
        raw_reply(fd, &a);
        assert_int_equal(a.status, 200);
    }
    close(fd);
    raw_stop(&s);
}

static void test_server__tells_its_library(void **state)
{
    (void)state;
    assert_true(strlen(http_library_version()) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server__sends_the_fixed_headers_with_everything),
        cmocka_unit_test(test_server__keeps_the_connection_for_the_next_request),
        cmocka_unit_test(test_server__head_has_the_length_and_no_body),
        cmocka_unit_test(test_server__says_which_methods_and_which_path),
        cmocka_unit_test(test_server__turns_errors_into_json),
        cmocka_unit_test(test_server__answers_304_to_the_client_that_has_it),
        cmocka_unit_test(test_server__compresses_long_text_for_those_who_take_it),
        cmocka_unit_test(test_server__unpacks_a_fixed_body_for_those_who_do_not),
        cmocka_unit_test(test_server__asks_the_fallback_for_unknown_gets),
        cmocka_unit_test(test_server__serves_200_connections_at_once),
        cmocka_unit_test(test_server__closes_connections_over_its_limits),
        cmocka_unit_test(test_server__refuses_bad_addresses_and_taken_ports),
        cmocka_unit_test(test_server__stops_with_everything_half_done),
        cmocka_unit_test(test_server__survives_every_failing_allocation_of_a_start),
        cmocka_unit_test(test_server__survives_every_failing_allocation_of_a_request),
        cmocka_unit_test(test_server__keeps_the_connection_after_refusing_a_short_body),
        cmocka_unit_test(test_server__without_deadlines_nothing_is_closed),
        cmocka_unit_test(test_server__tells_its_library),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
