#include "ingest/retry_estimate.h"

#include <math.h>

void retry_estimate_set_in_flight(struct retry_estimate *e, double in_flight)
{
    e->in_flight = in_flight;
    if (!e->in_flight_known)
        e->in_flight_first = in_flight;
    e->in_flight_known = true;
}

void retry_estimate_on_restart(struct retry_estimate *e)
{
    e->calls += e->in_flight - e->in_flight_first;
    e->in_flight = 0;
    e->in_flight_first = 0;
}

static double lower_bound(const struct retry_estimate *e)
{
    return floor(fmax(e->redispatches, (e->retry_warnings + e->redispatches) / 2));
}

/* What the difference of attempts and calls shows beyond the lower bound. */
static double read_excess(const struct retry_estimate *e, double low)
{
    double high = e->retry_warnings + e->redispatches;
    double seen = e->attempts - e->calls - (e->in_flight - e->in_flight_first) + e->unserved;

    return fmax(0, fmin(seen, high) - low);
}

static double smallest_excess(const struct retry_estimate *e)
{
    double smallest = e->excess[0];

    if (e->reading_count < RETRY_ESTIMATE_MEMORY)
        return 0;
    for (size_t i = 1; i < RETRY_ESTIMATE_MEMORY; i++)
        smallest = fmin(smallest, e->excess[i]);
    return smallest;
}

double retry_estimate_take(struct retry_estimate *e)
{
    bool moved = e->in_flight > 0 || e->attempts != e->attempts_before;
    double low = lower_bound(e), excess, grown;

    e->quiet_count = moved ? 0 : e->quiet_count + 1;
    e->attempts_before = e->attempts;
    e->excess[e->reading_count++ % RETRY_ESTIMATE_MEMORY] = read_excess(e, low);
    excess = smallest_excess(e);
    if (excess <= RETRY_ESTIMATE_SLACK && e->quiet_count < RETRY_ESTIMATE_MEMORY)
        excess = 0;
    grown = low + excess - e->booked;
    if (grown <= 0)
        return 0;
    e->booked += grown;
    return grown;
}
