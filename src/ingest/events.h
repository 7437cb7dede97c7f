/*
 * Events on their way in: a body of JSON becomes samples of series, which are kept,
 * and signals, which are evaluated once the samples are committed.
 *
 *   events_read(&e, body, ndjson, now, &delivery, diag)     nothing counts yet
 *   events_submit(&e, delivery, done, ctx)                  into the write queue
 *        └─► done(ctx, ERR_OK)       committed and synced: from then on it can be searched
 *            done(ctx, err)          not stored; the body may be sent again
 *
 * The events are stored word for word in the transaction of their samples, so that
 * event_search.h finds them again and event_recall.h their ids.
 *
 * What was sent again (the same service and id) is counted as accepted and changes
 * nothing. A body that is not stored is not evaluated, and its ids are forgotten.
 *
 * Threads   Locks itself. `done` is called once, by the write thread or whoever
 *           drops the batch, without the lock.
 * Memory    A body and its delivery are booked in the memory budget while they wait.
 *           events_release needs all deliveries to be gone.
 * Limits    EVENTS_BODY_MAX_BYTES, EVENTS_BODY_MAX_COUNT, those of its parts.
 */
#ifndef FUSEBOX_INGEST_EVENTS_H
#define FUSEBOX_INGEST_EVENTS_H

#include <stdatomic.h>

#include "base/budget.h"
#include "base/lock.h"
#include "base/queue.h"
#include "ingest/event_ids.h"
#include "ingest/event_series.h"
#include "wire/event.h"

enum {
    EVENTS_BODY_MAX_BYTES = 4 << 20,
    EVENTS_BODY_MAX_COUNT = 10000,
    EVENTS_FAULTS_SHOWN = 100,
    EVENTS_ARENA_MAX_BYTES = 48 << 20, /* of one delivery; a usual one needs some KiB */
};

struct event_stats { /* all rising */
    _Atomic uint64_t accepted, repeated, rejected;
    _Atomic uint64_t refused_bodies; /* not stored: the store, the queue or memory refused */
};

struct events {
    struct lock lock;
    struct queue *batches;
    struct budget *budget; /* NULL: no limit */
    int64_t max_future_ms;
    struct event_series series;
    struct event_ids ids;
    uint64_t failures_count; /* deliveries that were not stored */
    struct event_stats stats;
};

void events_init(struct events *e, struct tsdb *db, struct queue *batches, struct budget *budget,
                 int64_t max_future_ms);
void events_release(struct events *e);
/* What was told before a restart is known again; before anything is submitted. ERR_NOMEM, ERR_IO.
 */
enum err events_recall(struct events *e, struct tsdb *db, int64_t now_ms) MUST_CHECK;

struct event_delivery;

struct event_counts {
    size_t accepted; /* repeated ones included */
    size_t repeated; /* known only after events_submit */
    size_t rejected;
    const struct event_fault *faults; /* the first EVENTS_FAULTS_SHOWN */
    size_t fault_count;
};

/*
 * The body must live until `done` was called. ERR_TOO_LARGE: more than EVENTS_BODY_MAX_COUNT;
 * ERR_NOMEM; ERR_LIMIT: too many series, or the memory budget.
 */
enum err events_read(struct events *e, struct str body, bool is_ndjson, int64_t now_ms,
                     struct event_delivery **ret, struct diag *diag) MUST_CHECK;
struct event_counts events_counts(const struct event_delivery *d);
void events_drop(struct event_delivery *d); /* one that is not submitted; NULL is allowed */

/* Takes the delivery; done may be called before it returns. On an error the caller keeps it, and
 * done is not called. ERR_OVERLOADED: the queue or the budget is full; ERR_LIMIT: too many series;
 * ERR_NOMEM; ERR_CANCELLED. */
typedef void events_done(void *ctx, const struct event_counts *counts, enum err err);
enum err events_submit(struct events *e, struct event_delivery *d, int64_t mono_ns,
                       events_done *done, void *ctx) MUST_CHECK;

#endif
