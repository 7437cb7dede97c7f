/*
 * HTTP/1.1 server: a table of routes on libmicrohttpd.
 *
 * The server does what a route's row asks for (method, body limit, deadline,
 * arena, errors to JSON), checks each request's shape (see docs/decisions), and
 * calls the handler on one of its threads. A handler answers at once, parks the
 * request for the thread that has the answer, or opens a stream (http/sse.h).
 *
 *   http_server_start(&options, &server, diag) -> http_server_port -> http_server_stop
 *
 * Threads   http 1..n, inside libmicrohttpd. Handlers run on them and never wait.
 * Memory    One arena of HTTP_ARENA_MAX_BYTES per request, gone with it.
 * Limits    Connections, connections per address, header bytes, body bytes,
 *           header, body, idle and answer deadlines: see struct http_options.
 *           Over the connection limit new ones are closed; a full park answers
 *           503 with Retry-After.
 */
#ifndef FUSEBOX_HTTP_SERVER_H
#define FUSEBOX_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/str.h"

enum {
    HTTP_ARENA_MAX_BYTES = 8 << 20,
    HTTP_HEADER_MAX_BYTES =
        8192, /* request line and headers together fit into the 16 KiB connection memory */
    HTTP_URL_MAX_BYTES = 8192,
    HTTP_PARAMS_MAX = 8,
    HTTP_ARGS_MAX = 64,
};

enum http_role { HTTP_ROLE_NONE, HTTP_ROLE_READ, HTTP_ROLE_WRITE, HTTP_ROLE_ADMIN };

/* The role that a route needs where authentication is required (http/auth.h). */
enum http_need {
    HTTP_NEED_BY_METHOD, /* GET: read; the others: write */
    HTTP_NEED_NOTHING,   /* probes */
    HTTP_NEED_READ,      /* whatever the method: a query that is posted */
    HTTP_NEED_ADMIN,
};

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE }; /* HEAD is served by GET rows */

struct auth_desk;
struct pieces;
struct http_request; /* valid until the handler returns, or until the parked request is finished */
struct sse_hub;

enum http_method http_request_method(const struct http_request *req);
struct str http_request_path(const struct http_request *req); /* decoded once */
/* Path parameter {name}, percent-decoded; empty when the route has none of that name. */
struct str http_request_param(const struct http_request *req, const char *name);
/* First query argument of that name, decoded ('+' is a space); false when absent. */
bool http_request_arg(const struct http_request *req, const char *name, struct str *ret);
/* The nth one, from 0, of those that have that name. */
bool http_request_arg_at(const struct http_request *req, const char *name, size_t n,
                         struct str *ret);
struct str http_request_header(const struct http_request *req,
                               const char *name); /* empty when absent */
struct str http_request_body(const struct http_request *req);
struct arena *http_request_arena(struct http_request *req);
const struct http_route *http_request_route(const struct http_request *req);
/* What the caller may do: admin where nobody has to prove who he is. */
enum http_role http_request_role(const struct http_request *req);
int64_t http_request_received_mono_ns(const struct http_request *req);

struct http_reply {
    int status;                /* 200 unless set */
    const char *content_type;  /* static; "application/json" unless set */
    const char *etag;          /* static or in the request's arena; the server answers 304 itself */
    const char *cache_control; /* "no-store" unless set */
    const char *location;      /* for redirects */
    const char *disposition;   /* Content-Disposition; static or in the request's arena */
    const char *link;          /* Link (RFC 8288); static or in the request's arena */
    const char *content_encoding; /* when `fixed` is already compressed */
    struct buf body;              /* the server takes it */
    struct str fixed;             /* or bytes that live as long as the process */
    struct diag diag;       /* why, when the handler returns an error; `field` below at fault */
    const char *field;      /* argument or body field at fault, or NULL */
    int retry_after_s;      /* sent when > 0 */
    struct sse_hub *stream; /* set by sse_open */
    struct pieces *pieces;  /* set by http_reply_in_pieces */
};

/* A body that is made as the client reads it. Both are called on an http thread, and do not wait.
 */
struct http_source {
    bool (*fill)(void *ctx, struct buf *out);  /* appends a piece; false: it is the last */
    void (*release)(void *ctx, bool was_sent); /* once; false: the client did not get all of it */
    void *ctx;
};

/*
 * What is in the reply's body is its first piece, `source` has the others. The status is told
 * before they are made: only memory may fail then, and the connection is cut. Takes the
 * source, also on failure (ERR_NOMEM).
 */
enum err http_reply_in_pieces(struct http_request *req, struct http_reply *reply,
                              const struct http_source *source) MUST_CHECK;

/*
 * ERR_OK: *reply is the answer (or the request was parked, or is a stream).
 * Anything else becomes the JSON error {"error":{"code","message","field"}} with
 * the code's HTTP status.
 */
typedef enum err http_handler(struct http_request *req, struct http_reply *reply, void *ctx);

struct http_route {
    enum http_method method;
    const char *path; /* "/api/v1/things/{name}"; a last segment "{name*}" takes the rest */
    http_handler *handler;
    const char *summary;   /* one sentence, for the documentation */
    size_t body_max_bytes; /* 0: no body allowed */
    bool foreign_origin;   /* served whatever the Origin says (probes, metrics) */
    enum http_need need;
};

/*
 * Puts the request aside: the handler returns ERR_OK right after. Exactly one
 * http_request_finish must follow, from any thread; when the client has gone or the
 * request_timeout has passed, finishing is still safe and does nothing.
 * NULL: too many are parked; return ERR_OVERLOADED.
 */
struct http_parked;
struct http_parked *http_request_park(struct http_request *req);
struct http_request *http_parked_request(struct http_parked *parked);
/* Does anybody still wait for the answer? Asks the kernel: not too often. */
bool http_parked_is_wanted(struct http_parked *parked);
void http_request_finish(struct http_parked *parked, enum err err,
                         struct http_reply *reply); /* takes reply's body */

struct http_stats {                        /* all rising, but connections_open and streams_open */
    _Atomic uint64_t requests_by_class[6]; /* [2] = 2xx … */
    _Atomic uint64_t connections_open;
    _Atomic uint64_t streams_open;
    _Atomic uint64_t parked_now;
    _Atomic uint64_t rejected_shape;    /* smuggling shapes, bad Host, bad Origin … */
    _Atomic uint64_t rejected_deadline; /* slow headers, slow bodies */
    _Atomic uint64_t rejected_limit;
    _Atomic uint64_t rejected_access;      /* no token, a wrong one, or one of a lesser role */
    _Atomic uint64_t rejected_descriptors; /* connections for which the process had no descriptor */
};

struct http_options {
    const char *address; /* "127.0.0.1", "::1"; numeric */
    uint16_t port;       /* 0: any free one */
    int threads;
    int max_connections; /* 0: no limit of our own, here and for one address */
    int max_connections_per_ip;
    int64_t header_timeout_ms; /* from the first byte (or accept) until the last header */
    int64_t body_timeout_ms;
    int64_t idle_timeout_ms;    /* keep-alive connections without a request; 0: none, for each */
    int64_t request_timeout_ms; /* parked requests: answered 504 */
    struct str
        hosts; /* further host names that are served, comma separated; loopback names always are */
    const struct http_route *routes;
    size_t route_count;
    struct auth_desk *auth; /* NULL: nobody has to prove who he is; outlives the server */
    void *ctx;              /* for handlers */
    /* Called when no route matches a GET; may be NULL (404). */
    http_handler *fallback;
    struct http_stats *stats;
    void (*on_request)(void *ctx, const struct http_route *route, int status,
                       int64_t duration_ns); /* may be NULL; any http thread */
};

struct http_server;

/* ERR_CONFLICT (address in use), ERR_INVALID (address), ERR_UNAVAILABLE, ERR_NOMEM. */
enum err http_server_start(const struct http_options *options, struct http_server **ret,
                           struct diag *diag);
uint16_t http_server_port(const struct http_server *server);
/* No new requests; ends streams and parked requests (503); returns when all threads have ended. */
void http_server_stop(struct http_server *server);

/* Version of the HTTP library at run time, as "0.9.75". */
const char *http_library_version(void);

/* Percent-decodes into the arena; false for a bad escape or a NUL. plus_is_space for queries. */
bool http_decode(struct arena *arena, struct str text, bool plus_is_space, struct str *ret);
/* As one segment of a path, or a query argument; NULL: the arena refuses. */
const char *http_encode(struct arena *arena, struct str text);

#endif
