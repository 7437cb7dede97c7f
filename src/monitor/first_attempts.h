/*
 * Calls whose first attempt succeeded, as a source told it: by 10 s, over the last hour.
 *
 *   first_attempts_new -> { first_attempts_add | first_attempts_ratio }* -> first_attempts_free
 *
 * Time       Unix milliseconds, passed in. A count may come late while its slot is held.
 * Threads    Owned by the evaluate thread.
 * Memory     2.9 KiB.
 */
#ifndef FUSEBOX_MONITOR_FIRST_ATTEMPTS_H
#define FUSEBOX_MONITOR_FIRST_ATTEMPTS_H

#include <stdint.h>

#include "base/attr.h"

struct first_attempts;

struct first_attempts *first_attempts_new(void) MUST_CHECK; /* NULL: no memory */
void first_attempts_free(struct first_attempts *f);         /* NULL is allowed */

/* Calls, and those among them whose first attempt failed. */
void first_attempts_add(struct first_attempts *f, double calls, double failed, int64_t at_ms);

/* The share that succeeded, over the slots that [from_ms, to_ms) touches; NaN: no call in them. */
double first_attempts_ratio(const struct first_attempts *f, int64_t from_ms, int64_t to_ms);

#endif
