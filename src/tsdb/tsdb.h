/*
 * Time series: interned label sets, recent samples in memory, and the log on
 * disk that makes an acknowledged sample last.
 *
 *   tsdb_open -> { tsdb_series | tsdb_commit | tsdb_select | tsdb_maintain }* -> tsdb_close
 *
 * A sample is readable as soon as, and only when, tsdb_commit has returned
 * ERR_OK; then it also survives kill -9 and a power cut (durability full).
 * tsdb_open replays what was committed.
 *
 * Threads   tsdb_series, tsdb_labels, tsdb_select, tsdb_stats: any thread (index
 *           locks itself; readers take a published length and never block the
 *           appender). tsdb_commit and tsdb_maintain: the write thread alone.
 * Limits    options.memory_limit_bytes bounds chunks and index together: beyond
 *           it tsdb_series answers ERR_LIMIT for new series, and tsdb_maintain
 *           drops the oldest chunks, so known series go on.
 * Time      Passed in.
 */
#ifndef FUSEBOX_TSDB_TSDB_H
#define FUSEBOX_TSDB_TSDB_H

#include "base/diag.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "model/sample.h"

struct tsdb;

struct tsdb_options {
    const char *dir;           /* exists; samples.db is made in it */
    bool relaxed;              /* no fsync per commit: a power cut may lose the last second */
    size_t memory_limit_bytes; /* 0: no limit */
    int64_t retention_ms;      /* 0: keep everything */
    int64_t max_future_ms; /* samples later than now + this are dropped and counted; 0: no limit */
    /* Called in tsdb_open for each committed batch not older than replay_from_ms, in the order of
     * commit. May be NULL. */
    void (*on_replayed)(void *ctx, struct tsdb *db, const struct sample_batch *batch);
    void *ctx;
    int64_t replay_from_ms;
};

struct tsdb_stats {
    uint64_t series_count;
    uint64_t chunk_count;
    uint64_t memory_bytes;
    uint64_t samples_appended_count;
    uint64_t samples_out_of_order_count; /* older than the series' last sample: dropped */
    uint64_t samples_duplicate_count;    /* same time, same value: nothing to do; other value: the
                                            first stays */
    uint64_t samples_future_count;
    uint64_t series_refused_count;
    uint64_t commits_count;
    uint64_t commit_failures_count;
    uint64_t log_rows_count;
    uint64_t log_bytes;
    uint64_t replayed_samples_count;
    int64_t replay_duration_ns;
    int64_t last_commit_duration_ns;
    int64_t min_ts_ms, max_ts_ms; /* INT64_MAX, INT64_MIN when empty */
};

/* ERR_IO, ERR_CORRUPT (the place is named), ERR_NOMEM, ERR_CONFLICT (a newer format). */
enum err tsdb_open(const struct tsdb_options *options, struct tsdb **ret,
                   struct diag *diag) MUST_CHECK;
void tsdb_close(struct tsdb *db); /* NULL is allowed; what was committed is on disk already */

/* The reference of a series, new or known (from 1, stable while the data directory lives).
 * ERR_LIMIT, ERR_NOMEM. */
enum err tsdb_series(struct tsdb *db, struct labels labels, uint32_t *ret_ref) MUST_CHECK;

/* Labels of a known reference; they live as long as the store. Empty for an unknown one. */
struct labels tsdb_labels(struct tsdb *db, uint32_t ref);

/*
 * Makes the batches durable in one transaction, then readable. All or none:
 * on an error nothing became readable, but what the disk holds is unknown, and
 * repeating is safe. ERR_IO, ERR_NOMEM, ERR_LIMIT (disk full).
 */
enum err tsdb_commit(struct tsdb *db, struct sample_batch *const *batches, size_t count,
                     int64_t now_ms) MUST_CHECK;

/* Drops what is older than the retention, or what is over the memory limit; cuts the log. Call
 * every few seconds. */
enum err tsdb_maintain(struct tsdb *db, int64_t now_ms) MUST_CHECK;
void tsdb_set_retention(struct tsdb *db, int64_t retention_ms);

/* One series' samples in [start_ms, end_ms], rising in time, stale markers included. */
struct tsdb_series_data {
    uint32_t ref;
    struct labels labels;
    const struct sample *samples;
    size_t count;
};

/* Return false to stop. The data is valid during the call only. */
typedef bool tsdb_visit(void *ctx, const struct tsdb_series_data *data);

/*
 * Visits every series that all matchers accept and that has a sample in range.
 * ERR_LIMIT when one series has more than max_samples; ERR_NOMEM.
 */
enum err tsdb_select(struct tsdb *db, const struct matcher *matchers, size_t matcher_count,
                     int64_t start_ms, int64_t end_ms, size_t max_samples, tsdb_visit *visit,
                     void *ctx) MUST_CHECK;

void tsdb_stats(struct tsdb *db, struct tsdb_stats *ret);

#endif
