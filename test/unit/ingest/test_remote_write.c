/* Bodies of remote write from their bytes to the store. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "batch_text.h"
#include "ingest/batch_queue.h"
#include "ingest/remote_write.h"
#include "protobuf_text.h"

static const int64_t NOW_MS = 1795142467123; /* 2026-11-20T02:41:07.123Z */
enum { QUEUE_BATCHES = 2, BODY_BYTES = 32 << 20, ARENA_BYTES = 1 << 20, DAY_MS = 86400000 };

struct world {
    struct test_store store;
    struct queue queue;
    struct budget budget;
    struct remote_write rw;
    struct arena arena;
    struct buf body, packed;
    int64_t mono_ns;
    int done_count;
    enum err done_err;
    char said[DIAG_MESSAGE_BYTES];
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
    remote_write_init(&w.rw, &(struct remote_write_options){ .db = w.store.db,
                                                             .batches = &w.queue,
                                                             .budget = &w.budget,
                                                             .max_future_ms = 600000,
                                                             .max_wait_ms = 1000 });
    w.mono_ns = 1;
    w.arena = arena_limited(ARENA_BYTES);
    w.body = buf_limited(BODY_BYTES);
    w.packed = buf_limited(BODY_BYTES);
    return 0;
}

static int tear_down(void **state UNUSED)
{
    queue_release(&w.queue);
    remote_write_release(&w.rw);
    assert_int_equal(w.budget.used_bytes[BUDGET_INGEST], 0);
    arena_release(&w.arena);
    buf_release(&w.body);
    buf_release(&w.packed);
    test_store_close(&w.store);
    return 0;
}

static void on_done(void *ctx, enum err err, const struct diag *diag)
{
    struct world *world = ctx;

    world->done_count++;
    world->done_err = err;
    snprintf(world->said, sizeof world->said, "%s", diag->message);
}

static enum err send_packed(struct str packed, struct diag *diag)
{
    struct remote_write_when when = { NOW_MS, w.mono_ns, NOW_MS - DAY_MS };

    return remote_write_submit(&w.rw, packed, &when, on_done, &w, diag);
}

/* Sends the body and begins a new one. */
static enum err send(struct diag *diag)
{
    enum err err;

    buf_clear(&w.packed);
    put_snappy(&w.packed, buf_str(&w.body));
    assert_int_equal(buf_error(&w.packed), ERR_OK);
    buf_clear(&w.body);
    w.said[0] = '\0';
    err = send_packed(buf_str(&w.packed), diag);
    assert_int_equal(w.budget.used_bytes[BUDGET_QUERY], 0);
    return err;
}

static struct sample_batch *next_batch(void)
{
    void *batch;

    assert_int_equal(queue_pop(&w.queue, 0, &batch), ERR_OK);
    batch_queue_note_gone(&w.budget, batch);
    return batch;
}

/* What the write thread does with a batch. Gives its text. */
static const char *settle(enum err err)
{
    struct sample_batch *batch = next_batch();
    const char *text = batch_text(&w.store, &w.arena, batch, true);

    if (!err)
        assert_int_equal(tsdb_commit(w.store.db, &batch, 1, NOW_MS), ERR_OK);
    batch->cargo->settle(batch->cargo, &batch->left_out, err);
    sample_batch_free(batch);
    return text;
}

static void test_remote_write__is_done_when_it_is_stored(void **state UNUSED)
{
    const char *text;

    put_series(&w.body, "__name__=up,job=web", NOW_MS, 1);
    put_series(&w.body, "__name__=load,job=web", NOW_MS - 5, 0.5);
    assert_int_equal(send(NULL), ERR_OK);
    assert_int_equal(w.done_count, 0);
    text = settle(ERR_OK);
    assert_non_null(strstr(text, "up{job=\"web\"} 1 @1795142467123"));
    assert_non_null(strstr(text, "load{job=\"web\"} 0.5 @1795142467118"));
    assert_int_equal(w.done_count, 1);
    assert_int_equal(w.done_err, ERR_OK);
    assert_int_equal(w.rw.stats.stored, 2);
}

static void test_remote_write__known_labels_are_not_asked_for_again(void **state UNUSED)
{
    put_series(&w.body, "__name__=up,job=web", NOW_MS, 1);
    assert_int_equal(send(NULL), ERR_OK);
    settle(ERR_OK);
    tsdb_refuse_new_series(w.store.db, true);
    put_series(&w.body, "__name__=up,job=web", NOW_MS + 1, 2);
    assert_int_equal(send(NULL), ERR_OK);
    assert_non_null(strstr(settle(ERR_OK), "up{job=\"web\"} 2 @"));
    assert_int_equal(w.rw.refs.count, 1);
}

static void test_remote_write__labels_in_any_order_are_one_series(void **state UNUSED)
{
    struct sample_batch *batch;

    put_series(&w.body, "__name__=up,job=web,zone=b", NOW_MS, 1);
    put_series(&w.body, "zone=b,__name__=up,job=web", NOW_MS + 1, 2);
    put_series(&w.body, "__name__=up,empty=,job=web,zone=b", NOW_MS + 2, 3);
    assert_int_equal(send(NULL), ERR_OK);
    batch = next_batch();
    assert_int_equal(batch->count, 3);
    assert_int_equal(batch->items[0].series, batch->items[1].series);
    assert_int_equal(batch->items[0].series, batch->items[2].series);
    sample_batch_free(batch);
}

static void test_remote_write__stores_the_valid_rest(void **state UNUSED)
{
    const char *text;

    put_series(&w.body, "__name__=up,job=a,job=b", NOW_MS, 1);
    put_series(&w.body, "job=nameless", NOW_MS, 1);
    put_series(&w.body, "", NOW_MS, 1);
    put_series(&w.body, "__name__=up,bad-name=x", NOW_MS, 1);
    put_series(&w.body, "__name__=up,job=\xff", NOW_MS, 1);
    put_series(&w.body, "__name__=good", NOW_MS, 1);
    assert_int_equal(send(NULL), ERR_OK);
    text = settle(ERR_OK);
    assert_string_equal(text, "good 1 @1795142467123\n");
    assert_int_equal(w.done_err, ERR_INVALID);
    assert_string_equal(w.said, "5 of 6 samples were not stored: 5 with bad labels (up: "
                                "the label \"job\" is given twice)");
    assert_int_equal(w.rw.stats.rejected, 5);
    assert_int_equal(w.rw.stats.stored, 1);
}

static void test_remote_write__too_old_and_too_far_ahead_are_left_out(void **state UNUSED)
{
    put_series(&w.body, "__name__=a", NOW_MS + 600001, 1);
    put_series(&w.body, "__name__=b", NOW_MS + 600000, 1);
    put_series(&w.body, "__name__=c", NOW_MS - DAY_MS, 1);
    put_series(&w.body, "__name__=d", NOW_MS - DAY_MS - 1, 1);
    assert_int_equal(send(NULL), ERR_OK);
    assert_int_equal(queue_count(&w.queue), 1);
    settle(ERR_OK);
    assert_int_equal(w.done_err, ERR_INVALID);
    assert_string_equal(w.said, "2 of 4 samples were not stored: 1 too old (storage.retention), "
                                "1 too far ahead (storage.max_future); the first: "
                                "d at 2026-11-19T02:41:07.122Z, a at 2026-11-20T02:51:07.124Z");
    assert_int_equal(w.rw.stats.rejected, 2);
    assert_int_equal(w.rw.stats.stored, 2);
}

/* A sender repeats what it got no answer for: that is stored, another value is not. */
static void test_remote_write__the_first_value_of_a_time_stays(void **state UNUSED)
{
    for (int i = 0; i < 2; i++) {
        put_series(&w.body, "__name__=up,job=web", NOW_MS, 1);
        assert_int_equal(send(NULL), ERR_OK);
        settle(ERR_OK);
        assert_int_equal(w.done_err, ERR_OK);
    }
    put_series(&w.body, "__name__=up,job=web", NOW_MS, 2);
    put_series(&w.body, "__name__=up,job=api", NOW_MS, 2);
    assert_int_equal(send(NULL), ERR_OK);
    settle(ERR_OK);
    assert_int_equal(w.done_err, ERR_INVALID);
    assert_string_equal(w.said, "1 of 2 samples were not stored: 1 with another value than was "
                                "stored; the first: up{job=\"web\"} at "
                                "2026-11-20T02:41:07.123Z");
    assert_int_equal(w.rw.stats.rejected, 1);
    assert_int_equal(w.rw.stats.stored, 3);
}

static void test_remote_write__a_long_series_is_cut_where_it_is_told(void **state UNUSED)
{
    char text[600];

    snprintf(text, sizeof text, "__name__=up,long=%0*d", 500, 7);
    put_series(&w.body, text, NOW_MS - DAY_MS - 1, 1);
    assert_int_equal(send(NULL), ERR_OK);
    assert_non_null(strstr(w.said, "; the first: up{long=\"0000"));
    assert_non_null(strstr(w.said, "000... at 2026-"));
}

/* Its reference was leased, so that this is nobody's fault: the body is to come again, and then
 * the labels are read. */
static void test_remote_write__a_series_that_left_memory_is_asked_for_again(void **state UNUSED)
{
    struct sample_batch *batch;
    struct samples_left_out left_out = { 0 };

    put_series(&w.body, "__name__=up", NOW_MS, 1);
    assert_int_equal(send(NULL), ERR_OK);
    assert_int_equal(w.rw.refs.count, 1);
    batch = next_batch();
    sample_leave_out(&left_out, SAMPLE_ORPHANED, &batch->items[0]);
    batch->cargo->settle(batch->cargo, &left_out, ERR_OK);
    sample_batch_free(batch);
    assert_int_equal(w.done_err, ERR_UNAVAILABLE);
    assert_int_equal(w.rw.refs.count, 0);
    assert_int_equal(w.rw.stats.refused_bodies, 1);
}

static void test_remote_write__the_first_and_the_last_time_break_nothing(void **state UNUSED)
{
    struct remote_write_when when = { NOW_MS, 1, INT64_MIN };

    w.rw.options.max_future_ms = 0;
    put_series(&w.body, "__name__=a", INT64_MIN, 1);
    put_series(&w.body, "__name__=a", INT64_MAX, 2);
    put_series(&w.body, "__name__=b", INT64_MAX, 1);
    put_series(&w.body, "__name__=b", INT64_MIN, 2);
    put_snappy(&w.packed, buf_str(&w.body));
    assert_int_equal(remote_write_submit(&w.rw, buf_str(&w.packed), &when, on_done, &w, NULL),
                     ERR_OK);
    settle(ERR_OK);
    assert_int_equal(w.done_err, ERR_OK);
}

static void test_remote_write__nothing_to_store_is_answered_at_once(void **state UNUSED)
{
    assert_int_equal(send(NULL), ERR_OK);
    assert_int_equal(w.done_count, 1);
    assert_int_equal(w.done_err, ERR_OK);
    put_series(&w.body, "job=nameless", NOW_MS, 1);
    assert_int_equal(send(NULL), ERR_OK);
    assert_int_equal(w.done_count, 2);
    assert_int_equal(w.done_err, ERR_INVALID);
    assert_int_equal(queue_count(&w.queue), 0);
}

static void test_remote_write__histograms_are_passed_over_and_counted(void **state UNUSED)
{
    struct buf series = buf_limited(BODY_BYTES);

    put_label(&series, "__name__", "took");
    put_bytes(&series, 4, STR("\x08\x01"));
    put_bytes(&w.body, 1, buf_str(&series));
    buf_release(&series);
    assert_int_equal(send(NULL), ERR_OK);
    assert_int_equal(w.done_err, ERR_OK);
    assert_int_equal(w.rw.stats.histograms_skipped, 1);
}

static void test_remote_write__what_is_not_well_formed_stores_nothing(void **state UNUSED)
{
    struct diag diag = { 0 };

    put_series(&w.body, "__name__=up", NOW_MS, 1);
    buf_append_cstr(&w.body, "\x0a\x02\x0a\x05");
    assert_int_equal(send(&diag), ERR_INVALID);
    assert_non_null(strstr(diag.message, "a field is longer than what holds it"));
    assert_int_equal(send_packed(STR("not snappy"), NULL), ERR_INVALID);
    assert_int_equal(w.done_count, 0);
    assert_int_equal(queue_count(&w.queue), 0);
}

static void test_remote_write__too_much_is_refused(void **state UNUSED)
{
    struct buf series = buf_limited(BODY_BYTES);
    struct diag diag = { 0 };

    for (int i = 0; i <= REMOTE_WRITE_SERIES_MAX; i++)
        put_bytes(&w.body, 1, STR(""));
    assert_int_equal(send(&diag), ERR_TOO_LARGE);
    assert_string_equal(diag.message, "a body may have 100000 series");
    assert_int_equal(w.done_count, 0);
    for (int i = 0; i <= REMOTE_WRITE_SAMPLES_MAX; i++)
        put_bytes(&series, 2, STR(""));
    put_bytes(&w.body, 1, buf_str(&series));
    buf_release(&series);
    diag = (struct diag){ 0 };
    assert_int_equal(send(&diag), ERR_TOO_LARGE);
    assert_string_equal(diag.message, "a body may have 100000 samples");
}

static void test_remote_write__a_full_queue_or_store_says_so(void **state UNUSED)
{
    for (int i = 0; i < QUEUE_BATCHES; i++) {
        put_series(&w.body, "__name__=up", NOW_MS + i, 1);
        assert_int_equal(send(NULL), ERR_OK);
    }
    put_series(&w.body, "__name__=up", NOW_MS + 9, 1);
    assert_int_equal(send(NULL), ERR_OVERLOADED);
    settle(ERR_OK);
    tsdb_refuse_new_series(w.store.db, true);
    put_series(&w.body, "__name__=new", NOW_MS, 1);
    assert_int_equal(send(NULL), ERR_OVERLOADED);
    settle(ERR_OK);
    assert_int_equal(w.done_count, QUEUE_BATCHES);
    assert_int_equal(w.rw.stats.refused_bodies, 2);
}

/* The first of two is stored, then the second waits. */
static void test_remote_write__while_one_waits_too_long_no_other_is_taken(void **state UNUSED)
{
    put_series(&w.body, "__name__=up", NOW_MS, 1);
    assert_int_equal(send(NULL), ERR_OK);
    w.mono_ns += 600000000;
    put_series(&w.body, "__name__=up", NOW_MS + 1, 1);
    assert_int_equal(send(NULL), ERR_OK);
    w.mono_ns = 1000000002;
    put_series(&w.body, "__name__=up", NOW_MS + 2, 1);
    assert_int_equal(send(NULL), ERR_OVERLOADED);
    assert_int_equal(w.rw.stats.refused_bodies, 1);
    settle(ERR_OK);
    put_series(&w.body, "__name__=up", NOW_MS + 2, 1);
    assert_int_equal(send(NULL), ERR_OK);
    w.mono_ns = 1600000002;
    put_series(&w.body, "__name__=up", NOW_MS + 3, 1);
    assert_int_equal(send(NULL), ERR_OVERLOADED);
    settle(ERR_OK);
    settle(ERR_OK);
    put_series(&w.body, "__name__=up", NOW_MS + 3, 1);
    assert_int_equal(send(NULL), ERR_OK);
    settle(ERR_OK);
    assert_int_equal(w.rw.stats.refused_bodies, 2);
}

static void test_remote_write__what_the_store_refuses_is_told(void **state UNUSED)
{
    put_series(&w.body, "__name__=up", NOW_MS, 1);
    put_series(&w.body, "job=nameless", NOW_MS, 1);
    assert_int_equal(send(NULL), ERR_OK);
    settle(ERR_UNAVAILABLE);
    assert_int_equal(w.done_err, ERR_UNAVAILABLE); /* and not invalid: all of it may come again */
    put_series(&w.body, "__name__=up", NOW_MS, 1);
    assert_int_equal(send(NULL), ERR_OK);
    sample_batch_free(next_batch());
    assert_int_equal(w.done_count, 2);
    assert_int_equal(w.done_err, ERR_CANCELLED);
    assert_int_equal(w.rw.stats.stored, 0);
    assert_int_equal(w.rw.stats.refused_bodies, 2);
}

/* Fails each allocation of one body's way in turn. */
static void test_remote_write__without_memory_nothing_is_kept(void **state UNUSED)
{
    bool happened = true;

    for (long n = 1; happened && n < 1000; n++) {
        char name[32];
        enum err err;

        snprintf(name, sizeof name, "__name__=up%ld,job=a", n);
        put_series(&w.body, name, NOW_MS, 1);
        buf_clear(&w.packed);
        put_snappy(&w.packed, buf_str(&w.body));
        buf_clear(&w.body);
        w.done_count = 0;
        mem_fail_nth(n);
        err = send_packed(buf_str(&w.packed), NULL);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        if (err) {
            assert_true(happened && (err == ERR_NOMEM || err == ERR_OVERLOADED));
            assert_int_equal(w.done_count, 0);
            assert_int_equal(queue_count(&w.queue), 0);
            continue;
        }
        settle(ERR_OK);
        assert_int_equal(w.done_count, 1);
        assert_int_equal(w.done_err, ERR_OK);
    }
    assert_false(happened);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_remote_write__##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(is_done_when_it_is_stored),
        TEST(known_labels_are_not_asked_for_again),
        TEST(labels_in_any_order_are_one_series),
        TEST(stores_the_valid_rest),
        TEST(too_old_and_too_far_ahead_are_left_out),
        TEST(the_first_value_of_a_time_stays),
        TEST(a_long_series_is_cut_where_it_is_told),
        TEST(a_series_that_left_memory_is_asked_for_again),
        TEST(the_first_and_the_last_time_break_nothing),
        TEST(nothing_to_store_is_answered_at_once),
        TEST(histograms_are_passed_over_and_counted),
        TEST(what_is_not_well_formed_stores_nothing),
        TEST(too_much_is_refused),
        TEST(a_full_queue_or_store_says_so),
        TEST(while_one_waits_too_long_no_other_is_taken),
        TEST(what_the_store_refuses_is_told),
        TEST(without_memory_nothing_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
