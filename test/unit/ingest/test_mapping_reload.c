#include "base/mem.h"
#include "mapping_world.h"

#define HEARD(w, name, kind, amount) assert_true(mapping_world_heard(w, name, kind) == (amount))
#define STATE(w, name, is)           assert_int_equal(mapping_world_state(w, name), is)

#define CALLS_OF(service)                                                                          \
    "mappings: [{metric: asked_total, signal: calls, service: " service ", caller: c}]\n"
#define STATE_BY(encoding)                                                                         \
    "mappings: [{metric: fuse, signal: breaker_state, service: s, caller: c, encoding: " encoding  \
    "}]\n"
#define NOTHING "mappings: []\n"

static void configure(struct mapping_world *w, const char *config)
{
    assert_int_equal(mapping_world_configure(w, config), ERR_OK);
}

static void test_mapping_reload__counters_go_on_from_their_last_values(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, CALLS_OF("a"));
    mapping_world_apply(&w, "asked_total 100\ncircuit{name=\"x\",event=\"fire\"} 100\n");
    mapping_world_apply(&w, "asked_total 103\ncircuit{name=\"x\",event=\"fire\"} 103\n");
    configure(&w, "mappings:\n"
                  "  - {metric: asked_total, signal: calls, service: a, caller: c}\n"
                  "  - {metric: other_total, signal: errors, service: a, caller: c}\n");
    mapping_world_apply(&w, "asked_total 110\ncircuit{name=\"x\",event=\"fire\"} 110\n");
    HEARD(&w, "a/ by c", SIGNAL_CALLS, 10);
    HEARD(&w, "x/ by ", SIGNAL_CALLS, 10);
    configure(&w, NOTHING);
    mapping_world_apply(&w, "circuit{name=\"x\",event=\"fire\"} 4\n"); /* and see resets */
    HEARD(&w, "x/ by ", SIGNAL_CALLS, 14);
    mapping_world_close(&w);
}

static void test_mapping_reload__what_grew_meanwhile_belongs_to_the_new_service(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, CALLS_OF("a"));
    mapping_world_apply(&w, "asked_total 100\n");
    mapping_world_apply(&w, "asked_total 103\n");
    configure(&w, CALLS_OF("b"));
    assert_int_equal(mapping_world_times(&w, "a/ by c", SIGNAL_GONE), 1);
    mapping_world_apply(&w, "asked_total 110\n");
    HEARD(&w, "a/ by c", SIGNAL_CALLS, 3);
    HEARD(&w, "b/ by c", SIGNAL_CALLS, 7);
    assert_int_equal(mapping_world_times(&w, "b/ by c", SIGNAL_GONE), 0);
    mapping_world_close(&w);
}

static void test_mapping_reload__a_metric_that_is_new_to_it_books_no_past(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NOTHING);
    mapping_world_apply(&w, "asked_total 1000\n");
    mapping_world_apply(&w, "asked_total 1001\n");
    configure(&w, CALLS_OF("a"));
    mapping_world_apply(&w, "asked_total 1005\n");
    HEARD(&w, "a/ by c", SIGNAL_CALLS, 0);
    mapping_world_apply(&w, "asked_total 1008\nasked_total{code=\"5\"} 2\n");
    HEARD(&w, "a/ by c", SIGNAL_CALLS, 5); /* the second was born just now */
    configure(&w, NOTHING);
    assert_int_equal(mapping_world_times(&w, "a/ by c", SIGNAL_GONE), 1);
    mapping_world_apply(&w, "asked_total 1009\n");
    configure(&w, CALLS_OF("a"));
    mapping_world_apply(&w, "asked_total 1010\n");
    mapping_world_apply(&w, "asked_total 1012\n");
    HEARD(&w, "a/ by c", SIGNAL_CALLS, 7);
    mapping_world_close(&w);
}

/* Twice, with nothing heard in between. */
static void test_mapping_reload__what_was_passed_over_stays_so(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NOTHING);
    mapping_world_apply(&w, "asked_total 1000\n");
    configure(&w, CALLS_OF("a"));
    configure(&w, CALLS_OF("b"));
    mapping_world_apply(&w, "asked_total 1005\n");
    HEARD(&w, "b/ by c", SIGNAL_CALLS, 0);
    mapping_world_close(&w);
}

static void test_mapping_reload__states_are_read_again_at_once(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, STATE_BY("closed-halfopen-open"));
    mapping_world_apply(&w, "fuse 1\n");
    STATE(&w, "s/s by c", BREAKER_HALF_OPEN);
    configure(&w, STATE_BY("closed-open-halfopen"));
    STATE(&w, "s/s by c", BREAKER_OPEN);
    assert_int_equal(mapping_world_times(&w, "s/s by c", SIGNAL_BREAKER_STATE), 2);
    assert_int_equal(mapping_world_times(&w, "s/s by c", SIGNAL_GONE), 0);
    configure(&w, NOTHING);
    assert_int_equal(mapping_world_times(&w, "s/s by c", SIGNAL_GONE), 1);
    mapping_world_close(&w);
}

#define REFERENCE(name, instance)                                                                  \
    "circuit_breaker_" name "{job=\"py\",instance=\"" instance "\",service=\"auth\",name=\"db\"} "

/* The states and levels of instances that are not heard in between stay. */
static void test_mapping_reload__nothing_is_unknown_meanwhile(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NOTHING);
    mapping_world_apply(&w, REFERENCE("state", "a") "0\n" REFERENCE("failures_current", "a") "1\n");
    mapping_world_apply(&w, REFERENCE("state", "b") "2\n" REFERENCE("failures_current", "b") "7\n");
    configure(&w, CALLS_OF("a"));
    STATE(&w, "auth/db by py", BREAKER_OPEN);
    mapping_world_apply(&w, REFERENCE("state", "a") "0\n" REFERENCE("failures_current", "a") "2\n");
    STATE(&w, "auth/db by py", BREAKER_OPEN);
    HEARD(&w, "auth/db by py", SIGNAL_BREAKER_CONSECUTIVE, 7);
    mapping_world_close(&w);
}

/* The order of numbers that the configuration presets takes a restart, as its option says. */
static void test_mapping_reload__the_preset_order_stays(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NOTHING);
    mapping_world_apply(&w, REFERENCE("state", "a") "1\n");
    configure(&w, "metrics: {breaker_state_encoding: closed-open-halfopen}\n" CALLS_OF("a"));
    STATE(&w, "auth/db by py", BREAKER_HALF_OPEN);
    mapping_world_close(&w);
}

static void test_mapping_reload__a_row_of_the_configuration_takes_its_place(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, NOTHING);
    mapping_world_apply(&w, REFERENCE("state", "a") "1\n");
    configure(&w, "mappings: [{metric: circuit_breaker_state, when: {job: py}, signal: "
                  "breaker_state, service_label: service, breaker_label: name, caller_label: job, "
                  "encoding: closed-open-halfopen}]\n");
    STATE(&w, "auth/db by py", BREAKER_OPEN);
    configure(&w, NOTHING);
    STATE(&w, "auth/db by py", BREAKER_HALF_OPEN);
    assert_int_equal(mapping_world_times(&w, "auth/db by py", SIGNAL_GONE), 0);
    mapping_world_close(&w);
}

static void test_mapping_reload__the_same_rows_change_nothing(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, STATE_BY("closed-open"));
    mapping_world_apply(&w, "fuse 1\n");
    configure(&w, STATE_BY("closed-open"));
    assert_int_equal(mapping_world_times(&w, "s/s by c", SIGNAL_BREAKER_STATE), 1);
    mapping_world_close(&w);
}

/* Without memory the rows before stay whole, or single series are left out; nothing is booked
 * twice. */
static void test_mapping_reload__survives_every_failed_allocation(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct mapping_world w;
        struct config *cfg = mapping_world_config(CALLS_OF("b"));
        enum err err;

        mapping_world_open(&w, CALLS_OF("a"));
        mapping_world_apply(&w, "asked_total 100\n" REFERENCE("state", "a") "2\n");
        mapping_world_apply(&w, "asked_total 102\n");
        mem_fail_nth(n);
        err = mapping_configure(w.mapping, cfg);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        mapping_world_apply(&w, "asked_total 105\n" REFERENCE("state", "a") "2\n");
        if (err) {
            assert_int_equal(err, ERR_NOMEM);
            HEARD(&w, "a/ by c", SIGNAL_CALLS, 5);
            STATE(&w, "auth/db by py", BREAKER_OPEN);
        } else {
            HEARD(&w, "a/ by c", SIGNAL_CALLS, 2);
            if (!happened)
                HEARD(&w, "b/ by c", SIGNAL_CALLS, 3);
        }
        mapping_world_close(&w);
        config_unref(cfg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mapping_reload__counters_go_on_from_their_last_values),
        cmocka_unit_test(test_mapping_reload__what_grew_meanwhile_belongs_to_the_new_service),
        cmocka_unit_test(test_mapping_reload__a_metric_that_is_new_to_it_books_no_past),
        cmocka_unit_test(test_mapping_reload__what_was_passed_over_stays_so),
        cmocka_unit_test(test_mapping_reload__states_are_read_again_at_once),
        cmocka_unit_test(test_mapping_reload__nothing_is_unknown_meanwhile),
        cmocka_unit_test(test_mapping_reload__the_preset_order_stays),
        cmocka_unit_test(test_mapping_reload__a_row_of_the_configuration_takes_its_place),
        cmocka_unit_test(test_mapping_reload__the_same_rows_change_nothing),
        cmocka_unit_test(test_mapping_reload__survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
