/* Own and derived series on their way into the store. */
#include "monitor_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/own_series.h"

static const int64_t T0 = 1700000000000;

struct stage {
    char dir[64];
    struct monitor *monitor;
    struct manual_clock hands;
    struct api api;
    struct queue batches, evaluate;
    struct own_series own;
};

static void drop_batch(void *batch)
{
    sample_batch_free(batch);
}

static struct stage *stage_new(size_t queue_capacity)
{
    struct stage *s = mem_alloc_zero(1, sizeof *s);
    struct tsdb_options options = { .relaxed = true };
    struct diag diag = { 0 };

    assert_non_null(s);
    snprintf(s->dir, sizeof s->dir, "/tmp/fusebox-own-XXXXXX");
    options.dir = mkdtemp(s->dir);
    assert_int_equal(tsdb_open(&options, &s->own.db, &diag), ERR_OK);
    s->monitor = monitor_of("{}");
    s->hands.wall_ms = T0;
    assert_int_equal(queue_init(&s->batches, queue_capacity, QUEUE_REFUSE, drop_batch), ERR_OK);
    assert_int_equal(queue_init(&s->evaluate, 1, QUEUE_REFUSE, drop_batch), ERR_OK);
    publication_init(&s->api.views);
    own_cardinality_init(&s->api.own.cardinality);
    s->api.own.version = "test";
    s->api.own.db = s->own.db;
    s->api.own.write_queue = &s->batches;
    s->api.own.evaluate_queue = &s->evaluate;
    s->api.own.query_queue = &s->evaluate;
    s->own.batches = &s->batches;
    s->own.clock = clock_manual(&s->hands);
    s->own.instance = STR("here:1");
    return s;
}

static void stage_free(struct stage *s)
{
    char path[128];

    own_series_release(&s->own);
    publication_release(&s->api.views);
    own_cardinality_release(&s->api.own.cardinality);
    queue_release(&s->batches);
    queue_release(&s->evaluate);
    monitor_free(s->monitor);
    tsdb_close(s->own.db);
    snprintf(path, sizeof path, "%s/samples.db", s->dir);
    unlink(path);
    rmdir(s->dir);
    mem_free(s);
}

/* Publishes the monitor's view of now and stores; gives the batch, or NULL when the queue refused.
 */
static struct sample_batch *store_at(struct stage *s, int64_t now_ms)
{
    void *batch = NULL;

    s->hands.wall_ms = now_ms;
    publication_set(&s->api.views, view_of(s->monitor, now_ms));
    own_series_store(&s->own, &s->api);
    return queue_pop(&s->batches, 0, &batch) ? NULL : batch;
}

/* The sample of the metric whose label has this value; NULL when the batch has none. */
static const struct series_sample *find(struct stage *s, const struct sample_batch *batch,
                                        const char *metric, const char *label, const char *value)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct label space[LABELS_MAX];
        struct labels labels = tsdb_labels(s->own.db, batch->items[i].series, space);

        if (str_equals(labels_value(labels, LABEL_METRIC_NAME), str_of(metric)) &&
            str_equals(labels_value(labels, str_of(label)), str_of(value)))
            return &batch->items[i];
    }
    return NULL;
}

static void test_own_series__bear_the_job_and_the_instance(void **state)
{
    struct stage *s = stage_new(4);
    struct sample_batch *batch = store_at(s, T0);
    const struct series_sample *sample = find(s, batch, "fusebox_build_info", "version", "test");
    struct label space[LABELS_MAX];
    struct labels labels;

    (void)state;
    assert_non_null(sample);
    assert_int_equal(sample->ts_ms, T0);
    assert_true(sample->value == 1);
    labels = tsdb_labels(s->own.db, sample->series, space);
    assert_true(str_equals(labels_value(labels, STR("job")), STR("fusebox")));
    assert_true(str_equals(labels_value(labels, STR("instance")), STR("here:1")));
    sample_batch_free(batch);
    stage_free(s);
}

static void test_own_series__a_state_that_became_unknown_is_marked_stale_once(void **state)
{
    struct stage *s = stage_new(4);
    struct sample_batch *batch;
    const struct series_sample *sample;

    (void)state;
    tell_state(s->monitor, "orders", "one", T0, BREAKER_OPEN);
    batch = store_at(s, T0);
    sample = find(s, batch, "circuit_breaker_state", "name", "one");
    assert_true(sample && sample->value == 2);
    sample_batch_free(batch);

    tell_state(s->monitor, "orders", "one", T0 + 1000, BREAKER_UNKNOWN);
    batch = store_at(s, T0 + 10000);
    sample = find(s, batch, "circuit_breaker_state", "name", "one");
    assert_true(sample && sample_is_stale(sample->value));
    assert_int_equal(sample->ts_ms, T0 + 10000);
    sample = find(s, batch, "circuit_breaker_state_info", "state", "unknown");
    assert_true(sample && sample->value == 1);
    sample_batch_free(batch);

    batch = store_at(s, T0 + 20000);
    assert_null(find(s, batch, "circuit_breaker_state", "name", "one"));
    sample_batch_free(batch);
    stage_free(s);
}

static void test_own_series__a_batch_that_was_refused_does_not_count_as_stored(void **state)
{
    struct stage *s = stage_new(1);
    struct sample_batch *batch, *plug = sample_batch_new(1);
    const struct series_sample *sample;
    void *popped;

    (void)state;
    tell_state(s->monitor, "orders", "one", T0, BREAKER_CLOSED);
    sample_batch_free(store_at(s, T0));

    tell_state(s->monitor, "orders", "one", T0 + 1000, BREAKER_UNKNOWN);
    assert_int_equal(queue_push(&s->batches, plug), ERR_OK);
    s->hands.wall_ms = T0 + 10000;
    publication_set(&s->api.views, view_of(s->monitor, T0 + 10000));
    own_series_store(&s->own, &s->api);
    assert_int_equal(queue_pop(&s->batches, 0, &popped), ERR_OK);
    assert_ptr_equal(popped, plug);
    sample_batch_free(plug);

    batch = store_at(s, T0 + 20000);
    sample = find(s, batch, "circuit_breaker_state", "name", "one");
    assert_true(sample && sample_is_stale(sample->value));
    sample_batch_free(batch);
    stage_free(s);
}

static void test_own_series__what_left_memory_is_not_called_stale(void **state)
{
    struct stage *s = stage_new(4);
    struct sample_batch *batch;
    const struct series_sample *sample;
    uint32_t ref;

    (void)state;
    tell_state(s->monitor, "orders", "one", T0, BREAKER_CLOSED);
    batch = store_at(s, T0);
    sample = find(s, batch, "circuit_breaker_state", "name", "one");
    assert_non_null(sample);
    ref = sample->series;
    sample_batch_free(batch);

    own_series_forget(&s->own, &(uint32_t){ UINT32_MAX }, 1); /* not one of ours */
    own_series_forget(&s->own, &ref, 1);
    tell_state(s->monitor, "orders", "one", T0 + 1000, BREAKER_UNKNOWN);
    batch = store_at(s, T0 + 10000);
    for (size_t i = 0; i < batch->count; i++)
        assert_int_not_equal(batch->items[i].series, ref);
    sample_batch_free(batch);
    stage_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_series__bear_the_job_and_the_instance),
        cmocka_unit_test(test_own_series__a_state_that_became_unknown_is_marked_stale_once),
        cmocka_unit_test(test_own_series__a_batch_that_was_refused_does_not_count_as_stored),
        cmocka_unit_test(test_own_series__what_left_memory_is_not_called_stale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
