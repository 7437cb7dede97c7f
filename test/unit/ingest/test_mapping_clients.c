/* Clients and platforms of mapping_rows_libraries.c that count without a breaker's gauge of their
 * own, and what else exporters say of a breaker: levels, refusals, overflows. */
#include <math.h>
#include <stdio.h>

#include "mapping_world.h"

#define HEARD(w, name, kind, amount) assert_true(mapping_world_heard(w, name, kind) == (amount))
#define SILENT(w, name, kind)        assert_int_equal(mapping_world_times(w, name, kind), 0)
#define STATE(w, name, is)           assert_int_equal(mapping_world_state(w, name), is)

/* --- the clients that smithy makes --- */

#define SMITHY(name) "smithy_client_call_" name "{job=\"shop\",rpc_service=\"DynamoDB\"} "
#define DYNAMO       "DynamoDB/ by shop"

static void test_smithy__attempts_less_calls_are_retries(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, SMITHY("duration_seconds_count") "10\n" SMITHY(
                                "attempts_total") "12\n" SMITHY("errors_total") "1\n");
    for (int i = 0; i < 5; i++)
        mapping_world_apply(&w, SMITHY("duration_seconds_count") "30\n" SMITHY(
                                    "attempts_total") "40\n" SMITHY("errors_total") "4\n");
    HEARD(&w, DYNAMO, SIGNAL_CALLS, 20);
    HEARD(&w, DYNAMO, SIGNAL_ERRORS, 3);
    HEARD(&w, DYNAMO, SIGNAL_RETRIES, 8);
    mapping_world_close(&w);
}

/* --- Failsafe --- */

#define FAILSAFE_DONE(outcome)                                                                     \
    "failsafe_circuit_breaker_execution_count_total{job=\"shop\",failsafe_circuit_breaker_name="   \
    "\"pay\",failsafe_circuit_breaker_outcome=\"" outcome "\"} "
#define FAILSAFE_ENTERED(name, state)                                                              \
    "failsafe_circuit_breaker_" name "_count_total{job=\"shop\",failsafe_circuit_breaker_name="    \
    "\"pay\",failsafe_circuit_breaker_state=\"" state "\"} "
#define FAILSAFE_RETRY(name, outcome)                                                              \
    "failsafe_retry_policy_" name "{job=\"shop\",failsafe_retry_policy_name=\"pay\","              \
    "failsafe_retry_policy_outcome=\"" outcome "\"} "
#define PAY_BREAKER "pay/pay by shop"
#define PAY         "pay/ by shop"

static void test_failsafe__changes_of_state_are_counted(void **state)
{
    static const char *const names[] = { FAILSAFE_ENTERED("state_changes", "open"),
                                         FAILSAFE_ENTERED("state_change", "open") };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct mapping_world w;
        char text[512];

        mapping_world_open(&w, NULL);
        mapping_world_apply(&w, FAILSAFE_DONE("success") "5\n");
        STATE(&w, PAY_BREAKER, BREAKER_CLOSED);
        snprintf(text, sizeof text,
                 FAILSAFE_DONE("success") "7\n" FAILSAFE_DONE("failure") "2\n%s1\n", names[i]);
        mapping_world_apply(&w, text);
        STATE(&w, PAY_BREAKER, BREAKER_OPEN);
        HEARD(&w, PAY_BREAKER, SIGNAL_BREAKER_CALLS, 4);
        HEARD(&w, PAY_BREAKER, SIGNAL_BREAKER_ERRORS, 2);
        HEARD(&w, PAY, SIGNAL_CALLS, 4);
        HEARD(&w, PAY, SIGNAL_ERRORS, 2);
        mapping_world_close(&w);
    }
}

static void test_failsafe__attempts_are_a_histogram(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(
        &w, FAILSAFE_RETRY("execution_count_total", "success") "9\n" FAILSAFE_RETRY(
                "attempts_count", "success") "9\n" FAILSAFE_RETRY("attempts_sum", "success") "9\n");
    for (int i = 0; i < 5; i++)
        mapping_world_apply(
            &w,
            FAILSAFE_RETRY("execution_count_total", "success") "19\n" FAILSAFE_RETRY(
                "attempts_count",
                "success") "19\n" FAILSAFE_RETRY("attempts_sum",
                                                 "success") "24\n" FAILSAFE_DONE("failure") "5\n");
    HEARD(&w, PAY, SIGNAL_CALLS, 10); /* not the breaker's attempts besides */
    HEARD(&w, PAY, SIGNAL_RETRIES, 5);
    mapping_world_close(&w);
}

/* --- Dapr --- */

#define DAPR(name, policy, status)                                                                 \
    "dapr_resiliency_" name "{app_id=\"cart\",name=\"limits\",namespace=\"n\",policy=\"" policy    \
    "\",flow_direction=\"outbound\",target=\"app_stock\",status=\"" status "\"} "
#define DAPR_STATES(closed, half_open, open, unknown)                                              \
    DAPR("cb_state", "circuitbreaker", "closed")                                                   \
    closed "\n" DAPR("cb_state", "circuitbreaker", "half-open") half_open                          \
        "\n" DAPR("cb_state", "circuitbreaker", "open") open                                       \
        "\n" DAPR("cb_state", "circuitbreaker", "unknown") unknown "\n"
#define STOCK  "app_stock/ by cart"
#define LIMITS "app_stock/limits by cart"

static void test_dapr__states_and_what_they_met(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, DAPR_STATES("1", "0", "0", "0")
                                DAPR("count", "circuitbreaker", "closed") "10\n");
    STATE(&w, LIMITS, BREAKER_CLOSED);
    mapping_world_apply(&w, DAPR_STATES("0", "0", "1", "0")
                                DAPR("count", "circuitbreaker", "closed") "14\n" DAPR(
                                    "count", "circuitbreaker", "open") "3\n");
    STATE(&w, LIMITS, BREAKER_OPEN);
    mapping_world_apply(&w, DAPR_STATES("0", "1", "0", "0"));
    STATE(&w, LIMITS, BREAKER_HALF_OPEN);
    mapping_world_apply(&w, DAPR_STATES("0", "0", "0", "1"));
    STATE(&w, LIMITS, BREAKER_UNKNOWN);
    HEARD(&w, LIMITS, SIGNAL_BREAKER_CALLS, 4);
    HEARD(&w, LIMITS, SIGNAL_BREAKER_BLOCKED, 3);
    HEARD(&w, STOCK, SIGNAL_CALLS, 7);
    SILENT(&w, STOCK, SIGNAL_ERRORS);
    mapping_world_close(&w);
}

static void test_dapr__activations_of_retry_are_retries(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(
        &w, DAPR("count", "retry", "") "10\n" DAPR("count", "circuitbreaker", "closed") "10\n");
    mapping_world_apply(
        &w, DAPR("count", "retry", "") "16\n" DAPR("count", "circuitbreaker", "closed") "16\n" DAPR(
                "activations_total", "retry", "") "2\n");
    HEARD(&w, STOCK, SIGNAL_CALLS, 6);
    HEARD(&w, STOCK, SIGNAL_RETRIES, 2);
    mapping_world_apply(&w, "dapr_resiliency_count{app_id=\"cart\",policy=\"retry\",flow_direction="
                            "\"inbound\",target=\"app_stock\"} 99\n");
    HEARD(&w, STOCK, SIGNAL_CALLS, 6);
    mapping_world_close(&w);
}

/* --- gobreaker --- */

#define GOBREAKER(name, more) "gobreaker_" name "{job=\"go\",name=\"mail\"" more "} "

static void test_gobreaker__states_by_name(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, GOBREAKER("state", ",state=\"closed\"") "1\n" GOBREAKER(
                                "success_total", "") "8\n" GOBREAKER("failure_total", "") "1\n");
    mapping_world_apply(
        &w,
        GOBREAKER("state", ",state=\"closed\"") "0\n" GOBREAKER(
            "state", ",state=\"half-open\"") "1\n" GOBREAKER("success_total",
                                                             "") "9\n" GOBREAKER("failure_total",
                                                                                 "") "4\n");
    STATE(&w, "mail/mail by go", BREAKER_HALF_OPEN);
    HEARD(&w, "mail/mail by go", SIGNAL_BREAKER_CALLS, 4);
    HEARD(&w, "mail/mail by go", SIGNAL_BREAKER_ERRORS, 3);
    HEARD(&w, "mail/ by go", SIGNAL_CALLS, 4);
    HEARD(&w, "mail/ by go", SIGNAL_ERRORS, 3);
    /* Its counts begin again with each state. */
    mapping_world_apply(&w,
                        GOBREAKER("success_total", "") "2\n" GOBREAKER("failure_total", "") "0\n");
    HEARD(&w, "mail/ by go", SIGNAL_CALLS, 6);
    mapping_world_close(&w);
}

static void test_gobreaker__a_number_is_read_as_the_configuration_says(void **state)
{
    static const char rows[] = "mappings:\n"
                               "  - metric: gobreaker_state\n"
                               "    signal: breaker_state\n"
                               "    service_label: name\n"
                               "    breaker_label: name\n"
                               "    caller_label: job\n"
                               "    encoding: open-closed-halfopen\n";
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, GOBREAKER("state", "") "1\n");
    assert_int_equal(w.ear.subject_count, 0);
    mapping_world_close(&w);
    mapping_world_open(&w, rows);
    mapping_world_apply(&w, GOBREAKER("state", "") "1\n");
    STATE(&w, "mail/mail by go", BREAKER_CLOSED);
    mapping_world_close(&w);
}

/* --- Sentinel --- */

#define SENTINEL(type)                                                                             \
    "orders{job=\"java\",resource=\"pay\",classification=\"0\",type=\"" type "\"} "

static void test_sentinel__each_sample_is_a_second(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, SENTINEL("passQps") "8\n" SENTINEL("blockQps") "0\n" SENTINEL(
                                "exceptionQps") "1\n" SENTINEL("rt") "12\n");
    mapping_world_apply(&w, SENTINEL("passQps") "5\n" SENTINEL("blockQps") "4\n" SENTINEL(
                                "exceptionQps") "2\n" SENTINEL("rt") "3\n");
    mapping_world_apply(&w, SENTINEL("passQps") "-1\n" SENTINEL("blockQps") "NaN\n");
    HEARD(&w, "pay/ by java", SIGNAL_CALLS, 17);
    HEARD(&w, "pay/ by java", SIGNAL_ERRORS, 7);
    HEARD(&w, "pay/rules by java", SIGNAL_BREAKER_CALLS, 13);
    HEARD(&w, "pay/rules by java", SIGNAL_BREAKER_ERRORS, 3);
    HEARD(&w, "pay/rules by java", SIGNAL_BREAKER_BLOCKED, 4);
    SILENT(&w, "pay/rules by java", SIGNAL_BREAKER_STATE);
    assert_int_equal(w.ear.subject_count, 2);
    mapping_world_apply(&w, "bills{job=\"java\",resource=\"pay\",type=\"passQps\"} 9\n");
    HEARD(&w, "pay/ by java", SIGNAL_CALLS, 17);
    mapping_world_close(&w);
}

/* --- what breakers refuse --- */

#define ENVOY(name)   "envoy_cluster_" name "{job=\"edge\",envoy_cluster_name=\"db\"} "
#define SIDECAR(name) "envoy_cluster_" name "{job=\"mesh\",cluster_name=\"outbound|80||db\"} "

static void test_envoy__overflows_are_refusals_of_their_limit(void **state)
{
    static const struct {
        const char *before, *after, *name;
    } cases[] = {
        { ENVOY("upstream_cx_overflow") "4\n", ENVOY("upstream_cx_overflow") "7\n",
          "db/default/cx by edge" },
        { ENVOY("upstream_cx_pool_overflow") "4\n", ENVOY("upstream_cx_pool_overflow") "7\n",
          "db/default/cx_pool by edge" },
        { ENVOY("upstream_rq_pending_overflow") "4\n", ENVOY("upstream_rq_pending_overflow") "7\n",
          "db/default/rq_pending by edge" },
        { ENVOY("upstream_rq_active_overflow") "4\n", ENVOY("upstream_rq_active_overflow") "7\n",
          "db/default/rq by edge" },
        { ENVOY("upstream_rq_retry_overflow") "4\n", ENVOY("upstream_rq_retry_overflow") "7\n",
          "db/default/rq_retry by edge" },
        { SIDECAR("upstream_rq_pending_overflow") "4\n",
          SIDECAR("upstream_rq_pending_overflow") "7\n",
          "outbound|80||db/default/rq_pending by mesh" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct mapping_world w;

        mapping_world_open(&w, NULL);
        mapping_world_apply(&w, cases[i].before);
        mapping_world_apply(&w, cases[i].after);
        HEARD(&w, cases[i].name, SIGNAL_BREAKER_BLOCKED, 3);
        mapping_world_close(&w);
    }
}

/* A limit that is reached between two readings is refusals beside a closed gauge: no contradiction,
 * for nobody says what went through. */
static void test_envoy__overflow_between_readings_leaves_the_state_known(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    for (int i = 0; i < 6; i++) {
        char text[512];

        snprintf(text, sizeof text,
                 ENVOY("circuit_breakers_default_rq_pending_open") "0\n" ENVOY(
                     "upstream_rq_pending_overflow") "%d\n",
                 i * 10);
        mapping_world_apply(&w, text);
    }
    STATE(&w, "db/default/rq_pending by edge", BREAKER_CLOSED);
    HEARD(&w, "db/default/rq_pending by edge", SIGNAL_BREAKER_BLOCKED, 50);
    mapping_world_apply(&w, SIDECAR("upstream_rq_pending_overflow") "0\n");
    mapping_world_apply(&w, SIDECAR("upstream_rq_pending_overflow") "stale\n");
    for (uint32_t i = 0; i < w.ear.subject_count; i++) /* of what never spoke the end is no news */
        assert_null(strstr(w.ear.names[i], "outbound"));
    mapping_world_close(&w);
}

#define POLLY_OPENED(strategy)                                                                     \
    "resilience_polly_strategy_events_total{job=\"net\",pipeline_name=\"mail\",strategy_name="     \
    "\"" strategy "\",event_name=\"OnCircuitOpened\"} "
#define POLLY_TIMED(name, labels)                                                                  \
    "resilience_polly_" name                                                                       \
    "_duration_milliseconds_count{job=\"net\",pipeline_name=\"mail\"" labels "} "
#define REFUSED ",exception_type=\"Polly.CircuitBreaker.BrokenCircuitException\""
#define FUSE    "mail/fuse by net"

static void test_polly__attempts_tell_what_the_breaker_refused(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, POLLY_TIMED("strategy_attempt", ",attempt_handled=\"false\"") "50\n");
    mapping_world_apply(
        &w,
        POLLY_TIMED("strategy_attempt", ",attempt_handled=\"false\"") "60\n" POLLY_TIMED(
            "strategy_attempt",
            ",attempt_handled=\"true\",exception_type=\"System.Exception\"") "5\n" POLLY_TIMED("str"
                                                                                               "ate"
                                                                                               "gy_"
                                                                                               "att"
                                                                                               "emp"
                                                                                               "t",
                                                                                               ",at"
                                                                                               "tem"
                                                                                               "pt_"
                                                                                               "han"
                                                                                               "dle"
                                                                                               "d="
                                                                                               "\"t"
                                                                                               "rue"
                                                                                               "\"" REFUSED) "3\n" POLLY_TIMED("pipeline",
                                                                                                                               REFUSED) "2\n" POLLY_OPENED("fuse") "1\n");
    STATE(&w, FUSE, BREAKER_OPEN);
    HEARD(&w, FUSE, SIGNAL_BREAKER_CALLS, 15);
    HEARD(&w, FUSE, SIGNAL_BREAKER_ERRORS, 5);
    HEARD(&w, FUSE, SIGNAL_BREAKER_BLOCKED, 3); /* the pipeline's two are among them */
    HEARD(&w, "mail/ by net", SIGNAL_CALLS, 2);
    mapping_world_close(&w);
}

static void test_polly__pipelines_stand_in_for_attempts(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, POLLY_OPENED("fuse") "1\n" POLLY_TIMED("pipeline", "") "5\n");
    mapping_world_apply(&w,
                        POLLY_TIMED("pipeline", "") "9\n" POLLY_TIMED("pipeline", REFUSED) "3\n");
    HEARD(&w, FUSE, SIGNAL_BREAKER_CALLS, 4);
    HEARD(&w, FUSE, SIGNAL_BREAKER_BLOCKED, 3);
    mapping_world_close(&w);
}

static void test_polly__of_two_breakers_nobody_knows_which_refused(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(&w, POLLY_OPENED("fuse") "1\n" POLLY_OPENED("other") "1\n" POLLY_TIMED(
                                "pipeline", "") "5\n");
    mapping_world_apply(&w, POLLY_TIMED("pipeline", REFUSED) "3\n");
    SILENT(&w, FUSE, SIGNAL_BREAKER_BLOCKED);
    SILENT(&w, "mail/other by net", SIGNAL_BREAKER_BLOCKED);
    HEARD(&w, "mail/ by net", SIGNAL_ERRORS, 3);
    mapping_world_close(&w);
}

/* --- levels --- */

#define REFERENCE(name, instance)                                                                  \
    "circuit_breaker_" name "{job=\"py\",instance=\"" instance "\",service=\"auth\",name=\"db\"} "
#define AUTH_DB "auth/db by py"

static void test_levels__are_told_as_they_stand(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(
        &w, REFERENCE("state", "a") "0\n" REFERENCE("consecutive_failures", "a") "4\n" REFERENCE(
                "failure_rate", "a") "25\n" REFERENCE("last_failure_time", "a") "1700000000.5\n");
    HEARD(&w, AUTH_DB, SIGNAL_BREAKER_CONSECUTIVE, 4);
    HEARD(&w, AUTH_DB, SIGNAL_BREAKER_FAILURE_RATE, 0.25);
    HEARD(&w, AUTH_DB, SIGNAL_BREAKER_LAST_FAILURE, 1700000000.5);
    mapping_world_apply(&w, REFERENCE("consecutive_failures", "a") "0\n");
    HEARD(&w, AUTH_DB, SIGNAL_BREAKER_CONSECUTIVE, 0); /* a fall is no restart */
    assert_int_equal(mapping_world_times(&w, AUTH_DB, SIGNAL_BREAKER_FAILURE_RATE), 1);
    mapping_world_close(&w);
}

static void test_levels__of_several_instances_are_the_largest(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NULL);
    mapping_world_apply(
        &w, REFERENCE("failures_current", "a") "4\n" REFERENCE("failures_current", "b") "9\n");
    HEARD(&w, AUTH_DB, SIGNAL_BREAKER_CONSECUTIVE, 9);
    mapping_world_apply(&w, REFERENCE("failures_current", "a") "5\n");
    HEARD(&w, AUTH_DB, SIGNAL_BREAKER_CONSECUTIVE, 9);
    mapping_world_apply(&w, REFERENCE("failures_current", "b") "stale\n");
    HEARD(&w, AUTH_DB, SIGNAL_BREAKER_CONSECUTIVE, 5);
    mapping_world_apply(&w, REFERENCE("failures_current", "a") "stale\n");
    assert_true(isnan(mapping_world_heard(&w, AUTH_DB, SIGNAL_BREAKER_CONSECUTIVE)));
    mapping_world_close(&w);
}

/* resilience4j says -1 below its least number of calls. */
static void test_levels__below_zero_is_nothing(void **state)
{
    static const char name[] = "resilience4j_circuitbreaker_failure_rate{job=\"j\",name=\"pay\"} ";
    struct mapping_world w;
    char text[256];

    (void)state;
    mapping_world_open(&w, NULL);
    snprintf(text, sizeof text, "%s50\n", name);
    mapping_world_apply(&w, text);
    HEARD(&w, "pay/pay by j", SIGNAL_BREAKER_FAILURE_RATE, 0.5);
    snprintf(text, sizeof text, "%s-1\n", name);
    mapping_world_apply(&w, text);
    assert_true(isnan(mapping_world_heard(&w, "pay/pay by j", SIGNAL_BREAKER_FAILURE_RATE)));
    mapping_world_close(&w);
}

static void test_levels__of_the_configuration(void **state)
{
    static const char rows[] =
        "mappings:\n"
        "  - {metric: in_a_row, signal: breaker_consecutive, service: s, caller: c}\n"
        "  - {metric: rate, signal: breaker_failure_rate, unit: percent, service: s, caller: c}\n";
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, rows);
    mapping_world_apply(&w, "in_a_row 3\nrate 40\n");
    HEARD(&w, "s/s by c", SIGNAL_BREAKER_CONSECUTIVE, 3);
    HEARD(&w, "s/s by c", SIGNAL_BREAKER_FAILURE_RATE, 0.4);
    mapping_world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smithy__attempts_less_calls_are_retries),
        cmocka_unit_test(test_failsafe__changes_of_state_are_counted),
        cmocka_unit_test(test_failsafe__attempts_are_a_histogram),
        cmocka_unit_test(test_dapr__states_and_what_they_met),
        cmocka_unit_test(test_dapr__activations_of_retry_are_retries),
        cmocka_unit_test(test_gobreaker__states_by_name),
        cmocka_unit_test(test_gobreaker__a_number_is_read_as_the_configuration_says),
        cmocka_unit_test(test_sentinel__each_sample_is_a_second),
        cmocka_unit_test(test_envoy__overflows_are_refusals_of_their_limit),
        cmocka_unit_test(test_envoy__overflow_between_readings_leaves_the_state_known),
        cmocka_unit_test(test_polly__attempts_tell_what_the_breaker_refused),
        cmocka_unit_test(test_polly__pipelines_stand_in_for_attempts),
        cmocka_unit_test(test_polly__of_two_breakers_nobody_knows_which_refused),
        cmocka_unit_test(test_levels__are_told_as_they_stand),
        cmocka_unit_test(test_levels__of_several_instances_are_the_largest),
        cmocka_unit_test(test_levels__below_zero_is_nothing),
        cmocka_unit_test(test_levels__of_the_configuration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
