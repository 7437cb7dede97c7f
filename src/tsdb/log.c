/* Writing the log, and letting go of what blocks cover. */
#include "tsdb/log_parts.h"

enum {
    CUT_ROWS = 200,
    GIVE_BACK_PAGES = 4096,
    WAL_MAX_BYTES = 8 << 20,
};

enum err log_store_begin(struct log_store *log)
{
    log->pending_rows = 0;
    log->pending_bytes = 0;
    lock_take(&log->lock);
    if (db_sync_failed(log->db))
        return ERR_IO;
    return db_begin(log->db, NULL);
}

enum err log_store_put_series(struct log_store *log, uint32_t ref, struct labels labels)
{
    static const char room[LOG_LABELS_CRC_BYTES] = { 0 };
    struct str encoded;
    uint32_t crc;

    buf_clear(&log->labels);
    buf_append(&log->labels, room, LOG_LABELS_CRC_BYTES);
    labels_encode(labels, &log->labels);
    if (buf_error(&log->labels))
        return buf_error(&log->labels);
    encoded = (struct str){ log->labels.data + LOG_LABELS_CRC_BYTES,
                            log->labels.len - LOG_LABELS_CRC_BYTES };
    crc = log_labels_crc(ref, encoded);
    for (int i = 0; i < LOG_LABELS_CRC_BYTES; i++)
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
    lock_drop(&log->lock);
    log->last_id += (int64_t)log->pending_rows;
    log->row_count += log->pending_rows;
    log->body_bytes += log->pending_bytes;
    return ERR_OK;
}

void log_store_abort(struct log_store *log)
{
    db_rollback(log->db);
    lock_drop(&log->lock);
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
    lock_take(&log->lock);
    db_bind_i64(log->cut, 1, end);
    err = db_run(log->cut, NULL);
    lock_drop(&log->lock);
    if (err)
        return err;
    log->cut_id = end;
    log->giving_back = true;
    log->free_bytes = SIZE_MAX;
    *ret_more = end < log->sealed_id;
    return ERR_OK;
}

static enum err give_back_locked(struct log_store *log)
{
    size_t before_bytes = log->free_bytes;
    enum err err = db_give_back(log->db, GIVE_BACK_PAGES, &log->free_bytes, NULL);

    if (err || (log->free_bytes && log->free_bytes < before_bytes))
        return err;
    log->giving_back = false; /* nothing is free any more, or the file keeps it */
    return db_checkpoint(log->db, DB_CHECKPOINT_TRUNCATE, NULL);
}

enum err log_store_give_back(struct log_store *log)
{
    enum err err;

    if (!log->giving_back || log->cut_id < log->sealed_id)
        return ERR_OK;
    lock_take(&log->lock);
    err = give_back_locked(log);
    lock_drop(&log->lock);
    return err;
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
    enum err err;

    lock_take(&log->lock);
    err = db_checkpoint(log->db, DB_CHECKPOINT_PASSIVE, NULL);
    lock_drop(&log->lock);
    return err;
}
