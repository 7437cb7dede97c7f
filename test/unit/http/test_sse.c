#include "raw.h"

#include <malloc.h>

#include "http/sse.h"

#define STREAM "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n"

enum { CLIENTS = 100, HEARTBEAT_MS = 60, STALL_MS = 150, LONG_MS = 60000 };

static struct raw_answer a;

struct stage {
    struct http_stats *stats;
    struct sse_hub *hub;
    uint32_t topic;
    struct sse_topics topics; /* that /stream listens to */
    struct raw_server s;
};

static enum err opens(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct stage *stage = ctx;
    struct buf hello = buf_limited(1000);

    sse_format(&hello, "hello", 1, STR("{\"n\":0}"));
    return sse_open(req, reply, stage->hub, &stage->topics, &hello);
}

static const struct http_route routes[] = {
    { HTTP_GET, "/stream", opens, "stream", 0, false, HTTP_NEED_BY_METHOD },
};

static void raise_stage(struct stage *stage, int max_streams, int64_t heartbeat_ms,
                        int64_t stall_ms)
{
    struct http_options o = raw_options(routes, ARRAY_LEN(routes));

    *stage = (struct stage){ 0 };
    o.ctx = stage;
    o.request_timeout_ms = 200; /* the sweep follows the shortest deadline */
    stage->s = raw_serve_with(o);
    stage->hub = sse_hub_new(max_streams, 4, stage->s.stats);
    assert_non_null(stage->hub);
    sse_hub_set_times(stage->hub, heartbeat_ms, stall_ms);
    stage->topic = sse_topic(stage->hub, STR("state"));
    assert_int_equal(stage->topic, 1);
    stage->topics = (struct sse_topics){ { stage->topic }, 1 };
}

/* Makes /stream one of the topics "state", "b", "c" …, as many as are wanted. */
static void listen_to(struct stage *stage, size_t count)
{
    static const char *const names[] = { "state", "b", "c", "d" };

    stage->topics.count = count;
    for (size_t i = 0; i < count; i++) {
        stage->topics.ids[i] = sse_topic(stage->hub, str_of(names[i]));
        assert_int_equal(stage->topics.ids[i], i + 1);
    }
}

static void strike(struct stage *stage)
{
    raw_stop(&stage->s);
    sse_hub_free(stage->hub);
}

static int listen_in(struct stage *stage)
{
    int fd = raw_dial(&stage->s);

    a.len = 0;
    a.text[0] = '\0';
    assert_true(raw_put(fd, STREAM));
    assert_true(raw_wait_for(fd, &a, "{\"n\":0}\n\n"));
    return fd;
}

static bool hears(int fd, const char *what)
{
    a.len = 0;
    a.text[0] = '\0';
    return raw_wait_for(fd, &a, what);
}

static void test_sse__formats_frames(void **state)
{
    struct buf out = buf_limited(1000);

    (void)state;
    sse_format(&out, "state", 7, STR("one\ntwo\r\nthree\rfour"));
    assert_true(str_equals(buf_str(&out), STR("id: 7\nevent: state\ndata: one\ndata: two\n"
                                              "data: three\ndata: four\n\n")));
    buf_clear(&out);
    sse_format(&out, NULL, 0, STR_NONE);
    assert_true(str_equals(buf_str(&out), STR("data: \n\n")));
    buf_release(&out);
}

static void test_sse__begins_with_the_retry_time_and_the_hello(void **state)
{
    struct stage stage;
    int fd;

    (void)state;
    raise_stage(&stage, 10, LONG_MS, LONG_MS);
    fd = listen_in(&stage);
    assert_int_equal(strncmp(raw_header(&a, "Content-Type"), "text/event-stream\r", 18), 0);
    assert_int_equal(strncmp(raw_header(&a, "Cache-Control"), "no-store\r", 9), 0);
    assert_non_null(strstr(a.text, "retry: 1000\n\nid: 1\nevent: hello\ndata: {\"n\":0}\n\n"));
    close(fd);
    strike(&stage);
}

static void test_sse__every_client_hears_what_is_published(void **state)
{
    struct stage stage;
    int fds[CLIENTS];

    (void)state;
    raise_stage(&stage, CLIENTS, LONG_MS, LONG_MS);
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = listen_in(&stage);
    assert_int_equal(sse_topic_clients(stage.hub, stage.topic), CLIENTS);
    assert_int_equal(stage.s.stats->streams_open, CLIENTS);
    for (uint64_t id = 2; id < 12; id++) {
        char expected[64];

        snprintf(expected, sizeof expected, "id: %d\nevent: tick\ndata: x\n\n", (int)id);
        assert_int_equal(sse_publish(stage.hub, stage.topic, "tick", id, STR("x")), ERR_OK);
        for (int i = 0; i < CLIENTS; i++)
            assert_true(hears(fds[i], expected));
    }
    assert_int_equal(raw_ask(&stage.s, STREAM, &a), 503);
    assert_true(raw_header(&a, "Retry-After")[0]);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    assert_true(raw_comes_to(&stage.s, &stage.s.stats->streams_open, 0));
    strike(&stage);
}

static void count_topic(void *ctx, uint32_t topic, struct str name)
{
    unsigned *count = ctx;

    (*count)++;
    assert_int_equal(topic, 1);
    assert_true(str_equals(name, STR("state")));
}

static void test_sse__topics_are_found_by_name_and_bounded(void **state)
{
    struct stage stage;
    unsigned count = 0;
    int fd;

    (void)state;
    raise_stage(&stage, 10, LONG_MS, LONG_MS);
    assert_int_equal(sse_topic(stage.hub, STR("state")), 1);
    assert_int_equal(sse_topic(stage.hub, STR("b")), 2);
    assert_int_equal(sse_topic(stage.hub, STR("c")), 3);
    assert_int_equal(sse_topic(stage.hub, STR("d")), 4);
    assert_int_equal(sse_topic(stage.hub, STR("e")), 0);
    assert_int_equal(sse_topic_clients(stage.hub, 99), 0);
    assert_int_equal(sse_publish(stage.hub, 99, "x", 1, STR("x")), ERR_OK);
    fd = listen_in(&stage);
    sse_for_each_active_topic(stage.hub, count_topic, &count);
    assert_int_equal(count, 1);
    close(fd);
    strike(&stage);
}

static void test_sse__silence_is_filled_with_heartbeats(void **state)
{
    struct stage stage;
    int fd;

    (void)state;
    raise_stage(&stage, 10, HEARTBEAT_MS, LONG_MS);
    fd = listen_in(&stage);
    for (int i = 0; i < 3; i++)
        assert_true(hears(fd, ": hb\n\n"));
    close(fd);
    strike(&stage);
}

static void publish_some(struct stage *stage, uint32_t topic, const char *event, int count)
{
    static char data[200000];

    memset(data, 'x', sizeof data);
    for (int i = 0; i < count; i++)
        assert_int_equal(
            sse_publish(stage->hub, topic, event, 1, (struct str){ data, sizeof data }), ERR_OK);
}

/* Reads on until `last` has come; tells how often `what` stood in all that came. */
static int count_until(int fd, const char *what, const char *last)
{
    int count = 0;

    for (;;) {
        size_t kept = a.len > 100 ? 100 : a.len;
        ssize_t got;

        memmove(a.text, a.text + a.len - kept, kept);
        got = recv(fd, a.text + kept, 4000, 0);
        assert_true(got > 0);
        a.len = kept + (size_t)got;
        a.text[a.len] = '\0';
        for (char *at = strstr(a.text, what); at; at = strstr(at + 1, what))
            count += (size_t)(at - a.text) + strlen(what) > kept;
        if (strstr(a.text, last))
            return count;
    }
}

static void test_sse__a_client_that_falls_behind_is_told_to_resync(void **state)
{
    struct stage stage;
    int fd;

    (void)state;
    raise_stage(&stage, 10, LONG_MS, LONG_MS);
    fd = raw_dial_buffer(&stage.s, 4096);
    assert_true(raw_put(fd, STREAM));
    a.len = 0;
    a.text[0] = '\0';
    assert_true(raw_wait_for(fd, &a, "{\"n\":0}\n\n"));
    publish_some(&stage, stage.topic, "bulk", 200);
    assert_int_equal(sse_publish(stage.hub, stage.topic, "last", 201, STR("end")), ERR_OK);
    a.len = 0;
    assert_int_equal(count_until(fd, "event: resync\n", "event: last\ndata: end\n"), 1);
    close(fd);
    strike(&stage);
}

static void test_sse__one_stream_hears_all_its_topics(void **state)
{
    struct stage stage;
    int fd;

    (void)state;
    raise_stage(&stage, 10, LONG_MS, LONG_MS);
    listen_to(&stage, 3);
    fd = listen_in(&stage);
    for (uint32_t topic = 1; topic <= 3; topic++)
        assert_int_equal(sse_topic_clients(stage.hub, topic), 1);
    assert_int_equal(sse_topic_clients(stage.hub, 4), 0);
    assert_int_equal(stage.s.stats->streams_open, 1);
    assert_int_equal(sse_publish(stage.hub, 2, "tick", 7, STR("b")), ERR_OK);
    assert_true(hears(fd, "id: 7\nevent: tick\ndata: b\n\n"));
    assert_int_equal(sse_publish(stage.hub, 3, "tick", 7, STR("c")), ERR_OK);
    assert_true(hears(fd, "id: 7\nevent: tick\ndata: c\n\n"));
    assert_int_equal(sse_publish(stage.hub, 1, "tick", 8, STR("a")), ERR_OK);
    assert_true(hears(fd, "id: 8\nevent: tick\ndata: a\n\n"));
    close(fd);
    assert_true(raw_comes_to(&stage.s, &stage.s.stats->streams_open, 0));
    for (uint32_t topic = 1; topic <= 3; topic++)
        assert_int_equal(sse_topic_clients(stage.hub, topic), 0);
    strike(&stage);
}

static void test_sse__a_stream_may_have_no_topic(void **state)
{
    struct stage stage;
    int fd;

    (void)state;
    raise_stage(&stage, 10, HEARTBEAT_MS, LONG_MS);
    listen_to(&stage, 0);
    fd = listen_in(&stage);
    assert_true(hears(fd, ": hb\n\n"));
    raw_stop(&stage.s);
    assert_true(hears(fd, "event: bye\ndata: {}\n\n"));
    close(fd);
    sse_hub_free(stage.hub);
}

/* Both rings overflow while nobody reads. */
static void test_sse__resync_names_its_topic(void **state)
{
    struct stage stage;
    int fd;

    (void)state;
    raise_stage(&stage, 10, LONG_MS, LONG_MS);
    stage.topics = (struct sse_topics){
        { stage.topic, sse_topic(stage.hub, STR("a \"b\"")), sse_topic(stage.hub, STR("c")) }, 3
    };
    fd = raw_dial_buffer(&stage.s, 4096);
    assert_true(raw_put(fd, STREAM));
    a.len = 0;
    a.text[0] = '\0';
    assert_true(raw_wait_for(fd, &a, "{\"n\":0}\n\n"));
    publish_some(&stage, 2, "bulk", 100);
    publish_some(&stage, 3, "quiet", 10); /* fits its ring */
    assert_int_equal(sse_publish(stage.hub, 2, "last", 9, STR("end")), ERR_OK);
    a.len = 0;
    assert_int_equal(count_until(fd, "event: resync\ndata: {\"view\":\"a \\\"b\\\"\"}\n\n",
                                 "event: last\ndata: end\n\n"),
                     1);
    close(fd);
    strike(&stage);
}

/* A topic with much to say does not keep another one waiting. */
static void test_sse__topics_take_turns(void **state)
{
    struct stage stage;
    int fd;

    (void)state;
    raise_stage(&stage, 10, LONG_MS, LONG_MS);
    listen_to(&stage, 2);
    fd = raw_dial_buffer(&stage.s, 4096);
    assert_true(raw_put(fd, STREAM));
    a.len = 0;
    a.text[0] = '\0';
    assert_true(raw_wait_for(fd, &a, "{\"n\":0}\n\n"));
    publish_some(&stage, 1, "bulk", 30); /* fills what the kernel takes, and 20 more */
    assert_int_equal(sse_publish(stage.hub, 2, "small", 2, STR("now")), ERR_OK);
    a.len = 0;
    assert_in_range(count_until(fd, "event: bulk\n", "event: small\n"), 1, 28);
    close(fd);
    strike(&stage);
}

static void test_sse__a_stalled_client_of_many_topics_holds_up_nobody(void **state)
{
    struct stage stage;
    int reader, sleeper;

    (void)state;
    raise_stage(&stage, 10, LONG_MS, STALL_MS);
    listen_to(&stage, 4);
    sleeper = raw_dial_buffer(&stage.s, 2048);
    assert_true(raw_put(sleeper, STREAM));
    assert_true(raw_comes_to(&stage.s, &stage.s.stats->streams_open, 1));
    stage.topics.count = 1;
    reader = listen_in(&stage);
    for (uint32_t topic = 2; topic <= 4; topic++)
        publish_some(&stage, topic, "bulk", 80);
    for (int i = 0; i < RAW_PATIENCE_S * 100 && stage.s.stats->streams_open > 1; i++) {
        publish_some(&stage, 2, "bulk", 1);
        assert_int_equal(sse_publish(stage.hub, 1, "tick", 3, STR("on")), ERR_OK);
        assert_true(hears(reader, "event: tick\ndata: on\n\n"));
        raw_gets_nothing(reader, 10);
    }
    assert_int_equal(stage.s.stats->streams_open, 1);
    for (uint32_t topic = 2; topic <= 4; topic++)
        assert_int_equal(sse_topic_clients(stage.hub, topic), 0);
    assert_int_equal(sse_topic_clients(stage.hub, 1), 1);
    close(sleeper);
    close(reader);
    strike(&stage);
}

static void test_sse__a_client_that_never_reads_is_dropped_and_costs_little(void **state)
{
    static char data[100000];
    struct stage stage;
    size_t before;
    int fd, pacer;

    (void)state;
    raise_stage(&stage, 10, LONG_MS, STALL_MS);
    pacer = raw_dial(&stage.s);
    fd = raw_dial_buffer(&stage.s, 2048);
    assert_true(raw_put(fd, STREAM));
    assert_true(raw_comes_to(&stage.s, &stage.s.stats->streams_open, 1));
    before = mallinfo2().uordblks;
    for (uint64_t id = 2; id <= 400; id++)
        assert_int_equal(
            sse_publish(stage.hub, stage.topic, "bulk", id, (struct str){ data, sizeof data }),
            ERR_OK);
    assert_true(mallinfo2().uordblks < before + (20 << 20));
    /* The kernel's buffers may have taken all of it so far: it has to have something to read. */
    for (int i = 0; i < RAW_PATIENCE_S * 100 && stage.s.stats->streams_open > 0; i++) {
        assert_int_equal(
            sse_publish(stage.hub, stage.topic, "bulk", 401, (struct str){ data, sizeof data }),
            ERR_OK);
        raw_gets_nothing(pacer, 10);
    }
    assert_int_equal(stage.s.stats->streams_open, 0);
    assert_int_equal(sse_topic_clients(stage.hub, stage.topic), 0);
    close(pacer);
    close(fd);
    strike(&stage);
}

static void test_sse__what_waits_is_booked_and_given_back(void **state)
{
    static char data[100000];
    struct stage stage;
    struct budget budget;
    int reader, sleeper;

    (void)state;
    budget_init(&budget, 1 << 20);
    raise_stage(&stage, 10, LONG_MS, LONG_MS);
    sse_hub_set_budget(stage.hub, &budget);
    sleeper = raw_dial_buffer(&stage.s, 2048);
    assert_true(raw_put(sleeper, STREAM));
    assert_true(raw_comes_to(&stage.s, &stage.s.stats->streams_open, 1));
    for (uint64_t id = 2; id <= 20; id++)
        assert_int_equal(
            sse_publish(stage.hub, stage.topic, "bulk", id, (struct str){ data, sizeof data }),
            ERR_OK);
    assert_in_range(budget_used_bytes(&budget), 19 * sizeof data, 20 * sizeof data);
    assert_int_equal(raw_ask(&stage.s, STREAM, &a), 503); /* no room for another hello */
    assert_int_equal(budget.refused_count[BUDGET_STREAM], 1);
    close(sleeper);
    assert_true(raw_comes_to(&stage.s, &stage.s.stats->streams_open, 0));
    assert_int_equal(budget_used_bytes(&budget), 0);
    reader = listen_in(&stage);
    assert_int_equal(budget_used_bytes(&budget), 0);
    close(reader);
    assert_true(raw_comes_to(&stage.s, &stage.s.stats->streams_open, 0));
    strike(&stage);
    assert_int_equal(budget_used_bytes(&budget), 0);
}

static void test_sse__head_and_http10_clients_are_served(void **state)
{
    struct stage stage;
    int fd;

    (void)state;
    raise_stage(&stage, 10, LONG_MS, LONG_MS);
    fd = raw_dial(&stage.s);
    assert_true(
        raw_put(fd, "HEAD /stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    raw_reply_to(fd, &a, true);
    assert_int_equal(a.status, 200);
    assert_int_equal(strncmp(raw_header(&a, "Content-Type"), "text/event-stream\r", 18), 0);
    assert_true(raw_is_closed(fd));
    assert_int_equal(stage.s.stats->streams_open, 0);
    close(fd);
    fd = raw_dial(&stage.s);
    assert_true(raw_put(fd, "GET /stream HTTP/1.0\r\n\r\n"));
    a.len = 0;
    a.text[0] = '\0';
    assert_true(raw_wait_for(fd, &a, "\r\n\r\nretry: 1000\n\n"));
    assert_true(raw_wait_for(fd, &a, "{\"n\":0}\n\n"));
    assert_int_equal(sse_publish(stage.hub, stage.topic, "tick", 5, STR("ten")), ERR_OK);
    assert_true(hears(fd, "id: 5\nevent: tick\ndata: ten\n\n"));
    close(fd);
    strike(&stage);
}

static void test_sse__stopping_says_bye(void **state)
{
    struct stage stage;
    int fds[10];

    (void)state;
    raise_stage(&stage, 10, LONG_MS, LONG_MS);
    for (int i = 0; i < 10; i++)
        fds[i] = listen_in(&stage);
    raw_stop(&stage.s);
    for (int i = 0; i < 10; i++) {
        assert_true(hears(fds[i], "event: bye\ndata: {}\n\n"));
        assert_true(raw_is_closed(fds[i]));
        close(fds[i]);
    }
    sse_hub_free(stage.hub);
}

static void test_sse__refuses_frames_over_the_limit(void **state)
{
    struct stage stage;
    char *data = calloc(1, SSE_FRAME_MAX_BYTES);
    int fd;

    (void)state;
    raise_stage(&stage, 10, LONG_MS, LONG_MS);
    fd = listen_in(&stage);
    memset(data, 'x', SSE_FRAME_MAX_BYTES);
    assert_int_equal(
        sse_publish(stage.hub, stage.topic, "x", 1, (struct str){ data, SSE_FRAME_MAX_BYTES }),
        ERR_LIMIT);
    close(fd);
    strike(&stage);
    free(data);
}

static void test_sse__survives_every_failing_allocation(void **state)
{
    struct stage stage;
    bool failed = true;

    (void)state;
    for (long n = 1; failed; n++) {
        struct sse_hub *hub;

        mem_fail_nth(n);
        hub = sse_hub_new(1, 1, NULL);
        failed = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(failed == !hub);
        sse_hub_free(hub);
    }
    raise_stage(&stage, 1000, LONG_MS, LONG_MS);
    failed = true;
    for (long n = 1; failed; n++) {
        int fd = raw_dial(&stage.s);

        mem_fail_nth(n);
        raw_put(fd, "GET /stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        a.len = 0;
        a.text[0] = '\0';
        a.status = raw_wait_for(fd, &a, "\n\n") ? 1 : 0;
        failed = mem_fault_happened();
        assert_true(failed || a.status);
        close(fd);
    }
    mem_fail_nth(0);
    close(listen_in(&stage));
    strike(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sse__formats_frames),
        cmocka_unit_test(test_sse__begins_with_the_retry_time_and_the_hello),
        cmocka_unit_test(test_sse__every_client_hears_what_is_published),
        cmocka_unit_test(test_sse__topics_are_found_by_name_and_bounded),
        cmocka_unit_test(test_sse__silence_is_filled_with_heartbeats),
        cmocka_unit_test(test_sse__a_client_that_falls_behind_is_told_to_resync),
        cmocka_unit_test(test_sse__one_stream_hears_all_its_topics),
        cmocka_unit_test(test_sse__a_stream_may_have_no_topic),
        cmocka_unit_test(test_sse__resync_names_its_topic),
        cmocka_unit_test(test_sse__topics_take_turns),
        cmocka_unit_test(test_sse__a_stalled_client_of_many_topics_holds_up_nobody),
        cmocka_unit_test(test_sse__a_client_that_never_reads_is_dropped_and_costs_little),
        cmocka_unit_test(test_sse__what_waits_is_booked_and_given_back),
        cmocka_unit_test(test_sse__head_and_http10_clients_are_served),
        cmocka_unit_test(test_sse__stopping_says_bye),
        cmocka_unit_test(test_sse__refuses_frames_over_the_limit),
        cmocka_unit_test(test_sse__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
