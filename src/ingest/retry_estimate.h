/*
 * How many attempts were retries, from counters that do not say it directly.
 *
 * HAProxy counts a retry that it makes on another server as one redispatch, and
 * one that follows a bad answer as one retry warning besides; a retry of a bad
 * answer on the same server counts as two retry warnings, one of a failed
 * connection as one. So with W warnings and D redispatches the retries R lie in
 *
 *     max(D, (W + D) / 2)  <=  R  <=  W + D
 *
 * and the lower bound is exact as long as no failed connection was tried again on
 * its own server. What the bound does not show is in the difference
 *
 *     attempts - calls - calls in flight + calls without any attempt
 *
 * whose parts are read at slightly different moments: it counts as far as it
 * stood out over RETRY_ESTIMATE_MEMORY readings by more than
 * RETRY_ESTIMATE_SLACK, or exactly when nothing moved meanwhile.
 *
 *   { add to the fields of what grew }*  retry_estimate_take -> retries to book
 *
 * Threads   Value.
 * Source    Measured: docs/decisions/0004-haproxy-signals.md.
 */
#ifndef FUSEBOX_INGEST_RETRY_ESTIMATE_H
#define FUSEBOX_INGEST_RETRY_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    RETRY_ESTIMATE_MEMORY = 4, /* readings */
    RETRY_ESTIMATE_SLACK = 2,  /* calls that may begin or end while one exposition is written */
};

struct retry_estimate {
    /* grown since the first reading */
    double attempts;
    double calls;
    double retry_warnings;
    double redispatches;
    double unserved;
    /* a gauge: now, and at the first reading */
    double in_flight;
    double in_flight_first;
    bool in_flight_known;

    double booked;
    double excess[RETRY_ESTIMATE_MEMORY];
    size_t reading_count;
    double attempts_before;
    size_t quiet_count; /* readings in a row in which nothing moved */
};

void retry_estimate_set_in_flight(struct retry_estimate *e, double in_flight);

/* The counters began again in a new process: calls that were in flight ended unseen. */
void retry_estimate_on_restart(struct retry_estimate *e);

/* Ends a reading. The retries that are new since the reading before, >= 0. */
double retry_estimate_take(struct retry_estimate *e);

#endif
