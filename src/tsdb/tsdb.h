/*
 * Time series: interned label sets, recent samples in memory, the log on disk
 * that makes an acknowledged sample last, and sealed blocks behind it.
 *
 *            commit                 seal                     merge
 *   batch ───────────► log + head ───────────► small blocks ───────────► a block a day
 *                      (samples.db)            blocks/NAME.block
 *
 *   tsdb_open -> { tsdb_series | tsdb_commit | tsdb_select | tsdb_maintain }* -> tsdb_close
 *   tsdb_plan -> tsdb_job_run (any thread) -> tsdb_job_finish        one job at a time
 *
 * A sample is readable as soon as, and only when, tsdb_commit has returned
 * ERR_OK; then it also survives kill -9 and a power cut (durability full).
 * tsdb_open replays what is committed and not sealed. For one series and time
 * the value that was committed first stays.
 *
 * A seal copies to blocks what the head has and no block has yet; in one transaction
 * the blocks enter the manifest and the log rows that they cover go. No block reaches
 * over midnight (UTC), so merging stays within a day, and retention drops whole files.
 *
 * Threads   tsdb_commit, tsdb_maintain, tsdb_plan, tsdb_job_finish: the write
 *           thread alone. tsdb_job_run: one thread, while the others go on. All
 *           else: any thread; readers never block the appender.
 * Limits    The budget bounds memory: beyond it tsdb_series answers ERR_LIMIT for
 *           new series, sealed samples leave memory and seals come early; known
 *           series go on.
 * Time      Passed in. Retention follows the clock, but not its jumps: behind a
 *           jump it takes at most one block an hour.
 */
#ifndef FUSEBOX_TSDB_TSDB_H
#define FUSEBOX_TSDB_TSDB_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/budget.h"
#include "base/diag.h"
#include "head/cardinality.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "model/sample.h"

struct tsdb;
struct tsdb_job;

struct tsdb_options {
    const char *dir; /* exists; samples.db and blocks/ are made in it */
    bool relaxed;    /* no fsync per commit: a power cut may lose the last second */
    bool recover;    /* a samples.db that does not open is set aside, and blocks are adopted */
    struct budget *budget;       /* borrowed until the close; NULL: no limit */
    int64_t retention_ms;        /* 0: keep everything, take samples of any age */
    uint64_t retention_bytes;    /* of blocks and log on disk; 0: no limit */
    int64_t events_retention_ms; /* of events, word for word; 0: as long as there is room */
    uint64_t events_max_bytes;   /* of them on disk; 0: no limit */
    int64_t max_future_ms;  /* samples later than now + this are dropped and counted; 0: no limit */
    int64_t late_window_ms; /* a sample further behind its series' last one, and behind now, is
                               dropped and counted; without retention none is */
};

struct tsdb_stats {
    uint64_t series_count;
    uint64_t series_created_count;
    uint64_t series_refused_count;
    uint64_t series_evicted_count;
    uint64_t chunk_count;
    uint64_t memory_bytes;
    uint64_t samples_appended_count;
    uint64_t samples_late_count;         /* of those, behind a later one of their series */
    uint64_t samples_out_of_order_count; /* outside the late window: dropped */
    uint64_t samples_too_old_count;      /* older than the retention: dropped */
    uint64_t samples_duplicate_count;    /* same time: the first value stays */
    uint64_t samples_future_count;
    uint64_t samples_orphaned_count; /* of a series that has left memory: dropped */
    uint64_t samples_unsealed_count;
    uint64_t commits_count;
    uint64_t commit_failures_count;
    uint64_t log_rows_count;
    uint64_t log_bytes;
    uint64_t event_rows_count, events_count, events_bytes;
    uint64_t blocks_count;
    uint64_t blocks_bytes;
    uint64_t blocks_samples_count;
    uint64_t seals_count, seal_failures_count;
    uint64_t merges_count, merge_failures_count;
    uint64_t blocks_dropped_count; /* by retention */
    uint64_t damaged_count;        /* places found damaged since the start */
    uint64_t replayed_samples_count;
    int64_t replay_duration_ns;
    int64_t last_commit_duration_ns;
    int64_t last_seal_duration_ns;
    int64_t last_seal_ms;         /* wall time; 0: none since the start */
    int64_t min_ts_ms, max_ts_ms; /* of memory and blocks; INT64_MAX, INT64_MIN when empty */
    int64_t clock_behind_ms;      /* how far retention's notion of now lags the clock */
};

/* ERR_IO, ERR_CORRUPT (the place is named), ERR_NOMEM, ERR_CONFLICT (a newer format). */
enum err tsdb_open(const struct tsdb_options *options, struct tsdb **ret,
                   struct diag *diag) MUST_CHECK;
void tsdb_close(struct tsdb *db); /* NULL is allowed; what was committed is on disk already */

/* The reference of a series, new or known: a lease (series.h). ERR_LIMIT, ERR_NOMEM. */
enum err tsdb_series(struct tsdb *db, struct labels labels, uint32_t *ret_ref) MUST_CHECK;
/* The reference of a series that is in memory, a lease, or 0. */
uint32_t tsdb_find_series(struct tsdb *db, struct labels labels);
/* No new series from now on (safe mode), or again. */
void tsdb_refuse_new_series(struct tsdb *db, bool refuse);

/* Labels of a leased reference, put into `space`. Empty for an unknown one. */
struct labels tsdb_labels(struct tsdb *db, uint32_t ref, struct label space[LABELS_MAX]);

/*
 * Makes the batches durable in one transaction, then readable. All or none:
 * on an error nothing became readable, but what the disk holds is unknown, and
 * repeating is safe. ERR_IO, ERR_NOMEM, ERR_LIMIT (disk full).
 */
enum err tsdb_commit(struct tsdb *db, struct sample_batch *const *batches, size_t count,
                     int64_t now_ms) MUST_CHECK;

/* Did a sync fail since the opening? Then what the disk holds is not known: nothing is committed
 * any more (ERR_IO). Restart. */
bool tsdb_sync_failed(struct tsdb *db);

/*
 * Retention, idle series, memory over its limit, the log's WAL. Call every few
 * seconds. `on_evicted` is told of references that are free from now on, before they are given
 * out again; when it answers false they stay in memory.
 */
typedef bool tsdb_on_evicted(void *ctx, const uint32_t *refs, size_t count);
enum err tsdb_maintain(struct tsdb *db, int64_t now_ms, int64_t mono_ns,
                       tsdb_on_evicted *on_evicted, void *ctx) MUST_CHECK;
void tsdb_set_retention(struct tsdb *db, int64_t retention_ms, uint64_t retention_bytes);
void tsdb_set_events_retention(struct tsdb *db, int64_t retention_ms, uint64_t max_bytes);

/* --- long work --- */

enum tsdb_job_kind { TSDB_SEAL, TSDB_MERGE, TSDB_BACKUP };

/* Asks the next plan for a seal whatever the time. Any thread. */
void tsdb_request_seal(struct tsdb *db);
/* Asks for a copy of the store in dir (made; must not exist), behind a seal. ERR_OVERLOADED: one
 * is asked for already. */
enum err tsdb_request_backup(struct tsdb *db, const char *dir) MUST_CHECK;

/* The job that is due now, or NULL. No other one is under way. ERR_NOMEM. */
enum err tsdb_plan(struct tsdb *db, int64_t now_ms, int64_t mono_ns,
                   struct tsdb_job **ret) MUST_CHECK;
/* The seal before still lets go of memory: no job is planned until it has, a little in each plan.
 */
bool tsdb_is_settling(const struct tsdb *db);
void tsdb_job_run(struct tsdb_job *job);
void tsdb_job_cancel(struct tsdb_job *job); /* any thread; it still has to be finished */

struct tsdb_job_result {
    enum tsdb_job_kind kind;
    uint64_t block_count; /* new ones */
    uint64_t series_count, sample_count, bytes;
    uint64_t merged_count; /* blocks that the new one stands for */
    int64_t duration_ns;
};

/* What the job did begins to count. Frees it. Errors as tsdb_commit; then nothing changed, and of
 * *ret only the kind is set. ERR_CANCELLED. */
enum err tsdb_job_finish(struct tsdb *db, struct tsdb_job *job, struct tsdb_job_result *ret,
                         struct diag *diag) MUST_CHECK;

/* --- reading --- */

/* One series' samples in [start_ms, end_ms], rising in time, stale markers included. */
struct tsdb_series_data {
    struct labels labels;
    const struct sample *samples;
    size_t count;
};

/* Return false to stop. The data is valid during the call only. */
typedef bool tsdb_visit(void *ctx, const struct tsdb_series_data *data);

/*
 * Visits every series that all matchers accept and that has a sample in range,
 * in memory or in blocks, each once. A damaged page is left out and noted (tsdb_damages).
 * ERR_LIMIT when one series has more than max_samples, or the budget is used up; ERR_NOMEM; ERR_IO.
 */
enum err tsdb_select(struct tsdb *db, const struct matcher *matchers, size_t matcher_count,
                     int64_t start_ms, int64_t end_ms, size_t max_samples, tsdb_visit *visit,
                     void *ctx) MUST_CHECK;

/*
 * Hands out the stored samples of the series that any of the names' metrics has, in
 * [start_ms, end_ms], as batches of samples of one time, times rising: what an evaluation saw
 * before a restart. For the opening, when nothing else runs. ERR_NOMEM, ERR_IO.
 */
typedef void tsdb_on_batch(void *ctx, const struct sample_batch *batch);
enum err tsdb_replay(struct tsdb *db, const struct str *names, size_t name_count, int64_t start_ms,
                     int64_t end_ms, tsdb_on_batch *on_batch, void *ctx) MUST_CHECK;

/* --- events --- */

/* The events of one delivery, numbered first_seq, first_seq + 1, ... in the order of the text. */
struct tsdb_events {
    int64_t first_seq;
    uint32_t count, id_count; /* how many there are, and how many have an id of their sender */
    int64_t received_ms;
    int64_t min_ms, max_ms; /* their own times */
    struct str text;        /* as its source gave it in struct batch_events */
};

struct tsdb_events_range {
    int64_t before_seq;         /* rows that begin before it; INT64_MAX: all */
    int64_t since_ms, until_ms; /* only rows that may have a time in it, both included */
    bool identified;            /* only rows with ids */
};

/*
 * Hands out rows of events, newest first, those in range alone. A damaged row is left out and noted
 * (tsdb_damages). Commits wait for no more than a slice of it. ERR_NOMEM, ERR_IO; ERR_CORRUPT: what
 * lies behind a damaged page cannot be reached (noted, too).
 */
typedef bool tsdb_on_events(void *ctx, const struct tsdb_events *row); /* false stops */
enum err tsdb_read_events(struct tsdb *db, const struct tsdb_events_range *range,
                          tsdb_on_events *on_events, void *ctx) MUST_CHECK;

/* --- looking at it --- */

void tsdb_stats(struct tsdb *db, struct tsdb_stats *ret);

struct tsdb_block_row {
    const char *name; /* blocks/NAME in the data directory */
    int level;        /* 0: of a seal; one more for each merge */
    int64_t min_ts_ms, max_ts_ms;
    uint64_t series_count, sample_count, bytes;
    bool damaged; /* a place in it is known to be damaged */
};

/* In the order of time. ERR_NOMEM, ERR_LIMIT (the arena's). */
enum err tsdb_blocks(struct tsdb *db, struct arena *arena, struct tsdb_block_row **ret,
                     size_t *ret_count) MUST_CHECK;

struct tsdb_damage {
    int64_t found_ms;
    const char *path;
    uint64_t offset_bytes; /* or the row's id, in samples.db */
    const char *what;
};

enum { TSDB_DAMAGES_MAX = 100 }; /* that are remembered with their place */

enum err tsdb_damages(struct tsdb *db, struct arena *arena, struct tsdb_damage **ret,
                      size_t *ret_count) MUST_CHECK;

enum err tsdb_cardinality(struct tsdb *db, size_t top, struct arena *arena,
                          struct cardinality *ret) MUST_CHECK;

/* --- without opening it --- */

struct tsdb_verify_result {
    uint64_t blocks_count;
    uint64_t log_rows_count;
    uint64_t series_rows_count;
    uint64_t event_rows_count;
    uint64_t bytes;
    uint64_t damaged_count;
};

/* Called for each damaged place, and with what == NULL before each file is read (for who watches).
 */
typedef void tsdb_on_verify(void *ctx, const char *path, uint64_t offset_bytes, const char *what);

/* Reads and checks every file of a store that no process has open. Changes nothing. */
enum err tsdb_verify(const char *dir, tsdb_on_verify *on_verify, void *ctx,
                     struct tsdb_verify_result *ret, struct diag *diag) MUST_CHECK;

/* Removes from a directory of backups those that were interrupted; nobody makes one there. How
 * many. */
size_t tsdb_remove_unfinished_backups(const char *backups_dir);

/*
 * Copies a backup into a directory without a store, and verifies the copy. ERR_CONFLICT: there is
 * a store already; ERR_CORRUPT: the backup is damaged (nothing is left behind).
 */
enum err tsdb_restore(const char *backup_dir, const char *dir, tsdb_on_verify *on_verify, void *ctx,
                      struct diag *diag) MUST_CHECK;

#endif
