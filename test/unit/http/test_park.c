#include "raw.h"

#include "base/queue.h"
#include "base/thread.h"
#include "http/park.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static struct raw_answer a;

/* What the finishing thread is given. */
struct desk {
    struct queue queue;
};

static void drop_parked(void *item)
{
    (void)item;
}

static void desk_open(struct desk *desk)
{
    assert_int_equal(queue_init(&desk->queue, 4096, QUEUE_REFUSE, drop_parked), ERR_OK);
}

static enum err parks(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct desk *desk = ctx;
    struct http_parked *parked = http_request_park(req);

    (void)reply;
    return parked ? queue_push(&desk->queue, parked) : ERR_OVERLOADED;
}

static void finish(struct http_parked *parked)
{
    struct http_request *req = http_parked_request(parked);
    struct http_reply reply = { .body = buf_limited(1000) };
    struct str x = STR_NONE;

    http_request_arg(req, "x", &x);
    buf_printf(&reply.body, "%.*s|%.*s|%.*s|%.*s", STR_ARG(http_request_param(req, "id")),
               STR_ARG(x), STR_ARG(http_request_header(req, "X-Name")),
               STR_ARG(http_request_body(req)));
    http_request_finish(parked, ERR_OK, &reply);
}

static enum err parks_and_finishes_at_once(struct http_request *req, struct http_reply *reply,
                                           void *ctx)
{
    struct http_parked *parked = http_request_park(req);

    (void)reply;
    (void)ctx;
    if (!parked)
        return ERR_OVERLOADED;
    finish(parked);
    return ERR_OK;
}

static enum err parks_and_fails(struct http_request *req, struct http_reply *reply, void *ctx)
{
    enum err err = parks(req, reply, ctx);

    return err ? err : diag_set(&reply->diag, ERR_CONFLICT, "changed my mind");
}

static enum err ok(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)ctx;
    reply->fixed = STR("ok");
    return ERR_OK;
}

static const struct http_route routes[] = {
    { HTTP_GET, "/park/{id}", parks, "park", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_POST, "/park/{id}", parks, "park", 100, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/both/{id}", parks_and_finishes_at_once, "both", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/fails", parks_and_fails, "fails", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/ok", ok, "ok", 0, false, HTTP_NEED_BY_METHOD },
};

static struct raw_server serve(struct desk *desk, int64_t timeout_ms)
{
    struct http_options o = raw_options(routes, ARRAY_LEN(routes));

    o.ctx = desk;
    o.threads = 2;
    o.request_timeout_ms = timeout_ms;
    return raw_serve_with(o);
}

static struct http_parked *next_parked(struct desk *desk)
{
    void *item = NULL;

    assert_int_equal(queue_pop(&desk->queue, (int64_t)RAW_PATIENCE_S * 1000000000, &item), ERR_OK);
    return item;
}

static void test_park__the_answer_comes_from_another_thread(void **state)
{
    struct desk desk = { 0 };
    struct raw_server s;
    int fd;

    (void)state;
    desk_open(&desk);
    s = serve(&desk, 10000);
    fd = raw_dial(&s);
    for (int i = 0; i < 20; i++) {
        assert_true(raw_put(fd,
                            "POST /park/a%2Fb?x=%31 HTTP/1.1\r\nHost: localhost\r\nX-Name: n\r\n"
                            "Content-Length: 4\r\n\r\nbody"));
        finish(next_parked(&desk));
        raw_reply(fd, &a);
        assert_int_equal(a.status, 200);
        assert_string_equal(a.body, "a/b|1|n|body");
    }
    assert_int_equal(s.stats->parked_now, 0);
    close(fd);
    raw_stop(&s);
    queue_release(&desk.queue);
}

static void test_park__the_answer_may_come_before_the_handler_returns(void **state)
{
    struct desk desk = { 0 };
    struct raw_server s;
    int fd;

    (void)state;
    desk_open(&desk);
    s = serve(&desk, 10000);
    fd = raw_dial(&s);
    for (int i = 0; i < 20; i++) {
        assert_true(raw_put(fd, GET("/both/7?x=8")));
        raw_reply(fd, &a);
        assert_string_equal(a.body, "7|8||");
    }
    close(fd);
    raw_stop(&s);
    queue_release(&desk.queue);
}

static void *finishes_all(void *arg)
{
    struct desk *desk = arg;
    void *item;

    while (queue_pop(&desk->queue, -1, &item) == ERR_OK)
        finish(item);
    return NULL;
}

static void test_park__finishing_races_with_suspending(void **state)
{
    struct thread threads[2] = { 0 };
    struct desk desk = { 0 };
    struct raw_server s;
    int fds[20];

    (void)state;
    desk_open(&desk);
    s = serve(&desk, 10000);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(thread_start(&threads[i], "finisher", finishes_all, &desk), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        fds[i] = raw_dial(&s);
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < ARRAY_LEN(fds); i++)
            assert_true(raw_put(fds[i], GET("/park/5")));
        for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
            raw_reply(fds[i], &a);
            assert_string_equal(a.body, "5|||");
        }
    }
    queue_close(&desk.queue);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        thread_stop(&threads[i]);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    raw_stop(&s);
    queue_release(&desk.queue);
}

static void test_park__answers_504_at_the_deadline_and_finishing_later_does_nothing(void **state)
{
    struct http_parked *late;
    struct desk desk = { 0 };
    struct raw_server s;
    int fd;

    (void)state;
    desk_open(&desk);
    s = serve(&desk, 100);
    fd = raw_dial(&s);
    assert_true(raw_put(fd, GET("/park/late?x=still+here")));
    late = next_parked(&desk);
    raw_reply(fd, &a);
    assert_int_equal(a.status, 504);
    assert_true(raw_header(&a, "Retry-After")[0]);
    assert_true(raw_put(fd, GET("/ok")));
    raw_reply(fd, &a);
    assert_int_equal(a.status, 200);
    close(fd);
    assert_int_equal(s.stats->parked_now, 1);
    finish(late);
    raw_stop(&s);
    queue_release(&desk.queue);
}

static void test_park__the_client_may_be_gone(void **state)
{
    struct desk desk = { 0 };
    struct raw_server s;
    int fd;

    (void)state;
    desk_open(&desk);
    s = serve(&desk, 10000);
    fd = raw_dial(&s);
    assert_true(raw_put(fd, GET("/park/1")));
    struct http_parked *parked = next_parked(&desk);
    close(fd);
    finish(parked);
    assert_true(raw_comes_to(&s, &s.stats->parked_now, 0));
    raw_stop(&s);
    queue_release(&desk.queue);
}

static void test_park__an_error_after_parking_is_the_answer(void **state)
{
    struct desk desk = { 0 };
    struct raw_server s;

    (void)state;
    desk_open(&desk);
    s = serve(&desk, 10000);
    assert_int_equal(raw_ask(&s, GET("/fails"), &a), 409);
    finish(next_parked(&desk));
    raw_stop(&s);
    queue_release(&desk.queue);
}

static void test_park__stopping_answers_503_and_finishing_after_it_is_safe(void **state)
{
    struct http_parked *parked;
    struct desk desk = { 0 };
    struct raw_server s;
    int fd;

    (void)state;
    desk_open(&desk);
    s = serve(&desk, 10000);
    fd = raw_dial(&s);
    assert_true(raw_put(fd, GET("/park/1?x=2")));
    parked = next_parked(&desk);
    raw_stop(&s);
    raw_reply(fd, &a);
    assert_int_equal(a.status, 503);
    assert_true(raw_is_closed(fd));
    finish(parked);
    close(fd);
    queue_release(&desk.queue);
}

static void test_park__a_full_park_refuses(void **state)
{
    struct park *park = park_new(1, 1000, NULL);
    struct http_request *one = request_new(), *two = request_new();
    struct http_reply reply = { 0 };
    struct http_parked *parked;

    (void)state;
    one->park = two->park = park;
    parked = http_request_park(one);
    assert_non_null(parked);
    assert_null(http_request_park(two));
    assert_true(request_is_shared(one));
    (void)park_take(one->parked, &reply);
    assert_null(http_request_park(two));
    http_request_finish(parked, ERR_OK, &reply);
    assert_false(request_is_shared(one));
    parked = http_request_park(two);
    assert_non_null(parked);
    http_request_finish(parked, ERR_OK, &reply);
    assert_int_equal(park_take(parked, &reply), ERR_OK);
    request_unref(one);
    request_unref(two);
    park_unref(park);
}

static void test_park__survives_every_failing_allocation(void **state)
{
    struct desk desk = { 0 };
    struct raw_server s;
    bool failed = true;

    (void)state;
    desk_open(&desk);
    s = serve(&desk, 10000);
    for (long n = 1; failed; n++) {
        int fd = raw_dial(&s);

        mem_fail_nth(n);
        raw_put(fd, GET("/both/1?x=%32"));
        raw_reply(fd, &a);
        failed = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(a.status == 200 || (failed && (a.status == 503 || a.status == 0)));
        close(fd);
    }
    assert_string_equal(a.body, "1|2||");
    raw_stop(&s);
    queue_release(&desk.queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_park__the_answer_comes_from_another_thread),
        cmocka_unit_test(test_park__the_answer_may_come_before_the_handler_returns),
        cmocka_unit_test(test_park__finishing_races_with_suspending),
        cmocka_unit_test(test_park__answers_504_at_the_deadline_and_finishing_later_does_nothing),
        cmocka_unit_test(test_park__the_client_may_be_gone),
        cmocka_unit_test(test_park__an_error_after_parking_is_the_answer),
        cmocka_unit_test(test_park__stopping_answers_503_and_finishing_after_it_is_safe),
        cmocka_unit_test(test_park__a_full_park_refuses),
        cmocka_unit_test(test_park__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
