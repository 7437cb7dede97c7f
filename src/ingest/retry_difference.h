/*
 * Retries as attempts less calls, where nothing else tells them.
 *
 * Attempts are counted when they begin and calls when they end, so the difference
 * holds the calls in flight, too. What the smallest of the last
 * RETRY_DIFFERENCE_MEMORY readings has grown to counts as retries: a crowd of calls
 * in flight would have to stay for all of them. So the figure is late by as many
 * readings, and beyond the true one by no more than the calls in flight ever grew.
 *
 *   { add to the fields of what grew }*  retry_difference_take -> retries to book
 *
 * Threads   Value; all-zero is a good beginning.
 */
#ifndef FUSEBOX_INGEST_RETRY_DIFFERENCE_H
#define FUSEBOX_INGEST_RETRY_DIFFERENCE_H

#include <stdbool.h>
#include <stddef.h>

enum { RETRY_DIFFERENCE_MEMORY = 4 }; /* readings */

struct retry_difference {
    double attempts; /* grown since the first reading */
    double calls;
    bool attempts_told, calls_told;

    double booked;
    double seen[RETRY_DIFFERENCE_MEMORY];
    size_t reading_count;
};

/* The counters began again in a new process: what was in flight ended unseen. */
void retry_difference_on_restart(struct retry_difference *d);

/* Ends a reading. False: one of the two was never told, so nothing is known of retries. */
bool retry_difference_take(struct retry_difference *d, double *ret_retries);

#endif
