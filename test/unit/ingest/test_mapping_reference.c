/* The reference documents' own names: numbers of states, outcomes, results. */
#include "mapping_world.h"

#define HEARD(w, name, kind, amount) assert_true(mapping_world_heard(w, name, kind) == (amount))
#define STATE(w, name, is)           assert_int_equal(mapping_world_state(w, name), is)

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference__numbers_as_the_configuration_says),
        cmocka_unit_test(test_reference__a_job_may_number_its_states_in_its_own_way),
        cmocka_unit_test(test_reference__one_hot_states_go_before_numbers),
        cmocka_unit_test(test_reference__a_number_that_traffic_contradicts_is_unknown),
        cmocka_unit_test(test_reference__results_count_where_there_is_no_outcome),
        cmocka_unit_test(test_reference__our_own_series_are_no_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
