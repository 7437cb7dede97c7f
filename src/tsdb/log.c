#include "tsdb/log.h"

#include <stdio.h>

#include "base/crc32c.h"
#include "base/mem.h"

enum {
    FORMAT_VERSION = 2,
    APPLICATION_ID = 0x46425453, /* "FBTS" */
    LABELS_CRC_BYTES = 4,
    LABELS_ARENA_BYTES = 65536,
    CUT_ROWS = 200,
    GIVE_BACK_PAGES = 4096,
    WAL_MAX_BYTES = 8 << 20,
    DAMAGED_ROWS_MAX = 1 << 20,
    DAMAGED_WHAT_BYTES = 128,
};

struct log_damaged {
    bool is_series;
    int64_t id;
    char what[DAMAGED_WHAT_BYTES];
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
    if (!err)
        err = db_exec(log->db, sql_format_2, diag);
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

enum err log_store_get_meta(struct log_store *log, const char *key, int64_t otherwise, int64_t *ret,
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
    db_finalize(log->put_series);
    db_finalize(log->drop_series);
    db_finalize(log->put_row);
    db_finalize(log->cut);
    db_close(log->db);
    row_codec_release(&log->codec);
    buf_release(&log->labels);
    vec_release(&log->damaged);
    mem_free(log->path);
    *log = (struct log_store){ 0 };
}

/* Bit rot in a label would make a wrong series, so its definition has a checksum over both columns.
 */
static uint32_t labels_crc(uint32_t ref, struct str encoded)
{
    uint8_t number[4];

    for (int i = 0; i < 4; i++)
        number[i] = (uint8_t)(ref >> 8 * i);
    return crc32c(crc32c(0, number, sizeof number), encoded.ptr, encoded.len);
}

static enum err decode_series(int64_t ref, struct str bytes, struct arena *arena,
                              struct labels *ret_labels)
{
    struct str encoded = { bytes.ptr + LABELS_CRC_BYTES, bytes.len - LABELS_CRC_BYTES };
    uint32_t crc = 0;

    if (bytes.len < LABELS_CRC_BYTES || ref < 1 || ref > UINT32_MAX)
        return ERR_CORRUPT;
    for (int i = 0; i < LABELS_CRC_BYTES; i++)
        crc |= (uint32_t)(uint8_t)bytes.ptr[i] << 8 * i;
    if (crc != labels_crc((uint32_t)ref, encoded))
        return ERR_CORRUPT;
    return labels_decode(encoded, arena, ret_labels);
}

/* Words for an error at a row, with the place that a person can look at. */
static enum err name_row(const struct log_store *log, const char *table, int64_t id, enum err err,
                         const struct diag *why, struct diag *diag)
{
    return diag_set(diag, err, "%s: table %s, row %lld: %s", log->path, table, (long long)id,
                    why->code ? why->message : err_text(err));
}

/* Damage is noted, and the walk goes on; everything else ends it. */
static enum err judge_row(struct log_store *log, bool is_series, int64_t id, enum err err,
                          const struct diag *why, log_on_damage *on_damage, void *ctx)
{
    const char *what = why->code ? why->message : err_text(err);
    struct log_damaged *damaged;

    if (err != ERR_CORRUPT)
        return err;
    damaged = vec_push(&log->damaged);
    if (!damaged)
        return vec_error(&log->damaged);
    damaged->is_series = is_series;
    damaged->id = id;
    snprintf(damaged->what, sizeof damaged->what, "%.120s", what);
    on_damage(ctx, log->path, is_series ? "series" : "log", id, what);
    return ERR_OK;
}

static enum err read_series(struct db_stmt *stmt, struct arena *arena, log_on_series *on_series,
                            void *ctx)
{
    int64_t ref = db_column_i64(stmt, 0);
    struct labels labels;
    enum err err;

    arena_reset(arena);
    err = decode_series(ref, db_column_blob(stmt, 1), arena, &labels);
    return err ? err : on_series(ctx, (uint32_t)ref, labels);
}

enum err log_store_read_series(struct log_store *log, log_on_series *on_series,
                               log_on_damage *on_damage, void *ctx, struct diag *diag)
{
    struct arena arena = arena_limited(LABELS_ARENA_BYTES);
    struct diag none = { 0 };
    struct db_stmt *stmt = NULL;
    bool row = false;
    enum err err = db_prepare(log->db, "SELECT ref, labels FROM series ORDER BY ref", &stmt, diag);

    while (!err && !(err = db_step(stmt, &row, diag)) && row) {
        int64_t ref = db_column_i64(stmt, 0);

        err = read_series(stmt, &arena, on_series, ctx);
        if (err)
            err = judge_row(log, true, ref, err, &none, on_damage, ctx);
        if (err)
            err = name_row(log, "series", ref, err, &none, diag);
    }
    db_finalize(stmt);
    arena_release(&arena);
    return err;
}

static enum err read_row(struct log_store *log, struct db_stmt *stmt, log_on_batch *on_batch,
                         log_on_damage *on_damage, void *ctx, struct diag *diag)
{
    struct str body = db_column_blob(stmt, 1);
    int64_t id = db_column_i64(stmt, 0);
    struct sample_batch *batch = NULL;
    struct diag why = { 0 };
    enum err err = row_decode(&log->codec, body, &batch, &why);

    log->row_count++;
    log->body_bytes += body.len;
    if (!err)
        err = on_batch(ctx, batch);
    if (err)
        err = judge_row(log, false, id, err, &why, on_damage, ctx);
    sample_batch_free(batch);
    return err ? name_row(log, "log", id, err, &why, diag) : ERR_OK;
}

enum err log_store_read_rows(struct log_store *log, log_on_batch *on_batch,
                             log_on_damage *on_damage, void *ctx, struct diag *diag)
{
    struct db_stmt *stmt = NULL;
    bool row = false;
    enum err err = db_prepare(log->db, "SELECT id, body FROM log WHERE id > ?1 ORDER BY id", &stmt,
                              diag);

    log->row_count = 0;
    log->body_bytes = 0;
    if (!err)
        db_bind_i64(stmt, 1, log->sealed_id);
    while (!err && !(err = db_step(stmt, &row, diag)) && row)
        err = read_row(log, stmt, on_batch, on_damage, ctx, diag);
    db_finalize(stmt);
    return err;
}

/* --- damage --- */

static enum err set_one_aside(struct log_store *log, const struct log_damaged *damaged,
                              int64_t now_ms, struct diag *diag)
{
    static const char *const sql[2][2] = {
        { "INSERT INTO damaged SELECT ?2, 'log', id, ?3, body FROM log WHERE id = ?1",
          "DELETE FROM log WHERE id = ?1" },
        { "INSERT INTO damaged SELECT ?2, 'series', ref, ?3, labels FROM series WHERE ref = ?1",
          "DELETE FROM series WHERE ref = ?1" },
    };
    enum err err = ERR_OK;

    for (int step = 0; step < 2 && !err; step++) {
        struct db_stmt *stmt = NULL;

        err = db_prepare(log->db, sql[damaged->is_series][step], &stmt, diag);
        if (err)
            break;
        db_bind_i64(stmt, 1, damaged->id);
        if (step == 0) {
            db_bind_i64(stmt, 2, now_ms);
            db_bind_text(stmt, 3, str_of(damaged->what));
        }
        err = db_run(stmt, diag);
        db_finalize(stmt);
    }
    return err;
}

enum err log_store_set_aside(struct log_store *log, int64_t now_ms, struct diag *diag)
{
    enum err err;

    if (log->damaged.count == 0)
        return ERR_OK;
    err = db_begin(log->db, diag);
    for (size_t i = 0; i < log->damaged.count && !err; i++)
        err = set_one_aside(log, vec_at(&log->damaged, i), now_ms, diag);
    if (!err)
        err = db_commit(log->db, diag);
    if (err)
        db_rollback(log->db);
    vec_clear(&log->damaged);
    return err;
}

/* --- writing --- */

enum err log_store_begin(struct log_store *log)
{
    log->pending_rows = 0;
    log->pending_bytes = 0;
    if (db_sync_failed(log->db))
        return ERR_IO;
    return db_begin(log->db, NULL);
}

enum err log_store_put_series(struct log_store *log, uint32_t ref, struct labels labels)
{
    static const char room[LABELS_CRC_BYTES] = { 0 };
    struct str encoded;
    uint32_t crc;

    buf_clear(&log->labels);
    buf_append(&log->labels, room, LABELS_CRC_BYTES);
    labels_encode(labels, &log->labels);
    if (buf_error(&log->labels))
        return buf_error(&log->labels);
    encoded = (struct str){ log->labels.data + LABELS_CRC_BYTES,
                            log->labels.len - LABELS_CRC_BYTES };
    crc = labels_crc(ref, encoded);
    for (int i = 0; i < LABELS_CRC_BYTES; i++)
        log->labels.data[i] = (char)(uint8_t)(crc >> 8 * i);
    db_bind_i64(log->put_series, 1, ref);
    db_bind_blob(log->put_series, 2, buf_str(&log->labels));
    return db_run(log->put_series, NULL);
}

enum err log_store_drop_series(struct log_store *log, uint32_t ref)
{
    db_bind_i64(log->drop_series, 1, ref);
    return db_run(log->drop_series, NULL);
}

enum err log_store_put_batch(struct log_store *log, const struct series_sample *items, size_t count,
                             int64_t received_ms)
{
    struct str body;
    enum err err = row_encode(&log->codec, items, count, received_ms, &body);

    if (err)
        return err;
    log->pending_rows++;
    log->pending_bytes += body.len;
    db_bind_i64(log->put_row, 1, log->last_id + (int64_t)log->pending_rows);
    db_bind_blob(log->put_row, 2, body);
    return db_run(log->put_row, NULL);
}

enum err log_store_commit(struct log_store *log)
{
    enum err err = db_commit(log->db, NULL);

    if (err)
        return err;
    log->last_id += (int64_t)log->pending_rows;
    log->row_count += log->pending_rows;
    log->body_bytes += log->pending_bytes;
    return ERR_OK;
}

void log_store_abort(struct log_store *log)
{
    db_rollback(log->db);
}

void log_store_sealed(struct log_store *log, const struct log_mark *mark)
{
    log->sealed_id = mark->id;
    log->row_count -= mark->row_count;
    log->body_bytes -= mark->body_bytes;
}

struct log_mark log_store_mark(const struct log_store *log)
{
    return (struct log_mark){ log->last_id, log->row_count, log->body_bytes };
}

enum err log_store_cut(struct log_store *log, bool *ret_more)
{
    int64_t end = log->sealed_id - log->cut_id > CUT_ROWS ? log->cut_id + CUT_ROWS : log->sealed_id;
    enum err err;

    *ret_more = false;
    if (log->cut_id >= log->sealed_id)
        return ERR_OK;
    db_bind_i64(log->cut, 1, end);
    err = db_run(log->cut, NULL);
    if (err)
        return err;
    log->cut_id = end;
    log->giving_back = true;
    log->free_bytes = SIZE_MAX;
    *ret_more = end < log->sealed_id;
    return ERR_OK;
}

enum err log_store_give_back(struct log_store *log)
{
    size_t before_bytes = log->free_bytes;
    enum err err;

    if (!log->giving_back || log->cut_id < log->sealed_id)
        return ERR_OK;
    err = db_give_back(log->db, GIVE_BACK_PAGES, &log->free_bytes, NULL);
    if (err || (log->free_bytes && log->free_bytes < before_bytes))
        return err;
    log->giving_back = false; /* nothing is free any more, or the file keeps it */
    return db_checkpoint(log->db, DB_CHECKPOINT_TRUNCATE, NULL);
}

enum err log_store_check(struct log_store *log, struct diag *diag)
{
    struct db_stmt *stmt = NULL;
    bool row = false;
    enum err err = db_prepare(log->db, "PRAGMA integrity_check(1)", &stmt, diag);

    if (!err)
        err = db_step(stmt, &row, diag);
    if (!err && row && !str_equals(db_column_text(stmt, 0), STR("ok")))
        err = diag_set(diag, ERR_CORRUPT, "%s: %.*s", log->path, STR_ARG(db_column_text(stmt, 0)));
    db_finalize(stmt);
    return err;
}

enum err log_store_checkpoint(struct log_store *log)
{
    if (db_wal_bytes(log->db) < WAL_MAX_BYTES)
        return ERR_OK;
    return log_store_settle(log);
}

enum err log_store_settle(struct log_store *log)
{
    return db_checkpoint(log->db, DB_CHECKPOINT_PASSIVE, NULL);
}
