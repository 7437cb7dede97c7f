/*
 * What goes into the frames. The hub is a double of three functions that keeps the
 * last frame of each topic: the frames' own room is under test, not the streams.
 */
#include "monitor_script.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/frames.h"
#include "api/view_json.h"
#include "base/mem.h"
#include "json_check.h"

enum { MANY = 3000, TOPIC_OF_OVERVIEW = 1, TOPIC_OF_ORDERS = 2 };
static const int64_t T0 = 1700000000000;

struct sse_hub {
    size_t overview_clients, orders_clients;
    enum err refuse; /* what publishing answers */
    struct buf overview, orders;
    int overview_count, orders_count;
};

size_t sse_topic_clients(struct sse_hub *hub, uint32_t topic)
{
    return topic == TOPIC_OF_OVERVIEW ? hub->overview_clients : hub->orders_clients;
}

void sse_for_each_active_topic(struct sse_hub *hub,
                               void (*visit)(void *ctx, uint32_t topic, struct str name), void *ctx)
{
    if (hub->overview_clients)
        visit(ctx, TOPIC_OF_OVERVIEW, STR(VIEW_OVERVIEW));
    if (hub->orders_clients)
        visit(ctx, TOPIC_OF_ORDERS, STR(VIEW_SERVICE "orders"));
}

enum err sse_publish(struct sse_hub *hub, uint32_t topic, const char *event, uint64_t id,
                     struct str data)
{
    bool overview = topic == TOPIC_OF_OVERVIEW;
    struct buf *last = overview ? &hub->overview : &hub->orders;

    if (hub->refuse)
        return hub->refuse;
    assert_string_equal(event, "update");
    assert_true(id > 0 && data.len <= SSE_FRAME_MAX_BYTES);
    json_check(data);
    buf_clear(last);
    buf_append_str(last, data);
    if (overview)
        hub->overview_count++;
    else
        hub->orders_count++;
    return ERR_OK;
}

struct stage {
    struct sse_hub hub;
    struct api api;
    struct monitor *monitor;
    struct frames *frames;
};

static void stage_init(struct stage *s, const char *yaml)
{
    *s = (struct stage){ .monitor = monitor_of(yaml) };
    s->hub.overview = buf_limited(SSE_FRAME_MAX_BYTES);
    s->hub.orders = buf_limited(SSE_FRAME_MAX_BYTES);
    s->hub.overview_clients = 1;
    s->api.hub = &s->hub;
    s->api.overview_topic = TOPIC_OF_OVERVIEW;
    snprintf(s->api.epoch, sizeof s->api.epoch, "e");
    s->frames = frames_new(&s->api);
    assert_non_null(s->frames);
}

static void stage_release(struct stage *s)
{
    frames_free(s->frames);
    monitor_free(s->monitor);
    buf_release(&s->hub.overview);
    buf_release(&s->hub.orders);
}

/* The overview's frame of now. */
static struct str frame_of(struct stage *s, int64_t now_ms, bool with_figures)
{
    struct monitor_view *view = view_of(s->monitor, now_ms);

    frames_send(s->frames, s->monitor, view, with_figures);
    view_unref(view);
    return buf_str(&s->hub.overview);
}

static struct str frame(struct stage *s, int64_t now_ms)
{
    return frame_of(s, now_ms, true);
}

static void test_frames__the_first_brings_everything_and_the_next_what_changed(void **state UNUSED)
{
    struct stage s;
    struct str text;

    stage_init(&s, "services: [{name: a}, {name: b}]");
    text = frame(&s, T0);
    assert_int_equal(json_count(text, "services"), 2);
    assert_int_equal(json_count(text, "order"), 2);
    assert_true(json_has(text, "services.0.spark.calls"));
    assert_true(json_has(text, "sentence.text") && json_has(text, "totals.calls_per_s"));
    json_expect(text, "seq", "1");
    json_expect(text, "view", "\"overview\"");
    text = frame(&s, T0 + 1000);
    json_expect(text, "services", "[]");
    assert_false(json_has(text, "order"));
    json_expect(text, "seq", "2");
    tell_state(s.monitor, "b", "x", T0 + 1500, BREAKER_CLOSED);
    text = frame(&s, T0 + 2000);
    assert_int_equal(json_count(text, "services"), 1);
    json_expect(text, "services.0.service", "\"b\"");
    json_expect(text, "services.0.breakers.total", "1");
    assert_false(json_has(text, "services.0.spark"));
    assert_int_equal(s.hub.overview_count, 3);
    assert_int_equal(s.api.own.frames, 3);
    stage_release(&s);
}

static void test_frames__without_figures_only_news_come(void **state UNUSED)
{
    struct stage s;
    struct str text;

    stage_init(&s, "services: [{name: a}, {name: b}]");
    text = frame_of(&s, T0, false);
    assert_int_equal(json_count(text, "services"), 2); /* that they are there is news */
    for (int i = -30; i <= 0; i++) {
        tell(s.monitor, "a", T0 + i * 1000, 100, 0, 0);
        tell(s.monitor, "b", T0 + i * 1000, 100, 0, 0);
    }
    frame(&s, T0);
    tell(s.monitor, "a", T0 + 100, 50, 0, 0);
    tell_state(s.monitor, "b", "x", T0 + 100, BREAKER_CLOSED);
    text = frame_of(&s, T0 + 200, false);
    assert_int_equal(json_count(text, "services"), 1);
    json_expect(text, "services.0.service", "\"b\"");
    tell_state(s.monitor, "b", "x", T0 + 300, BREAKER_OPEN);
    text = frame_of(&s, T0 + 400, false);
    json_expect(text, "services.0.breakers.worst", "\"open\"");
    text = frame(&s, T0 + 400);
    json_expect(text, "services", "[]");
    assert_int_equal(json_count(text, "figures.rows"), 1);
    json_expect(text, "figures.rows.0.0", "\"a\"");
    json_expect(text, "figures.columns.13", "\"calls_total\"");
    json_expect(text, "figures.rows.0.14", "3150");
    stage_release(&s);
}

/* A whole row at first and when its state changes; in between figures, and each step once. */
static void test_frames__figures_and_steps_come_without_their_rows(void **state UNUSED)
{
    int whole = 0, figures = 0, steps = 0;
    struct stage s;

    stage_init(&s, "");
    for (int i = 0; i <= 60; i++) {
        struct str text;

        tell(s.monitor, "a", T0 + i * 1000, 100, 0, 0);
        text = frame(&s, T0 + i * 1000 + 100);
        whole += json_has(text, "services.0.spark");
        figures += json_has(text, "figures.rows.0.0");
        steps += json_has(text, "steps.rows.0.1");
        assert_true(json_has(text, "services.0") != json_has(text, "figures.rows.0"));
    }
    assert_int_equal(whole, 2); /* the first row, and the first step */
    assert_true(figures >= 50);
    assert_int_equal(steps, 4); /* the sixth closes a second later */
    stage_release(&s);
}

static void test_frames__steps_that_no_frame_told_bring_the_whole_spark(void **state UNUSED)
{
    struct stage s;
    struct str text;

    stage_init(&s, "");
    for (int i = 0; i <= 60; i++) {
        tell(s.monitor, "a", T0 + i * 1000, 100, 0, 0);
        if (i % 30 == 0)
            text = frame(&s, T0 + i * 1000 + 100);
    }
    assert_false(json_has(text, "steps"));
    assert_int_equal(json_count(text, "services.0.spark.calls"), 5);
    stage_release(&s);
}

static void test_frames__order_comes_when_it_changed_and_the_removed_leave_it(void **state UNUSED)
{
    struct config *cfg = config_of("services: [{name: a}, {name: c}]");
    struct stage s;
    struct str text;

    stage_init(&s, "services: [{name: a}, {name: b}, {name: c}]");
    json_expect(frame(&s, T0), "order", "[\"a\",\"b\",\"c\"]");
    tell_state(s.monitor, "c", "x", T0, BREAKER_OPEN);
    json_expect(frame(&s, T0 + 1000), "order", "[\"c\",\"a\",\"b\"]");
    assert_int_equal(monitor_apply(s.monitor, cfg), ERR_OK);
    text = frame(&s, T0 + 2000);
    json_expect(text, "order", "[\"c\",\"a\"]");
    config_unref(cfg);
    cfg = config_of("services: [{name: a}, {name: b}, {name: c}]");
    assert_int_equal(monitor_apply(s.monitor, cfg), ERR_OK);
    text = frame(&s, T0 + 3000);
    json_expect(text, "order", "[\"c\",\"a\",\"b\"]");
    assert_int_equal(json_count(text, "services"), 1); /* b is new to the clients again */
    json_expect(text, "services.0.service", "\"b\"");
    config_unref(cfg);
    stage_release(&s);
}

static void test_frames__everything_comes_again_after_the_last_client_left(void **state UNUSED)
{
    struct stage s;

    stage_init(&s, "services: [{name: a}, {name: b}]");
    frame(&s, T0);
    s.hub.overview_clients = 0;
    frame(&s, T0 + 1000);
    assert_int_equal(s.hub.overview_count, 1); /* nothing is made for nobody */
    s.hub.overview_clients = 1;
    assert_int_equal(json_count(frame(&s, T0 + 2000), "services"), 2);
    assert_true(json_has(buf_str(&s.hub.overview), "order"));
    stage_release(&s);
}

static void test_frames__a_lost_frame_is_made_up_for(void **state UNUSED)
{
    struct stage s;

    stage_init(&s, "services: [{name: a}, {name: b}]");
    frame(&s, T0);
    s.hub.refuse = ERR_NOMEM;
    tell_state(s.monitor, "b", "x", T0, BREAKER_OPEN);
    frame(&s, T0 + 1000);
    s.hub.refuse = ERR_OK;
    assert_int_equal(json_count(frame(&s, T0 + 2000), "services"), 2);
    assert_true(json_has(buf_str(&s.hub.overview), "order"));
    assert_int_equal(s.api.own.frames, 2);
    stage_release(&s);
}

/* Sends six frames of MANY services and returns the number of rows; each service must be among
 * them. */
static size_t send_many(bool changing)
{
    static uint32_t subjects[MANY];
    bool seen[MANY] = { false };
    struct stage s;
    size_t rows = 0;

    stage_init(&s, "");
    for (int i = 0; i < MANY; i++) {
        char name[200];

        snprintf(name, sizeof name, "%04d-%0150d", i, i);
        subjects[i] = subject_of(s.monitor, name, NULL);
    }
    for (int i = 0; i < 6; i++) {
        struct str text;
        const char *at;

        for (int n = 0; changing && n < MANY; n++)
            send(s.monitor, subjects[n], SIGNAL_CALLS, T0 + i * 1000, 1);
        text = frame(&s, T0 + i * 1000);
        rows += json_count(text, "services");
        at = text.ptr;
        while ((at = strstr(at, "\"service\":\"")) && at < text.ptr + text.len)
            seen[strtol(at += 11, NULL, 10)] = true;
    }
    for (int i = 0; i < MANY; i++)
        assert_true(seen[i]);
    stage_release(&s);
    return rows;
}

static void test_frames__more_rows_than_a_frame_holds_come_in_several(void **state UNUSED)
{
    assert_int_equal(send_many(false), MANY); /* each once, since none changes */
}

static void test_frames__rows_take_turns_when_all_change_all_the_time(void **state UNUSED)
{
    assert_true(send_many(true) > MANY);
}

static void test_frames__a_service_page_has_its_history_once_a_second(void **state UNUSED)
{
    int with_history = 0;
    struct stage s;

    stage_init(&s, "");
    s.hub.orders_clients = 1;
    for (int i = 0; i < 50; i++) {
        tell(s.monitor, "orders", T0 + i * 100, 10, 0, 0);
        frame(&s, T0 + i * 100);
        with_history += json_has(buf_str(&s.hub.orders), "history.calls");
        json_expect(buf_str(&s.hub.orders), "service", "\"orders\"");
        json_expect(buf_str(&s.hub.orders), "view", "\"service/orders\"");
    }
    assert_int_equal(s.hub.orders_count, 50);
    assert_int_equal(with_history, 5);
    stage_release(&s);
}

static void test_frames__a_page_of_a_service_that_went_stays_silent(void **state UNUSED)
{
    struct stage s;

    stage_init(&s, "services: [{name: other}]");
    s.hub.orders_clients = 1;
    frame(&s, T0);
    assert_int_equal(s.hub.orders_count, 0);
    stage_release(&s);
}

static void test_frames__lack_of_memory_loses_frames_and_no_more(void **state UNUSED)
{
    bool fault = true;
    long n = 0;

    while (fault && n < 500) {
        struct monitor_view *view;
        struct stage s;

        stage_init(&s, "services: [{name: orders}, {name: b}]");
        s.hub.orders_clients = 1;
        buf_reserve(&s.hub.overview, 1 << 16);
        buf_reserve(&s.hub.orders, 1 << 16);
        view = view_of(s.monitor, T0);
        mem_fail_nth(++n);
        frames_send(s.frames, s.monitor, view, true);
        fault = mem_fault_happened();
        mem_fail_nth(0);
        view_unref(view);
        frame(&s, T0 + 1000);
        frame(&s, T0 + 2000);
        assert_true(s.hub.overview_count >= 2 && s.hub.orders_count >= 2);
        stage_release(&s);
    }
    assert_in_range(n, 5, 499);
    mem_fail_nth(1);
    assert_null(frames_new(NULL));
    mem_fail_nth(0);
    frames_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames__the_first_brings_everything_and_the_next_what_changed),
        cmocka_unit_test(test_frames__without_figures_only_news_come),
        cmocka_unit_test(test_frames__figures_and_steps_come_without_their_rows),
        cmocka_unit_test(test_frames__steps_that_no_frame_told_bring_the_whole_spark),
        cmocka_unit_test(test_frames__order_comes_when_it_changed_and_the_removed_leave_it),
        cmocka_unit_test(test_frames__everything_comes_again_after_the_last_client_left),
        cmocka_unit_test(test_frames__a_lost_frame_is_made_up_for),
        cmocka_unit_test(test_frames__more_rows_than_a_frame_holds_come_in_several),
        cmocka_unit_test(test_frames__rows_take_turns_when_all_change_all_the_time),
        cmocka_unit_test(test_frames__a_service_page_has_its_history_once_a_second),
        cmocka_unit_test(test_frames__a_page_of_a_service_that_went_stays_silent),
        cmocka_unit_test(test_frames__lack_of_memory_loses_frames_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
