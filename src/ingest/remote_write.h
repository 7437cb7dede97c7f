/*
 * Remote write on its way in: a packed body becomes one batch of samples.
 *
 *   remote_write_submit(&rw, body, &when, done, ctx, diag)      into the write queue
 *        └─► done(ctx, ERR_OK)         committed and synced
 *            done(ctx, ERR_INVALID)    the same for the valid rest; the diagnosis says what was not
 *            done(ctx, err)            not stored; the body may be sent again
 *
 * A body that is not well formed stores nothing. A series whose labels are not
 * valid, and a sample that cannot be stored (write_faults.h), is left out alone; one
 * that comes again counts as stored. Native histograms and exemplars are passed over and
 * counted. Metadata is kept beside that of the targets (told_metadata.h).
 *
 * Threads   Locks itself. `done` is called once, by the write thread, by whoever drops the
 *           batch, or before remote_write_submit returns; without the lock.
 * Memory    The unpacked body is booked in the budget while it is read, the batch while it
 *           waits. remote_write_release needs all batches to be gone.
 * Limits    The enum below; model/labels.h for each series. Overload is refused early: while the
 *           oldest body that waits has waited max_wait_ms, no other is taken, so that one which is
 *           taken is answered before its sender gives up and sends it twice.
 */
#ifndef FUSEBOX_INGEST_REMOTE_WRITE_H
#define FUSEBOX_INGEST_REMOTE_WRITE_H

#include <stdatomic.h>

#include "base/budget.h"
#include "base/lock.h"
#include "base/queue.h"
#include "ingest/ref_cache.h"
#include "ingest/told_metadata.h"
#include "tsdb/tsdb.h"

enum {
    REMOTE_WRITE_PACKED_MAX_BYTES = 4 << 20,
    REMOTE_WRITE_BODY_MAX_BYTES = 32 << 20,
    /* Of one body. Senders come with 500 to 2,000 samples; some are set to 50,000, or to 8 MiB. */
    REMOTE_WRITE_SERIES_MAX = 100000,
    REMOTE_WRITE_SAMPLES_MAX = 100000,
};

struct remote_write_stats {            /* all rising */
    _Atomic uint64_t stored, rejected; /* samples */
    _Atomic uint64_t histograms_skipped, exemplars_skipped;
    _Atomic uint64_t refused_bodies; /* not stored: the store, the queue or memory refused */
};

struct remote_write_options {
    struct tsdb *db;
    struct queue *batches;
    struct budget *budget; /* NULL: no limit */
    int64_t max_future_ms; /* 0: no limit */
    int64_t max_wait_ms;   /* 0: no limit */
};

struct remote_write_delivery;

struct remote_write {
    struct remote_write_options options;
    struct lock lock; /* of the references and those that wait */
    struct ref_cache refs;
    struct remote_write_delivery *first, *last; /* that wait to be stored */
    struct told_metadata metadata;              /* told_metadata_keep_in: where it is kept */
    struct remote_write_stats stats;
};

void remote_write_init(struct remote_write *rw, const struct remote_write_options *options);
void remote_write_release(struct remote_write *rw);

struct remote_write_when {
    int64_t now_ms;
    int64_t mono_ns;
    int64_t oldest_ms; /* samples before are not taken; INT64_MIN: all are */
};

typedef void remote_write_done(void *ctx, enum err err, const struct diag *diag);

/*
 * The body need not outlive the call. On an error done is not called: ERR_INVALID, ERR_TOO_LARGE;
 * ERR_OVERLOADED: the queue, the budget or the store is full, or others have waited too long;
 * ERR_NOMEM; ERR_CANCELLED.
 */
enum err remote_write_submit(struct remote_write *rw, struct str packed,
                             const struct remote_write_when *when, remote_write_done *done,
                             void *ctx, struct diag *diag) MUST_CHECK;

#endif
