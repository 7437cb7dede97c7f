/*
 * Reply: turns what a handler left into what goes over the wire.
 *
 * An error becomes its JSON document, a body that the client already has becomes 304, and a
 * body worth it is compressed. Runs where the answer was made: on the http thread, or on the
 * thread that finishes a parked request.
 *
 * Threads   Owned by whoever owns the reply.
 * Memory    Works on reply->body; without memory a short fixed error is sent instead.
 */
#ifndef FUSEBOX_HTTP_REPLY_H
#define FUSEBOX_HTTP_REPLY_H

#include "http/request.h"

/* Afterwards *reply is complete: status, content type, body, encoding. */
void reply_complete(struct http_request *req, enum err err, struct http_reply *reply);

/* The JSON document for `err` in reply->diag; needs no request. */
void reply_error(enum err err, struct http_reply *reply);

struct str reply_bytes(const struct http_reply *reply); /* empty when it comes in pieces */
bool reply_is_compressible(const struct http_reply *reply);
bool reply_varies(const struct http_reply *reply); /* needs Vary: Accept-Encoding */
/* The reply as it is; what it owns goes along. */
struct http_reply reply_take(struct http_reply *from);
void reply_release(struct http_reply *reply);

#endif
