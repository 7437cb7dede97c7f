#include "tsdb/event_rows.h"

enum {
    SLICE_ROWS = 256, /* and so many bytes at once: what a commit may have to wait for */
    SLICE_BYTES = 1 << 20,
    PRUNE_ROWS = 1024,
    PRUNE_BYTES = 8 << 20,
};

static const char sql_put[] =
    "INSERT INTO event (seq, count, id_count, received_ms, min_ms, max_ms, body)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char sql_drop[] = "DELETE FROM event WHERE seq < ?1";
/* The body of a row that is not asked for is not even read from the disk. */
static const char sql_down[] =
    "SELECT seq, count, id_count, received_ms, min_ms, max_ms,"
    " CASE WHEN max_ms >= ?2 AND min_ms <= ?3 AND id_count >= ?4 THEN body END"
    " FROM event WHERE seq < ?1 ORDER BY seq DESC LIMIT ?5";
static const char sql_oldest[] = "SELECT seq, count, received_ms, length(body)"
                                 " FROM event ORDER BY seq LIMIT ?1";

static enum err prepare_all(struct event_rows *r, struct diag *diag)
{
    const struct {
        const char *sql;
        struct db_stmt **stmt;
    } all[] = { { sql_put, &r->put },
                { sql_drop, &r->drop },
                { sql_down, &r->down },
                { sql_oldest, &r->oldest } };
    enum err err = ERR_OK;

    for (size_t i = 0; i < ARRAY_LEN(all) && !err; i++)
        err = db_prepare(r->log->db, all[i].sql, all[i].stmt, diag);
    return err;
}

/* length() of a blob does not read it. */
static enum err count_rows(struct event_rows *r, struct diag *diag)
{
    struct db_stmt *stmt = NULL;
    int64_t next_seq = 1;
    bool row = false;
    enum err err = db_prepare(r->log->db,
                              "SELECT count(*), sum(count), sum(length(body)), max(seq + count)"
                              " FROM event WHERE seq < 1 << 53",
                              &stmt, diag);

    if (!err)
        err = db_step(stmt, &row, diag);
    if (!err && row) {
        r->row_count = (uint64_t)db_column_i64(stmt, 0);
        r->event_count = (uint64_t)db_column_i64(stmt, 1);
        r->body_bytes = (uint64_t)db_column_i64(stmt, 2);
        if (db_column_i64(stmt, 3) > next_seq)
            next_seq = db_column_i64(stmt, 3);
    }
    db_finalize(stmt);
    if (!err)
        err = log_store_get_meta(r->log, "next_event", 1, &r->next_seq, diag);
    if (r->next_seq < next_seq)
        r->next_seq = next_seq;
    return err;
}

enum err event_rows_open(struct event_rows *r, struct log_store *log, struct diag *diag)
{
    enum err err;

    *r = (struct event_rows){ .log = log };
    err = event_packer_init(&r->packer);
    if (!err)
        err = prepare_all(r, diag);
    if (!err)
        err = count_rows(r, diag);
    if (err)
        event_rows_close(r);
    return err;
}

void event_rows_close(struct event_rows *r)
{
    db_finalize(r->put);
    db_finalize(r->drop);
    db_finalize(r->down);
    db_finalize(r->oldest);
    event_packer_release(&r->packer);
    *r = (struct event_rows){ 0 };
}

/* --- writing --- */

void event_rows_begin(struct event_rows *r)
{
    r->pending_rows = r->pending_events = r->pending_bytes = 0;
}

enum err event_rows_put_packed(struct event_rows *r, const struct tsdb_events *row, struct str body)
{
    r->pending_rows++;
    r->pending_events += row->count;
    r->pending_bytes += body.len;
    db_bind_i64(r->put, 1, row->first_seq);
    db_bind_i64(r->put, 2, row->count);
    db_bind_i64(r->put, 3, row->id_count);
    db_bind_i64(r->put, 4, row->received_ms);
    db_bind_i64(r->put, 5, row->min_ms);
    db_bind_i64(r->put, 6, row->max_ms);
    db_bind_blob(r->put, 7, body);
    return db_run(r->put, NULL);
}

enum err event_rows_put(struct event_rows *r, const struct batch_events *events,
                        int64_t received_ms)
{
    struct tsdb_events row = { .first_seq = r->next_seq + (int64_t)r->pending_events,
                               .count = events->count,
                               .id_count = events->id_count,
                               .received_ms = received_ms,
                               .min_ms = events->min_ms,
                               .max_ms = events->max_ms,
                               .text = events->text };
    struct str body;
    enum err err = event_row_pack(&r->packer, &row, &body);

    return err ? err : event_rows_put_packed(r, &row, body);
}

void event_rows_keep(struct event_rows *r)
{
    r->next_seq += (int64_t)r->pending_events;
    r->row_count += r->pending_rows;
    r->event_count += r->pending_events;
    r->body_bytes += r->pending_bytes;
    event_rows_begin(r);
}

/* --- pruning --- */

/* Rows to drop: those before end_seq. */
struct cut {
    int64_t end_seq;
    uint64_t rows, events, bytes;
};

static enum err choose_cut(struct event_rows *r, const struct event_limits *limits, struct cut *cut)
{
    uint64_t held = r->body_bytes;
    bool row = false;
    enum err err;

    *cut = (struct cut){ 0 };
    r->oldest_ms = INT64_MAX;
    lock_take(&r->log->lock);
    db_bind_i64(r->oldest, 1, PRUNE_ROWS);
    while (!(err = db_step(r->oldest, &row, NULL)) && row && cut->bytes < PRUNE_BYTES) {
        bool is_over = limits->max_bytes && held - cut->bytes > limits->max_bytes;

        r->oldest_ms = db_column_i64(r->oldest, 2);
        if (!is_over && r->oldest_ms >= limits->oldest_ms)
            break;
        r->oldest_ms = INT64_MAX;
        cut->end_seq = db_column_i64(r->oldest, 0) + 1;
        cut->rows++;
        cut->events += (uint64_t)db_column_i64(r->oldest, 1);
        cut->bytes += (uint64_t)db_column_i64(r->oldest, 3);
    }
    db_reset(r->oldest);
    lock_drop(&r->log->lock);
    return err;
}

enum err event_rows_prune(struct event_rows *r, struct manifest *m,
                          const struct event_limits *limits, bool *ret_more)
{
    struct cut cut;
    enum err err = choose_cut(r, limits, &cut);

    *ret_more = cut.rows == PRUNE_ROWS || cut.bytes >= PRUNE_BYTES;
    if (err || !cut.rows)
        return err;
    err = log_store_begin(r->log);
    if (!err) {
        db_bind_i64(r->drop, 1, cut.end_seq);
        err = db_run(r->drop, NULL);
    }
    if (!err) /* when all are gone it still says which numbers were given */
        err = manifest_put_meta(m, "next_event", r->next_seq);
    if (!err)
        err = log_store_commit(r->log);
    if (err) {
        log_store_abort(r->log);
        return err;
    }
    r->row_count -= cut.rows;
    r->event_count -= cut.events;
    r->body_bytes -= cut.bytes;
    return ERR_OK;
}

/* --- reading --- */

struct event_slice event_slice_new(void)
{
    return (struct event_slice){
        .rows = vec_of(sizeof(struct event_slice_row), SLICE_ROWS),
        .bytes = buf_limited(SLICE_BYTES + 2 * EVENT_TEXT_MAX_BYTES),
    };
}

void event_slice_release(struct event_slice *slice)
{
    vec_release(&slice->rows);
    buf_release(&slice->bytes);
}

struct str event_slice_body(const struct event_slice *slice, const struct event_slice_row *row)
{
    return (struct str){ slice->bytes.data + row->body_from, row->body_len };
}

static enum err add_row(struct event_slice *slice, struct db_stmt *stmt)
{
    struct event_slice_row *row = vec_push(&slice->rows);
    struct str body = db_column_blob(stmt, 6);

    if (!row)
        return vec_error(&slice->rows);
    *row = (struct event_slice_row){
        .columns = { .first_seq = db_column_i64(stmt, 0),
                     .count = (uint32_t)db_column_i64(stmt, 1),
                     .id_count = (uint32_t)db_column_i64(stmt, 2),
                     .received_ms = db_column_i64(stmt, 3),
                     .min_ms = db_column_i64(stmt, 4),
                     .max_ms = db_column_i64(stmt, 5) },
        .body_from = slice->bytes.len,
        .body_len = body.len,
    };
    buf_append_str(&slice->bytes, body);
    return buf_error(&slice->bytes);
}

/* In a damaged table numbers may not fall: then a walk would not come to its end. */
static enum err fill(struct event_slice *slice, struct db_stmt *stmt, int64_t before_seq,
                     struct diag *diag)
{
    bool row = false;
    enum err err = ERR_OK;

    while (!err && slice->bytes.len < SLICE_BYTES && !(err = db_step(stmt, &row, diag)) && row) {
        int64_t seq = db_column_i64(stmt, 0);

        if (seq >= before_seq || seq < 1)
            err = diag_set(diag, ERR_CORRUPT, "table event: the numbers of rows do not fall");
        else
            err = add_row(slice, stmt);
        before_seq = seq;
    }
    db_reset(stmt);
    return err;
}

enum err event_slice_read(struct event_slice *slice, struct event_rows *r, int64_t before_seq,
                          const struct tsdb_events_range *range, struct diag *diag)
{
    enum err err;

    vec_clear(&slice->rows);
    buf_clear(&slice->bytes);
    lock_take(&r->log->lock);
    db_bind_i64(r->down, 1, before_seq);
    db_bind_i64(r->down, 2, range->since_ms);
    db_bind_i64(r->down, 3, range->until_ms);
    db_bind_i64(r->down, 4, range->identified);
    db_bind_i64(r->down, 5, SLICE_ROWS);
    err = fill(slice, r->down, before_seq, diag);
    lock_drop(&r->log->lock);
    return err;
}
