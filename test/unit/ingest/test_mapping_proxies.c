/* What proxies and meshes of mapping_rows_proxies.c say, as they say it: first samples, growth,
 * resets, zeros that stay. */
#include "mapping_world.h"

#define HEARD(w, name, kind, amount) assert_true(mapping_world_heard(w, name, kind) == (amount))
#define STATE(w, name, is)           assert_int_equal(mapping_world_state(w, name), is)

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_envoy__calls_errors_and_retries),
        cmocka_unit_test(test_envoy__limits_are_breakers_by_priority_and_resource),
        cmocka_unit_test(test_envoy__a_retry_counter_that_was_always_0_tells_nothing),
        cmocka_unit_test(test_envoy__only_what_is_called_counts_in_a_mesh),
        cmocka_unit_test(test_istio__calls_as_their_sender_saw_them),
        cmocka_unit_test(test_linkerd__actual_less_effective_requests_are_retries),
        cmocka_unit_test(test_linkerd__routes_count_their_retries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
