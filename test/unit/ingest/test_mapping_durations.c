/* Durations and first attempts of each exporter that tells them: sums, buckets, what becomes of
 * buckets when a process or its bounds change. */
#include <stdio.h>

#include "base/attr.h"
#include "mapping_world.h"

#define HEARD(w, name, kind, amount) assert_true(mapping_world_heard(w, name, kind) == (amount))
#define BUCKETS(w, name, expected)   assert_string_equal(mapping_world_buckets(w, name), expected)

/* An exporter's histogram, and the service it is about. */
struct timed {
    const char *metric, *labels, *service;
    double unit_s;
    bool is_summary;
};

static const struct timed exporters[] = {
    { "envoy_cluster_upstream_rq_time", "envoy_cluster_name=\"s\"", "s/ by j", 1e-3, false },
    { "envoy_cluster_upstream_rq_time", "cluster_name=\"outbound|80||s\"", "outbound|80||s/ by j",
      1e-3, false },
    { "istio_request_duration_milliseconds",
      "reporter=\"source\",destination_service_name=\"s\",source_workload=\"w\"", "s/ by w", 1e-3,
      false },
    { "route_response_latency_ms", "direction=\"outbound\",dst=\"s\"", "s/ by j", 1e-3, false },
    { "traefik_service_request_duration_seconds", "service=\"s\"", "s/ by traefik", 1, false },
    { "resilience4j_circuitbreaker_calls_seconds", "name=\"s\",kind=\"failed\"", "s/ by j", 1,
      false },
    { "circuit_perf", "name=\"s\",event=\"failure\"", "s/ by j", 1e-3, true },
    { "resilience_polly_pipeline_duration_milliseconds", "pipeline_name=\"s\"", "s/ by j", 1e-3,
      false },
    { "grpc_client_call_duration_seconds", "grpc_target=\"s\",grpc_status=\"OK\"", "s/ by j", 1,
      false },
    { "hystrix_latency_total_seconds", "group=\"s\",key=\"k\"", "s/ by j", 1, false },
    { "smithy_client_call_duration_seconds", "rpc_service=\"s\"", "s/ by j", 1, false },
    { "http_request_duration_seconds", "method=\"GET\",path=\"/\",status=\"200\"", "j/ by ", 1,
      false },
};

static void apply_sums(struct mapping_world *w, const struct timed *t, int calls)
{
    char text[512];

    snprintf(text, sizeof text, "%s_count{job=\"j\",%s} %d\n%s_sum{job=\"j\",%s} %d\n", t->metric,
             t->labels, calls, t->metric, t->labels, calls * 1000);
    mapping_world_apply(w, text);
}

static void test_durations__arrive_in_seconds(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(exporters); i++) {
        struct mapping_world w;

        mapping_world_open(&w, NULL);
        apply_sums(&w, &exporters[i], 1);
        apply_sums(&w, &exporters[i], 3);
        HEARD(&w, exporters[i].service, SIGNAL_TIMED_CALLS, 2);
        HEARD(&w, exporters[i].service, SIGNAL_TIMED_SECONDS, 2000 * exporters[i].unit_s);
        mapping_world_close(&w);
    }
}

/* Bounds 250, 500 and 1000 ms, or the same in seconds. */
static void apply_buckets(struct mapping_world *w, const struct timed *t, const int calls[4])
{
    static const char *const ms[] = { "250", "500", "1000", "+Inf" };
    static const char *const seconds[] = { "0.25", "0.5", "1.0", "+Inf" };
    char text[2048];
    size_t len = 0;

    for (int i = 0; i < 4; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "%s_bucket{job=\"j\",%s,le=\"%s\"} %d\n", t->metric, t->labels,
                                t->unit_s < 1 ? ms[i] : seconds[i], calls[i]);
    mapping_world_apply(w, text);
}

static void test_durations__buckets_of_each_exporter(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(exporters); i++) {
        struct mapping_world w;

        mapping_world_open(&w, NULL);
        apply_buckets(&w, &exporters[i], (const int[]){ 100, 200, 300, 400 });
        assert_string_equal(w.ear.subject_count ? mapping_world_buckets(&w, exporters[i].service)
                                                : "",
                            ""); /* what was counted before is nobody's growth */
        apply_buckets(&w, &exporters[i], (const int[]){ 103, 207, 308, 410 });
        if (exporters[i].is_summary)
            assert_int_equal(w.ear.subject_count, 0);
        else
            BUCKETS(&w, exporters[i].service, "0..0.25 3, 0.25..0.5 4, 0.5..1 1, 1..inf 2, ");
        mapping_world_close(&w);
    }
}

static void test_durations__percentiles_of_a_summary_are_left_out(void **state UNUSED)
{
    struct mapping_world w;

    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, "circuit_perf{job=\"j\",name=\"s\",event=\"success\",quantile=\"0.5\"} "
                            "3\n");
    mapping_world_apply(&w, "circuit_perf{job=\"j\",name=\"s\",event=\"success\",quantile=\"0.5\"} "
                            "5\n");
    assert_int_equal(w.ear.subject_count, 0);
    mapping_world_close(&w);
}

#define GRPC(status, le)                                                                           \
    "grpc_client_call_duration_seconds_bucket{job=\"j\",grpc_target=\"s\",grpc_status=\"" status   \
    "\",le=\"" le "\"} "

static void test_durations__series_of_other_labels_add_up(void **state UNUSED)
{
    struct mapping_world w;

    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, GRPC("OK", "1") "10\n" GRPC("OK", "+Inf") "20\n");
    mapping_world_apply(&w, GRPC("OK", "1") "11\n" GRPC("OK", "+Inf") "24\n" GRPC(
                                "INTERNAL", "1") "5\n" GRPC("INTERNAL", "+Inf") "5\n");
    BUCKETS(&w, "s/ by j", "0..1 6, 1..inf 3, "); /* the second one began at 0 */
    mapping_world_close(&w);
}

static void test_durations__a_process_that_begins_again_counts_from_0(void **state UNUSED)
{
    struct mapping_world w;

    mapping_world_open(&w, NULL);
    mapping_world_apply(&w,
                        GRPC("OK", "1") "100\n" GRPC("OK", "2") "200\n" GRPC("OK", "+Inf") "210\n");
    mapping_world_apply(&w, GRPC("OK", "1") "7\n" GRPC("OK", "2") "9\n" GRPC("OK", "+Inf") "10\n");
    BUCKETS(&w, "s/ by j", "0..1 7, 1..2 2, 2..inf 1, ");
    mapping_world_close(&w);
}

static void test_durations__other_bounds_after_a_restart(void **state UNUSED)
{
    struct mapping_world w;

    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, GRPC("OK", "1") "100\n" GRPC("OK", "+Inf") "210\n");
    mapping_world_apply(&w, GRPC("OK", "1") "stale\n" GRPC("OK", "0.5") "4\n" GRPC(
                                "OK", "2") "6\n" GRPC("OK", "+Inf") "9\n");
    BUCKETS(&w, "s/ by j", "0..0.5 4, 0.5..2 2, 2..inf 3, ");
    mapping_world_apply(&w,
                        GRPC("OK", "0.5") "4\n" GRPC("OK", "2") "8\n" GRPC("OK", "+Inf") "11\n");
    BUCKETS(&w, "s/ by j", "0.5..2 2, ");
    mapping_world_close(&w);
}

static void test_durations__a_bucket_that_is_missing_counts_into_the_next(void **state UNUSED)
{
    struct mapping_world w;

    mapping_world_open(&w, NULL);
    for (int i = 0; i < 2; i++)
        mapping_world_apply(
            &w, i ? GRPC("OK", "1") "5\n" GRPC("OK", "+Inf") "9\n" GRPC("OK", "what") "9\n"
                  : GRPC("OK", "1") "2\n" GRPC("OK", "2") "2\n" GRPC("OK", "+Inf") "2\n");
    BUCKETS(&w, "s/ by j", "0..1 3, 1..inf 4, ");
    mapping_world_close(&w);
}

static void test_durations__idle_buckets_are_heard(void **state UNUSED)
{
    struct mapping_world w;

    mapping_world_open(&w, NULL);
    for (int i = 0; i < 3; i++)
        mapping_world_apply(&w, GRPC("OK", "1") "5\n" GRPC("OK", "+Inf") "9\n");
    assert_int_equal(mapping_world_times(&w, "s/ by j", SIGNAL_TIMED_BUCKET), 3);
    BUCKETS(&w, "s/ by j", "");
    mapping_world_close(&w);
}

static void test_durations__our_own_server_and_no_other_under_its_name(void **state UNUSED)
{
    static const char *const batches[] = {
        "fusebox_http_request_duration_seconds_bucket{job=\"fusebox\",le=\"0.1\"} 1\n"
        "fusebox_http_request_duration_seconds_bucket{job=\"fusebox\",le=\"+Inf\"} 1\n"
        "http_request_duration_seconds_bucket{job=\"fusebox\",le=\"+Inf\"} 1\n",
        "fusebox_http_request_duration_seconds_bucket{job=\"fusebox\",le=\"0.1\"} 4\n"
        "fusebox_http_request_duration_seconds_bucket{job=\"fusebox\",le=\"+Inf\"} 5\n"
        "http_request_duration_seconds_bucket{job=\"fusebox\",le=\"+Inf\"} 9\n",
    };
    struct mapping_world w;

    mapping_world_open(&w, NULL);
    for (size_t i = 0; i < ARRAY_LEN(batches); i++)
        mapping_world_apply(&w, batches[i]);
    BUCKETS(&w, "fusebox/ by ", "0..0.1 3, 0.1..inf 1, ");
    mapping_world_close(&w);
}

static void test_durations__requests_of_a_server_are_calls_of_its_job(void **state UNUSED)
{
    struct mapping_world w;

    mapping_world_open(&w, NULL);
    for (int i = 0; i < 2; i++)
        mapping_world_apply(
            &w, i ? "http_request_duration_seconds_count{job=\"shop\",status=\"200\"} 20\n"
                    "http_request_duration_seconds_count{job=\"shop\",status=\"503\"} 3\n"
                  : "http_request_duration_seconds_count{job=\"shop\",status=\"200\"} 10\n"
                    "http_request_duration_seconds_count{job=\"shop\",status=\"503\"} 1\n");
    HEARD(&w, "shop/ by ", SIGNAL_CALLS, 12);
    HEARD(&w, "shop/ by ", SIGNAL_ERRORS, 2);
    HEARD(&w, "shop/ by ", SIGNAL_TIMED_CALLS, 12);
    mapping_world_close(&w);
}

static void test_durations__buckets_of_the_configuration(void **state UNUSED)
{
    struct mapping_world w;

    mapping_world_open(&w,
                       "mappings:\n"
                       "  - {metric: took_bucket, when: {kind: web}, signal: timed_bucket, unit: "
                       "microseconds, service: x}\n"
                       "  - {metric: tried_total, signal: first_calls, service: x}\n"
                       "  - {metric: tried_total, when: {ok: no}, signal: first_errors, "
                       "service: x}\n");
    for (int i = 0; i < 2; i++)
        mapping_world_apply(&w, i ? "took_bucket{kind=\"web\",le=\"500000\"} 6\n"
                                    "took_bucket{kind=\"web\",le=\"+Inf\"} 8\n"
                                    "took_bucket{kind=\"web\"} 8\n" /* which bound is not said */
                                    "took_bucket{kind=\"job\",le=\"+Inf\"} 80\n"
                                    "tried_total{ok=\"yes\"} 8\ntried_total{ok=\"no\"} 5\n"
                                  : "took_bucket{kind=\"web\",le=\"500000\"} 1\n"
                                    "took_bucket{kind=\"web\",le=\"+Inf\"} 1\n"
                                    "took_bucket{kind=\"web\"} 1\n"
                                    "took_bucket{kind=\"job\",le=\"+Inf\"} 1\n"
                                    "tried_total{ok=\"yes\"} 1\ntried_total{ok=\"no\"} 1\n");
    BUCKETS(&w, "x/ by ", "0..0.5 5, 0.5..inf 2, ");
    HEARD(&w, "x/ by ", SIGNAL_FIRST_CALLS, 11);
    HEARD(&w, "x/ by ", SIGNAL_FIRST_ERRORS, 4);
    mapping_world_close(&w);
}

static void test_durations__buckets_survive_other_rows(void **state UNUSED)
{
    static const char *const more =
        "mappings:\n"
        "  - {metric: other_bucket, signal: timed_bucket, service: y}\n";
    struct mapping_world w;

    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, GRPC("OK", "1") "5\n" GRPC("OK", "+Inf") "9\n");
    assert_int_equal(mapping_world_configure(&w, more), ERR_OK);
    mapping_world_apply(&w, GRPC("OK", "1") "6\n" GRPC("OK", "+Inf") "12\n");
    BUCKETS(&w, "s/ by j", "0..1 1, 1..inf 2, ");
    mapping_world_close(&w);
}

/* --- first attempts --- */

#define R4J_RETRY(kind)                                                                            \
    "resilience4j_retry_calls_total{job=\"shop\",name=\"pay\",kind=\"" kind "\"} "
#define FT_RETRY(retried, result)                                                                  \
    "ft_retry_calls_total{job=\"q\",method=\"m\",retried=\"" retried "\",retryResult=\"" result    \
    "\"} "

static void test_first_attempts__of_resilience4j(void **state UNUSED)
{
    struct mapping_world w;

    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, R4J_RETRY("successful_without_retry") "1\n");
    mapping_world_apply(
        &w, R4J_RETRY("successful_without_retry") "81\n" R4J_RETRY("successful_with_retry") "12\n");
    mapping_world_apply(
        &w, R4J_RETRY("failed_without_retry") "5\n" R4J_RETRY("failed_with_retry") "3\n");
    HEARD(&w, "pay/ by shop", SIGNAL_FIRST_CALLS, 100);
    HEARD(&w, "pay/ by shop", SIGNAL_FIRST_ERRORS, 20);
    mapping_world_close(&w);
}

static void test_first_attempts__of_microprofile(void **state UNUSED)
{
    struct mapping_world w;

    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, FT_RETRY("false", "valueReturned") "1\n");
    mapping_world_apply(&w, FT_RETRY("false", "valueReturned") "81\n" FT_RETRY(
                                "false", "exceptionNotRetryable") "5\n");
    mapping_world_apply(
        &w, FT_RETRY("true", "valueReturned") "12\n" FT_RETRY("true", "maxRetriesReached") "3\n");
    HEARD(&w, "m/ by q", SIGNAL_FIRST_CALLS, 100);
    HEARD(&w, "m/ by q", SIGNAL_FIRST_ERRORS, 20);
    mapping_world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations__arrive_in_seconds),
        cmocka_unit_test(test_durations__buckets_of_each_exporter),
        cmocka_unit_test(test_durations__percentiles_of_a_summary_are_left_out),
        cmocka_unit_test(test_durations__series_of_other_labels_add_up),
        cmocka_unit_test(test_durations__a_process_that_begins_again_counts_from_0),
        cmocka_unit_test(test_durations__other_bounds_after_a_restart),
        cmocka_unit_test(test_durations__a_bucket_that_is_missing_counts_into_the_next),
        cmocka_unit_test(test_durations__idle_buckets_are_heard),
        cmocka_unit_test(test_durations__our_own_server_and_no_other_under_its_name),
        cmocka_unit_test(test_durations__requests_of_a_server_are_calls_of_its_job),
        cmocka_unit_test(test_durations__buckets_of_the_configuration),
        cmocka_unit_test(test_durations__buckets_survive_other_rows),
        cmocka_unit_test(test_first_attempts__of_resilience4j),
        cmocka_unit_test(test_first_attempts__of_microprofile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
