#include "http/reply.h"

#include "base/json.h"
#include "http/gzip.h"
#include "http/pieces.h"

enum { ERROR_MAX_BYTES = 4096, RETRY_AFTER_DEFAULT_S = 1, STATUS_NOT_MODIFIED = 304 };

struct str reply_bytes(const struct http_reply *reply)
{
    return reply->body.data ? buf_str(&reply->body) : reply->fixed;
}

struct http_reply reply_take(struct http_reply *from)
{
    struct http_reply taken = *from;

    from->body = (struct buf){ 0 };
    from->pieces = NULL;
    return taken;
}

void reply_release(struct http_reply *reply)
{
    buf_release(&reply->body);
    pieces_free(reply->pieces);
    reply->pieces = NULL;
    reply->fixed = STR_NONE;
}

static void write_error(struct buf *out, const char *code, const char *message, const char *field)
{
    struct json j = json_to(out);

    json_open_object(&j);
    json_key(&j, "error");
    json_open_object(&j);
    json_member_cstr(&j, "code", code);
    json_member_cstr(&j, "message", message);
    json_member_cstr(&j, "field", field);
    json_close_object(&j);
    json_close_object(&j);
}

void reply_error(enum err err, struct http_reply *reply)
{
    const char *message = reply->diag.message[0] ? reply->diag.message : err_text(err);

    reply_release(reply);
    reply->status = err_http_status(err);
    reply->content_type = NULL;
    reply->content_encoding = NULL;
    reply->disposition = NULL;
    reply->link = NULL;
    reply->cache_control = NULL;
    reply->etag = NULL;
    if (err_is_retryable(err) && reply->retry_after_s <= 0)
        reply->retry_after_s = RETRY_AFTER_DEFAULT_S;
    reply->body = buf_limited(ERROR_MAX_BYTES);
    write_error(&reply->body, err_name(err), message, reply->field);
    if (!buf_error(&reply->body))
        return;
    buf_release(&reply->body);
    reply->fixed = STR("{\"error\":{\"code\":\"no_memory\",\"message\":\"memory is exhausted\","
                       "\"field\":null}}");
}

/* If-None-Match is a list of entity tags compared weakly, or * (RFC 9110, 13.1.2). */
static bool has_tag(struct str list, struct str tag)
{
    struct str item;

    if (str_has_prefix(tag, STR("W/")))
        tag = (struct str){ tag.ptr + 2, tag.len - 2 };
    while (list.len > 0) {
        list = str_cut(list, ',', &item);
        item = str_trim(item);
        if (str_has_prefix(item, STR("W/")))
            item = (struct str){ item.ptr + 2, item.len - 2 };
        if (str_equals(item, tag) || str_equals(item, STR("*")))
            return true;
    }
    return false;
}

bool reply_is_compressible(const struct http_reply *reply)
{
    const char *type = reply->content_type;

    return !type || strncmp(type, "text/", 5) == 0 || strstr(type, "json") ||
           strstr(type, "javascript") || strstr(type, "xml") || strstr(type, "openmetrics");
}

bool reply_varies(const struct http_reply *reply)
{
    return reply->content_encoding ||
           ((reply->pieces || reply_bytes(reply).len >= GZIP_MIN_BYTES) &&
            reply_is_compressible(reply));
}

static void replace_body(struct http_reply *reply, struct buf *body, const char *encoding)
{
    buf_release(&reply->body);
    reply->body = *body;
    reply->fixed = STR_NONE;
    reply->content_encoding = encoding;
}

/* Another encoding is another representation: its tag may only promise to be weakly equal. */
static void weaken_tag(struct http_request *req, struct http_reply *reply)
{
    const char *weak;

    if (!reply->etag || strncmp(reply->etag, "W/", 2) == 0)
        return;
    weak = arena_printf(&req->arena, "W/%s", reply->etag);
    reply->etag = weak;
}

static void compress(struct http_request *req, struct http_reply *reply)
{
    struct str text = reply_bytes(reply);
    struct buf packed = buf_limited(text.len);

    if (gzip_pack(text, &packed)) {
        buf_release(&packed);
        return;
    }
    replace_body(reply, &packed, "gzip");
    weaken_tag(req, reply);
}

/* For the rare client that does not take the encoding in which a fixed body is kept. */
static void expand(struct http_request *req, struct http_reply *reply)
{
    struct buf text = buf_limited(HTTP_ARENA_MAX_BYTES);

    if (strcmp(reply->content_encoding, "gzip") != 0)
        return;
    if (gzip_unpack(reply_bytes(reply), &text)) {
        buf_release(&text);
        return;
    }
    replace_body(reply, &text, NULL);
    weaken_tag(req, reply);
}

void reply_complete(struct http_request *req, enum err err, struct http_reply *reply)
{
    if (!err && reply->body.failed) {
        err = buf_error(&reply->body);
        diag_set(&reply->diag, err, "the answer does not fit into memory or its limit");
    }
    if (err) {
        reply_error(err, reply);
        return;
    }
    if (!reply->status)
        reply->status = 200;
    if (reply->etag && reply->status == 200 && req->if_none_match.len > 0 &&
        has_tag(req->if_none_match, str_of(reply->etag))) {
        reply_release(reply);
        reply->status = STATUS_NOT_MODIFIED;
        return;
    }
    if (reply->content_encoding && !req->accepts_gzip)
        expand(req, reply);
    else if (!reply->content_encoding && req->accepts_gzip && reply_varies(reply))
        compress(req, reply);
}
