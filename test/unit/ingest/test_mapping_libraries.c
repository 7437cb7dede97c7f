/* What libraries of mapping_rows_libraries.c say of breakers and retries, as they say it: first
 * samples, growth, restarts. */
#include "mapping_world.h"

#include <math.h>

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

static void test_resilience4j__forced_open_is_open_by_hand(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, R4J_STATE("open") "0\n" R4J_STATE("forced_open") "1\n");
    STATE(&w, PAY_BREAKER, BREAKER_OPEN);
    assert_true(mapping_world_heard(&w, PAY_BREAKER, SIGNAL_BREAKER_FORCED) == 1);
    mapping_world_apply(&w, R4J_STATE("open") "1\n" R4J_STATE("forced_open") "0\n");
    STATE(&w, PAY_BREAKER, BREAKER_OPEN);
    assert_true(mapping_world_heard(&w, PAY_BREAKER, SIGNAL_BREAKER_FORCED) == 0);
    mapping_world_apply(&w, R4J_STATE("forced_open") "stale\n");
    assert_true(isnan(mapping_world_heard(&w, PAY_BREAKER, SIGNAL_BREAKER_FORCED)));
    mapping_world_close(&w);
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resilience4j__one_hot_states),
        cmocka_unit_test(test_resilience4j__forced_open_is_open_by_hand),
        cmocka_unit_test(test_resilience4j__calls_of_the_breaker_stand_in_for_the_service),
        cmocka_unit_test(test_resilience4j__retried_calls_are_the_least_retries),
        cmocka_unit_test(test_opossum__the_state_follows_from_events),
        cmocka_unit_test(test_opossum__the_first_totals_tell_where_it_is),
        cmocka_unit_test(test_opossum__half_open_may_be_hidden),
        cmocka_unit_test(test_opossum__a_new_process_has_a_closed_breaker),
        cmocka_unit_test(test_opossum__needs_the_labels),
        cmocka_unit_test(test_grpc__attempts_less_calls_are_retries),
        cmocka_unit_test(test_polly__events_and_pipelines),
        cmocka_unit_test(test_hystrix__commands_of_a_group),
        cmocka_unit_test(test_microprofile__the_time_that_grew_is_the_state),
        cmocka_unit_test(test_microprofile__retries_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
