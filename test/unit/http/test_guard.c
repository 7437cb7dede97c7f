/* Every shape over a real socket: what counts is what comes out of library and guard together. */
#include "raw.h"

static enum err hello(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)ctx;
    reply->fixed = STR("{\"hello\":1}");
    return ERR_OK;
}

static enum err echo(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct str x = STR_NONE;

    (void)ctx;
    http_request_arg(req, "x", &x);
    reply->body = buf_limited(20000);
    buf_printf(&reply->body, "%.*s|%.*s|%.*s|", STR_ARG(http_request_path(req)),
               STR_ARG(http_request_param(req, "name")), STR_ARG(x));
    buf_append_str(&reply->body, http_request_body(req));
    return ERR_OK;
}

static const struct http_route routes[] = {
    { HTTP_GET, "/", hello, "hello", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/echo/{name}", echo, "echo", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_POST, "/echo", echo, "echo a body", 16, false, HTTP_NEED_BY_METHOD },
    { HTTP_POST, "/probe", hello, "from anywhere", 16, true, HTTP_NEED_BY_METHOD },
};

struct shape {
    const char *request;
    size_t len; /* 0: up to the NUL */
    int status;
};

#define WITH_NUL(text) text, sizeof(text) - 1

static const struct shape shapes[] = {
    { "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 200 },
    { "GET / HTTP/1.0\r\n\r\n", 0, 200 },
    { "GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nX:\r\nY: a\tb \r\n\r\n", 0, 200 },
    { "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0, 200 },
    { "GET /?a=1&b=&c HTTP/1.1\r\nHost: LOCALHOST\r\n\r\n", 0, 200 },
    { "GET /? HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 200 },
    { "GET /?& HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 200 },
    { "GET / HTTP/1.1\r\nHost: fusebox.example:9\r\n\r\n", 0, 200 },
    { "GET / HTTP/1.1\r\nHost: other.example:8080\r\n\r\n", 0, 200 },
    { "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 200 },
    { "GET http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 200 },
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab", 0, 200 },
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "2\r\nab\r\n0\r\n\r\n",
      0, 200 },

    /* hosts */
    { "GET / HTTP/1.1\r\n\r\n", 0, 400 },
    { "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 0, 400 },
    { "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0, 400 },
    { "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 0, 421 },
    { "GET / HTTP/1.1\r\nHost: other.example:81\r\n\r\n", 0, 421 },
    { "GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n", 0, 421 },
    { "GET / HTTP/1.1\r\nHost: localhost:80x\r\n\r\n", 0, 400 },
    { "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 0, 400 },
    { "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 400 },
    { "GET ftp://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 400 },

    /* framing */
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab",
      0, 400 },
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab",
      0, 400 },
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n"
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      0, 400 },
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 0,
      400 },
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n", 0, 400 },
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      0, 400 },
    { "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, 400 },
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: +2\r\n\r\nab", 0, 400 },
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2, 2\r\n\r\nab", 0, 400 },
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 0, 400 },

    /* lines */
    { "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n", 0, 400 },
    { "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n\t\r\nY: b\r\n\r\n", 0, 400 },
    { "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n", 0, 400 },
    { "GET / HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n", 0, 400 },
    { "GET / HTTP/1.1\nHost: localhost\r\n\r\n", 0, 400 },
    { "GET / HTTP/1.1\r\nHost: localhost\r\n\n", 0, 400 },
    { "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n", 0, 400 },
    { "GET / HTTP/1.1\r\nHost: localhost\r\n\rX: a\r\n\r\n", 0, 400 },
    { "GET / HTTP/1.1\r\nHost: localhost\r\nX : a\r\n\r\n", 0, 400 },
    { "GET / HTTP/1.1\r\nHost: localhost\r\nX(: a\r\n\r\n", 0, 400 },
    { "GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", 0, 400 },
    { WITH_NUL("GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n"), 400 },
    { WITH_NUL("GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x01z\r\n\r\n"), 400 },
    { WITH_NUL("GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400 },
    { WITH_NUL("GET /?a\0b HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400 },
    { "GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 400 },
    { "GET / x HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 400 },
    { "GET echo HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 400 },
    { "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 0, 505 },
    { "GET / HTTP/1.7\r\nHost: localhost\r\n\r\n", 0, 400 },

    /* paths */
    { "GET /echo/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 400 },
    { "GET /echo/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 400 },
    { "GET /?x=%4 HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 400 },
    { "GET /?%00=1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 400 },
    { "GET /echo/.. HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 404 },
    { "GET /echo/%2e%2e HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 404 },
    { "GET /echo/a%2f..%2fb HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 404 },
    { "GET /echo/../echo/x HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 404 },
    { "GET /echo/..x HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 200 },

    /* methods */
    { "OPTIONS / HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 405 },
    { "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 400 },
    { "TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 405 },
    { "get / HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 405 },
    { "DELETE /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n", 0, 404 },

    /* origins */
    { "POST /echo HTTP/1.1\r\nHost: localhost:1\r\nOrigin: http://localhost:1\r\n"
      "Content-Length: 0\r\n\r\n",
      0, 200 },
    { "POST /echo HTTP/1.1\r\nHost: localhost:1\r\nOrigin: http://evil.example\r\n"
      "Content-Length: 0\r\n\r\n",
      0, 403 },
    { "POST /echo HTTP/1.1\r\nHost: localhost:1\r\nOrigin: http://localhost:2\r\n"
      "Content-Length: 0\r\n\r\n",
      0, 403 },
    { "POST /echo HTTP/1.1\r\nHost: localhost:1\r\nOrigin: null\r\nContent-Length: 0\r\n\r\n", 0,
      403 },
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n"
      "Content-Length: 0\r\n\r\n",
      0, 403 },
    { "GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n", 0, 200 },
    { "POST /probe HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
      "Content-Length: 0\r\n\r\n",
      0, 200 },

    /* bodies */
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 17\r\n\r\n", 0, 413 },
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "a\r\n0123456789\r\na\r\n0123456789\r\n",
      0, 413 },
    { "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx", 0, 413 },
};

static void test_guard__answers_every_shape(void **state)
{
    static struct raw_answer a;
    struct raw_server s = raw_serve_with(raw_options(routes, ARRAY_LEN(routes)));
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        const struct shape *shape = &shapes[i];
        int fd = raw_dial(&s);

        assert_true(
            raw_put_bytes(fd, shape->request, shape->len ? shape->len : strlen(shape->request)));
        raw_reply(fd, &a);
        if (a.status != shape->status) {
            print_error("%d instead of %d: %s\n", a.status, shape->status, shape->request);
            wrong++;
        }
        if (a.status == 400 && raw_put(fd, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            assert_true(raw_is_closed(fd));
        close(fd);
    }
    assert_int_equal(wrong, 0);
    assert_true(s.stats->rejected_shape > 20);
    raw_stop(&s);
}

static void test_guard__limits_headers_arguments_and_url(void **state)
{
    static struct raw_answer a;
    static char text[20000];
    struct raw_server s = raw_serve_with(raw_options(routes, ARRAY_LEN(routes)));
    size_t len;

    (void)state;
    for (int count = 63; count <= 64; count++) {
        len = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: localhost\r\n");
        for (int i = 0; i < count; i++)
            len += (size_t)sprintf(text + len, "X%d: y\r\n", i);
        sprintf(text + len, "\r\n");
        assert_int_equal(raw_ask(&s, text, &a), count == 63 ? 200 : 431);
    }
    for (int count = 64; count <= 65; count++) {
        len = (size_t)sprintf(text, "GET /?");
        for (int i = 0; i < count; i++)
            len += (size_t)sprintf(text + len, "x%d=%%41&", i);
        sprintf(text + len - 1, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_int_equal(raw_ask(&s, text, &a), count == 64 ? 200 : 431);
    }
    for (int bytes = 8192; bytes <= 8193; bytes++) {
        len = (size_t)sprintf(text, "GET /?x=");
        memset(text + len, 'a', (size_t)bytes - 4);
        sprintf(text + len + bytes - 4, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_int_equal(raw_ask(&s, text, &a), bytes == 8192 ? 200 : 414);
    }
    memset(text, 'a', sizeof text - 1);
    memcpy(text, "GET /?x=", 8);
    assert_true(raw_ask(&s, text, &a) != 200);
    raw_stop(&s);
}

static void test_guard__a_chunked_body_over_the_limit_gets_its_answer_and_the_close(void **state)
{
    static struct raw_answer a;
    struct raw_server s = raw_serve_with(raw_options(routes, ARRAY_LEN(routes)));
    int fd = raw_dial(&s);

    (void)state;
    assert_true(raw_put(fd, "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked"
                            "\r\n\r\n8\r\n01234567\r\n9\r\n012345678\r\n0\r\n\r\n"));
    raw_reply(fd, &a);
    assert_int_equal(a.status, 413);
    assert_string_equal(a.body,
                        "{\"error\":{\"code\":\"too_large\",\"message\":\"the body is larger "
                        "than allowed\",\"field\":null}}");
    assert_int_equal(strncmp(raw_header(&a, "X-Content-Type-Options"), "nosniff", 7), 0);
    assert_true(raw_is_closed(fd));
    close(fd);
    raw_stop(&s);
}

static void test_guard__hands_decoded_texts_to_the_handler(void **state)
{
    static struct raw_answer a;
    struct raw_server s = raw_serve_with(raw_options(routes, ARRAY_LEN(routes)));

    (void)state;
    raw_ask(&s, "GET /echo/a%2Fb+c?y=1&%78=1+2%2B&x=3 HTTP/1.1\r\nHost: localhost\r\n\r\n", &a);
    assert_string_equal(a.body, "/echo/a/b+c|a/b+c|1 2+|");
    raw_ask(&s,
            "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: x\r\n\r\n",
            &a);
    assert_string_equal(a.body, "/echo|||abcde");
    raw_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guard__answers_every_shape),
        cmocka_unit_test(test_guard__limits_headers_arguments_and_url),
        cmocka_unit_test(test_guard__a_chunked_body_over_the_limit_gets_its_answer_and_the_close),
        cmocka_unit_test(test_guard__hands_decoded_texts_to_the_handler),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
