#include "ingest/event_durations.h"

#include <math.h>

enum { STEPS_PER_DECADE = 16 };
static const double LOWEST_S = 0.001;

/* The upper bound of a place. */
static double bound_s(int place)
{
    return place < EVENT_DURATION_PLACES - 1 ? LOWEST_S * pow(10, (double)place / STEPS_PER_DECADE)
                                             : (double)INFINITY;
}

int event_duration_place(double seconds)
{
    int place = 0;

    if (seconds > LOWEST_S)
        place = (int)fmin(floor(log10(seconds / LOWEST_S) * STEPS_PER_DECADE),
                          EVENT_DURATION_PLACES - 1);
    while (seconds > bound_s(place)) /* the estimate is rounded down */
        place++;
    while (place > 0 && seconds <= bound_s(place - 1))
        place--;
    return place;
}

void event_duration_bounds(int place, double *ret_from_s, double *ret_bound_s)
{
    *ret_from_s = place > 0 ? bound_s(place - 1) : 0;
    *ret_bound_s = bound_s(place);
}
