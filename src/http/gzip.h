/*
 * gzip for bodies (RFC 1952), whole or piece by piece, and the question whether a client takes it.
 *
 * Memory    zlib's state comes from base/mem.h. That of a whole body is gone when the call
 *           returns, and its window fits the size of the text: small bodies cost little.
 * Threads   Value.
 */
#ifndef FUSEBOX_HTTP_GZIP_H
#define FUSEBOX_HTTP_GZIP_H

#include "base/buf.h"
#include "base/str.h"

enum {
    GZIP_MIN_BYTES = 1024, /* below, one packet carries it anyway */
    GZIP_LEVEL = 1,        /* a http thread does it: speed first */
};

/* What an Accept-Encoding header allows: gzip or *, without q=0 (RFC 9110, 12.5.3). */
bool gzip_is_accepted(struct str accept_encoding);

/* Appends the compressed text to *out. ERR_LIMIT (out's limit: no gain), ERR_NOMEM. */
enum err gzip_pack(struct str text, struct buf *out) MUST_CHECK;

/* Appends the text of a gzip body to *out. ERR_LIMIT, ERR_NOMEM, ERR_CORRUPT. */
enum err gzip_unpack(struct str packed, struct buf *out) MUST_CHECK;

/* Text of any length; only gzip_stream_new takes memory. */
struct gzip_stream;
struct gzip_stream *gzip_stream_new(void); /* NULL: no memory */
/*
 * Packs *text, or as much of it as fits, which it cuts off; `is_last`: what is left of *text is all
 * that comes. *ret_len bytes stand in `out` then, often none. False: the last byte stands there.
 */
bool gzip_stream_pack(struct gzip_stream *g, struct str *text, bool is_last, char *out,
                      size_t max_bytes, size_t *ret_len);
void gzip_stream_free(struct gzip_stream *g); /* NULL is allowed */

#endif
