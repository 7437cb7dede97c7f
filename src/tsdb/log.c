#include "tsdb/log.h"

#include "base/crc32c.h"
#include "base/mem.h"

enum {
    FORMAT_VERSION = 1,
    APPLICATION_ID = 0x46425453, /* "FBTS" */
    LABELS_CRC_BYTES = 4,
    LABELS_ARENA_BYTES = 65536,
    CUT_ROUNDS_MAX = 4,
    CUT_ROWS_MAX = 500, /* also in sql_cut */
    WAL_MAX_BYTES = 8 << 20,
};

static const char sql_schema[] = "BEGIN IMMEDIATE;"
                                 "CREATE TABLE series ("
                                 "  ref INTEGER PRIMARY KEY,"
                                 "  labels BLOB NOT NULL"
                                 ") STRICT;"
                                 "CREATE TABLE log ("
                                 "  id INTEGER PRIMARY KEY,"
                                 "  max_ts INTEGER NOT NULL,"
                                 "  body BLOB NOT NULL"
                                 ") STRICT;"
                                 "PRAGMA user_version = 1;"
                                 "COMMIT;";

/* After a commit with an unknown end the same definition may be there already. */
static const char sql_put_series[] = "INSERT INTO series (ref, labels) VALUES (?1, ?2)"
                                     " ON CONFLICT (ref) DO UPDATE SET labels = excluded.labels";

static const char sql_put_row[] = "INSERT INTO log (max_ts, body) VALUES (?1, ?2)";

/* Rows stand in order of commit, so old ones are in front; a few late ones may stand between. */
static const char sql_cut[] = "DELETE FROM log WHERE id IN ("
                              "  SELECT id FROM (SELECT id, max_ts FROM log ORDER BY id LIMIT 600)"
                              "  WHERE max_ts < ?1 LIMIT 500)"
                              " RETURNING length(body)";

static enum err make_schema(struct log_store *log, struct diag *diag)
{
    int version = 0;
    enum err err = db_schema_version(log->db, &version, diag);

    if (err || version == FORMAT_VERSION)
        return err;
    err = db_exec(log->db, sql_schema, diag);
    if (err)
        db_rollback(log->db);
    return err;
}

static enum err prepare_all(struct log_store *log, struct diag *diag)
{
    enum err err = db_prepare(log->db, sql_put_series, &log->put_series, diag);

    if (!err)
        err = db_prepare(log->db, sql_put_row, &log->put_row, diag);
    if (!err)
        err = db_prepare(log->db, sql_cut, &log->cut, diag);
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

    *log = (struct log_store){ .labels = buf_limited(2 * LABELS_MAX_BYTES) };
    log->path = path_of(dir);
    options.path = log->path;
    err = log->path ? row_codec_init(&log->codec) : ERR_NOMEM;
    if (!err)
        err = db_open(&options, &log->db, diag);
    if (!err)
        err = make_schema(log, diag);
    if (!err)
        err = prepare_all(log, diag);
    if (err)
        log_store_close(log);
    return err;
}

void log_store_close(struct log_store *log)
{
    db_finalize(log->put_series);
    db_finalize(log->put_row);
    db_finalize(log->cut);
    db_close(log->db);
    row_codec_release(&log->codec);
    buf_release(&log->labels);
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

/* Words for a bad row, with the place that a person can look at. */
static enum err name_row(const struct log_store *log, const char *table, int64_t id, enum err err,
                         const struct diag *why, struct diag *diag)
{
    return diag_set(diag, err, "%s: table %s, row %lld: %s", log->path, table, (long long)id,
                    why->code ? why->message : err_text(err));
}

enum err log_store_read_series(struct log_store *log, log_on_series *on_series, void *ctx,
                               struct diag *diag)
{
    struct arena arena = arena_limited(LABELS_ARENA_BYTES);
    struct db_stmt *stmt = NULL;
    bool row = false;
    enum err err = db_prepare(log->db, "SELECT ref, labels FROM series ORDER BY ref", &stmt, diag);

    while (!err && !(err = db_step(stmt, &row, diag)) && row) {
        int64_t ref = db_column_i64(stmt, 0);
        struct labels labels;

        arena_reset(&arena);
        err = decode_series(ref, db_column_blob(stmt, 1), &arena, &labels);
        if (!err)
            err = on_series(ctx, (uint32_t)ref, labels);
        if (err)
            err = name_row(log, "series", ref, err, &(struct diag){ 0 }, diag);
    }
    db_finalize(stmt);
    arena_release(&arena);
    return err;
}

static enum err read_row(struct log_store *log, struct db_stmt *stmt, log_on_batch *on_batch,
                         void *ctx, struct diag *diag)
{
    struct str body = db_column_blob(stmt, 1);
    struct sample_batch *batch = NULL;
    struct diag why = { 0 };
    enum err err = row_decode(&log->codec, body, &batch, &why);

    log->row_count++;
    log->body_bytes += body.len;
    if (!err)
        err = on_batch(ctx, batch);
    if (err)
        err = name_row(log, "log", db_column_i64(stmt, 0), err, &why, diag);
    sample_batch_free(batch);
    return err;
}

enum err log_store_read_rows(struct log_store *log, log_on_batch *on_batch, void *ctx,
                             struct diag *diag)
{
    struct db_stmt *stmt = NULL;
    bool row = false;
    enum err err = db_prepare(log->db, "SELECT id, body FROM log ORDER BY id", &stmt, diag);

    log->row_count = 0;
    log->body_bytes = 0;
    while (!err && !(err = db_step(stmt, &row, diag)) && row)
        err = read_row(log, stmt, on_batch, ctx, diag);
    db_finalize(stmt);
    return err;
}

enum err log_store_begin(struct log_store *log)
{
    log->pending_rows = 0;
    log->pending_bytes = 0;
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

static int64_t max_ts_of(const struct series_sample *items, size_t count)
{
    int64_t max_ts_ms = INT64_MIN;

    for (size_t i = 0; i < count; i++)
        max_ts_ms = items[i].ts_ms > max_ts_ms ? items[i].ts_ms : max_ts_ms;
    return max_ts_ms;
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
    db_bind_i64(log->put_row, 1, max_ts_of(items, count));
    db_bind_blob(log->put_row, 2, body);
    return db_run(log->put_row, NULL);
}

enum err log_store_commit(struct log_store *log)
{
    enum err err = db_commit(log->db, NULL);

    if (err)
        return err;
    log->row_count += log->pending_rows;
    log->body_bytes += log->pending_bytes;
    return ERR_OK;
}

void log_store_abort(struct log_store *log)
{
    db_rollback(log->db);
}

static enum err cut_round(struct log_store *log, int64_t cutoff_ms, uint64_t *ret_count)
{
    uint64_t bytes = 0;
    uint64_t count = 0;
    bool row = false;
    enum err err = ERR_OK;

    db_bind_i64(log->cut, 1, cutoff_ms);
    while (!(err = db_step(log->cut, &row, NULL)) && row) {
        bytes += (uint64_t)db_column_i64(log->cut, 0);
        count++;
    }
    if (err)
        return err;
    log->row_count -= count;
    log->body_bytes -= bytes;
    *ret_count = count;
    return ERR_OK;
}

enum err log_store_cut(struct log_store *log, int64_t cutoff_ms)
{
    uint64_t count = CUT_ROWS_MAX;
    enum err err = ERR_OK;

    for (int round = 0; round < CUT_ROUNDS_MAX && count == CUT_ROWS_MAX && !err; round++)
        err = cut_round(log, cutoff_ms, &count);
    return err;
}

enum err log_store_checkpoint(struct log_store *log)
{
    if (db_wal_bytes(log->db) < WAL_MAX_BYTES)
        return ERR_OK;
    return db_checkpoint(log->db, DB_CHECKPOINT_PASSIVE, NULL);
}
