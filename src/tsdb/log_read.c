/* Reading the log when the store opens; damaged rows are set aside. */
#include <stdio.h>

#include "base/crc32c.h"
#include "tsdb/log_parts.h"

enum { LABELS_ARENA_BYTES = 65536 };

/* Bit rot in a label would make a wrong series, so its definition has a checksum over both columns.
 */
uint32_t log_labels_crc(uint32_t ref, struct str encoded)
{
    uint8_t number[4];

    for (int i = 0; i < 4; i++)
        number[i] = (uint8_t)(ref >> 8 * i);
    return crc32c(crc32c(0, number, sizeof number), encoded.ptr, encoded.len);
}

static enum err decode_series(int64_t ref, struct str bytes, struct arena *arena,
                              struct labels *ret_labels)
{
    struct str encoded = { bytes.ptr + LOG_LABELS_CRC_BYTES, bytes.len - LOG_LABELS_CRC_BYTES };
    uint32_t crc = 0;

    if (bytes.len < LOG_LABELS_CRC_BYTES || ref < 1 || ref > UINT32_MAX)
        return ERR_CORRUPT;
    for (int i = 0; i < LOG_LABELS_CRC_BYTES; i++)
        crc |= (uint32_t)(uint8_t)bytes.ptr[i] << 8 * i;
    if (crc != log_labels_crc((uint32_t)ref, encoded))
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

/* Numbers that are missing and were not set aside: rows that a damaged page or number hides. */
static enum err judge_gap(struct log_store *log, int64_t first_id, int64_t end_id,
                          log_on_damage *on_damage, void *ctx, struct diag *diag)
{
    struct db_stmt *stmt = NULL;
    bool row = false;
    enum err err = db_prepare(log->db,
                              "SELECT count(DISTINCT id) FROM damaged"
                              " WHERE tbl = 'log' AND id >= ?1 AND id < ?2",
                              &stmt, diag);

    if (err)
        return err;
    db_bind_i64(stmt, 1, first_id);
    db_bind_i64(stmt, 2, end_id);
    err = db_step(stmt, &row, diag);
    if (!err && (!row || db_column_i64(stmt, 0) != end_id - first_id))
        on_damage(ctx, log->path, "log", first_id, "rows from here on are missing");
    db_finalize(stmt);
    return err;
}

enum err log_store_read_rows(struct log_store *log, log_on_batch *on_batch,
                             log_on_damage *on_damage, void *ctx, struct diag *diag)
{
    int64_t next_id = log->sealed_id + 1;
    struct db_stmt *stmt = NULL;
    bool row = false;
    enum err err = db_prepare(log->db, "SELECT id, body FROM log WHERE id > ?1 ORDER BY id", &stmt,
                              diag);

    log->row_count = 0;
    log->body_bytes = 0;
    if (!err)
        db_bind_i64(stmt, 1, log->sealed_id);
    while (!err && !(err = db_step(stmt, &row, diag)) && row) {
        int64_t id = db_column_i64(stmt, 0);

        if (id != next_id)
            err = judge_gap(log, next_id, id, on_damage, ctx, diag);
        next_id = id + 1;
        if (!err)
            err = read_row(log, stmt, on_batch, on_damage, ctx, diag);
    }
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
