#include "ingest/retry_difference.h"

#include <math.h>

void retry_difference_on_restart(struct retry_difference *d)
{
    *d = (struct retry_difference){ .attempts_told = d->attempts_told,
                                    .calls_told = d->calls_told };
}

static double smallest_seen(const struct retry_difference *d)
{
    double smallest = d->seen[0];

    for (size_t i = 1; i < RETRY_DIFFERENCE_MEMORY; i++)
        smallest = fmin(smallest, d->seen[i]);
    return smallest;
}

bool retry_difference_take(struct retry_difference *d, double *ret_retries)
{
    double grown;

    if (!d->attempts_told || !d->calls_told)
        return false;
    d->seen[d->reading_count++ % RETRY_DIFFERENCE_MEMORY] = d->attempts - d->calls;
    grown = smallest_seen(d) - d->booked; /* readings that were not yet made are 0 */
    *ret_retries = fmax(0, grown);
    d->booked += *ret_retries;
    return true;
}
