#include "ingest/mapping.h"

#include <stdio.h>

#include "base/mem.h"
#include "ingest/mapping_table.h"
#include "mapping_world.h"

#define CALLS            "haproxy_backend_http_requests_total{proxy=\"be\"} "
#define ERRORS           "haproxy_backend_http_responses_total{proxy=\"be\",code=\"5xx\"} "
#define STARTED          "haproxy_process_start_time_seconds "
#define UP               "haproxy_server_status{proxy=\"be\",server=\"s\",state=\"UP\"} "
#define DOWN             "haproxy_server_status{proxy=\"be\",server=\"s\",state=\"DOWN\"} "
#define MAINT            "haproxy_server_status{proxy=\"be\",server=\"s\",state=\"MAINT\"} "
#define DRAIN            "haproxy_server_status{proxy=\"be\",server=\"s\",state=\"DRAIN\"} "
#define PASSES           "haproxy_server_check_status{proxy=\"be\",server=\"s\",state=\"L7OK\"} "
#define PASSES_WITH_CODE "haproxy_server_check_status{proxy=\"be\",server=\"s\",state=\"L7OKC\"} "
#define SERVICE          "be/ by haproxy"
#define SERVER           "be/s by haproxy"

static void test_mapping__books_nothing_for_the_first_sample(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CALLS "1000\n" UP "1\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 0);
    mapping_world_apply(&w, CALLS "1010\n" UP "1\n");
    mapping_world_apply(&w, CALLS "1010\n" UP "1\n");
    mapping_world_apply(&w, CALLS "1013\n" UP "1\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 13);
    assert_int_equal(mapping_world_times(&w, SERVICE, SIGNAL_CALLS), 4);
    assert_int_equal(w.ear.at_ms, 4000);
    mapping_world_close(&w);
}

static void test_mapping__books_all_of_a_series_born_at_runtime(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CALLS "1000\n" UP "1\n");
    mapping_world_apply(&w, CALLS "1000\n" UP "1\n" ERRORS "3\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_ERRORS) == 3);
    mapping_world_close(&w);
}

static void test_mapping__a_failed_scrape_is_not_hearing(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, "up{job=\"j\"} 0\nscrape_duration_seconds{job=\"j\"} 1\n");
    mapping_world_apply(
        &w, "haproxy_backend_http_requests_total{job=\"j\",proxy=\"be\"} 1000\n"
            "haproxy_server_status{job=\"j\",proxy=\"be\",server=\"s\",state=\"UP\"} 1\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 0);
    mapping_world_close(&w);
}

static void test_mapping__a_lower_value_is_a_reset(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CALLS "1000\n" UP "1\n");
    mapping_world_apply(&w, CALLS "7\n" UP "1\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 7);
    mapping_world_close(&w);
}

static void test_mapping__a_new_start_time_resets_counters_that_grew(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CALLS "5\n" UP "1\n" STARTED "100\n");
    mapping_world_apply(&w, CALLS "9\n" UP "1\n" STARTED "200\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 9);
    mapping_world_apply(&w, CALLS "10\n" UP "1\n" STARTED "200\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 10);
    mapping_world_close(&w);
}

static void test_mapping__one_fall_resets_the_others_of_its_source(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CALLS "100\n" ERRORS "3\n" UP "1\n");
    mapping_world_apply(&w, CALLS "20\n" ERRORS "4\n" UP "1\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 20);
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_ERRORS) == 4);
    mapping_world_close(&w);
}

/* Counters cleared while an exposition was written: a long past must not be booked twice. */
static void test_mapping__a_fall_does_not_reset_what_is_far_too_large(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CALLS "100000\n" ERRORS "500\n" UP "1\n");
    mapping_world_apply(&w, CALLS "100010\n" ERRORS "501\n" UP "1\n");
    mapping_world_apply(&w, ERRORS "0\n" CALLS "100020\n" UP "1\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 20);
    mapping_world_apply(&w, ERRORS "1\n" CALLS "4\n" UP "1\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 24);
    mapping_world_close(&w);
}

static void test_mapping__goes_on_from_the_last_value_after_stale(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CALLS "100\n" UP "1\n");
    mapping_world_apply(&w, CALLS "stale\n" UP "stale\n");
    assert_int_equal(mapping_world_times(&w, SERVICE, SIGNAL_GONE), 1);
    assert_int_equal(mapping_world_times(&w, SERVER, SIGNAL_GONE), 1);
    mapping_world_apply(&w, CALLS "stale\n" UP "stale\n");
    assert_int_equal(mapping_world_times(&w, SERVER, SIGNAL_GONE), 1);
    mapping_world_apply(&w, CALLS "130\n" UP "1\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 30);
    assert_true(mapping_world_heard(&w, SERVER, SIGNAL_BREAKER_STATE) == BREAKER_CLOSED);
    mapping_world_close(&w);
}

static void test_mapping__ignores_nan_and_a_second_sample_of_an_instant(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CALLS "100\n" UP "1\n");
    mapping_world_apply(&w, CALLS "NaN\n" UP "1\n");
    mapping_world_apply(&w, CALLS "105\n" CALLS "50\n" UP "1\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 5);
    mapping_world_close(&w);
}

struct state_case {
    const char *batch;
    enum breaker_state state;
};

static void test_mapping__tells_the_breakers_state_once_per_batch(void **state)
{
    static const struct state_case cases[] = {
        { UP "1\n" DOWN "0\n" MAINT "0\n" PASSES "1\n", BREAKER_CLOSED },
        { UP "0\n" DOWN "1\n" MAINT "0\n" PASSES "0\n", BREAKER_OPEN },
        { UP "0\n" DOWN "1\n" MAINT "0\n" PASSES "1\n", BREAKER_HALF_OPEN },
        { UP "0\n" DOWN "0\n" MAINT "1\n" PASSES "1\n", BREAKER_DISABLED },
        { UP "0\n" DOWN "0\n" MAINT "1\n" DRAIN "0\n", BREAKER_DISABLED },
        { UP "0\n" DOWN "0\n" MAINT "0\n" DRAIN "1\n", BREAKER_DISABLED },
        { UP "0\n" DOWN "0\n" MAINT "0\n" DRAIN "0\n" PASSES "1\n", BREAKER_UNKNOWN },
        { UP "0\n" DOWN "1\n" PASSES "1\n" PASSES_WITH_CODE "0\n", BREAKER_HALF_OPEN },
        { UP "0\n" DOWN "1\n" PASSES "0\n" PASSES_WITH_CODE "1\n", BREAKER_HALF_OPEN },
        { UP "0\n" DOWN "1\n" PASSES "0\n" PASSES_WITH_CODE "0\n", BREAKER_OPEN },
    };
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mapping_world_apply(&w, cases[i].batch);
        assert_true(mapping_world_heard(&w, SERVER, SIGNAL_BREAKER_STATE) ==
                    (double)cases[i].state);
        assert_int_equal(mapping_world_times(&w, SERVER, SIGNAL_BREAKER_STATE), i + 1);
    }
    mapping_world_close(&w);
}

static void test_mapping__takes_the_worst_state_of_several_instances(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(
        &w, "haproxy_server_status{instance=\"1\",proxy=\"be\",server=\"s\",state=\"UP\"} 1\n");
    mapping_world_apply(
        &w, "haproxy_server_status{instance=\"2\",proxy=\"be\",server=\"s\",state=\"DOWN\"} 1\n");
    assert_true(mapping_world_heard(&w, SERVER, SIGNAL_BREAKER_STATE) == BREAKER_OPEN);
    mapping_world_apply(
        &w, "haproxy_server_status{instance=\"1\",proxy=\"be\",server=\"s\",state=\"UP\"} 1\n");
    assert_true(mapping_world_heard(&w, SERVER, SIGNAL_BREAKER_STATE) == BREAKER_OPEN);
    mapping_world_apply(
        &w,
        "haproxy_server_status{instance=\"2\",proxy=\"be\",server=\"s\",state=\"DOWN\"} stale\n");
    assert_true(mapping_world_heard(&w, SERVER, SIGNAL_BREAKER_STATE) == BREAKER_CLOSED);
    assert_int_equal(mapping_world_times(&w, SERVER, SIGNAL_GONE), 0);
    mapping_world_close(&w);
}

static void test_mapping__a_backend_without_servers_is_no_service(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CALLS "1\n" ERRORS "1\n");
    mapping_world_apply(&w, CALLS "9\n" ERRORS "2\n");
    assert_int_equal(w.ear.subject_count, 0);
    mapping_world_close(&w);
}

static void test_mapping__reckons_retries_and_failed_attempts(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(
        &w, UP "1\n" CALLS "0\n"
               "haproxy_backend_retry_warnings_total{proxy=\"be\"} 0\n"
               "haproxy_backend_redispatch_warnings_total{proxy=\"be\"} 0\n"
               "haproxy_server_connection_attempts_total{proxy=\"be\",server=\"s\"} 0\n"
               "haproxy_server_connection_reuses_total{proxy=\"be\",server=\"s\"} 0\n"
               "haproxy_server_retry_warnings_total{proxy=\"be\",server=\"s\"} 0\n"
               "haproxy_server_redispatch_warnings_total{proxy=\"be\",server=\"s\"} 0\n"
               "haproxy_server_http_responses_total{proxy=\"be\",server=\"s\",code=\"5xx\"} 0\n");
    mapping_world_apply(
        &w, UP "1\n" CALLS "300\n"
               "haproxy_backend_retry_warnings_total{proxy=\"be\"} 180\n"
               "haproxy_backend_redispatch_warnings_total{proxy=\"be\"} 180\n"
               "haproxy_server_connection_attempts_total{proxy=\"be\",server=\"s\"} 2\n"
               "haproxy_server_connection_reuses_total{proxy=\"be\",server=\"s\"} 252\n"
               "haproxy_server_retry_warnings_total{proxy=\"be\",server=\"s\"} 73\n"
               "haproxy_server_redispatch_warnings_total{proxy=\"be\",server=\"s\"} 73\n"
               "haproxy_server_http_responses_total{proxy=\"be\",server=\"s\",code=\"5xx\"} 11\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_RETRIES) == 180);
    assert_true(mapping_world_heard(&w, SERVER, SIGNAL_BREAKER_CALLS) == 254);
    assert_true(mapping_world_heard(&w, SERVER, SIGNAL_BREAKER_ERRORS) == 84);
    mapping_world_close(&w);
}

static void test_mapping__hears_fusebox_itself(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, "fusebox_http_requests_total{job=\"fusebox\",code=\"2xx\"} 5\n"
                            "fusebox_http_requests_total{job=\"fusebox\",code=\"5xx\"} 1\n"
                            "fusebox_http_requests_total{job=\"other\",code=\"5xx\"} 1\n");
    mapping_world_apply(&w, "fusebox_http_requests_total{job=\"fusebox\",code=\"2xx\"} 9\n"
                            "fusebox_http_requests_total{job=\"fusebox\",code=\"5xx\"} 3\n"
                            "fusebox_http_requests_total{job=\"other\",code=\"5xx\"} 8\n");
    assert_true(mapping_world_heard(&w, "fusebox/ by ", SIGNAL_CALLS) == 6);
    assert_true(mapping_world_heard(&w, "fusebox/ by ", SIGNAL_ERRORS) == 2);
    assert_int_equal(mapping_world_times(&w, "fusebox/ by ", SIGNAL_RETRIES), 0);
    mapping_world_close(&w);
}

/* --- series that leave the store's memory --- */

static void forget(struct mapping_world *w, const char *series)
{
    uint32_t ref = test_store_series(&w->store, series);

    mapping_forget(w->mapping, &ref, 1);
}

static void test_mapping__a_counter_that_comes_back_goes_on(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CALLS "100\n" UP "1\n");
    mapping_world_apply(&w, CALLS "110\n" UP "1\n");
    forget(&w, "haproxy_backend_http_requests_total{proxy=\"be\"}");
    mapping_world_apply(&w, UP "1\n");
    mapping_world_apply(&w, CALLS "115\n" UP "1\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 15);
    forget(&w, "haproxy_backend_http_requests_total{proxy=\"be\"}");
    mapping_world_apply(&w, CALLS "4\n" UP "1\n"); /* it began again meanwhile */
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 19);
    mapping_world_close(&w);
}

static bool on_evicted(void *ctx, const uint32_t *refs, size_t count)
{
    struct mapping_world *w = ctx;

    mapping_forget(w->mapping, refs, count);
    return true;
}

/* The store looks after itself for some hours, and nothing is asked for or comes. */
static void let_all_leave(struct mapping_world *w)
{
    for (int64_t epoch = 1; epoch < 8; epoch++)
        assert_int_equal(tsdb_maintain(w->store.db, w->now_ms + epoch * SERIES_EPOCH_MS,
                                       epoch * SERIES_EPOCH_MS * 1000000, on_evicted, w),
                         ERR_OK);
}

static void test_mapping__a_reference_may_come_back_as_another_series(void **state)
{
    struct label space[LABELS_MAX];
    struct mapping_world w;
    uint32_t ref;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CALLS "100\n" UP "1\n");
    ref = test_store_series(&w.store, "haproxy_backend_http_requests_total{proxy=\"be\"}");
    for (int i = 0; i < INDEX_FREE_MIN_COUNT; i++) {
        char filler[32];

        snprintf(filler, sizeof filler, "filler{n=\"%d\"}", i);
        test_store_series(&w.store, filler);
    }
    let_all_leave(&w);
    assert_int_equal(tsdb_labels(w.store.db, ref, space).count, 0);
    assert_int_equal(test_store_series(&w.store, "nobody_knows_it"), ref);
    mapping_world_apply(&w, "nobody_knows_it 500\n");
    mapping_world_apply(&w, CALLS "103\n" UP "1\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 3);
    mapping_world_close(&w);
}

static void test_mapping__what_is_not_remembered_books_nothing_first(void **state)
{
    uint32_t ref;
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CALLS "100\n" UP "1\n");
    ref = test_store_series(&w.store, "haproxy_backend_http_requests_total{proxy=\"be\"}");
    mem_fail_nth(1); /* no memory for remembering */
    mapping_forget(w.mapping, &ref, 1);
    assert_true(mem_fault_happened());
    mem_fail_nth(0);
    mapping_world_apply(&w, UP "1\n");
    mapping_world_apply(&w, CALLS "115\n" UP "1\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 0);
    mapping_world_apply(&w, CALLS "116\n" UP "1\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 1);
    mapping_world_close(&w);
}

static void test_mapping__what_is_forgotten_is_not_live(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CALLS "1\n" UP "1\n" DOWN "0\n");
    assert_true(mapping_world_heard(&w, SERVER, SIGNAL_BREAKER_STATE) == BREAKER_CLOSED);
    forget(&w, "haproxy_server_status{proxy=\"be\",server=\"s\",state=\"UP\"}");
    assert_true(mapping_world_heard(&w, SERVER, SIGNAL_BREAKER_STATE) == BREAKER_UNKNOWN);
    forget(&w, "haproxy_server_status{proxy=\"be\",server=\"s\",state=\"UP\"}"); /* twice */
    assert_int_equal(mapping_world_times(&w, SERVER, SIGNAL_GONE), 0);
    forget(&w, "haproxy_server_status{proxy=\"be\",server=\"s\",state=\"DOWN\"}");
    assert_int_equal(mapping_world_times(&w, SERVER, SIGNAL_GONE), 1);
    assert_int_equal(w.ear.at_ms, w.now_ms);
    mapping_world_apply(&w, UP "1\n");
    assert_true(mapping_world_heard(&w, SERVER, SIGNAL_BREAKER_STATE) == BREAKER_CLOSED);
    forget(&w, "never_heard_of_it");
    mapping_world_close(&w);
}

static void test_mapping__sends_nothing_about_a_refused_subject(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    w.ear.refuse = true;
    mapping_world_apply(&w, CALLS "1\n" UP "1\n");
    w.ear.refuse = false;
    mapping_world_apply(&w, CALLS "4\n" UP "1\n");
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 3);
    mapping_world_close(&w);
}

static void test_mapping__survives_every_failed_allocation(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct sample_batch *batch = sample_batch_new(2);
        struct mapping_world w;

        mapping_world_open(&w, NULL);
        batch->items[0] = (struct series_sample){
            test_store_series(&w.store, "haproxy_backend_http_requests_total{proxy=\"be\"}"), 1, 1
        };
        batch->items[1] = (struct series_sample){
            test_store_series(&w.store,
                              "haproxy_server_status{proxy=\"be\",server=\"s\",state=\"UP\"}"),
            1, 1
        };
        batch->count = 2;
        mem_fail_nth(n);
        mapping_apply(w.mapping, batch);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        sample_batch_free(batch);
        mapping_world_close(&w);
    }
}

static void check_row(const struct mapping_row *row)
{
    bool about_breaker = row->breaker || row->breaker_label || row->breaker_or_service ||
                         row->of_only_breaker;
    bool counts = row->use == USE_SIGNAL || row->use == USE_AMOUNT;

    assert_non_null(row->metric);
    assert_non_null(row->source);
    assert_true(row->use == USE_EPOCH || row->service || row->service_label);
    assert_true(row->use < USE_STATE || row->use > USE_LEVEL || about_breaker);
    assert_true(row->use != USE_STATE || row->state);
    assert_true(!counts || about_breaker == (row->signal >= SIGNAL_BREAKER_STATE));
    assert_true(row->use != USE_LEVEL || row->signal >= SIGNAL_BREAKER_CONSECUTIVE);
    for (size_t i = 0; i < MAPPING_CONDITIONS_MAX; i++)
        assert_int_equal(row->when[i].label != NULL, row->when[i].values != NULL);
    for (size_t i = 1; i < MAPPING_CONDITIONS_MAX; i++)
        assert_true(row->when[i - 1].label || !row->when[i].label);
}

static void test_mapping__rows_are_whole(void **state)
{
    size_t count;
    const struct mapping_row *rows = mapping_rows_of_proxies(&count);

    (void)state;
    for (size_t i = 0; i < count; i++)
        check_row(&rows[i]);
    rows = mapping_rows_of_libraries(&count);
    for (size_t i = 0; i < count; i++)
        check_row(&rows[i]);
}

static void test_mapping__names_each_metric_once(void **state)
{
    struct mapping_world w;
    const struct str *names;
    size_t count;

    (void)state;
    mapping_world_open(&w, NULL);
    names = mapping_metrics(w.mapping, &count);
    assert_true(count > 50);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            assert_false(str_equals(names[i], names[j]));
    mapping_world_close(&w);
}

static void test_mapping__a_new_one_needs_memory(void **state)
{
    struct signal_sink sink = { 0 };
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct mapping *mapping = NULL;
        enum err err;

        mem_fail_nth(n);
        err = mapping_new(NULL, sink, NULL, &mapping);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, happened ? ERR_NOMEM : ERR_OK);
        assert_int_equal(mapping == NULL, happened);
        mapping_free(mapping);
    }
}

static void test_mapping__asks_again_when_ids_no_longer_hold(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CALLS "1\n" UP "1\n");
    mapping_world_apply(&w, CALLS "2\n" UP "1\n");
    assert_int_equal(w.ear.asked, 2); /* the service and the server, once */
    w.ear.epoch++;
    mapping_world_apply(&w, CALLS "4\n" UP "1\n");
    mapping_world_apply(&w, CALLS "5\n" UP "1\n");
    assert_int_equal(w.ear.asked, 4);
    assert_true(mapping_world_heard(&w, SERVICE, SIGNAL_CALLS) == 4);
    mapping_world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mapping__books_nothing_for_the_first_sample),
        cmocka_unit_test(test_mapping__books_all_of_a_series_born_at_runtime),
        cmocka_unit_test(test_mapping__a_failed_scrape_is_not_hearing),
        cmocka_unit_test(test_mapping__a_lower_value_is_a_reset),
        cmocka_unit_test(test_mapping__a_new_start_time_resets_counters_that_grew),
        cmocka_unit_test(test_mapping__one_fall_resets_the_others_of_its_source),
        cmocka_unit_test(test_mapping__a_fall_does_not_reset_what_is_far_too_large),
        cmocka_unit_test(test_mapping__goes_on_from_the_last_value_after_stale),
        cmocka_unit_test(test_mapping__ignores_nan_and_a_second_sample_of_an_instant),
        cmocka_unit_test(test_mapping__tells_the_breakers_state_once_per_batch),
        cmocka_unit_test(test_mapping__takes_the_worst_state_of_several_instances),
        cmocka_unit_test(test_mapping__a_backend_without_servers_is_no_service),
        cmocka_unit_test(test_mapping__reckons_retries_and_failed_attempts),
        cmocka_unit_test(test_mapping__hears_fusebox_itself),
        cmocka_unit_test(test_mapping__a_counter_that_comes_back_goes_on),
        cmocka_unit_test(test_mapping__a_reference_may_come_back_as_another_series),
        cmocka_unit_test(test_mapping__what_is_not_remembered_books_nothing_first),
        cmocka_unit_test(test_mapping__what_is_forgotten_is_not_live),
        cmocka_unit_test(test_mapping__sends_nothing_about_a_refused_subject),
        cmocka_unit_test(test_mapping__asks_again_when_ids_no_longer_hold),
        cmocka_unit_test(test_mapping__survives_every_failed_allocation),
        cmocka_unit_test(test_mapping__rows_are_whole),
        cmocka_unit_test(test_mapping__names_each_metric_once),
        cmocka_unit_test(test_mapping__a_new_one_needs_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
