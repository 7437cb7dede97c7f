/*
 * SQLite, thin and safe: the one place that includes sqlite3.h.
 *
 * A database is one connection in WAL mode, owned by one thread. It never
 * checkpoints by itself: the owner calls db_checkpoint when db_wal_bytes says
 * so, because two connections that write and checkpoint at the same moment can
 * corrupt the file (the WAL-reset defect of SQLite before 3.51.3).
 *
 *   db_open -> { db_exec | db_prepare -> { db_bind_* -> db_step | db_run }* -> db_finalize }* ->
 * db_close db_begin -> ... -> db_commit, and db_rollback on every other way out
 *
 * A failed bind sticks to its statement and is reported by the next db_step or
 * db_run, so that a row of binds needs one check.
 *
 * Errors    ERR_IO (the system refused), ERR_LIMIT (disk full or value too big),
 *           ERR_CORRUPT (damaged, or no database), ERR_NOMEM, ERR_CONFLICT
 *           (locked by someone else, another application's file, a newer schema,
 *           a constraint), ERR_INVALID (SQL). diag names the path and SQLite's
 *           own words.
 * Threads   Owned by the thread that uses it (no mutex inside); a hand-over with
 *           a happens-before edge is fine.
 * Memory    Bound text and blobs are borrowed until the next db_run, db_reset or
 *           db_finalize; columns live until the next step or reset.
 * Source    https://www.sqlite.org/wal.html, https://www.sqlite.org/security.html
 */
#ifndef FUSEBOX_SQLITE_DB_H
#define FUSEBOX_SQLITE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/diag.h"
#include "base/str.h"

enum { DB_SQLITE_FIXED_VERSION = 3051003 }; /* the first without the WAL-reset defect */

struct db;
struct db_stmt;

struct db_options {
    const char *path;
    uint32_t application_id; /* written into a new file; another one is ERR_CONFLICT */
    int schema_version; /* the newest user_version that the caller knows; beyond: ERR_CONFLICT */
    bool relaxed;       /* synchronous=NORMAL: a power cut may lose the last commits */
    bool exclusive;     /* no other connection while this one is open; saves system calls */
};

enum err db_open(const struct db_options *options, struct db **ret, struct diag *diag) MUST_CHECK;

/* Checkpoints what the WAL holds and truncates it; NULL is allowed. Statements must be finalized.
 */
void db_close(struct db *db);

/* One or more statements without parameters and results. */
enum err db_exec(struct db *db, const char *sql, struct diag *diag) MUST_CHECK;

/* user_version: 0 in a new file. */
enum err db_schema_version(struct db *db, int *ret_version, struct diag *diag) MUST_CHECK;
enum err db_set_schema_version(struct db *db, int version, struct diag *diag) MUST_CHECK;

enum err db_prepare(struct db *db, const char *sql, struct db_stmt **ret,
                    struct diag *diag) MUST_CHECK;
void db_finalize(struct db_stmt *stmt); /* NULL is allowed */

/* Parameters count from 1. A struct str with a NULL pointer binds NULL. */
void db_bind_i64(struct db_stmt *stmt, int parameter, int64_t value);
void db_bind_double(struct db_stmt *stmt, int parameter, double value);
void db_bind_text(struct db_stmt *stmt, int parameter, struct str text);
void db_bind_blob(struct db_stmt *stmt, int parameter, struct str bytes);
void db_bind_null(struct db_stmt *stmt, int parameter);

/* *ret_row: a row is there. At the end, and on an error, the statement is reset. */
enum err db_step(struct db_stmt *stmt, bool *ret_row, struct diag *diag) MUST_CHECK;
/* Steps to the end, ignoring rows; the statement can be bound again. */
enum err db_run(struct db_stmt *stmt, struct diag *diag) MUST_CHECK;
/* Ends a walk before its end; forgets what was bound. */
void db_reset(struct db_stmt *stmt);

/* Columns count from 0. */
int64_t db_column_i64(struct db_stmt *stmt, int column);
double db_column_double(struct db_stmt *stmt, int column);
struct str db_column_text(struct db_stmt *stmt, int column);
struct str db_column_blob(struct db_stmt *stmt, int column);
bool db_column_is_null(struct db_stmt *stmt, int column);

/* Takes the write lock at once. */
enum err db_begin(struct db *db, struct diag *diag) MUST_CHECK;
/*
 * On an error the transaction is rolled back for this connection; whether the
 * disk holds it after a crash is unknown until the next commit succeeds.
 */
enum err db_commit(struct db *db, struct diag *diag) MUST_CHECK;
void db_rollback(struct db *db); /* nothing to do outside a transaction */

/*
 * A sync of the file, its WAL or its directory failed since the opening. What of it is on the disk
 * is not known then, and another sync would not say: close, without more writes, and start anew.
 * Closing leaves the WAL as it is.
 */
bool db_sync_failed(const struct db *db);

int64_t db_last_row_id(const struct db *db);
int64_t db_changes_count(const struct db *db); /* rows changed by the last statement */

enum db_checkpoint_kind {
    DB_CHECKPOINT_PASSIVE,  /* as much as readers allow, without waiting */
    DB_CHECKPOINT_TRUNCATE, /* all of it, and the WAL file becomes empty */
};

enum err db_checkpoint(struct db *db, enum db_checkpoint_kind kind, struct diag *diag) MUST_CHECK;
/* What of the WAL's content has come since the last checkpoint that moved all of it. */
size_t db_wal_bytes(const struct db *db);

/*
 * Gives free pages of the file back to the file system, at most pages_max; what is left is free in
 * the file (a file that was made by an older version keeps all of it). Outside a transaction.
 */
enum err db_give_back(struct db *db, int pages_max, size_t *ret_free_bytes,
                      struct diag *diag) MUST_CHECK;

/* Writes a copy, as of now and without the WAL, to a new file, and syncs it. ERR_CONFLICT: there is
 * one. Outside a transaction; after an error the file may be there in part. */
enum err db_copy(struct db *db, const char *path, struct diag *diag) MUST_CHECK;

const char *db_library_version(void); /* of the SQLite that runs, "3.40.1" */
int db_library_version_number(void);  /* 3040001 */

#endif
