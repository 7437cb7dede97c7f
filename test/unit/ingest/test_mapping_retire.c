/* What the mapping keeps of those who have gone: nothing; and what it still knows of those who
 * stay. */
#include "mapping_world.h"

#include <malloc.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/rng.h"
#include "ingest/lost_counters.h"

#define STATE_OF(instance, name, state)                                                            \
    "resilience4j_circuitbreaker_state{job=\"shop\",instance=\"" instance "\",name=\"" name        \
    "\",state=\"" state "\"}"
#define CALLS(instance)                                                                            \
    "resilience4j_circuitbreaker_calls_seconds_count{job=\"shop\",instance=\"" instance            \
    "\",name=\"pay\",kind=\"successful\"}"
#define THREADS(instance) "process_threads{job=\"shop\",instance=\"" instance "\"}"

static void forget(struct mapping_world *w, const char *series)
{
    uint32_t ref = test_store_series(&w->store, series);

    mapping_forget(w->mapping, &ref, 1);
}

/* --- memory --- */

static uint32_t any_subject(void *ctx UNUSED, const struct signal_subject *subject UNUSED)
{
    return 1;
}

static void on_any(void *ctx UNUSED, const struct signal *signal UNUSED)
{
}

enum { INSTANCES = 100, PER_INSTANCE = 8, GENERATIONS = 80, SETTLED_GENERATION = 45 };

/* Series of an instance that was never there before; its gauges, or else counters and buckets. */
static uint32_t series_of(struct mapping_world *w, int instance, int i, bool gauges)
{
    static const char *const states[PER_INSTANCE] = { "closed",      "open",     "half_open",
                                                      "forced_open", "disabled", "metrics_only" };
    char text[256];

    if (gauges && i < 6)
        snprintf(text, sizeof text,
                 "resilience4j_circuitbreaker_state{job=\"shop\",instance=\"i%d\",name=\"b%d\","
                 "state=\"%s\"}",
                 instance, instance, states[i]);
    else if (gauges)
        snprintf(text, sizeof text, "nobody_maps_this{job=\"shop\",instance=\"i%d\",n=\"%d\"}",
                 instance, i);
    else
        snprintf(text, sizeof text,
                 "http_request_duration_seconds_bucket{job=\"shop\",instance=\"i%d\",le=\"%d\"}",
                 instance, i + 1);
    return test_store_series(&w->store, text);
}

/* A generation comes and goes. The store's memory is not looked at. */
static ptrdiff_t live(struct mapping_world *w, struct mapping *m, int generation, bool gauges)
{
    struct sample_batch *batch = sample_batch_new(INSTANCES * PER_INSTANCE);
    uint32_t refs[INSTANCES * PER_INSTANCE];
    size_t before;
    ptrdiff_t grown;

    assert_non_null(batch);
    batch->received_ms = w->now_ms += 60000;
    for (int i = 0; i < INSTANCES * PER_INSTANCE; i++) {
        refs[i] = series_of(w, generation * INSTANCES + i / PER_INSTANCE, i % PER_INSTANCE, gauges);
        batch->items[batch->count++] = (struct series_sample){ refs[i], w->now_ms, 1 };
    }
    before = mallinfo2().uordblks;
    mapping_apply(m, batch);
    mapping_forget(m, refs, ARRAY_LEN(refs));
    grown = (ptrdiff_t)mallinfo2().uordblks - (ptrdiff_t)before;
    sample_batch_free(batch);
    return grown;
}

static ptrdiff_t growth_of_generations(bool gauges)
{
    struct mapping_world w;
    struct mapping *m;
    ptrdiff_t grown = 0;

    mapping_world_open(&w, NULL);
    assert_int_equal(
        mapping_new(w.store.db, (struct signal_sink){ .subject = any_subject, .on_signal = on_any },
                    NULL, &m),
        ERR_OK);
    for (int i = 0; i < GENERATIONS; i++) {
        ptrdiff_t more = live(&w, m, i, gauges);

        if (i >= SETTLED_GENERATION) /* from here on the table of references has its size */
            grown += more;
    }
    mapping_free(m);
    mapping_world_close(&w);
    print_message("%d generations of %d instances: %td bytes more\n",
                  GENERATIONS - SETTLED_GENERATION, INSTANCES, grown);
    return grown;
}

static void test_mapping_retire__memory_follows_who_is_there(void **state UNUSED)
{
    assert_true(growth_of_generations(true) < 16384);
}

/* A counter that is remembered keeps its source: so many at most. */
static void test_mapping_retire__of_counters_only_the_remembered_ones_stay(void **state UNUSED)
{
    assert_true(growth_of_generations(false) < LOST_COUNTERS_MAX * 64);
}

/* --- who stays --- */

static void test_mapping_retire__another_instance_goes_on_telling(void **state UNUSED)
{
    struct mapping_world w;

    mapping_world_open(&w, NULL);
    mapping_world_apply(
        &w, STATE_OF("a", "pay", "open") " 1\n" STATE_OF("b", "pay", "half_open") " 1\n");
    assert_int_equal(mapping_world_state(&w, "pay/pay by shop"), BREAKER_OPEN);
    forget(&w, STATE_OF("a", "pay", "open"));
    assert_int_equal(mapping_world_state(&w, "pay/pay by shop"), BREAKER_HALF_OPEN);
    mapping_world_apply(
        &w, STATE_OF("b", "pay", "half_open") " 0\n" STATE_OF("b", "pay", "closed") " 1\n");
    assert_int_equal(mapping_world_state(&w, "pay/pay by shop"), BREAKER_CLOSED);
    forget(&w, STATE_OF("b", "pay", "half_open"));
    forget(&w, STATE_OF("b", "pay", "closed"));
    assert_int_equal(mapping_world_times(&w, "pay/pay by shop", SIGNAL_GONE), 1);
    mapping_world_apply(&w, STATE_OF("a", "pay", "open") " 1\n");
    assert_int_equal(mapping_world_state(&w, "pay/pay by shop"), BREAKER_OPEN);
    assert_int_equal(w.ear.subject_count, 1); /* the same as before */
    mapping_world_close(&w);
}

/* What it tells later began at 0 while a series of it was there, mapped or not. */
static void test_mapping_retire__a_source_lives_as_long_as_a_series_of_it(void **state UNUSED)
{
    struct mapping_world w;

    mapping_world_open(&w, NULL);
    w.now_ms += 60000;
    mapping_world_apply(&w, THREADS("a") " 3\n" THREADS("b") " 3\n");
    forget(&w, THREADS("b")); /* the first sweep */
    mapping_world_apply(&w, CALLS("a") " 5\n" CALLS("b") " 700\n");
    assert_true(mapping_world_heard(&w, "pay/pay by shop", SIGNAL_BREAKER_CALLS) == 5);
    mapping_world_close(&w);
}

#define EVENT(name) "circuit{job=\"shop\",instance=\"a\",name=\"pay\",event=\"" name "\"}"

/* An open breaker that nobody heard of for long is not closed because it is new again. */
static void test_mapping_retire__counters_that_come_back_tell_no_state(void **state UNUSED)
{
    struct mapping_world w;

    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, EVENT("open") " 0\n" EVENT("close") " 0\n");
    mapping_world_apply(&w, EVENT("open") " 1\n" EVENT("close") " 0\n");
    assert_int_equal(mapping_world_state(&w, "pay/pay by shop"), BREAKER_OPEN);
    forget(&w, EVENT("open"));
    forget(&w, EVENT("close"));
    w.now_ms += 60000; /* a sweep comes with the next batch */
    mapping_world_apply(&w, THREADS("a") " 3\n");
    mapping_world_apply(&w, EVENT("open") " 1\n" EVENT("close") " 0\n");
    assert_int_equal(mapping_world_state(&w, "pay/pay by shop"), BREAKER_UNKNOWN);
    mapping_world_apply(&w, EVENT("open") " 1\n" EVENT("close") " 1\n");
    assert_int_equal(mapping_world_state(&w, "pay/pay by shop"), BREAKER_CLOSED);
    mapping_world_close(&w);
}

/* --- random comings and goings --- */

enum { BREAKERS = 5, WATCHERS = 6, STEPS = 3000 };
static const char *const words[] = { "closed", "half_open", "open" };

struct crowd {
    bool there[BREAKERS][WATCHERS];
    int says[BREAKERS][WATCHERS]; /* index of words */
};

static void write_series(char out[256], int breaker, int watcher, const char *word)
{
    snprintf(out, 256,
             "resilience4j_circuitbreaker_state{job=\"shop\",instance=\"i%d\",name=\"b%d\","
             "state=\"%s\"}",
             watcher, breaker, word);
}

static void say(struct mapping_world *w, struct crowd *c, int b, int i, int word)
{
    char text[3 * 256] = "", series[256];

    for (int k = 0; k < 3; k++) {
        size_t len = strlen(text);

        write_series(series, b, i, words[k]);
        snprintf(text + len, sizeof text - len, "%s %d\n", series, k == word);
    }
    mapping_world_apply(w, text);
    c->there[b][i] = true;
    c->says[b][i] = word;
}

static void leave(struct mapping_world *w, struct crowd *c, int b, int i)
{
    uint32_t refs[3];
    char series[256];

    for (int k = 0; k < 3; k++) {
        write_series(series, b, i, words[k]);
        refs[k] = test_store_series(&w->store, series);
    }
    mapping_forget(w->mapping, refs, 3);
    c->there[b][i] = false;
}

/* The worst that anybody says who is there; nothing when nobody is. */
static void check(const struct mapping_world *w, const struct crowd *c, int b)
{
    char name[32];
    int worst = -1;

    for (int i = 0; i < WATCHERS; i++)
        if (c->there[b][i] && c->says[b][i] > worst)
            worst = c->says[b][i];
    snprintf(name, sizeof name, "b%d/b%d by shop", b, b);
    if (worst >= 0)
        assert_int_equal(mapping_world_state(w, name), worst);
}

static void test_mapping_retire__states_are_those_of_who_is_there(void **state UNUSED)
{
    static struct mapping_world w;
    struct crowd c = { 0 };
    struct rng r = rng_seeded(11);

    mapping_world_open(&w, NULL);
    for (int step = 0; step < STEPS; step++) {
        int b = (int)rng_below(&r, BREAKERS), i = (int)rng_below(&r, WATCHERS);

        w.now_ms += rng_below(&r, 10) ? 0 : 60000; /* now and then a sweep */
        if (c.there[b][i] && rng_below(&r, 2))
            leave(&w, &c, b, i);
        else
            say(&w, &c, b, i, (int)rng_below(&r, 3));
        check(&w, &c, b);
    }
    mapping_world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mapping_retire__memory_follows_who_is_there),
        cmocka_unit_test(test_mapping_retire__of_counters_only_the_remembered_ones_stay),
        cmocka_unit_test(test_mapping_retire__another_instance_goes_on_telling),
        cmocka_unit_test(test_mapping_retire__a_source_lives_as_long_as_a_series_of_it),
        cmocka_unit_test(test_mapping_retire__counters_that_come_back_tell_no_state),
        cmocka_unit_test(test_mapping_retire__states_are_those_of_who_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
