#include "unit.h"

#include <math.h>

#include "base/attr.h"
#include "base/rng.h"
#include "ingest/event_durations.h"

static void test_event_durations__places_join_without_a_gap(void **state UNUSED)
{
    double from_s, bound_s, before_s = 0;

    for (int place = 0; place < EVENT_DURATION_PLACES; place++) {
        event_duration_bounds(place, &from_s, &bound_s);
        assert_true(from_s == before_s && bound_s > from_s);
        before_s = bound_s;
        if (isinf(bound_s))
            break;
        assert_int_equal(event_duration_place(bound_s), place); /* a bound belongs below it */
        assert_int_equal(event_duration_place(nextafter(bound_s, INFINITY)), place + 1);
    }
    assert_true(isinf(before_s));
    event_duration_bounds(EVENT_DURATION_PLACES - 1, &from_s, &bound_s);
    assert_true(fabs(from_s - 100) < 1e-9);
}

static void test_event_durations__any_duration_lies_in_its_place(void **state UNUSED)
{
    struct rng r = rng_seeded(7);

    for (int i = 0; i < 100000; i++) {
        double seconds = pow(10, rng_unit(&r) * 12 - 6), from_s, bound_s;

        event_duration_bounds(event_duration_place(seconds), &from_s, &bound_s);
        assert_true(seconds > from_s && seconds <= bound_s);
    }
    assert_int_equal(event_duration_place(0), 0);
    assert_int_equal(event_duration_place(1e300), EVENT_DURATION_PLACES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_durations__places_join_without_a_gap),
        cmocka_unit_test(test_event_durations__any_duration_lies_in_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
