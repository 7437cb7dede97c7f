#include "ingest/retry_estimate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* What HAProxy counted in the runs of docs/decisions/0004-haproxy-signals.md, and the retries that
 * there were. */
struct run {
    const char *what;
    double calls, attempts, warnings, redispatches, unserved, retries;
};

static const struct run runs[] = {
    { "bad answers, three servers", 300, 480, 180, 180, 0, 180 },
    { "one of two servers refuses connections", 100, 195, 0, 95, 0, 95 },
    { "bad answers, one server", 50, 200, 300, 0, 0, 150 },
    { "empty and late answers, two servers", 100, 152, 52, 52, 0, 52 },
    { "all servers refuse connections", 40, 160, 0, 120, 0, 120 },
    { "no retries", 60, 60, 0, 0, 0, 0 },
    { "all servers are down", 60, 0, 0, 0, 60, 0 },
    { "one server refuses connections", 40, 160, 120, 0, 0, 120 },
    { "bad answers, one server, no redispatch", 100, 149, 98, 0, 0, 49 },
    { "refused and bad, two servers, no redispatch", 40, 109, 78, 0, 0, 69 },
    { "one call, one retry", 1, 2, 2, 0, 0, 1 },
};

static double settle(struct retry_estimate *e)
{
    double booked = 0;

    for (int i = 0; i < 2 * RETRY_ESTIMATE_MEMORY; i++)
        booked += retry_estimate_take(e);
    return booked;
}

static void test_retry_estimate__agrees_with_what_was_measured(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        const struct run *run = &runs[i];
        struct retry_estimate e = { .attempts = run->attempts,
                                    .calls = run->calls,
                                    .retry_warnings = run->warnings,
                                    .redispatches = run->redispatches,
                                    .unserved = run->unserved };
        double booked = settle(&e);

        if (booked != run->retries)
            fail_msg("%s: %g, not %g", run->what, booked, run->retries);
    }
}

static void test_retry_estimate__books_the_lower_bound_at_once(void **state)
{
    struct retry_estimate e = {
        .retry_warnings = 5, .redispatches = 5, .attempts = 15, .calls = 10
    };

    (void)state;
    assert_true(retry_estimate_take(&e) == 5);
    assert_true(retry_estimate_take(&e) == 0);
    e.retry_warnings++;
    e.redispatches++;
    assert_true(retry_estimate_take(&e) == 1);
}

/* Attempts are read a little later than calls: a steady lead of one or two must not become retries.
 */
static void test_retry_estimate__is_not_misled_by_calls_in_flight(void **state)
{
    struct retry_estimate e = { 0 };
    double booked = 0;

    (void)state;
    for (int i = 1; i <= 100; i++) {
        retry_estimate_set_in_flight(&e, 3);
        e.calls = 10 * i;
        e.attempts = 12 * i + i % 3; /* two of ten are retried on another server */
        e.retry_warnings = 2 * i;
        e.redispatches = 2 * i;
        booked += retry_estimate_take(&e);
    }
    assert_true(booked == 200);
}

static void test_retry_estimate__forgets_calls_in_flight_at_a_restart(void **state)
{
    struct retry_estimate e = { 0 };

    (void)state;
    retry_estimate_set_in_flight(&e, 0);
    e.attempts = 50;
    e.calls = 40;
    e.retry_warnings = 60; /* none of them was seen to be a retry */
    retry_estimate_set_in_flight(&e, 10);
    assert_true(retry_estimate_take(&e) == 30);
    retry_estimate_on_restart(&e);
    retry_estimate_set_in_flight(&e, 0);
    assert_true(settle(&e) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retry_estimate__agrees_with_what_was_measured),
        cmocka_unit_test(test_retry_estimate__books_the_lower_bound_at_once),
        cmocka_unit_test(test_retry_estimate__is_not_misled_by_calls_in_flight),
        cmocka_unit_test(test_retry_estimate__forgets_calls_in_flight_at_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
