/*
 * Retry quota: a purse that retries empty and only successes fill.
 *
 * A retry takes `cost`; a retry that succeeds gives its cost back, a call that
 * succeeds without one gives `refund`. Time gives nothing: a purse that was
 * emptied while nothing succeeds stays empty.
 *
 *   retry_quota_init -> { retry_quota_on_results | retry_quota_allow }*
 *
 * The order of results within one call of _on_results is not known: what they
 * take and give together is booked, once, and then kept between 0 and full.
 *
 * Time      None: only results move the purse.
 * Threads   Single owner.
 * Memory    A plain value; all of it is whole numbers.
 * Source    AWS SDKs, standard retry mode: capacity 500, cost 5 (10 for a time-out
 *           in the older form, 14 in the newer), refund 1. Where several clients
 *           are seen as one, the purse is a model: each has one of its own.
 */
#ifndef FUSEBOX_RESILIENCE_RETRY_QUOTA_H
#define FUSEBOX_RESILIENCE_RETRY_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

enum { RETRY_QUOTA_UNITS_MAX = 1000000, RETRY_QUOTA_CLIENTS_MAX = 100000 };

struct retry_quota_options {
    int64_t capacity; /* of one client, 1..RETRY_QUOTA_UNITS_MAX */
    int64_t cost;     /* of one retry, 1..capacity */
    int64_t refund;   /* of a call that succeeds at once, 0..capacity */
    int64_t clients;  /* seen as one, 1..RETRY_QUOTA_CLIENTS_MAX */
};

struct retry_quota {
    int64_t level, full, cost, refund;
};

/* What happened since the call before. */
struct retry_quota_results {
    uint64_t first_successes; /* calls that succeeded without a retry */
    uint64_t retries;
    uint64_t retry_successes; /* retries that succeeded, <= retries */
};

/* ERR_INVALID: an option is out of range; *q is then left alone. */
enum err retry_quota_init(struct retry_quota *q, const struct retry_quota_options *opt) MUST_CHECK;

void retry_quota_on_results(struct retry_quota *q, const struct retry_quota_results *results);

bool retry_quota_allow(const struct retry_quota *q);        /* enough for one more retry */
int64_t retry_quota_remaining(const struct retry_quota *q); /* retries that could follow at once */

/* Used share in percent: 0 when full, 100 when not one retry can be paid any more. */
double retry_quota_utilization_percent(const struct retry_quota *q);

#endif
