/* Deadlines: each client here is slow in its own way, and the server has 150 ms for it. */
#include "raw.h"

enum { SHORT_MS = 150, DRIP_MS = 20 };

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static char big[16 << 20];
static struct raw_answer a;

static enum err ok(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)ctx;
    reply->fixed = STR("{\"ok\":1}");
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

static const struct http_route routes[] = {
    { HTTP_GET, "/ok", ok, "ok", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_POST, "/ok", ok, "ok", 1000, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/big", sends_big, "big", 0, false, HTTP_NEED_BY_METHOD },
};

static struct http_options patient(void)
{
    return raw_options(routes, ARRAY_LEN(routes));
}

/* Sends a byte every DRIP_MS for ever; true when the server closes. */
static bool drips_until_closed(int fd, char byte)
{
    for (int i = 0; i < RAW_PATIENCE_S * 1000 / DRIP_MS; i++) {
        if (!raw_put_bytes(fd, &byte, 1) || !raw_gets_nothing(fd, DRIP_MS))
            return raw_is_closed(fd);
    }
    return false;
}

static void test_conn__slow_headers_are_closed_by_their_deadline(void **state)
{
    struct http_options o = patient();
    struct raw_server s;
    int fd, silent;

    (void)state;
    o.header_timeout_ms = SHORT_MS;
    s = raw_serve_with(o);
    fd = raw_dial(&s);
    silent = raw_dial(&s);
    assert_true(raw_put(fd, "GET /ok HTTP/1.1\r\nX: "));
    assert_true(drips_until_closed(fd, 'x'));
    assert_true(raw_is_closed(silent));
    assert_int_equal(s.stats->rejected_deadline, 2);
    close(fd);
    close(silent);
    raw_stop(&s);
}

static void test_conn__slow_headers_of_a_later_request_too(void **state)
{
    struct http_options o = patient();
    struct raw_server s;
    int fd;

    (void)state;
    o.header_timeout_ms = 3 * SHORT_MS;
    s = raw_serve_with(o);
    fd = raw_dial(&s);
    assert_true(raw_put(fd, GET("/ok")));
    raw_reply(fd, &a);
    assert_int_equal(a.status, 200);
    assert_true(raw_gets_nothing(fd, 4 * SHORT_MS)); /* idle is not the header's deadline */
    assert_true(raw_put(fd, "GET /ok HT"));
    assert_true(drips_until_closed(fd, 'T'));
    assert_int_equal(s.stats->rejected_deadline, 1);
    close(fd);
    raw_stop(&s);
}

static void test_conn__slow_bodies_are_closed_by_their_deadline(void **state)
{
    struct http_options o = patient();
    struct raw_server s;
    int fd;

    (void)state;
    o.body_timeout_ms = SHORT_MS;
    s = raw_serve_with(o);
    fd = raw_dial(&s);
    assert_true(raw_put(fd, "POST /ok HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\n"));
    assert_true(drips_until_closed(fd, 'x'));
    assert_int_equal(s.stats->rejected_deadline, 1);
    close(fd);
    raw_stop(&s);
}

static void test_conn__idle_connections_are_closed(void **state)
{
    struct http_options o = patient();
    struct raw_server s;
    int fd;

    (void)state;
    o.idle_timeout_ms = SHORT_MS;
    s = raw_serve_with(o);
    fd = raw_dial(&s);
    assert_true(raw_put(fd, GET("/ok")));
    raw_reply(fd, &a);
    assert_int_equal(a.status, 200);
    assert_true(raw_is_closed(fd));
    assert_int_equal(s.stats->rejected_deadline, 0);
    close(fd);
    raw_stop(&s);
}

static void test_conn__a_client_that_does_not_read_its_answer_is_closed(void **state)
{
    struct http_options o = patient();
    struct raw_server s;
    int fd;

    (void)state;
    o.body_timeout_ms = SHORT_MS;
    s = raw_serve_with(o);
    fd = raw_dial_buffer(&s, 2048);
    assert_true(raw_put(fd, GET("/big")));
    assert_true(raw_comes_to(&s, &s.stats->connections_open, 1)); /* the one that waits */
    close(fd);
    raw_stop(&s);
}

static void test_conn__a_reader_of_a_large_answer_gets_all_of_it(void **state)
{
    struct raw_server s = raw_serve_with(patient());
    int fd = raw_dial(&s);
    size_t total = 0;
    ssize_t got;

    (void)state;
    assert_true(raw_put(fd, "GET /big HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    while ((got = recv(fd, a.text, sizeof a.text, 0)) > 0)
        total += (size_t)got;
    assert_int_equal(got, 0);
    assert_true(total > sizeof big && total < sizeof big + 2000);
    close(fd);
    raw_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conn__slow_headers_are_closed_by_their_deadline),
        cmocka_unit_test(test_conn__slow_headers_of_a_later_request_too),
        cmocka_unit_test(test_conn__slow_bodies_are_closed_by_their_deadline),
        cmocka_unit_test(test_conn__idle_connections_are_closed),
        cmocka_unit_test(test_conn__a_client_that_does_not_read_its_answer_is_closed),
        cmocka_unit_test(test_conn__a_reader_of_a_large_answer_gets_all_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
