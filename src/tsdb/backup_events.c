/*
 *   "fusebox events 1\n"
 *   per row:  u32 length of the body, from 1 on
 *             i64 seq, u32 count, u32 id_count, i64 received_ms, i64 min_ms, i64 max_ms
 *             body                         with a checksum over itself and the columns
 *   end:      u32 0, i64 number of rows
 */
#include "tsdb/backup_events.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "page/bytes.h"

enum { LEN_BYTES = 4, COLUMNS_BYTES = 40, COUNT_BYTES = 8 };

static const char head[] = "fusebox events 1\n";
static const struct tsdb_events_range everything = { .since_ms = INT64_MIN, .until_ms = INT64_MAX };

/* --- writing --- */

struct writing {
    FILE *file;
    uint64_t row_count, bytes;
};

static bool put(struct writing *w, const void *data, size_t len)
{
    w->bytes += len;
    return fwrite(data, 1, len, w->file) == len;
}

static bool put_row(struct writing *w, const struct tsdb_events *row, struct str body)
{
    uint8_t out[LEN_BYTES + COLUMNS_BYTES];

    bytes_put_u32(out, (uint32_t)body.len);
    bytes_put_u64(out + 4, (uint64_t)row->first_seq);
    bytes_put_u32(out + 12, row->count);
    bytes_put_u32(out + 16, row->id_count);
    bytes_put_u64(out + 20, (uint64_t)row->received_ms);
    bytes_put_u64(out + 28, (uint64_t)row->min_ms);
    bytes_put_u64(out + 36, (uint64_t)row->max_ms);
    w->row_count++;
    return put(w, out, sizeof out) && put(w, body.ptr, body.len);
}

static bool put_end(struct writing *w)
{
    uint8_t out[LEN_BYTES + COUNT_BYTES];

    bytes_put_u32(out, 0);
    bytes_put_u64(out + LEN_BYTES, w->row_count);
    return put(w, out, sizeof out) && fflush(w->file) == 0 && fsync(fileno(w->file)) == 0;
}

static enum err write_failed(const char *path, struct diag *diag)
{
    return diag_set(diag, errno == ENOSPC || errno == EDQUOT ? ERR_LIMIT : ERR_IO, "%s: %s", path,
                    strerror(errno));
}

static enum err write_rows(struct writing *w, struct event_rows *rows, const char *path,
                           const atomic_bool *cancel, struct diag *diag)
{
    struct event_slice slice = event_slice_new();
    int64_t before_seq = INT64_MAX;
    enum err err = ERR_OK;

    for (bool more = true; more && !err;) {
        err = atomic_load(cancel) ? ERR_CANCELLED
                                  : event_slice_read(&slice, rows, before_seq, &everything, diag);
        more = slice.rows.count > 0;
        for (size_t i = 0; i < slice.rows.count && !err; i++) {
            const struct event_slice_row *row = vec_at(&slice.rows, i);

            before_seq = row->columns.first_seq;
            if (!put_row(w, &row->columns, event_slice_body(&slice, row)))
                err = write_failed(path, diag);
        }
    }
    event_slice_release(&slice);
    return err;
}

enum err backup_events_write(struct event_rows *rows, const char *path, const atomic_bool *cancel,
                             uint64_t *ret_bytes, struct diag *diag)
{
    struct writing w = { .file = fopen(path, "wxe") };
    enum err err;

    if (!w.file)
        return write_failed(path, diag);
    err = put(&w, head, sizeof head - 1) ? write_rows(&w, rows, path, cancel, diag)
                                         : write_failed(path, diag);
    if (!err && !put_end(&w))
        err = write_failed(path, diag);
    fclose(w.file);
    if (err)
        unlink(path);
    else
        *ret_bytes = w.bytes;
    return err;
}

/* --- reading --- */

struct reading {
    FILE *file;
    const char *path;
    struct buf body;
    struct event_unpacker unpacker;
    uint64_t row_count;
};

static bool take(struct reading *r, void *out, size_t len)
{
    return fread(out, 1, len, r->file) == len;
}

static enum err is_damaged(const struct reading *r, const char *what, struct diag *diag)
{
    return diag_set(diag, ERR_CORRUPT, "%s: behind row %llu: %s", r->path,
                    (unsigned long long)r->row_count, what);
}

static enum err take_row(struct reading *r, uint32_t len, struct tsdb_events *row,
                         struct diag *diag)
{
    uint8_t in[COLUMNS_BYTES];

    buf_clear(&r->body);
    if (!take(r, in, sizeof in))
        return is_damaged(r, "it ends within a row", diag);
    if (!buf_reserve(&r->body, len))
        return buf_error(&r->body) == ERR_LIMIT ? is_damaged(r, "a row's length is wrong", diag)
                                                : ERR_NOMEM;
    if (!take(r, r->body.data, len))
        return is_damaged(r, "it ends within a row", diag);
    r->body.len = len;
    *row = (struct tsdb_events){ .first_seq = (int64_t)bytes_get_u64(in),
                                 .count = bytes_get_u32(in + 8),
                                 .id_count = bytes_get_u32(in + 12),
                                 .received_ms = (int64_t)bytes_get_u64(in + 16),
                                 .min_ms = (int64_t)bytes_get_u64(in + 24),
                                 .max_ms = (int64_t)bytes_get_u64(in + 32) };
    return ERR_OK;
}

static enum err read_row(struct reading *r, uint32_t len, backup_on_events *on_row, void *ctx,
                         struct diag *diag)
{
    struct tsdb_events row;
    struct diag why = { 0 };
    enum err err = take_row(r, len, &row, diag);

    if (!err) {
        err = event_row_unpack(&r->unpacker, buf_str(&r->body), &row, &why);
        if (err)
            err = err == ERR_CORRUPT ? is_damaged(r, diag_text(&why), diag) : err;
    }
    r->row_count++;
    return err ? err : on_row(ctx, &row, buf_str(&r->body));
}

static enum err check_end(struct reading *r, struct diag *diag)
{
    uint8_t count[COUNT_BYTES], more;

    if (!take(r, count, sizeof count) || bytes_get_u64(count) != r->row_count || take(r, &more, 1))
        return is_damaged(r, "the end is wrong", diag);
    return ERR_OK;
}

static enum err read_rows(struct reading *r, backup_on_events *on_row, void *ctx, struct diag *diag)
{
    char start[sizeof head - 1];
    uint8_t len[LEN_BYTES];
    enum err err = ERR_OK;

    if (!take(r, start, sizeof start) || memcmp(start, head, sizeof start) != 0)
        return is_damaged(r, "it does not begin as such a file", diag);
    while (!err) {
        if (!take(r, len, sizeof len))
            return is_damaged(r, "the end is missing", diag);
        if (bytes_get_u32(len) == 0)
            return check_end(r, diag);
        err = read_row(r, bytes_get_u32(len), on_row, ctx, diag);
    }
    return err;
}

enum err backup_events_read(const char *path, backup_on_events *on_row, void *ctx,
                            struct diag *diag)
{
    struct reading r = { .file = fopen(path, "re"),
                         .path = path,
                         .body = buf_limited(2 * EVENT_TEXT_MAX_BYTES) };
    enum err err = ERR_OK;

    if (!r.file)
        return diag_set(diag, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path,
                        strerror(errno));
    err = event_unpacker_init(&r.unpacker);
    if (!err)
        err = read_rows(&r, on_row, ctx, diag);
    event_unpacker_release(&r.unpacker);
    buf_release(&r.body);
    fclose(r.file);
    return err;
}
