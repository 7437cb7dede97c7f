/*
 * Events found again among those that are stored, newest first.
 *
 *   event_search(db, &filter, &page, visit, ctx, &next)
 *   event_walk                                     all, without an order within a body
 *
 * Threads   Any; takes its time: not for a thread that must not wait.
 * Memory    One row of events and the places in it; the arena of a walk is its own.
 * Limits    A page ends behind `scan_max` events that were read for it; the filter's
 *           go_on may end anything.
 */
#ifndef FUSEBOX_INGEST_EVENT_SEARCH_H
#define FUSEBOX_INGEST_EVENT_SEARCH_H

#include "ingest/event_key.h"
#include "tsdb/tsdb.h"

struct event_filter {
    struct str wanted[EVENT_KEY_COUNT]; /* empty: any */
    int64_t since_ms, until_ms;         /* of the events' own time, both included */
    int64_t before_seq;                 /* INT64_MAX: from the newest on */
    enum err (*go_on)(void *ctx);       /* asked now and then; an error ends it. NULL: nobody */
    void *go_on_ctx;
};

struct event_hit {
    int64_t seq; /* counts up from 1, over restarts, too */
    int64_t received_ms;
    const struct event *event;
};

/* The hit is valid during the call only; false stops. */
typedef bool event_on_hit(void *ctx, const struct event_hit *hit);

/* Visits what the filter wants; in each body the oldest first. ERR_NOMEM, ERR_IO, what go_on says.
 */
enum err event_walk(struct tsdb *db, const struct event_filter *filter, event_on_hit *visit,
                    void *ctx) MUST_CHECK;

/* Gives at most `limit` hits, newest first. *ret_next: the before_seq that goes on, 0: nothing is
 * left. Errors as above. */
struct event_page {
    size_t limit;
    uint64_t scan_max;
};
enum err event_search(struct tsdb *db, const struct event_filter *filter,
                      const struct event_page *page, event_on_hit *visit, void *ctx,
                      int64_t *ret_next) MUST_CHECK;

#endif
