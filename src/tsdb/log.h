/*
 * Log: what makes committed samples last, one row per batch in samples.db.
 *
 *   log_store_open -> log_store_read_series -> log_store_read_rows
 *            -> { log_store_begin -> { _put_series | _put_batch }* -> _commit }*
 *            -> log_store_close
 *
 * Rows have rising ids, so they are replayed in the order of commit. The
 * definition of a series stands in the same transaction as its first sample.
 * A seal covers all rows up to one id: from the transaction on that says so they
 * are not replayed any more, and log_store_cut deletes them bit by bit.
 * After an error between _begin and _commit, of these two as well, call log_store_abort.
 *
 * A row that is damaged is moved to the table `damaged`, named, and the others
 * are read.
 *
 * Threads   Owned by the write thread; row_count and body_bytes may be read by any. The
 *           connection is used under `lock`, from _begin to _commit or _abort too, since
 *           others read events through it (event_rows.h).
 * Limits    ROW_SAMPLES_MAX samples per batch.
 * Source    docs/formats/log.md.
 */
#ifndef FUSEBOX_TSDB_LOG_H
#define FUSEBOX_TSDB_LOG_H

#include "base/lock.h"
#include "base/vec.h"
#include "model/labels.h"
#include "sqlite/db.h"
#include "tsdb/row.h"

struct log_store {
    struct lock lock;
    struct db *db;
    struct db_stmt *put_series;
    struct db_stmt *drop_series;
    struct db_stmt *put_row;
    struct db_stmt *cut;
    struct row_codec codec;
    struct buf labels;
    char *path;
    bool created;                         /* the file was not there before */
    struct vec damaged;                   /* struct log_damaged, until they are moved */
    uint64_t pending_rows, pending_bytes; /* of the transaction under way */
    int64_t last_id;                      /* of the last committed row; 0: none yet */
    int64_t sealed_id;                    /* rows up to here stand in blocks */
    int64_t cut_id;                       /* rows up to here are deleted */
    bool giving_back;                     /* pages of deleted rows are still the file's */
    size_t free_bytes;                    /* of those, when last looked at */
    _Atomic uint64_t row_count;           /* behind sealed_id */
    _Atomic uint64_t body_bytes;
};

/* How far the log is at one moment. */
struct log_mark {
    int64_t id;
    uint64_t row_count, body_bytes;
};

/* ERR_IO, ERR_CORRUPT, ERR_CONFLICT (another application, a newer format), ERR_NOMEM. */
enum err log_store_open(struct log_store *log, const char *dir, bool relaxed,
                        struct diag *diag) MUST_CHECK;
void log_store_close(struct log_store *log); /* all-zero is allowed */

/* Called for each row that is damaged; `id` is its key in the table. */
typedef void log_on_damage(void *ctx, const char *path, const char *table, int64_t id,
                           const char *what);

/* Calls once per series, references rising; an error of the callback ends the walk, but
 * ERR_CORRUPT calls the row damaged. */
typedef enum err log_on_series(void *ctx, uint32_t ref, struct labels labels);
enum err log_store_read_series(struct log_store *log, log_on_series *on_series,
                               log_on_damage *on_damage, void *ctx, struct diag *diag) MUST_CHECK;

/* Calls once per row that no block covers, in the order of commit, alike. The batch is the
 * callee's to change, not to keep. */
typedef enum err log_on_batch(void *ctx, struct sample_batch *batch);
enum err log_store_read_rows(struct log_store *log, log_on_batch *on_batch,
                             log_on_damage *on_damage, void *ctx, struct diag *diag) MUST_CHECK;

/* Moves the rows that were found damaged out of the way, in one transaction. */
enum err log_store_set_aside(struct log_store *log, int64_t now_ms, struct diag *diag) MUST_CHECK;

enum err log_store_begin(struct log_store *log) MUST_CHECK;
enum err log_store_put_series(struct log_store *log, uint32_t ref, struct labels labels) MUST_CHECK;
enum err log_store_drop_series(struct log_store *log, uint32_t ref) MUST_CHECK;
enum err log_store_put_batch(struct log_store *log, const struct series_sample *items, size_t count,
                             int64_t received_ms) MUST_CHECK;
enum err log_store_commit(struct log_store *log) MUST_CHECK;
void log_store_abort(struct log_store *log);

/*
 * The checksum that stands in a row of the manifest: a bit that turned over must not make other
 * blocks count, or other rows pass for sealed.
 */
int64_t log_store_checksum(struct str text, const int64_t *numbers, size_t count);
/* A number of the table meta; `otherwise` when the key is not there. ERR_CORRUPT. */
enum err log_store_get_meta(struct log_store *log, const char *key, int64_t otherwise, int64_t *ret,
                            struct diag *diag) MUST_CHECK;

/* Looks at every page of the file, also those that no reading comes by. ERR_CORRUPT. */
enum err log_store_check(struct log_store *log, struct diag *diag) MUST_CHECK;

struct log_mark log_store_mark(const struct log_store *log);
/* The transaction that says so is committed: blocks cover everything up to the mark. */
void log_store_sealed(struct log_store *log, const struct log_mark *mark);

/* Deletes rows up to sealed_id, some hundred per call. *ret_more: some are left. */
enum err log_store_cut(struct log_store *log, bool *ret_more) MUST_CHECK;

/* When rows were cut: gives a part of their pages back to the file system, and at the end the
 * WAL's. */
enum err log_store_give_back(struct log_store *log) MUST_CHECK;

/* Moves the WAL into the file when it has grown over its limit. */
enum err log_store_checkpoint(struct log_store *log) MUST_CHECK;
/* The same whatever its size: afterwards what was committed does not hang on the WAL, not even on
 * its last sync when durability is relaxed. */
enum err log_store_settle(struct log_store *log) MUST_CHECK;

#endif
