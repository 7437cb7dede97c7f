/* When the evaluate thread publishes: turned by hand, under a clock of the test's own. */
#include "monitor_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/evaluate_thread.h"

static const int64_t T0 = 1700000000000;
enum { STREAM_MS = 1000, IDLE_MS = 1500, GAP_MS = 100 };

struct stage {
    char dir[64];
    struct manual_clock hands;
    int64_t tick_ns; /* what each look at the clock takes: of a view that is dear */
    struct tsdb *db;
    struct queue batches;
    struct log log;
    struct api api;
    struct evaluate_thread e;
};

static int64_t wall_ms(void *ctx)
{
    return ((struct stage *)ctx)->hands.wall_ms;
}

static int64_t mono_ns(void *ctx)
{
    struct stage *s = ctx;

    s->hands.mono_ns += s->tick_ns;
    return s->hands.mono_ns;
}

static void drop_batch(void *batch)
{
    sample_batch_free(batch);
}

static struct stage *stage_new(void)
{
    struct stage *s = mem_alloc_zero(1, sizeof *s);
    struct tsdb_options options = { .relaxed = true };

    assert_non_null(s);
    snprintf(s->dir, sizeof s->dir, "/tmp/fusebox-evaluate-XXXXXX");
    options.dir = mkdtemp(s->dir);
    assert_int_equal(tsdb_open(&options, &s->db, NULL), ERR_OK);
    assert_int_equal(queue_init(&s->batches, 4, QUEUE_REFUSE, drop_batch), ERR_OK);
    manual_clock_advance(&s->hands, T0);
    publication_init(&s->api.views);
    own_cardinality_init(&s->api.own.cardinality);
    s->api.hub = sse_hub_new(1, 1, NULL);
    s->e.log = &s->log;
    s->e.clock = s->api.clock = (struct clock){ wall_ms, mono_ns, s };
    s->e.api = &s->api;
    s->e.stream_interval_ns = (int64_t)STREAM_MS * 1000000;
    s->e.self_interval_ns = INT64_MAX / 4;
    s->e.stored_mono_ns = s->hands.mono_ns;
    s->e.monitor = monitor_of("");
    s->e.frames = frames_new(&s->api);
    assert_true(s->api.hub && s->e.frames);
    assert_int_equal(mapping_new(s->db, monitor_sink(s->e.monitor), NULL, &s->e.mapping), ERR_OK);
    assert_int_equal(evaluate_thread_init(&s->e), ERR_OK);
    assert_int_equal(evaluate_thread_publish(&s->e), ERR_OK);
    monitor_take_alarm(s->e.monitor);
    return s;
}

static void stage_free(struct stage *s)
{
    char path[128];

    evaluate_thread_release(&s->e);
    mapping_free(s->e.mapping);
    monitor_free(s->e.monitor);
    frames_free(s->e.frames);
    sse_hub_free(s->api.hub);
    publication_release(&s->api.views);
    own_cardinality_release(&s->api.own.cardinality);
    queue_release(&s->batches);
    tsdb_close(s->db);
    snprintf(path, sizeof path, "%s/samples.db", s->dir);
    unlink(path);
    rmdir(s->dir);
    mem_free(s);
}

static uint64_t seq(struct stage *s)
{
    struct monitor_view *view = publication_get(&s->api.views);
    uint64_t seq = view->seq;

    view_unref(view);
    return seq;
}

/* So much later: whether a turn published. */
static bool publishes(struct stage *s, int64_t later_ms)
{
    uint64_t before = seq(s);

    manual_clock_advance(&s->hands, later_ms);
    assert_int_equal(evaluate_thread_turn(&s->e, 0), ERR_OK);
    return seq(s) != before;
}

static void push_batch(struct stage *s)
{
    struct sample_batch *batch = sample_batch_new(1);

    assert_non_null(batch);
    batch->received_ms = s->hands.wall_ms;
    batch->received_mono_ns = s->hands.mono_ns;
    assert_int_equal(evaluate_thread_push_batch(&s->e, batch), ERR_OK);
}

static void test_evaluate_thread__figures_go_out_once_an_interval(void **state UNUSED)
{
    struct stage *s = stage_new();

    push_batch(s);
    assert_true(publishes(s, GAP_MS)); /* the first at once … */
    push_batch(s);
    assert_false(publishes(s, GAP_MS)); /* … the others wait */
    push_batch(s);
    assert_false(publishes(s, STREAM_MS - GAP_MS - 1));
    assert_true(publishes(s, 1));
    assert_false(publishes(s, IDLE_MS - 1));
    assert_true(publishes(s, 1)); /* nothing came, but time passes */
    push_batch(s);
    assert_true(publishes(s, GAP_MS)); /* which made no figures late */
    stage_free(s);
}

static void test_evaluate_thread__what_people_must_hear_of_goes_out_at_once(void **state UNUSED)
{
    struct stage *s = stage_new();

    push_batch(s);
    assert_true(publishes(s, GAP_MS));
    for (int i = 0; i < 20; i++) {
        tell_state(s->e.monitor, "orders", "b", s->hands.wall_ms,
                   i % 2 ? BREAKER_OPEN : BREAKER_CLOSED);
        assert_false(publishes(s, GAP_MS - 1));
        assert_true(publishes(s, 1));
    }
    assert_false(publishes(s, GAP_MS));
    stage_free(s);
}

static void test_evaluate_thread__dear_views_come_less_often(void **state UNUSED)
{
    struct stage *s = stage_new();
    int64_t cost_ms;

    s->tick_ns = 100 * 1000000;
    tell_state(s->e.monitor, "orders", "b", T0, BREAKER_CLOSED);
    assert_true(publishes(s, IDLE_MS));
    s->tick_ns = 0;
    cost_ms = s->e.publish_cost_ns / 1000000;
    assert_true(cost_ms >= 100);
    tell_state(s->e.monitor, "orders", "b", T0 + 1, BREAKER_OPEN);
    assert_false(publishes(s, 2 * cost_ms)); /* since its begin one cost has passed, too */
    assert_true(publishes(s, cost_ms));
    stage_free(s);
}

static void test_evaluate_thread__a_stopped_one_takes_what_is_left(void **state UNUSED)
{
    struct stage *s = stage_new();

    push_batch(s);
    queue_close(&s->e.inbox);
    assert_int_equal(evaluate_thread_turn(&s->e, 0), ERR_CANCELLED);
    assert_int_equal(queue_count(&s->e.inbox), 0);
    stage_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluate_thread__figures_go_out_once_an_interval),
        cmocka_unit_test(test_evaluate_thread__what_people_must_hear_of_goes_out_at_once),
        cmocka_unit_test(test_evaluate_thread__dear_views_come_less_often),
        cmocka_unit_test(test_evaluate_thread__a_stopped_one_takes_what_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
