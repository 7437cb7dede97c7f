#include "ingest/mapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "batch_text.h"
#include "ingest/mapping_table.h"

enum { SUBJECTS_MAX = 16, KINDS = SIGNAL_GONE + 1 };

/* A sink that adds up what it hears. */
struct ear {
    char names[SUBJECTS_MAX][64];
    double sum[SUBJECTS_MAX][KINDS];
    int count[SUBJECTS_MAX][KINDS];
    int64_t at_ms;
    uint32_t subject_count;
    bool refuse;
};

static uint32_t on_subject(void *ctx, const struct signal_subject *subject)
{
    struct ear *ear = ctx;
    char name[64];

    if (ear->refuse)
        return 0;
    snprintf(name, sizeof name, "%.*s/%.*s by %.*s", STR_ARG(subject->service),
             STR_ARG(subject->breaker), STR_ARG(subject->caller));
    for (uint32_t i = 0; i < ear->subject_count; i++)
        if (strcmp(ear->names[i], name) == 0)
            return i + 1;
    assert_true(ear->subject_count < SUBJECTS_MAX);
    snprintf(ear->names[ear->subject_count], 64, "%s", name);
    return ++ear->subject_count;
}

static void on_signal(void *ctx, const struct signal *signal)
{
    struct ear *ear = ctx;
    size_t i = signal->subject - 1;

    if (signal->kind == SIGNAL_BREAKER_STATE)
        ear->sum[i][signal->kind] = signal->amount;
    else
        ear->sum[i][signal->kind] += signal->amount;
    ear->count[i][signal->kind]++;
    ear->at_ms = signal->at_ms;
}

struct world {
    struct test_store store;
    struct ear ear;
    struct mapping *mapping;
    int64_t now_ms;
};

static void set_up(struct world *w)
{
    memset(w, 0, sizeof *w);
    test_store_open(&w->store);
    w->mapping = mapping_new(w->store.db, (struct signal_sink){ on_subject, on_signal, &w->ear });
    assert_non_null(w->mapping);
}

static void tear_down(struct world *w)
{
    mapping_free(w->mapping);
    test_store_close(&w->store);
}

/* Applies one batch of "series value" lines, a second after the one before. "stale" is a marker. */
static void apply(struct world *w, const char *text)
{
    struct sample_batch *batch = sample_batch_new(64);

    assert_non_null(batch);
    w->now_ms += 1000;
    batch->received_ms = w->now_ms;
    while (*text) {
        const char *end = strchr(text, '\n');
        char line[256], *value;

        snprintf(line, sizeof line, "%.*s", (int)(end - text), text);
        value = strrchr(line, ' ');
        *value++ = '\0';
        batch->items[batch->count++] = (struct series_sample){
            test_store_series(&w->store, line), w->now_ms,
            strcmp(value, "stale") == 0 ? sample_from_bits(SAMPLE_STALE_BITS) : strtod(value, NULL)
        };
        text = end + 1;
    }
    mapping_apply(w->mapping, batch);
    sample_batch_free(batch);
}

static double heard(const struct world *w, const char *name, enum signal_kind kind)
{
    for (uint32_t i = 0; i < w->ear.subject_count; i++)
        if (strcmp(w->ear.names[i], name) == 0)
            return w->ear.sum[i][kind];
    fail_msg("nothing was heard of %s", name);
    return 0;
}

static int times(const struct world *w, const char *name, enum signal_kind kind)
{
    for (uint32_t i = 0; i < w->ear.subject_count; i++)
        if (strcmp(w->ear.names[i], name) == 0)
            return w->ear.count[i][kind];
    return 0;
}

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
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, CALLS "1000\n" UP "1\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 0);
    apply(&w, CALLS "1010\n" UP "1\n");
    apply(&w, CALLS "1010\n" UP "1\n");
    apply(&w, CALLS "1013\n" UP "1\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 13);
    assert_int_equal(times(&w, SERVICE, SIGNAL_CALLS), 4);
    assert_int_equal(w.ear.at_ms, 4000);
    tear_down(&w);
}

static void test_mapping__books_all_of_a_series_born_at_runtime(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, CALLS "1000\n" UP "1\n");
    apply(&w, CALLS "1000\n" UP "1\n" ERRORS "3\n");
    assert_true(heard(&w, SERVICE, SIGNAL_ERRORS) == 3);
    tear_down(&w);
}

static void test_mapping__a_failed_scrape_is_not_hearing(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, "up{job=\"j\"} 0\nscrape_duration_seconds{job=\"j\"} 1\n");
    apply(&w, "haproxy_backend_http_requests_total{job=\"j\",proxy=\"be\"} 1000\n"
              "haproxy_server_status{job=\"j\",proxy=\"be\",server=\"s\",state=\"UP\"} 1\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 0);
    tear_down(&w);
}

static void test_mapping__a_lower_value_is_a_reset(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, CALLS "1000\n" UP "1\n");
    apply(&w, CALLS "7\n" UP "1\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 7);
    tear_down(&w);
}

static void test_mapping__a_new_start_time_resets_counters_that_grew(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, CALLS "5\n" UP "1\n" STARTED "100\n");
    apply(&w, CALLS "9\n" UP "1\n" STARTED "200\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 9);
    apply(&w, CALLS "10\n" UP "1\n" STARTED "200\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 10);
    tear_down(&w);
}

static void test_mapping__one_fall_resets_the_others_of_its_source(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, CALLS "100\n" ERRORS "3\n" UP "1\n");
    apply(&w, CALLS "20\n" ERRORS "4\n" UP "1\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 20);
    assert_true(heard(&w, SERVICE, SIGNAL_ERRORS) == 4);
    tear_down(&w);
}

/* Counters cleared while an exposition was written: a long past must not be booked twice. */
static void test_mapping__a_fall_does_not_reset_what_is_far_too_large(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, CALLS "100000\n" ERRORS "500\n" UP "1\n");
    apply(&w, CALLS "100010\n" ERRORS "501\n" UP "1\n");
    apply(&w, ERRORS "0\n" CALLS "100020\n" UP "1\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 20);
    apply(&w, ERRORS "1\n" CALLS "4\n" UP "1\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 24);
    tear_down(&w);
}

static void test_mapping__goes_on_from_the_last_value_after_stale(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, CALLS "100\n" UP "1\n");
    apply(&w, CALLS "stale\n" UP "stale\n");
    assert_int_equal(times(&w, SERVICE, SIGNAL_GONE), 1);
    assert_int_equal(times(&w, SERVER, SIGNAL_GONE), 1);
    apply(&w, CALLS "stale\n" UP "stale\n");
    assert_int_equal(times(&w, SERVER, SIGNAL_GONE), 1);
    apply(&w, CALLS "130\n" UP "1\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 30);
    assert_true(heard(&w, SERVER, SIGNAL_BREAKER_STATE) == BREAKER_CLOSED);
    tear_down(&w);
}

static void test_mapping__ignores_nan_and_a_second_sample_of_an_instant(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, CALLS "100\n" UP "1\n");
    apply(&w, CALLS "NaN\n" UP "1\n");
    apply(&w, CALLS "105\n" CALLS "50\n" UP "1\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 5);
    tear_down(&w);
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
    struct world w;

    (void)state;
    set_up(&w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        apply(&w, cases[i].batch);
        assert_true(heard(&w, SERVER, SIGNAL_BREAKER_STATE) == (double)cases[i].state);
        assert_int_equal(times(&w, SERVER, SIGNAL_BREAKER_STATE), i + 1);
    }
    tear_down(&w);
}

static void test_mapping__takes_the_worst_state_of_several_instances(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, "haproxy_server_status{instance=\"1\",proxy=\"be\",server=\"s\",state=\"UP\"} 1\n");
    apply(&w, "haproxy_server_status{instance=\"2\",proxy=\"be\",server=\"s\",state=\"DOWN\"} 1\n");
    assert_true(heard(&w, SERVER, SIGNAL_BREAKER_STATE) == BREAKER_OPEN);
    apply(&w, "haproxy_server_status{instance=\"1\",proxy=\"be\",server=\"s\",state=\"UP\"} 1\n");
    assert_true(heard(&w, SERVER, SIGNAL_BREAKER_STATE) == BREAKER_OPEN);
    apply(&w,
          "haproxy_server_status{instance=\"2\",proxy=\"be\",server=\"s\",state=\"DOWN\"} stale\n");
    assert_true(heard(&w, SERVER, SIGNAL_BREAKER_STATE) == BREAKER_CLOSED);
    assert_int_equal(times(&w, SERVER, SIGNAL_GONE), 0);
    tear_down(&w);
}

static void test_mapping__a_backend_without_servers_is_no_service(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, CALLS "1\n" ERRORS "1\n");
    apply(&w, CALLS "9\n" ERRORS "2\n");
    assert_int_equal(w.ear.subject_count, 0);
    tear_down(&w);
}

static void test_mapping__reckons_retries_and_failed_attempts(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, UP "1\n" CALLS "0\n"
                 "haproxy_backend_retry_warnings_total{proxy=\"be\"} 0\n"
                 "haproxy_backend_redispatch_warnings_total{proxy=\"be\"} 0\n"
                 "haproxy_server_connection_attempts_total{proxy=\"be\",server=\"s\"} 0\n"
                 "haproxy_server_connection_reuses_total{proxy=\"be\",server=\"s\"} 0\n"
                 "haproxy_server_retry_warnings_total{proxy=\"be\",server=\"s\"} 0\n"
                 "haproxy_server_redispatch_warnings_total{proxy=\"be\",server=\"s\"} 0\n"
                 "haproxy_server_http_responses_total{proxy=\"be\",server=\"s\",code=\"5xx\"} 0\n");
    apply(&w,
          UP "1\n" CALLS "300\n"
             "haproxy_backend_retry_warnings_total{proxy=\"be\"} 180\n"
             "haproxy_backend_redispatch_warnings_total{proxy=\"be\"} 180\n"
             "haproxy_server_connection_attempts_total{proxy=\"be\",server=\"s\"} 2\n"
             "haproxy_server_connection_reuses_total{proxy=\"be\",server=\"s\"} 252\n"
             "haproxy_server_retry_warnings_total{proxy=\"be\",server=\"s\"} 73\n"
             "haproxy_server_redispatch_warnings_total{proxy=\"be\",server=\"s\"} 73\n"
             "haproxy_server_http_responses_total{proxy=\"be\",server=\"s\",code=\"5xx\"} 11\n");
    assert_true(heard(&w, SERVICE, SIGNAL_RETRIES) == 180);
    assert_true(heard(&w, SERVER, SIGNAL_BREAKER_CALLS) == 254);
    assert_true(heard(&w, SERVER, SIGNAL_BREAKER_ERRORS) == 84);
    tear_down(&w);
}

static void test_mapping__hears_fusebox_itself(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, "fusebox_http_requests_total{job=\"fusebox\",code=\"2xx\"} 5\n"
              "fusebox_http_requests_total{job=\"fusebox\",code=\"5xx\"} 1\n"
              "fusebox_http_requests_total{job=\"other\",code=\"5xx\"} 1\n");
    apply(&w, "fusebox_http_requests_total{job=\"fusebox\",code=\"2xx\"} 9\n"
              "fusebox_http_requests_total{job=\"fusebox\",code=\"5xx\"} 3\n"
              "fusebox_http_requests_total{job=\"other\",code=\"5xx\"} 8\n");
    assert_true(heard(&w, "fusebox/ by ", SIGNAL_CALLS) == 6);
    assert_true(heard(&w, "fusebox/ by ", SIGNAL_ERRORS) == 2);
    assert_int_equal(times(&w, "fusebox/ by ", SIGNAL_RETRIES), 0);
    tear_down(&w);
}

/* --- series that leave the store's memory --- */

static void forget(struct world *w, const char *series)
{
    uint32_t ref = test_store_series(&w->store, series);

    mapping_forget(w->mapping, &ref, 1);
}

static void test_mapping__a_counter_that_comes_back_goes_on(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, CALLS "100\n" UP "1\n");
    apply(&w, CALLS "110\n" UP "1\n");
    forget(&w, "haproxy_backend_http_requests_total{proxy=\"be\"}");
    apply(&w, UP "1\n");
    apply(&w, CALLS "115\n" UP "1\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 15);
    forget(&w, "haproxy_backend_http_requests_total{proxy=\"be\"}");
    apply(&w, CALLS "4\n" UP "1\n"); /* it began again meanwhile */
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 19);
    tear_down(&w);
}

static bool on_evicted(void *ctx, const uint32_t *refs, size_t count)
{
    struct world *w = ctx;

    mapping_forget(w->mapping, refs, count);
    return true;
}

/* The store looks after itself for some hours, and nothing is asked for or comes. */
static void let_all_leave(struct world *w)
{
    for (int64_t epoch = 1; epoch < 8; epoch++)
        assert_int_equal(tsdb_maintain(w->store.db, w->now_ms + epoch * SERIES_EPOCH_MS,
                                       epoch * SERIES_EPOCH_MS * 1000000, on_evicted, w),
                         ERR_OK);
}

static void test_mapping__a_reference_may_come_back_as_another_series(void **state)
{
    struct label space[LABELS_MAX];
    struct world w;
    uint32_t ref;

    (void)state;
    set_up(&w);
    apply(&w, CALLS "100\n" UP "1\n");
    ref = test_store_series(&w.store, "haproxy_backend_http_requests_total{proxy=\"be\"}");
    for (int i = 0; i < INDEX_FREE_MIN_COUNT; i++) {
        char filler[32];

        snprintf(filler, sizeof filler, "filler{n=\"%d\"}", i);
        test_store_series(&w.store, filler);
    }
    let_all_leave(&w);
    assert_int_equal(tsdb_labels(w.store.db, ref, space).count, 0);
    assert_int_equal(test_store_series(&w.store, "nobody_knows_it"), ref);
    apply(&w, "nobody_knows_it 500\n");
    apply(&w, CALLS "103\n" UP "1\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 3);
    tear_down(&w);
}

static void test_mapping__what_is_not_remembered_books_nothing_first(void **state)
{
    uint32_t ref;
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, CALLS "100\n" UP "1\n");
    ref = test_store_series(&w.store, "haproxy_backend_http_requests_total{proxy=\"be\"}");
    mem_fail_nth(1); /* no memory for remembering */
    mapping_forget(w.mapping, &ref, 1);
    assert_true(mem_fault_happened());
    mem_fail_nth(0);
    apply(&w, UP "1\n");
    apply(&w, CALLS "115\n" UP "1\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 0);
    apply(&w, CALLS "116\n" UP "1\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 1);
    tear_down(&w);
}

static void test_mapping__what_is_forgotten_is_not_live(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    apply(&w, CALLS "1\n" UP "1\n" DOWN "0\n");
    assert_true(heard(&w, SERVER, SIGNAL_BREAKER_STATE) == BREAKER_CLOSED);
    forget(&w, "haproxy_server_status{proxy=\"be\",server=\"s\",state=\"UP\"}");
    assert_true(heard(&w, SERVER, SIGNAL_BREAKER_STATE) == BREAKER_UNKNOWN);
    forget(&w, "haproxy_server_status{proxy=\"be\",server=\"s\",state=\"UP\"}"); /* twice */
    assert_int_equal(times(&w, SERVER, SIGNAL_GONE), 0);
    forget(&w, "haproxy_server_status{proxy=\"be\",server=\"s\",state=\"DOWN\"}");
    assert_int_equal(times(&w, SERVER, SIGNAL_GONE), 1);
    assert_int_equal(w.ear.at_ms, w.now_ms);
    apply(&w, UP "1\n");
    assert_true(heard(&w, SERVER, SIGNAL_BREAKER_STATE) == BREAKER_CLOSED);
    forget(&w, "never_heard_of_it");
    tear_down(&w);
}

static void test_mapping__sends_nothing_about_a_refused_subject(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    w.ear.refuse = true;
    apply(&w, CALLS "1\n" UP "1\n");
    w.ear.refuse = false;
    apply(&w, CALLS "4\n" UP "1\n");
    assert_true(heard(&w, SERVICE, SIGNAL_CALLS) == 3);
    tear_down(&w);
}

static void test_mapping__survives_every_failed_allocation(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct sample_batch *batch = sample_batch_new(2);
        struct world w;

        set_up(&w);
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
        tear_down(&w);
    }
}

static void test_mapping__rows_are_whole(void **state)
{
    size_t count;
    const struct mapping_row *rows = mapping_rows(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_non_null(rows[i].metric);
        assert_non_null(rows[i].source);
        assert_true(rows[i].use == USE_EPOCH || rows[i].service || rows[i].service_label);
        assert_true(rows[i].use != USE_STATE || (rows[i].state && rows[i].breaker_label));
    }
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
        cmocka_unit_test(test_mapping__survives_every_failed_allocation),
        cmocka_unit_test(test_mapping__rows_are_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
