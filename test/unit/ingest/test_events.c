/* Bodies of events from their bytes to series and signals, over a real store. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "batch_text.h"
#include "ingest/batch_queue.h"
#include "ingest/event_replay.h"
#include "ingest/event_search.h"
#include "ingest/events.h"

static const int64_t NOW_MS = 1795142467123; /* 2026-11-20T02:41:07.123Z */
enum { QUEUE_BATCHES = 4, HEARD_MAX = 64, ARENA_BYTES = 1 << 20 };

static const char *const kind_names[] = {
    [SIGNAL_CALLS] = "calls",
    [SIGNAL_ERRORS] = "errors",
    [SIGNAL_RETRIES] = "retries",
    [SIGNAL_RETRIES_DENIED] = "denied",
    [SIGNAL_TIMED_CALLS] = "timed",
    [SIGNAL_TIMED_SECONDS] = "seconds",
    [SIGNAL_TIMED_BUCKET] = "bucket",
    [SIGNAL_FIRST_CALLS] = "first",
    [SIGNAL_FIRST_ERRORS] = "first_failed",
    [SIGNAL_BREAKER_STATE] = "state",
    [SIGNAL_BREAKER_CALLS] = "breaker_calls",
    [SIGNAL_BREAKER_ERRORS] = "breaker_errors",
    [SIGNAL_BREAKER_BLOCKED] = "blocked",
};

/* What a sink heard, as lines "service/breaker kind amount @ms". */
struct ear {
    char names[HEARD_MAX][64];
    uint32_t subject_count;
    char lines[HEARD_MAX * 64];
};

static uint32_t on_subject(void *ctx, const struct signal_subject *s)
{
    struct ear *ear = ctx;
    char name[64];

    snprintf(name, sizeof name, "%.*s/%.*s by %.*s", STR_ARG(s->service), STR_ARG(s->breaker),
             STR_ARG(s->caller));
    for (uint32_t i = 0; i < ear->subject_count; i++)
        if (strcmp(ear->names[i], name) == 0)
            return i + 1;
    assert_true(ear->subject_count < HEARD_MAX);
    snprintf(ear->names[ear->subject_count], 64, "%s", name);
    return ++ear->subject_count;
}

static void on_signal(void *ctx, const struct signal *signal)
{
    struct ear *ear = ctx;
    size_t len = strlen(ear->lines);
    char bounds[64] = "";

    if (signal->kind == SIGNAL_TIMED_BUCKET)
        snprintf(bounds, sizeof bounds, " %.4g..%.4g", signal->from_s, signal->bound_s);
    snprintf(ear->lines + len, sizeof ear->lines - len, "%s %s%s %g @%lld\n",
             ear->names[signal->subject - 1], kind_names[signal->kind], bounds, signal->amount,
             (long long)(signal->at_ms - NOW_MS));
}

struct world {
    struct test_store store;
    struct queue queue;
    struct budget budget;
    struct events events;
    struct ear ear;
    struct arena arena;
    int done_count;
    enum err done_err;
    struct event_counts counts;
};

static struct world w;

static void drop_batch(void *batch)
{
    sample_batch_free(batch);
}

static int set_up(void **state UNUSED)
{
    memset(&w, 0, sizeof w);
    test_store_open(&w.store);
    assert_int_equal(queue_init(&w.queue, QUEUE_BATCHES, QUEUE_REFUSE, drop_batch), ERR_OK);
    budget_init(&w.budget, 1 << 28);
    events_init(&w.events, w.store.db, &w.queue, &w.budget, 600000);
    w.arena = arena_limited(ARENA_BYTES);
    return 0;
}

static int tear_down(void **state UNUSED)
{
    queue_release(&w.queue);
    events_release(&w.events);
    assert_int_equal(w.budget.used_bytes[BUDGET_INGEST], 0);
    arena_release(&w.arena);
    test_store_close(&w.store);
    return 0;
}

static void on_done(void *ctx, const struct event_counts *counts, enum err err)
{
    struct world *world = ctx;

    world->done_count++;
    world->done_err = err;
    world->counts = *counts;
}

/* Reads and submits; *ret_accepted is what was found. */
static enum err send(const char *body, int64_t now_ms)
{
    struct event_delivery *d;
    struct diag diag = { 0 };
    enum err err = events_read(&w.events, str_of(body), true, now_ms, &d, &diag);

    if (err)
        return err;
    err = events_submit(&w.events, d, 1, on_done, &w);
    if (err)
        events_drop(d);
    return err;
}

static struct sample_batch *next_batch(void)
{
    void *batch;

    assert_int_equal(queue_pop(&w.queue, 0, &batch), ERR_OK);
    batch_queue_note_gone(&w.budget, batch);
    return batch;
}

/* What the write and evaluate threads do with a batch. Gives its text. */
static const char *settle(enum err err)
{
    struct sample_batch *batch = next_batch();
    struct signal_sink sink = { on_subject, on_signal, &w.ear, NULL, NULL };
    const char *text = batch_text(&w.store, &w.arena, batch, true);

    if (!err)
        assert_int_equal(tsdb_commit(w.store.db, &batch, 1, NOW_MS + 1000), ERR_OK);
    batch->cargo->settle(batch->cargo, &batch->left_out, err);
    batch->cargo->evaluate(batch->cargo, &sink);
    sample_batch_free(batch);
    return text;
}

static void assert_heard(const char *expected)
{
    assert_string_equal(w.ear.lines, expected);
    w.ear.lines[0] = '\0';
}

static bool count_found(void *ctx, const struct event_hit *hit UNUSED)
{
    ++*(size_t *)ctx;
    return true;
}

static size_t searchable(void)
{
    struct event_filter filter = { .since_ms = INT64_MIN,
                                   .until_ms = INT64_MAX,
                                   .before_seq = INT64_MAX };
    struct event_page page = { 1000, 1000000 };
    size_t count = 0;
    int64_t next;

    assert_int_equal(event_search(w.store.db, &filter, &page, count_found, &count, &next), ERR_OK);
    return count;
}

#define CALL(service, rest) "{\"type\":\"call\",\"service\":\"" service "\"," rest "}\n"

static void test_events__a_body_becomes_few_samples_and_signals(void **state UNUSED)
{
    const char *text;

    assert_int_equal(send(CALL("orders", "\"success\":true,\"retries\":2,\"caller\":\"web\"")
                              CALL("orders", "\"success\":true,\"caller\":\"web\"")
                                  CALL("orders", "\"success\":false,\"caller\":\"web\""),
                          NOW_MS),
                     ERR_OK);
    assert_int_equal(w.done_count, 0);
    assert_int_equal(searchable(), 0);
    text = settle(ERR_OK);
    assert_non_null(strstr(text, "fusebox_event_calls_total{caller=\"web\",job=\"events\",outcome="
                                 "\"success\",service=\"orders\"} 2 @"));
    assert_non_null(strstr(text, "outcome=\"failure\",service=\"orders\"} 1 @"));
    assert_non_null(strstr(text, "outcome=\"failure\",service=\"orders\"} 0 @"));
    assert_non_null(strstr(text, "fusebox_event_retries_total{caller=\"web\",job=\"events\","
                                 "service=\"orders\"} 2 @"));
    assert_int_equal(w.done_count, 1);
    assert_int_equal(w.done_err, ERR_OK);
    assert_int_equal(w.counts.accepted, 3);
    assert_int_equal(searchable(), 3);
    assert_heard("orders/ by web calls 3 @0\n"
                 "orders/ by web errors 1 @0\n"
                 "orders/ by web retries 2 @0\n"
                 "orders/ by web first 1 @0\n"
                 "orders/ by web first_failed 1 @0\n");
}

static void test_events__counters_go_on_and_begin_with_zero_once(void **state UNUSED)
{
    const char *text;

    assert_int_equal(send(CALL("a", "\"success\":true"), NOW_MS), ERR_OK);
    assert_int_equal(send(CALL("a", "\"success\":true"), NOW_MS), ERR_OK);
    text = settle(ERR_OK);
    assert_non_null(strstr(text, "} 0 @1795142467122"));
    assert_non_null(strstr(text, "} 1 @1795142467123"));
    text = settle(ERR_OK);
    assert_null(strstr(text, "} 0 @"));
    assert_non_null(strstr(text, "} 2 @1795142467124"));
}

static void test_events__transitions_come_at_their_own_time_and_in_order(void **state UNUSED)
{
    static const char body[] =
        "{\"type\":\"circuit_half_open\",\"service\":\"a\",\"breaker\":\"m\",\"at\":1795142466500}"
        "\n"
        "{\"type\":\"circuit_opened\",\"service\":\"a\",\"breaker\":\"m\",\"from\":\"closed\","
        "\"at\":1795142466000}\n"
        "{\"type\":\"circuit_closed\",\"service\":\"a\",\"breaker\":\"m\",\"at\":1795142466900}\n";

    assert_int_equal(send(body, NOW_MS), ERR_OK);
    settle(ERR_OK);
    assert_heard("a/m by  state 0 @-1123\n"
                 "a/m by  state 2 @-1123\n"
                 "a/m by  state 1 @-623\n"
                 "a/m by  state 0 @-223\n");
}

static void test_events__calls_of_a_breaker_count_at_both(void **state UNUSED)
{
    assert_int_equal(
        send(CALL("a", "\"outcome\":\"blocked\",\"breaker\":\"m\"") CALL(
                 "a",
                 "\"outcome\":\"failure\",\"breaker\":\"m\"") "{\"type\":\"operation\",\"service\":"
                                                              "\"b\",\"success\":true}\n"
                                                              "{\"type\":\"error\",\"service\":"
                                                              "\"b\"}\n"
                                                              "{\"retry_count\":4,\"retries_"
                                                              "denied\":1,\"service\":\"c\"}\n",
             NOW_MS),
        ERR_OK);
    settle(ERR_OK);
    assert_heard("c/ by  calls 1 @0\nc/ by  retries 4 @0\nc/ by  denied 1 @0\n"
                 "c/ by  first 1 @0\nc/ by  first_failed 1 @0\n"
                 "b/ by  calls 1 @0\nb/ by  errors 1 @0\n"
                 "a/m by  breaker_calls 1 @0\na/m by  breaker_errors 1 @0\na/m by  blocked 1 @0\n"
                 "a/ by  calls 2 @0\na/ by  errors 2 @0\n");
}

static void test_events__durations_are_counted_in_fine_buckets(void **state UNUSED)
{
    assert_int_equal(send(CALL("a", "\"success\":true,\"duration_ms\":250")
                              CALL("a", "\"success\":true,\"duration_ms\":260")
                                  CALL("a", "\"success\":true,\"duration_ms\":0.5")
                                      CALL("a", "\"success\":true,\"duration_ms\":200000"),
                          NOW_MS),
                     ERR_OK);
    settle(ERR_OK);
    assert_non_null(strstr(w.ear.lines, "a/ by  bucket 0..0.001 1 @0\n"
                                        "a/ by  bucket 0.2371..0.2738 2 @0\n"
                                        "a/ by  bucket 100..inf 1 @0\n"));
}

static void test_events__first_attempts_are_told_by_the_count_of_retries(void **state UNUSED)
{
    assert_int_equal(
        send(CALL("a", "\"success\":true,\"retries\":0") CALL("a", "\"success\":true,\"retries\":2")
                 CALL("a", "\"success\":false,\"retries\":0")
                     CALL("a", "\"outcome\":\"blocked\",\"retries\":0")
                         CALL("a", "\"success\":false") /* says nothing of its first attempt */
             "{\"service\":\"a\",\"retry_count\":1}\n"
             "{\"service\":\"a\",\"retry_count\":0}\n", /* nor does this */
             NOW_MS),
        ERR_OK);
    settle(ERR_OK);
    assert_non_null(strstr(w.ear.lines, "a/ by  first 5 @0\na/ by  first_failed 4 @0\n"));
}

static void test_events__custom_metrics_become_series(void **state UNUSED)
{
    const char *text;

    assert_int_equal(
        send("{\"type\":\"counter\",\"service\":\"a\",\"name\":\"paid\",\"value\":2.5,"
             "\"labels\":{\"shop\":\"x\"}}\n"
             "{\"type\":\"gauge\",\"service\":\"a\",\"name\":\"waiting\",\"value\":-7,"
             "\"at\":1795142460000}\n"
             "{\"type\":\"timer\",\"service\":\"a\",\"name\":\"took\",\"duration_ms\":30}\n"
             "{\"type\":\"timer\",\"service\":\"a\",\"name\":\"took\",\"duration_ms\":20000}\n"
             "{\"type\":\"health\",\"service\":\"a\",\"instance\":\"i\",\"status\":\"degraded\"}\n",
             NOW_MS),
        ERR_OK);
    text = settle(ERR_OK);
    assert_non_null(strstr(text, "paid{job=\"events\",service=\"a\",shop=\"x\"} 2.5 @"));
    assert_non_null(strstr(text, "waiting{job=\"events\",service=\"a\"} -7 @1795142460000"));
    assert_non_null(strstr(text, "took_bucket{job=\"events\",le=\"0.025\",service=\"a\"} 0 @"));
    assert_non_null(strstr(text, "took_bucket{job=\"events\",le=\"0.05\",service=\"a\"} 1 @"));
    assert_non_null(strstr(text, "took_bucket{job=\"events\",le=\"+Inf\",service=\"a\"} 2 @"));
    assert_non_null(strstr(text, "took_sum{job=\"events\",service=\"a\"} 20.03 @"));
    assert_non_null(strstr(text, "took_count{job=\"events\",service=\"a\"} 2 @"));
    assert_non_null(strstr(text, "fusebox_event_health{instance=\"i\",job=\"events\",service=\"a\"}"
                                 " 0.5 @"));
}

static void test_events__the_same_id_changes_nothing_again(void **state UNUSED)
{
    static const char body[] = CALL("a", "\"success\":true,\"id\":\"1\"")
        CALL("a", "\"success\":true,\"id\":\"1\"") CALL("b", "\"success\":true,\"id\":\"1\"");

    assert_int_equal(send(body, NOW_MS), ERR_OK);
    settle(ERR_OK);
    assert_int_equal(w.counts.accepted, 3);
    assert_int_equal(w.counts.repeated, 1);
    assert_heard("b/ by  calls 1 @0\nb/ by  errors 0 @0\na/ by  calls 1 @0\na/ by  errors 0 @0\n");
    assert_int_equal(send(body, NOW_MS + 10), ERR_OK);
    settle(ERR_OK);
    assert_int_equal(w.done_err, ERR_OK);
    assert_int_equal(w.counts.accepted, 3);
    assert_int_equal(w.counts.repeated, 3);
    assert_heard("");
    assert_int_equal(searchable(), 2);
}

static void test_events__what_is_not_stored_may_come_again(void **state UNUSED)
{
    static const char body[] = CALL("a", "\"success\":true,\"id\":\"1\"");

    assert_int_equal(send(body, NOW_MS), ERR_OK);
    assert_int_equal(send(body, NOW_MS), ERR_OK); /* leans on the first */
    settle(ERR_UNAVAILABLE);
    assert_int_equal(w.done_err, ERR_UNAVAILABLE);
    assert_heard("");
    settle(ERR_OK);
    assert_int_equal(w.done_err, ERR_UNAVAILABLE);
    assert_int_equal(searchable(), 0);
    assert_int_equal(send(body, NOW_MS + 5), ERR_OK);
    settle(ERR_OK);
    assert_int_equal(w.done_err, ERR_OK);
    assert_int_equal(w.counts.repeated, 0);
    assert_heard("a/ by  calls 1 @5\na/ by  errors 0 @5\n");
}

static void test_events__a_full_queue_refuses_and_leaves_no_trace(void **state UNUSED)
{
    const char *text = "";

    for (int i = 0; i < QUEUE_BATCHES; i++)
        assert_int_equal(send(CALL("a", "\"success\":true"), NOW_MS), ERR_OK);
    assert_int_equal(
        send(CALL("a", "\"success\":true,\"id\":\"x\"") CALL("n", "\"success\":true"), NOW_MS),
        ERR_OVERLOADED);
    for (int i = 0; i < QUEUE_BATCHES; i++)
        text = settle(ERR_OK);
    assert_non_null(strstr(text, "service=\"a\"} 4 @"));
    assert_int_equal(
        send(CALL("a", "\"success\":true,\"id\":\"x\"") CALL("n", "\"success\":true"), NOW_MS),
        ERR_OK);
    text = settle(ERR_OK);
    assert_int_equal(w.counts.repeated, 0);
    assert_non_null(strstr(text, "service=\"a\"} 5 @"));
    assert_non_null(strstr(text, "service=\"n\"} 0 @"));
}

static void test_events__what_is_dropped_is_told(void **state UNUSED)
{
    assert_int_equal(send(CALL("a", "\"success\":true,\"id\":\"x\""), NOW_MS), ERR_OK);
    sample_batch_free(next_batch());
    assert_int_equal(w.done_count, 1);
    assert_int_equal(w.done_err, ERR_CANCELLED);
}

static void test_events__too_many_are_refused_whole(void **state UNUSED)
{
    static char body[EVENTS_BODY_MAX_BYTES];
    size_t len = 0;

    for (int i = 0; i < EVENTS_BODY_MAX_COUNT; i++)
        len += (size_t)snprintf(body + len, sizeof body - len, CALL("a", "\"success\":true"));
    assert_int_equal(send(body, NOW_MS), ERR_OK);
    settle(ERR_OK);
    assert_int_equal(w.counts.accepted, EVENTS_BODY_MAX_COUNT);
    snprintf(body + len, sizeof body - len, "7\n");
    assert_int_equal(send(body, NOW_MS), ERR_TOO_LARGE);
    assert_int_equal(queue_count(&w.queue), 0);
}

static void test_events__a_restart_hears_what_was_committed(void **state UNUSED)
{
    struct signal_sink sink = { on_subject, on_signal, &w.ear, NULL, NULL };

    assert_int_equal(
        send(CALL("a", "\"success\":false,\"retries\":2,\"breaker\":\"m\",\"duration_ms\":250")
                 CALL("a", "\"success\":true") "{\"type\":\"circuit_opened\","
                                               "\"service\":\"a\",\"breaker\":\"m\","
                                               "\"from\":\"closed\"}\n",
             NOW_MS),
        ERR_OK);
    settle(ERR_OK);
    w.ear.lines[0] = '\0';
    assert_int_equal(event_replay(w.store.db, &sink, NOW_MS - 3600000, NOW_MS + 1000), ERR_OK);
    assert_non_null(strstr(w.ear.lines, "a/ by  errors 1 @0\n"));
    assert_non_null(strstr(w.ear.lines, "a/ by  errors 0 @0\n"));
    assert_non_null(strstr(w.ear.lines, "a/ by  retries 2 @0\n"));
    assert_non_null(strstr(w.ear.lines, "a/ by  timed 1 @0\n"));
    assert_non_null(strstr(w.ear.lines, "a/ by  seconds 0.25 @0\n"));
    assert_non_null(strstr(w.ear.lines, "a/m by  breaker_errors 1 @0\n"));
    assert_non_null(strstr(w.ear.lines, "a/m by  state 0 @-1\n"));
    assert_non_null(strstr(w.ear.lines, "a/m by  state 2 @0\n"));
    assert_non_null(strstr(w.ear.lines, "a/ by  bucket 0.1..0.25 1 @0\n"));
    assert_non_null(strstr(w.ear.lines, "a/ by  first 1 @0\na/ by  first_failed 1 @0\n"));
}

static void test_events__a_restart_without_memory_says_so(void **state UNUSED)
{
    struct signal_sink sink = { on_subject, on_signal, &w.ear, NULL, NULL };
    bool happened = true;

    assert_int_equal(send(CALL("a", "\"success\":false,\"retries\":2,\"duration_ms\":250"), NOW_MS),
                     ERR_OK);
    settle(ERR_OK);
    for (long n = 1; happened && n < 1000; n++) {
        enum err err;

        w.ear.lines[0] = '\0';
        mem_fail_nth(n);
        err = event_replay(w.store.db, &sink, NOW_MS - 60000, NOW_MS + 1000);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(err == ERR_OK || (happened && err == ERR_NOMEM));
    }
    assert_false(happened);
    assert_non_null(strstr(w.ear.lines, "a/ by  retries 2 @0\n"));
}

static const char every_kind[] = CALL(
    "a", "\"success\":false,\"retries\":2,\"breaker\":\"m\",\"duration_ms\":3,\"id\":"
         "\"\\u00e4\"") "{\"type\":\"circuit_opened\",\"service\":\"a\\t\",\"breaker\":\"m\"}"
                        "\nbad\n"
                        "{\"type\":\"gauge\",\"service\":\"a\",\"name\":\"x\",\"value\":1}\n";

/* Fails each allocation of one body's way in turn. */
static void test_events__without_memory_nothing_counts(void **state UNUSED)
{
    bool happened = true;

    for (long n = 1; happened && n < 1000; n++) {
        enum err err;

        w.done_count = 0;
        mem_fail_nth(n);
        err = send(every_kind, NOW_MS + n);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        if (err) {
            assert_true(happened && (err == ERR_NOMEM || err == ERR_LIMIT));
            assert_int_equal(queue_count(&w.queue), 0);
            assert_int_equal(w.done_count, 0);
            continue;
        }
        sample_batch_free(next_batch()); /* is not stored: the id is free again */
        assert_int_equal(w.done_count, 1);
    }
    assert_false(happened);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_events__##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_body_becomes_few_samples_and_signals),
        TEST(counters_go_on_and_begin_with_zero_once),
        TEST(transitions_come_at_their_own_time_and_in_order),
        TEST(calls_of_a_breaker_count_at_both),
        TEST(durations_are_counted_in_fine_buckets),
        TEST(first_attempts_are_told_by_the_count_of_retries),
        TEST(custom_metrics_become_series),
        TEST(the_same_id_changes_nothing_again),
        TEST(what_is_not_stored_may_come_again),
        TEST(a_full_queue_refuses_and_leaves_no_trace),
        TEST(what_is_dropped_is_told),
        TEST(too_many_are_refused_whole),
        TEST(a_restart_hears_what_was_committed),
        TEST(a_restart_without_memory_says_so),
        TEST(without_memory_nothing_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
