#include "http/pieces.h"

#include "base/mem.h"
#include "http/conn.h"
#include "http/gzip.h"
#include "http/reply.h"

struct pieces {
    struct http_source source;
    struct http_conn *conn;
    struct gzip_stream *gzip; /* NULL: as it is */
    struct buf block;
    size_t read_bytes; /* of the block */
    bool has_more;     /* behind the block */
    bool is_sent;      /* for HEAD from the beginning */
    uint64_t sent_bytes;
};

enum err http_reply_in_pieces(struct http_request *req, struct http_reply *reply,
                              const struct http_source *source)
{
    struct pieces *p = mem_alloc_zero(1, sizeof *p);
    bool packs = req->accepts_gzip && reply_is_compressible(reply);
    struct gzip_stream *gzip = p && packs ? gzip_stream_new() : NULL;

    if (!p || (packs && !gzip)) {
        mem_free(p);
        source->release(source->ctx, false);
        return ERR_NOMEM;
    }
    *p = (struct pieces){ .source = *source,
                          .gzip = gzip,
                          .block = reply->body,
                          .has_more = true,
                          .is_sent = req->head };
    reply->body = (struct buf){ 0 };
    reply->pieces = p;
    if (packs)
        reply->content_encoding = "gzip";
    return ERR_OK;
}

void pieces_start(struct pieces *p, struct http_conn *conn)
{
    p->conn = conn;
}

/* What was not read of the block, or the next one; empty: there is no more, or no memory. */
static struct str unread(struct pieces *p)
{
    while (p->read_bytes == p->block.len && p->has_more) {
        buf_clear(&p->block);
        p->read_bytes = 0;
        p->has_more = p->source.fill(p->source.ctx, &p->block) && !buf_error(&p->block);
    }
    if (buf_error(&p->block) || p->read_bytes == p->block.len)
        return STR_NONE;
    return (struct str){ p->block.data + p->read_bytes, p->block.len - p->read_bytes };
}

static size_t copy(struct pieces *p, char *out, size_t max_bytes)
{
    struct str text = unread(p);
    size_t len = text.len < max_bytes ? text.len : max_bytes;

    if (len)
        memcpy(out, text.ptr, len);
    p->read_bytes += len;
    return len;
}

/* Nothing comes out before some blocks are in. */
static size_t pack(struct pieces *p, char *out, size_t max_bytes)
{
    bool more = true;
    size_t len = 0;

    while (len == 0 && more) {
        struct str text = unread(p), rest = text;

        if (buf_error(&p->block))
            return 0;
        more = gzip_stream_pack(p->gzip, &rest, text.len == 0, out, max_bytes, &len);
        p->read_bytes += text.len - rest.len;
    }
    return len;
}

/* The deadline moves along with what the client takes. */
static void allow_time(struct pieces *p)
{
    const uint64_t most_bytes = (uint64_t)PIECES_MAX_S * CONN_MIN_BYTES_PER_S;

    conn_allow(p->conn, p->sent_bytes < most_bytes ? p->sent_bytes : most_bytes);
}

int64_t pieces_read(struct pieces *p, char *out, size_t max_bytes)
{
    size_t len = p->gzip ? pack(p, out, max_bytes) : copy(p, out, max_bytes);

    if (buf_error(&p->block)) {
        conn_cut(p->conn);
        return PIECES_FAILED;
    }
    if (len == 0) {
        p->is_sent = true;
        return PIECES_ENDED;
    }
    p->sent_bytes += len;
    allow_time(p);
    return (int64_t)len;
}

void pieces_free(struct pieces *p)
{
    if (!p)
        return;
    p->source.release(p->source.ctx, p->is_sent);
    gzip_stream_free(p->gzip);
    buf_release(&p->block);
    mem_free(p);
}
