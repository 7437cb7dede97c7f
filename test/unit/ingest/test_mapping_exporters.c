/* What each exporter of mapping_rows_*.c says, as it says it: first samples, growth, resets,
 * restarts, zeros that stay. */
#include <stdio.h>

#include "mapping_world.h"

#define HEARD(w, name, kind, amount) assert_true(mapping_world_heard(w, name, kind) == (amount))
#define STATE(w, name, is)           assert_int_equal(mapping_world_state(w, name), is)

/* --- resilience4j --- */

#define R4J_STATE(state)                                                                           \
    "resilience4j_circuitbreaker_state{job=\"shop\",name=\"pay\",state=\"" state "\"} "
#define R4J_CALLS(kind)                                                                            \
    "resilience4j_circuitbreaker_calls_seconds_count{job=\"shop\",name=\"pay\",kind=\"" kind "\"}" \
    " "
#define R4J_BLOCKED                                                                                \
    "resilience4j_circuitbreaker_not_permitted_calls_total{job=\"shop\",name=\"pay\","             \
    "kind=\"not_permitted\"} "
#define R4J_RETRY(kind)                                                                            \
    "resilience4j_retry_calls_total{job=\"shop\",name=\"pay\",kind=\"" kind "\"} "
#define PAY_BREAKER "pay/pay by shop"
#define PAY         "pay/ by shop"

static void test_resilience4j__one_hot_states(void **state)
{
    static const struct {
        const char *batch;
        enum breaker_state state;
    } cases[] = {
        { R4J_STATE("closed") "1\n" R4J_STATE("open") "0\n", BREAKER_CLOSED },
        { R4J_STATE("closed") "0\n" R4J_STATE("open") "1\n", BREAKER_OPEN },
        { R4J_STATE("open") "0\n" R4J_STATE("half_open") "1\n", BREAKER_HALF_OPEN },
        { R4J_STATE("half_open") "0\n" R4J_STATE("forced_open") "1\n", BREAKER_OPEN },
        { R4J_STATE("forced_open") "0\n" R4J_STATE("disabled") "1\n", BREAKER_DISABLED },
        { R4J_STATE("disabled") "0\n" R4J_STATE("metrics_only") "1\n", BREAKER_DISABLED },
        { R4J_STATE("metrics_only") "NaN\n", BREAKER_UNKNOWN },
        { R4J_STATE("closed") "NaN\n" R4J_STATE("open") "NaN\n", BREAKER_UNKNOWN },
        { R4J_STATE("closed") "1\n", BREAKER_CLOSED },
    };
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mapping_world_apply(&w, cases[i].batch);
        STATE(&w, PAY_BREAKER, cases[i].state);
    }
    mapping_world_apply(&w, R4J_STATE("closed") "stale\n" R4J_STATE("open") "stale\n" R4J_STATE(
                                "half_open") "stale\n" R4J_STATE("forced_open") "stale\n");
    STATE(&w, PAY_BREAKER, BREAKER_UNKNOWN);
    mapping_world_close(&w);
}

static void test_resilience4j__calls_of_the_breaker_stand_in_for_the_service(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, R4J_CALLS("successful") "100\n" R4J_CALLS("failed") "10\n" R4J_CALLS(
                                "ignored") "1\n" R4J_BLOCKED "7\n");
    mapping_world_apply(&w, R4J_CALLS("successful") "105\n" R4J_CALLS("failed") "12\n" R4J_CALLS(
                                "ignored") "2\n" R4J_BLOCKED "10\n");
    HEARD(&w, PAY_BREAKER, SIGNAL_BREAKER_CALLS, 8);
    HEARD(&w, PAY_BREAKER, SIGNAL_BREAKER_ERRORS, 2);
    HEARD(&w, PAY_BREAKER, SIGNAL_BREAKER_BLOCKED, 3);
    HEARD(&w, PAY, SIGNAL_CALLS, 11);
    HEARD(&w, PAY, SIGNAL_ERRORS, 5);
    assert_int_equal(mapping_world_times(&w, PAY, SIGNAL_RETRIES), 0);
    mapping_world_close(&w);
}

static void test_resilience4j__retried_calls_are_the_least_retries(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(
        &w,
        R4J_CALLS("failed") "10\n" R4J_RETRY("successful_without_retry") "5\n" R4J_RETRY(
            "successful_with_retry") "5\n" R4J_RETRY("failed_with_retry") "5\n" R4J_RETRY("failed_"
                                                                                          "without_"
                                                                                          "retry") "5\n");
    mapping_world_apply(
        &w,
        R4J_CALLS("failed") "99\n" R4J_RETRY("successful_without_retry") "15\n" R4J_RETRY(
            "successful_with_retry") "8\n" R4J_RETRY("failed_with_retry") "7\n" R4J_RETRY("failed_"
                                                                                          "without_"
                                                                                          "retry") "6\n");
    HEARD(&w, PAY, SIGNAL_CALLS, 16); /* not the breaker's attempts besides */
    HEARD(&w, PAY, SIGNAL_ERRORS, 3);
    HEARD(&w, PAY, SIGNAL_RETRIES, 5);
    HEARD(&w, PAY_BREAKER, SIGNAL_BREAKER_ERRORS, 89);
    mapping_world_apply(&w, R4J_RETRY("successful_with_retry") "2\n"); /* another process */
    HEARD(&w, PAY, SIGNAL_RETRIES, 7);
    mapping_world_close(&w);
}

/* --- opossum --- */

#define CIRCUIT(event) "circuit{job=\"web\",name=\"api\",event=\"" event "\"} "
#define API_BREAKER    "api/api by web"
#define API            "api/ by web"

static void test_opossum__the_state_follows_from_events(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CIRCUIT("fire") "5\n" CIRCUIT("success") "5\n");
    STATE(&w, API_BREAKER, BREAKER_CLOSED);
    mapping_world_apply(&w, CIRCUIT("fire") "9\n" CIRCUIT("failure") "4\n" CIRCUIT("open") "1\n");
    STATE(&w, API_BREAKER, BREAKER_OPEN);
    mapping_world_apply(&w, CIRCUIT("fire") "12\n" CIRCUIT("failure") "4\n" CIRCUIT(
                                "open") "1\n" CIRCUIT("reject") "3\n");
    STATE(&w, API_BREAKER, BREAKER_OPEN);
    mapping_world_apply(&w, CIRCUIT("fire") "12\n" CIRCUIT("open") "1\n" CIRCUIT("halfOpen") "1\n");
    STATE(&w, API_BREAKER, BREAKER_HALF_OPEN);
    mapping_world_apply(&w, CIRCUIT("fire") "13\n" CIRCUIT("open") "1\n" CIRCUIT(
                                "halfOpen") "1\n" CIRCUIT("close") "1\n" CIRCUIT("success") "6\n");
    STATE(&w, API_BREAKER, BREAKER_CLOSED);
    HEARD(&w, API, SIGNAL_CALLS, 8);
    HEARD(&w, API, SIGNAL_ERRORS, 7);
    HEARD(&w, API_BREAKER, SIGNAL_BREAKER_CALLS, 5);
    HEARD(&w, API_BREAKER, SIGNAL_BREAKER_ERRORS, 4);
    HEARD(&w, API_BREAKER, SIGNAL_BREAKER_BLOCKED, 3);
    mapping_world_close(&w);
}

static void test_opossum__the_first_totals_tell_where_it_is(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CIRCUIT("fire") "900\n" CIRCUIT("open") "7\n" CIRCUIT(
                                "halfOpen") "6\n" CIRCUIT("close") "2\n");
    STATE(&w, API_BREAKER, BREAKER_OPEN);
    mapping_world_apply(&w, CIRCUIT("fire") "900\n" CIRCUIT("open") "9\n" CIRCUIT(
                                "halfOpen") "8\n" CIRCUIT("close") "3\n");
    STATE(&w, API_BREAKER, BREAKER_OPEN); /* three changes within one interval */
    mapping_world_close(&w);
}

/* Nothing listens to halfOpen by itself, so nothing counts it. */
static void test_opossum__half_open_may_be_hidden(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CIRCUIT("fire") "9\n" CIRCUIT("open") "3\n" CIRCUIT(
                                "close") "1\n" CIRCUIT("success") "5\n");
    STATE(&w, API_BREAKER, BREAKER_UNKNOWN);
    mapping_world_apply(&w, CIRCUIT("fire") "11\n" CIRCUIT("open") "3\n" CIRCUIT(
                                "close") "1\n" CIRCUIT("success") "7\n");
    STATE(&w, API_BREAKER, BREAKER_CLOSED);
    mapping_world_apply(&w, CIRCUIT("fire") "12\n" CIRCUIT("open") "4\n" CIRCUIT("close") "1\n");
    STATE(&w, API_BREAKER, BREAKER_OPEN);
    mapping_world_apply(&w, CIRCUIT("fire") "13\n" CIRCUIT("open") "5\n" CIRCUIT("close") "1\n");
    STATE(&w, API_BREAKER, BREAKER_OPEN);
    mapping_world_apply(&w, CIRCUIT("fire") "14\n" CIRCUIT("open") "5\n" CIRCUIT("close") "2\n");
    STATE(&w, API_BREAKER, BREAKER_CLOSED);
    mapping_world_close(&w);
}

static void test_opossum__a_new_process_has_a_closed_breaker(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, CIRCUIT("fire") "90\n" CIRCUIT("open") "1\n");
    STATE(&w, API_BREAKER, BREAKER_OPEN);
    mapping_world_apply(&w, CIRCUIT("fire") "3\n" CIRCUIT("open") "stale\n");
    STATE(&w, API_BREAKER, BREAKER_CLOSED);
    mapping_world_apply(&w, CIRCUIT("fire") "5\n" CIRCUIT("open") "1\n");
    STATE(&w, API_BREAKER, BREAKER_OPEN); /* the counter stands where it stood before */
    mapping_world_apply(&w, CIRCUIT("fire") "2\n" CIRCUIT("open") "1\n"); /* and again another */
    STATE(&w, API_BREAKER, BREAKER_OPEN);
    mapping_world_apply(&w, CIRCUIT("fire") "stale\n" CIRCUIT("open") "stale\n");
    assert_int_equal(mapping_world_times(&w, API_BREAKER, SIGNAL_GONE), 1);
    mapping_world_close(&w);
}

static void test_opossum__needs_the_labels(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, "circuit{race=\"monza\"} 5\n");
    mapping_world_apply(&w, "circuit{race=\"monza\"} 6\n");
    assert_int_equal(w.ear.subject_count, 0);
    mapping_world_close(&w);
}

/* --- Envoy --- */

#define ENVOY(name) "envoy_cluster_" name "{job=\"edge\",envoy_cluster_name=\"db\"} "
#define ENVOY_5XX                                                                                  \
    "envoy_cluster_upstream_rq_xx{job=\"edge\",envoy_cluster_name=\"db\","                         \
    "envoy_response_code_class=\"5\"} "
#define DB "db/ by edge"

static void test_envoy__calls_errors_and_retries(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(
        &w,
        ENVOY("upstream_rq_completed") "100\n" ENVOY_5XX
                                       "5\n" ENVOY("upstream_rq_total") "110\n" ENVOY(
                                           "upstream_rq_retry") "10\n" ENVOY("upstream_rq_retry_"
                                                                             "overflow") "2\n");
    mapping_world_apply(
        &w,
        ENVOY("upstream_rq_completed") "150\n" ENVOY_5XX
                                       "8\n" ENVOY("upstream_rq_total") "180\n" ENVOY(
                                           "upstream_rq_retry") "30\n" ENVOY("upstream_rq_retry_"
                                                                             "overflow") "6\n");
    HEARD(&w, DB, SIGNAL_CALLS, 50);
    HEARD(&w, DB, SIGNAL_ERRORS, 3);
    HEARD(&w, DB, SIGNAL_RETRIES, 20);
    HEARD(&w, DB, SIGNAL_RETRIES_DENIED, 4);
    mapping_world_close(&w);
}

static void test_envoy__limits_are_breakers_by_priority_and_resource(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(
        &w,
        ENVOY("circuit_breakers_default_rq_open") "0\n" ENVOY(
            "circuit_breakers_high_cx_pool_"
            "open") "1\n" ENVOY("circuit_breakers_default_rq_retry_open") "2\n" ENVOY("circuit_"
                                                                                      "breakers_"
                                                                                      "default_"
                                                                                      "remaining_"
                                                                                      "rq") "0\n");
    STATE(&w, "db/default/rq by edge", BREAKER_CLOSED);
    STATE(&w, "db/high/cx_pool by edge", BREAKER_OPEN);
    STATE(&w, "db/default/rq_retry by edge", BREAKER_UNKNOWN);
    mapping_world_close(&w);
}

#define SIDECAR(name) "envoy_cluster_" name "{job=\"mesh\",cluster_name=\"outbound|80||db\"} "

/* Istio exports the counter at 0 also where nobody counts. */
static void test_envoy__a_retry_counter_that_was_always_0_tells_nothing(void **state)
{
    static const char name[] = "outbound|80||db/ by mesh";
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w,
                        SIDECAR("upstream_rq_completed") "10\n" SIDECAR(
                            "upstream_rq_retry") "0\n" SIDECAR("upstream_rq_retry_overflow") "0\n");
    mapping_world_apply(&w,
                        SIDECAR("upstream_rq_completed") "90\n" SIDECAR(
                            "upstream_rq_retry") "0\n" SIDECAR("upstream_rq_retry_overflow") "0\n");
    HEARD(&w, name, SIGNAL_CALLS, 80);
    assert_int_equal(mapping_world_times(&w, name, SIGNAL_RETRIES), 0);
    assert_int_equal(mapping_world_times(&w, name, SIGNAL_RETRIES_DENIED), 0);
    mapping_world_apply(&w, SIDECAR("upstream_rq_retry") "4\n");
    HEARD(&w, name, SIGNAL_RETRIES, 4);
    mapping_world_apply(&w,
                        SIDECAR("upstream_rq_retry") "0\n"); /* another process: it is counted */
    assert_int_equal(mapping_world_times(&w, name, SIGNAL_RETRIES), 2);
    mapping_world_close(&w);
}

static void test_envoy__only_what_is_called_counts_in_a_mesh(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, "envoy_cluster_upstream_rq_completed{cluster_name=\"inbound|80||\"} 1\n"
                            "envoy_cluster_upstream_rq_completed{cluster_name=\"xds-grpc\"} 1\n");
    assert_int_equal(w.ear.subject_count, 0);
    mapping_world_close(&w);
}

/* --- Istio --- */

#define ISTIO(reporter, code, flags)                                                               \
    "istio_requests_total{reporter=\"" reporter "\",source_workload=\"web\","                      \
    "destination_service_name=\"cart\",response_code=\"" code "\",response_flags=\"" flags "\"} "

static void test_istio__calls_as_their_sender_saw_them(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(
        &w, ISTIO("source", "200", "-") "10\n" ISTIO("source", "503", "UF,URX") "10\n" ISTIO(
                "source", "503", "UO") "10\n" ISTIO("destination", "200", "-") "10\n");
    mapping_world_apply(
        &w, ISTIO("source", "200", "-") "20\n" ISTIO("source", "503", "UF,URX") "13\n" ISTIO(
                "source", "503", "UO") "12\n" ISTIO("destination", "200", "-") "99\n");
    HEARD(&w, "cart/ by web", SIGNAL_CALLS, 15);
    HEARD(&w, "cart/ by web", SIGNAL_ERRORS, 5);
    HEARD(&w, "cart/upstream overflow by web", SIGNAL_BREAKER_BLOCKED, 2);
    assert_int_equal(mapping_world_times(&w, "cart/ by web", SIGNAL_RETRIES), 0);
    mapping_world_close(&w);
}

/* --- Linkerd --- */

#define ROUTE(name)                                                                                \
    "route_" name "{job=\"proxy\",direction=\"outbound\",dst=\"books:80\",rt_route=\"GET /\"} "
#define ROUTE_FAILED                                                                               \
    "route_response_total{job=\"proxy\",direction=\"outbound\",dst=\"books:80\","                  \
    "classification=\"failure\"} "
#define NO_BUDGET                                                                                  \
    "route_retryable_total{job=\"proxy\",direction=\"outbound\",dst=\"books:80\","                 \
    "skipped=\"no_budget\"} "
#define BOOKS "books:80/ by proxy"

static void test_linkerd__actual_less_effective_requests_are_retries(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, ROUTE("request_total") "50\n" ROUTE(
                                "actual_request_total") "60\n" ROUTE_FAILED "1\n" NO_BUDGET "0\n");
    for (int i = 0; i < 6; i++)
        mapping_world_apply(
            &w, ROUTE("request_total") "70\n" ROUTE("actual_request_total") "85\n" ROUTE_FAILED
                                                                            "4\n" NO_BUDGET "3\n");
    HEARD(&w, BOOKS, SIGNAL_CALLS, 20);
    HEARD(&w, BOOKS, SIGNAL_ERRORS, 3);
    HEARD(&w, BOOKS, SIGNAL_RETRIES, 5);
    HEARD(&w, BOOKS, SIGNAL_RETRIES_DENIED, 3);
    for (int i = 0; i < 6; i++) /* another process */
        mapping_world_apply(&w, ROUTE("request_total") "10\n" ROUTE("actual_request_total") "12\n");
    HEARD(&w, BOOKS, SIGNAL_CALLS, 30);
    HEARD(&w, BOOKS, SIGNAL_RETRIES, 7);
    mapping_world_close(&w);
}

static void test_linkerd__routes_count_their_retries(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    for (int i = 0; i < 2; i++)
        mapping_world_apply(
            &w, i ? "outbound_http_route_request_statuses_total{job=\"p\",parent_name=\"x\","
                    "http_status=\"500\"} 9\n"
                    "outbound_http_route_retry_requests_total{job=\"p\",parent_name=\"x\"} 7\n"
                    "outbound_grpc_route_retry_requests_total{job=\"p\",parent_name=\"x\"} 7\n"
                    "outbound_http_route_retry_overflow_total{job=\"p\",parent_name=\"x\"} 2\n"
                  : "outbound_http_route_request_statuses_total{job=\"p\",parent_name=\"x\","
                    "http_status=\"500\"} 5\n"
                    "outbound_http_route_retry_requests_total{job=\"p\",parent_name=\"x\"} 4\n"
                    "outbound_grpc_route_retry_requests_total{job=\"p\",parent_name=\"x\"} 2\n"
                    "outbound_http_route_retry_overflow_total{job=\"p\",parent_name=\"x\"} 1\n");
    HEARD(&w, "x/ by p", SIGNAL_CALLS, 4);
    HEARD(&w, "x/ by p", SIGNAL_ERRORS, 4);
    HEARD(&w, "x/ by p", SIGNAL_RETRIES, 8);
    HEARD(&w, "x/ by p", SIGNAL_RETRIES_DENIED, 1);
    mapping_world_close(&w);
}

/* --- gRPC --- */

#define GRPC_STARTED "grpc_client_attempt_started_total{job=\"app\",grpc_target=\"dns:///q\"} "
#define GRPC_CALLS(s)                                                                              \
    "grpc_client_call_duration_seconds_count{job=\"app\",grpc_target=\"dns:///q\","                \
    "grpc_status=\"" s "\"} "
#define QUEUE "dns:///q/ by app"

static void test_grpc__attempts_less_calls_are_retries(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, GRPC_STARTED "9\n");
    assert_int_equal(mapping_world_times(&w, QUEUE, SIGNAL_RETRIES), 0);
    for (int i = 0; i < 6; i++)
        mapping_world_apply(&w, GRPC_STARTED "20\n" GRPC_CALLS("OK") "6\n" GRPC_CALLS(
                                    "UNAVAILABLE") "2\n" GRPC_CALLS("NOT_FOUND") "1\n");
    HEARD(&w, QUEUE, SIGNAL_CALLS, 9);
    HEARD(&w, QUEUE, SIGNAL_ERRORS, 2);
    HEARD(&w, QUEUE, SIGNAL_RETRIES, 2);
    mapping_world_close(&w);
}

/* --- Polly --- */

#define POLLY_EVENT(event, strategy)                                                               \
    "resilience_polly_strategy_events_total{job=\"net\",pipeline_name=\"mail\","                   \
    "strategy_name=\"" strategy "\",event_name=\"" event "\"} "
#define POLLY_DONE(labels)                                                                         \
    "resilience_polly_pipeline_duration_milliseconds_count{job=\"net\",pipeline_name="             \
    "\"mail\"" labels "} "

static void test_polly__events_and_pipelines(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, POLLY_EVENT("OnRetry", "again") "5\n" POLLY_DONE("") "50\n" POLLY_DONE(
                                ",exception_type=\"TimeoutException\"") "2\n");
    mapping_world_apply(
        &w, POLLY_EVENT("OnRetry", "again") "8\n" POLLY_DONE("") "60\n" POLLY_DONE(
                ",exception_type=\"TimeoutException\"") "6\n" POLLY_EVENT("OnCircuitOpened",
                                                                          "fuse") "1\n");
    HEARD(&w, "mail/ by net", SIGNAL_CALLS, 14);
    HEARD(&w, "mail/ by net", SIGNAL_ERRORS, 4);
    HEARD(&w, "mail/ by net", SIGNAL_RETRIES, 3);
    STATE(&w, "mail/fuse by net", BREAKER_OPEN);
    mapping_world_apply(&w, POLLY_EVENT("OnCircuitHalfOpened", "fuse") "1\n");
    STATE(&w, "mail/fuse by net", BREAKER_HALF_OPEN);
    mapping_world_apply(&w, POLLY_EVENT("OnCircuitClosed", "fuse") "1\n");
    STATE(&w, "mail/fuse by net", BREAKER_CLOSED);
    mapping_world_close(&w);
}

/* --- Hystrix --- */

#define HYSTRIX(event)                                                                             \
    "hystrix_execution_total{job=\"j\",group=\"stock\",key=\"Find\",event=\"" event "\"} "

static void test_hystrix__commands_of_a_group(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(
        &w,
        "hystrix_circuit_breaker_open{job=\"j\",group=\"stock\",key=\"Find\"} 0\n"
        "hystrix_execution_terminal_total{job=\"j\",group=\"stock\",key=\"Find\"} "
        "9\n" HYSTRIX("success") "9\n" HYSTRIX("timeout") "9\n" HYSTRIX("short_circuited") "9\n");
    STATE(&w, "stock/Find by j", BREAKER_CLOSED);
    mapping_world_apply(&w,
                        "hystrix_circuit_breaker_open{job=\"j\",group=\"stock\",key=\"Find\"} 1\n"
                        "hystrix_execution_terminal_total{job=\"j\",group=\"stock\",key=\"Find\"} "
                        "15\n" HYSTRIX("success") "10\n" HYSTRIX("timeout") "11\n" HYSTRIX(
                            "short_circuited") "12\n");
    STATE(&w, "stock/Find by j", BREAKER_OPEN);
    HEARD(&w, "stock/ by j", SIGNAL_CALLS, 6);
    HEARD(&w, "stock/ by j", SIGNAL_ERRORS, 5);
    HEARD(&w, "stock/Find by j", SIGNAL_BREAKER_CALLS, 3);
    HEARD(&w, "stock/Find by j", SIGNAL_BREAKER_ERRORS, 2);
    HEARD(&w, "stock/Find by j", SIGNAL_BREAKER_BLOCKED, 3);
    mapping_world_close(&w);
}

/* --- MicroProfile --- */

#define FT_STATE(state)                                                                            \
    "ft_circuitbreaker_state_total{job=\"q\",method=\"a.B.c\",state=\"" state "\"} "
#define FT_CALLS(result)                                                                           \
    "ft_circuitbreaker_calls_total{job=\"q\",method=\"a.B.c\",circuitBreakerResult=\"" result "\"" \
    "} "
#define FT_BREAKER "a.B.c/a.B.c by q"

static void test_microprofile__the_time_that_grew_is_the_state(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(
        &w, FT_STATE("closed") "9e9\n" FT_STATE("open") "0\n" FT_STATE("halfOpen") "0\n" FT_CALLS(
                "success") "5\n" FT_CALLS("circuitBreakerOpen") "0\n");
    STATE(&w, FT_BREAKER, BREAKER_UNKNOWN);
    mapping_world_apply(
        &w, FT_STATE("closed") "10e9\n" FT_STATE("open") "0\n" FT_STATE("halfOpen") "0\n");
    STATE(&w, FT_BREAKER, BREAKER_CLOSED);
    mapping_world_apply(
        &w, FT_STATE("closed") "10.3e9\n" FT_STATE("open") "7e8\n" FT_STATE(
                "halfOpen") "0\n" FT_CALLS("success") "6\n" FT_CALLS("circuitBreakerOpen") "4\n");
    STATE(&w, FT_BREAKER, BREAKER_OPEN);
    HEARD(&w, FT_BREAKER, SIGNAL_BREAKER_CALLS, 1);
    HEARD(&w, FT_BREAKER, SIGNAL_BREAKER_BLOCKED, 4);
    mapping_world_apply(&w, FT_STATE("closed") "1e9\n" FT_STATE("open") "0\n" FT_STATE(
                                "halfOpen") "0\n"); /* another process */
    STATE(&w, FT_BREAKER, BREAKER_CLOSED);
    mapping_world_close(&w);
}

static void test_microprofile__retries_are_counted(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    for (int i = 0; i < 2; i++)
        mapping_world_apply(
            &w, i ? "ft_invocations_total{job=\"q\",method=\"m\",result=\"exceptionThrown\"} 9\n"
                    "ft_invocations_total{job=\"q\",method=\"m\",result=\"valueReturned\"} 30\n"
                    "ft_retry_retries_total{job=\"q\",method=\"m\"} 8\n"
                  : "ft_invocations_total{job=\"q\",method=\"m\",result=\"exceptionThrown\"} 5\n"
                    "ft_invocations_total{job=\"q\",method=\"m\",result=\"valueReturned\"} 20\n"
                    "ft_retry_retries_total{job=\"q\",method=\"m\"} 2\n");
    HEARD(&w, "m/ by q", SIGNAL_CALLS, 14);
    HEARD(&w, "m/ by q", SIGNAL_ERRORS, 4);
    HEARD(&w, "m/ by q", SIGNAL_RETRIES, 6);
    mapping_world_close(&w);
}

/* --- the reference documents' own names --- */

#define OTHER(number)                                                                              \
    "circuit_breaker_state{job=\"py\",service=\"auth\",endpoint=\"/login\"} " number "\n"
#define OUTCOME(outcome)                                                                           \
    "circuit_breaker_requests_total{job=\"py\",service=\"auth\",endpoint=\"/login\","              \
    "outcome=\"" outcome "\"} "
#define AUTH_BREAKER "auth/auth@/login by py"

static void test_reference__numbers_as_the_configuration_says(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, OTHER("1"));
    STATE(&w, AUTH_BREAKER, BREAKER_HALF_OPEN);
    mapping_world_apply(&w, OTHER("2"));
    STATE(&w, AUTH_BREAKER, BREAKER_OPEN);
    mapping_world_apply(&w, OTHER("3"));
    STATE(&w, AUTH_BREAKER, BREAKER_UNKNOWN);
    mapping_world_close(&w);
    mapping_world_open(&w, "metrics: {breaker_state_encoding: closed-open-halfopen}\n");
    mapping_world_apply(&w, OTHER("1"));
    STATE(&w, AUTH_BREAKER, BREAKER_OPEN);
    mapping_world_close(&w);
}

static void test_reference__a_job_may_number_its_states_in_its_own_way(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, "mappings:\n"
                           "  - {metric: circuit_breaker_state, when: {job: py}, signal: "
                           "breaker_state, service_label: service, breaker_label: name, "
                           "endpoint_label: endpoint, caller_label: job, encoding: "
                           "closed-open-halfopen}\n");
    mapping_world_apply(&w, OTHER("1") "circuit_breaker_state{job=\"go\",service=\"x\",name=\"n\"} "
                                       "1\n");
    STATE(&w, AUTH_BREAKER, BREAKER_OPEN);
    STATE(&w, "x/n by go", BREAKER_HALF_OPEN);
    mapping_world_close(&w);
}

static void test_reference__one_hot_states_go_before_numbers(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, "circuit_breaker_state{job=\"py\",service=\"s\",name=\"n\"} 1\n"
                            "circuit_breaker_state_info{job=\"py\",service=\"s\",name=\"n\","
                            "state=\"open\"} 1\n"
                            "circuit_breaker_state_info{job=\"py\",service=\"s\",name=\"n\","
                            "state=\"half_open\"} 0\n");
    STATE(&w, "s/n by py", BREAKER_OPEN);
    mapping_world_close(&w);
}

static void test_reference__a_number_that_traffic_contradicts_is_unknown(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, OTHER("1") OUTCOME("success") "9\n" OUTCOME("blocked") "1\n");
    mapping_world_apply(&w, OTHER("1") OUTCOME("success") "9\n" OUTCOME("blocked") "2\n");
    STATE(&w, AUTH_BREAKER, BREAKER_HALF_OPEN);
    mapping_world_apply(&w, OTHER("1") OUTCOME("success") "9\n" OUTCOME("blocked") "3\n");
    mapping_world_apply(&w, OTHER("1") OUTCOME("success") "9\n" OUTCOME("blocked") "4\n");
    STATE(&w, AUTH_BREAKER, BREAKER_UNKNOWN);
    HEARD(&w, AUTH_BREAKER, SIGNAL_BREAKER_BLOCKED, 3);
    HEARD(&w, "auth/ by py", SIGNAL_CALLS, 3);
    HEARD(&w, "auth/ by py", SIGNAL_ERRORS, 3);
    mapping_world_close(&w);
}

static void test_reference__results_count_where_there_is_no_outcome(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    for (int i = 0; i < 2; i++)
        mapping_world_apply(&w,
                            i ? "circuit_breaker_requests_total{job=\"a\",service=\"s\",name=\"n\","
                                "result=\"failure\"} 5\n"
                                "circuit_breaker_requests_total{job=\"a\",service=\"t\",name=\"n\","
                                "outcome=\"failure\",result=\"failure\"} 5\n"
                              : "circuit_breaker_requests_total{job=\"a\",service=\"s\",name=\"n\","
                                "result=\"failure\"} 2\n"
                                "circuit_breaker_requests_total{job=\"a\",service=\"t\",name=\"n\","
                                "outcome=\"failure\",result=\"failure\"} 2\n");
    HEARD(&w, "s/n by a", SIGNAL_BREAKER_ERRORS, 3);
    HEARD(&w, "t/n by a", SIGNAL_BREAKER_ERRORS, 3);
    HEARD(&w, "t/ by a", SIGNAL_CALLS, 3);
    mapping_world_close(&w);
}

static void test_reference__our_own_series_are_no_source(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, "circuit_breaker_state{job=\"fusebox\",service=\"s\",name=\"n\"} 2\n");
    assert_int_equal(w.ear.subject_count, 0);
    mapping_world_close(&w);
}

/* --- durations --- */

static void test_durations__arrive_in_seconds(void **state)
{
    static const struct {
        const char *metric, *labels, *name;
        double seconds;
    } cases[] = {
        { "envoy_cluster_upstream_rq_time", "envoy_cluster_name=\"s\"", "s/ by j", 2 },
        { "istio_request_duration_milliseconds",
          "reporter=\"source\",destination_service_name=\"s\",source_workload=\"w\"", "s/ by w",
          2 },
        { "route_response_latency_ms", "direction=\"outbound\",dst=\"s\"", "s/ by j", 2 },
        { "traefik_service_request_duration_seconds", "service=\"s\"", "s/ by traefik", 2000 },
        { "resilience4j_circuitbreaker_calls_seconds", "name=\"s\"", "s/ by j", 2000 },
        { "circuit_perf", "name=\"s\",event=\"failure\"", "s/ by j", 2 },
        { "resilience_polly_pipeline_duration_milliseconds", "pipeline_name=\"s\"", "s/ by j", 2 },
        { "grpc_client_call_duration_seconds", "grpc_target=\"s\"", "s/ by j", 2000 },
        { "hystrix_latency_total_seconds", "group=\"s\",key=\"k\"", "s/ by j", 2000 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mapping_world w;

        mapping_world_open(&w, NULL);
        for (int n = 1; n <= 3; n += 2) {
            char text[512];

            snprintf(text, sizeof text, "%s_count{job=\"j\",%s} %d\n%s_sum{job=\"j\",%s} %d\n",
                     cases[i].metric, cases[i].labels, n, cases[i].metric, cases[i].labels,
                     n * 1000);
            mapping_world_apply(&w, text);
        }
        HEARD(&w, cases[i].name, SIGNAL_TIMED_CALLS, 2);
        HEARD(&w, cases[i].name, SIGNAL_TIMED_SECONDS, cases[i].seconds);
        mapping_world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resilience4j__one_hot_states),
        cmocka_unit_test(test_resilience4j__calls_of_the_breaker_stand_in_for_the_service),
        cmocka_unit_test(test_resilience4j__retried_calls_are_the_least_retries),
        cmocka_unit_test(test_opossum__the_state_follows_from_events),
        cmocka_unit_test(test_opossum__the_first_totals_tell_where_it_is),
        cmocka_unit_test(test_opossum__half_open_may_be_hidden),
        cmocka_unit_test(test_opossum__a_new_process_has_a_closed_breaker),
        cmocka_unit_test(test_opossum__needs_the_labels),
        cmocka_unit_test(test_envoy__calls_errors_and_retries),
        cmocka_unit_test(test_envoy__limits_are_breakers_by_priority_and_resource),
        cmocka_unit_test(test_envoy__a_retry_counter_that_was_always_0_tells_nothing),
        cmocka_unit_test(test_envoy__only_what_is_called_counts_in_a_mesh),
        cmocka_unit_test(test_istio__calls_as_their_sender_saw_them),
        cmocka_unit_test(test_linkerd__actual_less_effective_requests_are_retries),
        cmocka_unit_test(test_linkerd__routes_count_their_retries),
        cmocka_unit_test(test_grpc__attempts_less_calls_are_retries),
        cmocka_unit_test(test_polly__events_and_pipelines),
        cmocka_unit_test(test_hystrix__commands_of_a_group),
        cmocka_unit_test(test_microprofile__the_time_that_grew_is_the_state),
        cmocka_unit_test(test_microprofile__retries_are_counted),
        cmocka_unit_test(test_reference__numbers_as_the_configuration_says),
        cmocka_unit_test(test_reference__a_job_may_number_its_states_in_its_own_way),
        cmocka_unit_test(test_reference__one_hot_states_go_before_numbers),
        cmocka_unit_test(test_reference__a_number_that_traffic_contradicts_is_unknown),
        cmocka_unit_test(test_reference__results_count_where_there_is_no_outcome),
        cmocka_unit_test(test_reference__our_own_series_are_no_source),
        cmocka_unit_test(test_durations__arrive_in_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
