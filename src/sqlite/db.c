#include "sqlite/db.h"

#include <sqlite3.h>
#include <stdio.h>

#include "base/mem.h"

enum { WAL_FRAME_HEADER_BYTES = 24, SQL_BYTES = 128 };

struct db {
    sqlite3 *handle;
    char *path;
    size_t page_bytes;
    size_t wal_pages;
    bool sync_failed;
};

struct db_stmt {
    struct db *db;
    sqlite3_stmt *handle;
    int failed; /* SQLite's code of the first failed bind */
};

/* auto_vacuum counts in a new file only, and only in front of everything that writes to it. */
static const char pragmas[] = "PRAGMA auto_vacuum = INCREMENTAL;"
                              "PRAGMA busy_timeout = 0;"
                              "PRAGMA trusted_schema = OFF;"
                              "PRAGMA cell_size_check = ON;"
                              "PRAGMA foreign_keys = ON;"
                              "PRAGMA mmap_size = 0;"
                              "PRAGMA secure_delete = OFF;"
                              "PRAGMA wal_autocheckpoint = 0;";

static enum err err_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
        return ERR_OK;
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
        return ERR_LIMIT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CONSTRAINT:
        return ERR_CONFLICT;
    case SQLITE_ERROR:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
    case SQLITE_MISUSE:
        return ERR_INVALID;
    default:
        return ERR_IO; /* IOERR, CANTOPEN, READONLY, PERM, AUTH and their kin */
    }
}

static enum err report(struct db *db, int code, struct diag *diag)
{
    const char *words = db->handle && sqlite3_errcode(db->handle) != SQLITE_OK
                            ? sqlite3_errmsg(db->handle)
                            : sqlite3_errstr(code);

    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
        db->sync_failed = true;
    return diag_set(diag, err_of(code), "%s: %s (SQLite %d)", db->path, words, code);
}

static int on_wal(void *ctx, sqlite3 *handle, const char *name, int page_count)
{
    struct db *db = ctx;

    (void)handle;
    (void)name;
    db->wal_pages = (size_t)page_count;
    return SQLITE_OK;
}

static enum err read_number(struct db *db, const char *sql, int64_t *ret, struct diag *diag)
{
    struct db_stmt *stmt = NULL;
    bool row = false;
    enum err err = db_prepare(db, sql, &stmt, diag);

    if (err)
        return err;
    err = db_step(stmt, &row, diag);
    if (!err)
        *ret = row ? db_column_i64(stmt, 0) : 0;
    db_finalize(stmt);
    return err;
}

static enum err write_number(struct db *db, const char *pragma, int64_t value, struct diag *diag)
{
    char sql[SQL_BYTES];

    snprintf(sql, sizeof sql, "PRAGMA %s = %lld", pragma, (long long)value);
    return db_exec(db, sql, diag);
}

/* The WAL mode is kept in the file; SQLite answers with the mode that it could take. */
static enum err enter_wal_mode(struct db *db, struct diag *diag)
{
    struct db_stmt *stmt;
    bool row = false;
    enum err err = db_prepare(db, "PRAGMA journal_mode = WAL", &stmt, diag);

    if (err)
        return err;
    err = db_step(stmt, &row, diag);
    if (!err && (!row || !str_equals_nocase(db_column_text(stmt, 0), STR("wal"))))
        err = diag_set(diag, ERR_IO, "%s: the file system does not allow WAL mode", db->path);
    db_finalize(stmt);
    return err;
}

/* A file of another application, or of a newer version of ours, is left as it is. */
static enum err check_owner(struct db *db, const struct db_options *options, struct diag *diag)
{
    int64_t id = 0;
    int64_t version = 0;
    int64_t table_count = 0;
    enum err err = read_number(db, "PRAGMA application_id", &id, diag);

    if (!err)
        err = read_number(db, "PRAGMA user_version", &version, diag);
    if (!err)
        err = read_number(db, "SELECT count(*) FROM sqlite_schema", &table_count, diag);
    if (err)
        return err;
    if (id == 0 && version == 0 && table_count == 0)
        return write_number(db, "application_id", (int32_t)options->application_id, diag);
    if ((uint32_t)id != options->application_id)
        return diag_set(diag, ERR_CONFLICT, "%s: belongs to another application (id %lld)",
                        db->path, (long long)id);
    if (version > options->schema_version)
        return diag_set(diag, ERR_CONFLICT, "%s: written by a newer Fusebox (format %lld, ours %d)",
                        db->path, (long long)version, options->schema_version);
    return ERR_OK;
}

/* SQLite opens read-only what it cannot open for writing, the file or its WAL, and would say so at
 * the first commit. */
static enum err check_writable(struct db *db, struct diag *diag)
{
    if (sqlite3_db_readonly(db->handle, "main") != 0)
        return diag_set(diag, ERR_IO, "%s: cannot be opened for writing", db->path);
    return db_exec(db, "BEGIN IMMEDIATE; ROLLBACK", diag);
}

static enum err configure(struct db *db, const struct db_options *options, struct diag *diag)
{
    int64_t page_bytes = 0;
    enum err err;

    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    err = db_exec(db, pragmas, diag);
    if (!err)
        err = db_exec(db, "PRAGMA synchronous = FULL", diag); /* the making of the file always is */
    if (!err && options->exclusive)
        err = db_exec(db, "PRAGMA locking_mode = EXCLUSIVE", diag);
    if (!err)
        err = check_owner(db, options, diag);
    if (!err)
        err = enter_wal_mode(db, diag);
    if (!err)
        err = read_number(db, "PRAGMA page_size", &page_bytes, diag);
    if (!err)
        err = check_writable(db, diag);
    if (!err && options->relaxed)
        err = db_exec(db, "PRAGMA synchronous = NORMAL", diag);
    if (err)
        return err;
    db->page_bytes = (size_t)page_bytes;
    sqlite3_wal_hook(db->handle, on_wal, db);
    return ERR_OK;
}

enum err db_open(const struct db_options *options, struct db **ret, struct diag *diag)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    struct db *db = mem_alloc_zero(1, sizeof *db);
    enum err err = ERR_NOMEM;
    int code;

    if (!db)
        return ERR_NOMEM;
    db->path = mem_copy(options->path, strlen(options->path));
    if (!db->path)
        goto out;
    code = sqlite3_open_v2(options->path, &db->handle, flags, NULL);
    err = code == SQLITE_OK ? configure(db, options, diag) : report(db, code, diag);
    if (err)
        goto out;
    *ret = db;
    db = NULL;
out:
    if (db) {
        sqlite3_close_v2(db->handle);
        mem_free(db->path);
        mem_free(db);
    }
    return err;
}

void db_close(struct db *db)
{
    enum err ignored;

    if (!db)
        return;
    db_rollback(db);
    if (db->sync_failed) {
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    } else {
        /* When that fails the WAL stays beside the file and is read at the next opening. */
        ignored = db_checkpoint(db, DB_CHECKPOINT_TRUNCATE, NULL);
        (void)ignored;
    }
    sqlite3_close_v2(db->handle);
    mem_free(db->path);
    mem_free(db);
}

enum err db_exec(struct db *db, const char *sql, struct diag *diag)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? ERR_OK : report(db, code, diag);
}

enum err db_schema_version(struct db *db, int *ret_version, struct diag *diag)
{
    int64_t version = 0;
    enum err err = read_number(db, "PRAGMA user_version", &version, diag);

    if (!err)
        *ret_version = (int)version;
    return err;
}

enum err db_set_schema_version(struct db *db, int version, struct diag *diag)
{
    return write_number(db, "user_version", version, diag);
}

enum err db_prepare(struct db *db, const char *sql, struct db_stmt **ret, struct diag *diag)
{
    struct db_stmt *stmt = mem_alloc_zero(1, sizeof *stmt);
    int code;

    if (!stmt)
        return diag_set(diag, ERR_NOMEM, "%s: no memory for a statement", db->path);
    stmt->db = db;
    code = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt->handle, NULL);
    if (code != SQLITE_OK) {
        mem_free(stmt);
        return report(db, code, diag);
    }
    *ret = stmt;
    return ERR_OK;
}

void db_finalize(struct db_stmt *stmt)
{
    if (!stmt)
        return;
    sqlite3_finalize(stmt->handle);
    mem_free(stmt);
}

static void note_bind(struct db_stmt *stmt, int code)
{
    if (code != SQLITE_OK && stmt->failed == SQLITE_OK)
        stmt->failed = code;
}

void db_bind_i64(struct db_stmt *stmt, int parameter, int64_t value)
{
    note_bind(stmt, sqlite3_bind_int64(stmt->handle, parameter, value));
}

void db_bind_double(struct db_stmt *stmt, int parameter, double value)
{
    note_bind(stmt, sqlite3_bind_double(stmt->handle, parameter, value));
}

void db_bind_text(struct db_stmt *stmt, int parameter, struct str text)
{
    note_bind(stmt, sqlite3_bind_text64(stmt->handle, parameter, text.ptr, text.len, SQLITE_STATIC,
                                        SQLITE_UTF8));
}

void db_bind_blob(struct db_stmt *stmt, int parameter, struct str bytes)
{
    note_bind(stmt,
              sqlite3_bind_blob64(stmt->handle, parameter, bytes.ptr, bytes.len, SQLITE_STATIC));
}

void db_bind_null(struct db_stmt *stmt, int parameter)
{
    note_bind(stmt, sqlite3_bind_null(stmt->handle, parameter));
}

void db_reset(struct db_stmt *stmt)
{
    sqlite3_reset(stmt->handle);
    sqlite3_clear_bindings(stmt->handle);
    stmt->failed = SQLITE_OK;
}

enum err db_step(struct db_stmt *stmt, bool *ret_row, struct diag *diag)
{
    int code = stmt->failed ? stmt->failed : sqlite3_step(stmt->handle);
    enum err err = ERR_OK;

    if (code == SQLITE_ROW) {
        *ret_row = true;
        return ERR_OK;
    }
    if (code == SQLITE_DONE)
        *ret_row = false;
    else
        err = report(stmt->db, code, diag);
    db_reset(stmt);
    return err;
}

enum err db_run(struct db_stmt *stmt, struct diag *diag)
{
    bool row = true;
    enum err err = ERR_OK;

    while (row && !err)
        err = db_step(stmt, &row, diag);
    return err;
}

int64_t db_column_i64(struct db_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt->handle, column);
}

double db_column_double(struct db_stmt *stmt, int column)
{
    return sqlite3_column_double(stmt->handle, column);
}

struct str db_column_text(struct db_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt->handle, column);

    return (struct str){ text, (size_t)sqlite3_column_bytes(stmt->handle, column) };
}

struct str db_column_blob(struct db_stmt *stmt, int column)
{
    const char *bytes = sqlite3_column_blob(stmt->handle, column);

    return (struct str){ bytes, (size_t)sqlite3_column_bytes(stmt->handle, column) };
}

bool db_column_is_null(struct db_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt->handle, column) == SQLITE_NULL;
}

enum err db_begin(struct db *db, struct diag *diag)
{
    return db_exec(db, "BEGIN IMMEDIATE", diag);
}

enum err db_commit(struct db *db, struct diag *diag)
{
    enum err err = db_exec(db, "COMMIT", diag);

    if (err)
        db_rollback(db);
    return err;
}

void db_rollback(struct db *db)
{
    /* After some errors SQLite has rolled back by itself; a second ROLLBACK would be an error. */
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

bool db_sync_failed(const struct db *db)
{
    return db->sync_failed;
}

int64_t db_last_row_id(const struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

int64_t db_changes_count(const struct db *db)
{
    return sqlite3_changes64(db->handle);
}

enum err db_checkpoint(struct db *db, enum db_checkpoint_kind kind, struct diag *diag)
{
    int mode = kind == DB_CHECKPOINT_TRUNCATE ? SQLITE_CHECKPOINT_TRUNCATE
                                              : SQLITE_CHECKPOINT_PASSIVE;
    int log_pages = 0;
    int moved_pages = 0;
    int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, mode, &log_pages, &moved_pages);

    if (code != SQLITE_OK)
        return report(db, code, diag);
    if (moved_pages >= log_pages)
        db->wal_pages = 0; /* the next commit starts the file again */
    return ERR_OK;
}

size_t db_wal_bytes(const struct db *db)
{
    return db->wal_pages * (db->page_bytes + WAL_FRAME_HEADER_BYTES);
}

const char *db_library_version(void)
{
    return sqlite3_libversion();
}

int db_library_version_number(void)
{
    return sqlite3_libversion_number();
}

enum err db_give_back(struct db *db, int pages_max, size_t *ret_free_bytes, struct diag *diag)
{
    int64_t page_count = 0;
    char sql[SQL_BYTES];
    enum err err;

    snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d)", pages_max);
    err = db_exec(db, sql, diag);
    if (!err)
        err = read_number(db, "PRAGMA freelist_count", &page_count, diag);
    if (!err)
        *ret_free_bytes = (size_t)page_count * db->page_bytes;
    return err;
}
