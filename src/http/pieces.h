/*
 * Pieces: a body that is made while the client reads it (http_reply_in_pieces).
 *
 * One block of text is held at a time. It is copied, or packed with gzip, into what the
 * connection sends, and when it is used up the source is asked for the next one.
 *
 *   reply->body ──► block ──┬── copy ──► connection
 *   source.fill ──► block ──┴── gzip ──► connection
 *
 * A client must take CONN_MIN_BYTES_PER_S on average, and has PIECES_MAX_S for all of it.
 *
 * Threads   Owned by who made the reply, then by the http thread of its connection.
 * Memory    The block, as large as the source makes it, and gzip's state (some 270 KiB).
 */
#ifndef FUSEBOX_HTTP_PIECES_H
#define FUSEBOX_HTTP_PIECES_H

#include "http/server.h"

enum {
    PIECES_ENDED = -1,
    PIECES_FAILED = -2, /* a block found no memory: the connection is cut */
    PIECES_MAX_S = 900, /* what the source holds is held no longer */
};

struct http_conn;
struct pieces;

void pieces_start(struct pieces *p, struct http_conn *conn);
/* The next bytes, at least one; PIECES_ENDED, PIECES_FAILED. */
int64_t pieces_read(struct pieces *p, char *out, size_t max_bytes);
void pieces_free(struct pieces *p); /* NULL is allowed */

#endif
