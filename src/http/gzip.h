/*
 * gzip for whole bodies (RFC 1952), and the question whether a client takes it.
 *
 * Memory    zlib's state comes from base/mem.h and is gone when the call returns; the window
 *           fits the size of the text, so that small bodies cost little.
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

#endif
