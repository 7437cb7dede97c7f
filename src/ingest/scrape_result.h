/*
 * What a scrape's end means for the store: one batch with the samples, the stale
 * markers that are due, and the series about the scrape itself.
 *
 *   scrape_result_begin -> scrape_result_good | scrape_result_bad | scrape_result_leave
 *   -> batch -> handed over? scrape_result_settle
 *
 * Each result starts a new pass of the target's cache; only settling it makes it
 * count, so that a batch that was dropped is as if it had never been.
 *
 * The references of series are leases. All of them are asked for again every
 * SCRAPE_RENEW_MS, so they hold even when nothing is committed for a long time or a
 * series sends nothing new; and when the last batch lies further back than a lease, they
 * are forgotten.
 *
 * Time      started_ms is the scrape's start, the time of every sample without
 *           one of its own. Leases count in monotonic time.
 * Threads   Owned by the scrape thread.
 * Memory    Gives the batch.
 */
#ifndef FUSEBOX_INGEST_SCRAPE_RESULT_H
#define FUSEBOX_INGEST_SCRAPE_RESULT_H

#include "ingest/target.h"
#include "tsdb/tsdb.h"

enum { SCRAPE_RENEW_MS = SERIES_LEASE_MS / 3 * 2 };

enum scrape_end { SCRAPE_GOOD, SCRAPE_BAD, SCRAPE_LEFT };

struct scrape_outcome {
    enum scrape_end end;
    double duration_s;
    size_t sample_count;
    size_t added_count;
    size_t duplicate_count;
    size_t refused_count;
    uint64_t metadata_hash;
    struct sample_batch *batch; /* the caller's */
};

/* Sees to the target's leases. Before each of the ends. */
void scrape_result_begin(struct target *t, int64_t mono_ns);

/* Reads the body. On an error *ret holds no batch, and scrape_result_bad is next. */
enum err scrape_result_good(struct target *t, struct tsdb *db, struct str body, int64_t started_ms,
                            double duration_s, struct scrape_outcome *ret,
                            struct diag *diag) MUST_CHECK;

/* up 0, and stale markers for all that the target had. ERR_NOMEM. */
enum err scrape_result_bad(struct target *t, struct tsdb *db, int64_t started_ms, double duration_s,
                           struct scrape_outcome *ret) MUST_CHECK;

/* Stale markers for all that the target had, `up` and its kin included; batch is NULL when there
 * are none. ERR_NOMEM. */
enum err scrape_result_leave(struct target *t, int64_t now_ms,
                             struct scrape_outcome *ret) MUST_CHECK;

/* The batch was handed over. */
void scrape_result_settle(struct target *t, const struct scrape_outcome *outcome);

#endif
