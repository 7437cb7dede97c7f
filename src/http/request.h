/*
 * One request as the server holds it; handlers see it through http/server.h.
 *
 * Names, values and the path borrow from the connection's memory. Parking a request copies
 * them into its arena first (request_keep), because the connection may be gone by the time
 * another thread looks.
 *
 *   request_new -> { request_reset, filled by the server, handler runs }* -> request_unref
 *
 * Threads   Owned by its http thread; while parked, by whoever will finish it.
 * Memory    Counted: the connection holds one reference, a parked request another.
 */
#ifndef FUSEBOX_HTTP_REQUEST_H
#define FUSEBOX_HTTP_REQUEST_H

#include <stdatomic.h>

#include "http/match.h"
#include "http/server.h"

enum { HTTP_HEADERS_MAX = 64 };

struct http_field {
    struct str name;
    struct str value;
};

struct http_conn;
struct park;
struct sse_stream;

struct http_request {
    atomic_int refs;
    enum http_method method;
    enum http_role role;
    bool head;
    bool accepts_gzip;
    struct str raw_path; /* as sent, without the query */
    struct str path;     /* decoded */
    struct str if_none_match;
    struct http_field headers[HTTP_HEADERS_MAX];
    size_t header_count;
    struct http_field args[HTTP_ARGS_MAX]; /* decoded by admit */
    size_t arg_count;
    struct route_match match;
    http_handler *handler;
    struct diag refusal; /* code is ERR_OK when it was admitted */
    struct buf body;
    struct arena arena;
    int64_t received_mono_ns;
    struct park *park;
    struct http_parked *parked; /* set by http_request_park */
    struct sse_stream *stream;  /* set by sse_open */
};

struct http_request *request_new(void); /* NULL: no memory */
void request_ref(struct http_request *req);
void request_unref(struct http_request *req); /* NULL is allowed */

/* Empties it for the next request; gives its memory back. */
void request_reset(struct http_request *req);

/* True while another thread may look at it: then it is not to be used again. */
bool request_is_shared(const struct http_request *req);

/* Copies all that borrows from the connection; false when the arena refuses. */
bool request_keep(struct http_request *req) MUST_CHECK;

/* Fills accepts_gzip and if_none_match from the headers. */
void request_note_preferences(struct http_request *req);

#endif
