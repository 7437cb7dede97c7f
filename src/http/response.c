#include "http/response.h"

#include <microhttpd.h>
#include <stdio.h>

#include "base/mem.h"
#include "http/pieces.h"
#include "http/reply.h"
#include "http/security.h"

enum { STREAM_BLOCK_BYTES = 4096, PIECE_BYTES = 16384 };

#define AS_PAIR(name, value) { name, value },

static const char *const security_headers[][2] = { SECURITY_HEADERS(AS_PAIR) };

/* --- bodies --- */

static ssize_t pull_stream(void *cls, uint64_t pos, char *out, size_t max_bytes)
{
    int64_t len = stream_pull(cls, out, max_bytes);

    (void)pos;
    return len == STREAM_ENDED ? MHD_CONTENT_READER_END_OF_STREAM : (ssize_t)len;
}

static void free_stream(void *cls)
{
    stream_free(cls);
}

/* The response frees the stream from now on. */
static struct MHD_Response *stream_response(struct http_conn *conn)
{
    struct sse_stream *stream = conn->req->stream;
    struct MHD_Response *response;

    stream_start(stream, conn);
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, pull_stream,
                                                 stream, free_stream);
    if (response)
        conn->req->stream = NULL;
    return response;
}

static ssize_t pull_pieces(void *cls, uint64_t pos, char *out, size_t max_bytes)
{
    int64_t len = pieces_read(cls, out, max_bytes);

    (void)pos;
    if (len == PIECES_FAILED)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    return len == PIECES_ENDED ? MHD_CONTENT_READER_END_OF_STREAM : (ssize_t)len;
}

static void free_pieces(void *cls)
{
    pieces_free(cls);
}

/*
 * The response frees the pieces from now on. Behind a HEAD's headers the library (0.9.75) would
 * send the last chunk, which HTTP/1.0 does not have: then the connection's end says that it was
 * all.
 */
static struct MHD_Response *pieces_response(struct http_conn *conn, struct http_reply *reply)
{
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, PIECE_BYTES, pull_pieces, reply->pieces, free_pieces);

    if (!response)
        return NULL;
    pieces_start(reply->pieces, conn);
    reply->pieces = NULL;
    if (conn->req->head)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return response;
}

/* The response frees the reply's body from now on. */
static struct MHD_Response *body_response(struct http_reply *reply)
{
    struct str bytes = reply_bytes(reply);
    struct MHD_Response *response;

    if (!reply->body.data)
        return MHD_create_response_from_buffer(bytes.len, (void *)(uintptr_t)bytes.ptr,
                                               MHD_RESPMEM_PERSISTENT);
    response = MHD_create_response_from_buffer_with_free_callback(bytes.len, reply->body.data,
                                                                  mem_free);
    if (response)
        reply->body = (struct buf){ 0 };
    return response;
}

/* --- headers --- */

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
    return !value || !value[0] || MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_number(struct MHD_Response *response, const char *name, int value)
{
    char text[16];

    if (value <= 0)
        return true;
    snprintf(text, sizeof text, "%d", value);
    return add_header(response, name, text);
}

/* Browsers ask for a name and password by themselves; a token is taken as the password. */
static bool add_challenges(struct MHD_Response *response)
{
    return add_header(response, "WWW-Authenticate", "Bearer realm=\"fusebox\"") &&
           add_header(response, "WWW-Authenticate", "Basic realm=\"fusebox\", charset=\"UTF-8\"");
}

static bool add_headers(struct MHD_Response *response, const struct http_conn *conn,
                        const struct http_reply *reply)
{
    const char *type = reply->status == MHD_HTTP_NO_CONTENT ? NULL
                       : reply->content_type                ? reply->content_type
                                                            : "application/json";
    const char *cache = reply->cache_control ? reply->cache_control : "no-store";
    char allow[HTTP_ALLOW_BYTES] = "";

    for (size_t i = 0; i < ARRAY_LEN(security_headers); i++) {
        if (!add_header(response, security_headers[i][0], security_headers[i][1]))
            return false;
    }
    if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        router_allow_text(conn->req->match.allowed, allow);
    if (reply->status == MHD_HTTP_UNAUTHORIZED && !add_challenges(response))
        return false;
    return add_header(response, "Content-Type", type) &&
           add_header(response, "Cache-Control", cache) &&
           add_header(response, "ETag", reply->etag) &&
           add_header(response, "Location", reply->location) &&
           add_header(response, "Content-Disposition", reply->disposition) &&
           add_header(response, "Link", reply->link) &&
           add_header(response, "Content-Encoding", reply->content_encoding) &&
           add_header(response, "Allow", allow) &&
           add_number(response, "Retry-After", reply->retry_after_s) &&
           (!reply->stream || add_header(response, "X-Accel-Buffering", "no")) &&
           (!conn->server->stopping || add_header(response, "Connection", "close"));
}

struct MHD_Response *response_new(struct http_conn *conn, struct http_reply *reply)
{
    bool varies = reply->status == MHD_HTTP_NOT_MODIFIED || reply_varies(reply);
    const char *vary = varies ? "Accept-Encoding" : NULL;
    struct MHD_Response *response = conn->req->stream ? stream_response(conn)
                                    : reply->pieces   ? pieces_response(conn, reply)
                                                      : body_response(reply);

    if (!response || (add_headers(response, conn, reply) && add_header(response, "Vary", vary)))
        return response;
    MHD_destroy_response(response);
    return NULL;
}
