/* samples.db: its tables, and what is read of them first. */
#include "base/crc32c.h"
#include "base/mem.h"
#include "tsdb/log_parts.h"

enum {
    FORMAT_VERSION = 3,
    APPLICATION_ID = 0x46425453, /* "FBTS" */
    DAMAGED_ROWS_MAX = 1 << 20,
};

/* Format 1 had the tables series and log, and in log a column max_ts. */
static const char sql_format_1[] = "CREATE TABLE series ("
                                   "  ref INTEGER PRIMARY KEY,"
                                   "  labels BLOB NOT NULL"
                                   ") STRICT;"
                                   "CREATE TABLE log ("
                                   "  id INTEGER PRIMARY KEY,"
                                   "  max_ts INTEGER NOT NULL,"
                                   "  body BLOB NOT NULL"
                                   ") STRICT;";

static const char sql_format_2[] = "ALTER TABLE log DROP COLUMN max_ts;"
                                   "CREATE TABLE block ("
                                   "  seq INTEGER PRIMARY KEY,"
                                   "  name TEXT NOT NULL UNIQUE,"
                                   "  level INTEGER NOT NULL,"
                                   "  created_ms INTEGER NOT NULL,"
                                   "  crc INTEGER NOT NULL"
                                   ") STRICT;"
                                   "CREATE TABLE doomed (name TEXT PRIMARY KEY) STRICT;"
                                   "CREATE TABLE meta ("
                                   "  key TEXT PRIMARY KEY,"
                                   "  value INTEGER NOT NULL,"
                                   "  crc INTEGER NOT NULL"
                                   ") STRICT;"
                                   "CREATE TABLE damaged ("
                                   "  found_ms INTEGER NOT NULL,"
                                   "  tbl TEXT NOT NULL,"
                                   "  id INTEGER NOT NULL,"
                                   "  what TEXT NOT NULL,"
                                   "  body BLOB"
                                   ") STRICT;"
                                   "PRAGMA user_version = 2;";

static const char sql_format_3[] = "CREATE TABLE event ("
                                   "  seq INTEGER PRIMARY KEY,"
                                   "  count INTEGER NOT NULL,"
                                   "  id_count INTEGER NOT NULL,"
                                   "  received_ms INTEGER NOT NULL,"
                                   "  min_ms INTEGER NOT NULL,"
                                   "  max_ms INTEGER NOT NULL,"
                                   "  body BLOB NOT NULL"
                                   ") STRICT;"
                                   "PRAGMA user_version = 3;";

/* After a commit with an unknown end the same definition may be there already. */
static const char sql_put_series[] = "INSERT INTO series (ref, labels) VALUES (?1, ?2)"
                                     " ON CONFLICT (ref) DO UPDATE SET labels = excluded.labels";
static const char sql_drop_series[] = "DELETE FROM series WHERE ref = ?1";
static const char sql_put_row[] = "INSERT INTO log (id, body) VALUES (?1, ?2)";
static const char sql_cut[] = "DELETE FROM log WHERE id <= ?1";

static enum err make_schema(struct log_store *log, struct diag *diag)
{
    int version = 0;
    enum err err = db_schema_version(log->db, &version, diag);

    log->created = version == 0;
    if (err || version == FORMAT_VERSION)
        return err;
    err = db_begin(log->db, diag);
    if (!err && version == 0)
        err = db_exec(log->db, sql_format_1, diag);
    if (!err && version < 2)
        err = db_exec(log->db, sql_format_2, diag);
    if (!err)
        err = db_exec(log->db, sql_format_3, diag);
    if (!err)
        err = db_commit(log->db, diag);
    if (err)
        db_rollback(log->db);
    return err;
}

static enum err prepare_all(struct log_store *log, struct diag *diag)
{
    enum err err = db_prepare(log->db, sql_put_series, &log->put_series, diag);

    if (!err)
        err = db_prepare(log->db, sql_drop_series, &log->drop_series, diag);
    if (!err)
        err = db_prepare(log->db, sql_put_row, &log->put_row, diag);
    if (!err)
        err = db_prepare(log->db, sql_cut, &log->cut, diag);
    return err;
}

static enum err read_number(struct log_store *log, const char *sql, int64_t *ret, struct diag *diag)
{
    struct db_stmt *stmt = NULL;
    bool row = false;
    enum err err = db_prepare(log->db, sql, &stmt, diag);

    if (!err)
        err = db_step(stmt, &row, diag);
    if (!err)
        *ret = row ? db_column_i64(stmt, 0) : 0;
    db_finalize(stmt);
    return err;
}

int64_t log_store_checksum(struct str text, const int64_t *numbers, size_t count)
{
    uint32_t crc = crc32c(0, text.ptr, text.len);

    for (size_t i = 0; i < count; i++)
        for (int shift = 0; shift < 64; shift += 8) {
            uint8_t byte = (uint8_t)((uint64_t)numbers[i] >> shift);

            crc = crc32c(crc, &byte, 1);
        }
    return crc;
}

static enum err read_meta(struct log_store *log, const char *key, int64_t otherwise, int64_t *ret,
                          struct diag *diag)
{
    struct db_stmt *stmt = NULL;
    int64_t value = otherwise;
    bool row = false;
    enum err err = db_prepare(log->db, "SELECT value, crc FROM meta WHERE key = ?1", &stmt, diag);

    if (err)
        return err;
    db_bind_text(stmt, 1, str_of(key));
    err = db_step(stmt, &row, diag);
    if (!err && row)
        value = db_column_i64(stmt, 0);
    if (!err && row && db_column_i64(stmt, 1) != log_store_checksum(str_of(key), &value, 1))
        err = diag_set(diag, ERR_CORRUPT, "%s: table meta, %s: the checksum is wrong", log->path,
                       key);
    if (!err)
        *ret = value;
    db_finalize(stmt);
    return err;
}

enum err log_store_get_meta(struct log_store *log, const char *key, int64_t otherwise, int64_t *ret,
                            struct diag *diag)
{
    enum err err;

    lock_take(&log->lock);
    err = read_meta(log, key, otherwise, ret, diag);
    lock_drop(&log->lock);
    return err;
}

/* A number is never used twice, or a new row would count as sealed. */
static enum err read_numbers(struct log_store *log, struct diag *diag)
{
    int64_t first_id = 0;
    enum err err = read_number(log, "SELECT max(id) FROM log", &log->last_id, diag);

    if (!err)
        err = read_number(log, "SELECT min(id) FROM log", &first_id, diag);
    if (!err)
        err = log_store_get_meta(log, "sealed_id", 0, &log->sealed_id, diag);
    if (log->last_id < log->sealed_id)
        log->last_id = log->sealed_id;
    log->cut_id = first_id ? first_id - 1 : log->last_id;
    return err;
}

static char *path_of(const char *dir)
{
    struct buf path = buf_limited(SIZE_MAX / 2);

    buf_append_cstr(&path, dir);
    buf_append_cstr(&path, "/samples.db");
    buf_append_byte(&path, '\0');
    if (buf_error(&path)) {
        buf_release(&path);
        return NULL;
    }
    return buf_take(&path, &(size_t){ 0 });
}

enum err log_store_open(struct log_store *log, const char *dir, bool relaxed, struct diag *diag)
{
    struct db_options options = {
        .application_id = APPLICATION_ID,
        .schema_version = FORMAT_VERSION,
        .relaxed = relaxed,
        .exclusive = true,
    };
    enum err err;

    *log = (struct log_store){
        .labels = buf_limited(2 * LABELS_MAX_BYTES),
        .damaged = vec_of(sizeof(struct log_damaged), DAMAGED_ROWS_MAX),
    };
    lock_init(&log->lock, LOCK_RANK_SAMPLES_DB);
    log->path = path_of(dir);
    options.path = log->path;
    err = log->path ? row_codec_init(&log->codec) : ERR_NOMEM;
    if (!err)
        err = db_open(&options, &log->db, diag);
    if (!err)
        err = make_schema(log, diag);
    if (!err)
        err = prepare_all(log, diag);
    if (!err)
        err = read_numbers(log, diag);
    if (err)
        log_store_close(log);
    return err;
}

void log_store_close(struct log_store *log)
{
    if (!log->lock.rank)
        return;
    db_finalize(log->put_series);
    db_finalize(log->drop_series);
    db_finalize(log->put_row);
    db_finalize(log->cut);
    db_close(log->db);
    row_codec_release(&log->codec);
    buf_release(&log->labels);
    vec_release(&log->damaged);
    mem_free(log->path);
    lock_release(&log->lock);
    *log = (struct log_store){ 0 };
}
