#include "unit.h"

#include "base/rng.h"
#include "ingest/retry_difference.h"

static double take(struct retry_difference *d, double attempts, double calls)
{
    double retries = -1;

    d->attempts += attempts;
    d->calls += calls;
    d->attempts_told = d->calls_told = true;
    assert_true(retry_difference_take(d, &retries));
    assert_true(retries >= 0);
    return retries;
}

static void test_retry_difference__needs_both_counters(void **state)
{
    struct retry_difference d = { .attempts = 9, .attempts_told = true };
    double retries = -1;

    (void)state;
    assert_false(retry_difference_take(&d, &retries));
    assert_true(retries == -1);
}

static void test_retry_difference__books_what_stays(void **state)
{
    struct retry_difference d = { 0 };
    double booked = 0;

    (void)state;
    booked += take(&d, 10, 8);
    booked += take(&d, 10, 8);
    booked += take(&d, 10, 8);
    assert_true(booked == 0);
    for (int i = 0; i < 8; i++)
        booked += take(&d, 0, 0);
    assert_true(booked == 6);
}

static void test_retry_difference__a_crowd_in_flight_is_no_retries(void **state)
{
    struct retry_difference d = { 0 };

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_true(take(&d, 5, 5) == 0);
    assert_true(take(&d, 105, 5) == 0);
    assert_true(take(&d, 5, 5) == 0);
    assert_true(take(&d, 5, 105) == 0);
    for (int i = 0; i < 9; i++)
        assert_true(take(&d, 5, 5) == 0);
}

/* Booked retries are never beyond the true ones by more than the most calls in flight, and reach
 * them at rest. */
static void test_retry_difference__stays_near_the_truth(void **state)
{
    struct rng rng = rng_seeded(11);

    (void)state;
    for (int run = 0; run < 200; run++) {
        struct retry_difference d = { 0 };
        double booked = 0, truth = 0, in_flight = 0, most = 0;

        for (int i = 0; i < 300; i++) {
            double begun = (double)rng_below(&rng, 20), retried = (double)rng_below(&rng, 5);
            double ended = (double)rng_below(&rng, (uint64_t)(in_flight + begun) + 1);

            in_flight += begun - ended;
            most = in_flight > most ? in_flight : most;
            truth += retried;
            booked += take(&d, begun + retried, ended);
            assert_true(booked <= truth + most);
        }
        booked += take(&d, 0, in_flight);
        for (int i = 0; i < RETRY_DIFFERENCE_MEMORY; i++)
            booked += take(&d, 0, 0);
        assert_true(booked >= truth);
    }
}

static void test_retry_difference__a_new_process_begins_anew(void **state)
{
    struct retry_difference d = { 0 };

    (void)state;
    for (int i = 0; i < 9; i++)
        (void)take(&d, 10, 5);
    retry_difference_on_restart(&d);
    for (int i = 0; i < 9; i++)
        assert_true(take(&d, 5, 5) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retry_difference__needs_both_counters),
        cmocka_unit_test(test_retry_difference__books_what_stays),
        cmocka_unit_test(test_retry_difference__a_crowd_in_flight_is_no_retries),
        cmocka_unit_test(test_retry_difference__stays_near_the_truth),
        cmocka_unit_test(test_retry_difference__a_new_process_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
