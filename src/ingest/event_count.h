/*
 * Events counted by one or two of their keys, and by steps of time.
 *
 *   event_count(db, &filter, &what, &arena, &counts, diag)
 *
 * Threads   Any; takes its time.
 * Memory    The counts are the arena's.
 * Limits    EVENT_BUCKETS_MAX buckets; the filter's go_on.
 */
#ifndef FUSEBOX_INGEST_EVENT_COUNT_H
#define FUSEBOX_INGEST_EVENT_COUNT_H

#include "base/diag.h"
#include "ingest/event_search.h"

enum { EVENT_BY_MAX = 2, EVENT_BUCKETS_MAX = 10000 };

struct event_count_options {
    enum event_key by[EVENT_BY_MAX];
    int by_count;
    int64_t step_ms; /* 0: all of the time is one */
};

struct event_bucket {
    int64_t time_ms; /* where the step begins; 0 without steps */
    struct str values[EVENT_BY_MAX];
    uint64_t count;
};

struct event_counts_found {
    struct event_bucket *buckets; /* by time, the largest count first */
    size_t count;
};

/* ERR_LIMIT: too many buckets (diag says what to narrow); ERR_NOMEM, ERR_IO, what go_on says. */
enum err event_count(struct tsdb *db, const struct event_filter *filter,
                     const struct event_count_options *options, struct arena *arena,
                     struct event_counts_found *ret, struct diag *diag) MUST_CHECK;

#endif
