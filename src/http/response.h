/*
 * Response: a reply as the library sends it, with its headers and its body, stream or pieces.
 *
 * Threads   The http thread of the connection.
 * Memory    The library's object frees what it took of the reply: body, stream, pieces.
 */
#ifndef FUSEBOX_HTTP_RESPONSE_H
#define FUSEBOX_HTTP_RESPONSE_H

#include "http/server_state.h"

struct MHD_Response;

/* NULL: no memory. */
struct MHD_Response *response_new(struct http_conn *conn, struct http_reply *reply);

#endif
