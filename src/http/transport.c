/*
 * The file that talks to libmicrohttpd (beside response.c, and suspend.c for a few words). A
 * request walks through these callbacks, all on the http thread of its connection:
 *
 *   on_target    the request line is there
 *   on_access    STAGE_HEAD: check and route; a refusal that must close is answered here
 *   on_access    STAGE_BODY: bytes of the body, then (without bytes) the handler runs
 *   on_access    STAGE_PARKED: resumed, the answer of another thread is there
 *   on_completed the answer is sent, or the connection broke
 *
 * An answer queued in the first on_access makes the library close the connection, so everything
 * that may keep it is answered in the second.
 */
#include "http/server_state.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <signal.h>
#include <sys/socket.h>

#include "http/reply.h"
#include "http/response.h"
#include "http/security.h"

enum {
    CONNECTION_MEMORY_BYTES = 16384,
    UNLIMITED_CONNECTIONS = 65536,
    SPARE_CONNECTIONS = 16, /* over our own limit, so that the library accepts and we close */
    LINGER_MS = 2000,       /* how long the rest of an oversized body is swallowed */
    BACKSTOP_S = 60,        /* the library's own time-out, over the sum of ours */
};

enum stage { STAGE_HEAD, STAGE_BODY, STAGE_REFUSED, STAGE_PARKED, STAGE_SWALLOW };

#define AS_LINE(name, value) name ": " value "\r\n"

/* Sent past the library, which cannot answer in the middle of a body. */
static const char too_large_answer[] =
    "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Type: application/json\r\n"
    "Cache-Control: no-store\r\nContent-Length: 87\r\n" SECURITY_HEADERS(
        AS_LINE) "\r\n"
                 "{\"error\":{\"code\":\"too_large\",\"message\":\"the body is larger than "
                 "allowed\",\"field\":null}}";

const char *http_library_version(void)
{
    return MHD_get_version();
}

static void note_request(struct http_conn *conn, int status, int64_t mono_ns)
{
    const struct http_options *options = &conn->server->options;

    if (options->stats && status >= 100 && status < 600)
        atomic_fetch_add_explicit(&options->stats->requests_by_class[status / 100], 1,
                                  memory_order_relaxed);
    if (options->on_request)
        options->on_request(options->ctx, conn->req->match.route, status,
                            mono_ns - conn->req->received_mono_ns);
}

/* Enters the phase in which the client has to read, slowly at worst. */
static void begin_sending(struct http_conn *conn, const struct http_reply *reply)
{
    struct http_server *server = conn->server;
    int64_t mono_ns = clock_mono_ns(&server->clock);

    if (conn->req->stream)
        hubs_note(&server->hubs, reply->stream);
    note_request(conn, reply->status, mono_ns);
    conn_enter(conn, conn->req->stream ? CONN_STREAM : CONN_REPLY, mono_ns,
               conn_deadline(mono_ns, server->conns.limits.body_ns));
    conn_allow(conn, reply_bytes(reply).len);
}

/* Queues the completed reply; takes its body. */
static enum MHD_Result send_reply(struct http_conn *conn, struct http_reply *reply)
{
    enum MHD_Result ok = MHD_NO;
    struct MHD_Response *response;

    begin_sending(conn, reply);
    response = response_new(conn, reply);
    if (response) {
        ok = MHD_queue_response(conn->mhd, (unsigned)reply->status, response);
        MHD_destroy_response(response);
    }
    reply_release(reply);
    return ok;
}

static enum MHD_Result send_refusal(struct http_conn *conn)
{
    struct http_reply reply = { .diag = conn->req->refusal };

    reply_error(reply.diag.code, &reply);
    if (reply.diag.code == ERR_LIMIT)
        reply.status = conn->target_len > HTTP_URL_MAX_BYTES
                           ? MHD_HTTP_URI_TOO_LONG
                           : MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
    return send_reply(conn, &reply);
}

static enum MHD_Result send_parked(struct http_conn *conn)
{
    struct http_reply reply;
    enum err err = park_take(conn->req->parked, &reply);

    conn->req->parked = NULL;
    if (err)
        reply_error(err, &reply);
    return send_reply(conn, &reply);
}

static enum MHD_Result run_handler(struct http_conn *conn)
{
    struct http_request *req = conn->req;
    struct http_reply reply = { 0 };
    enum err err;

    conn_enter(conn, CONN_HANDLE, req->received_mono_ns, CONN_NO_DEADLINE);
    err = req->handler(req, &reply, conn->server->options.ctx);
    if (req->parked && !err) {
        conn->stage = STAGE_PARKED;
        return park_suspend(req->parked, conn) ? MHD_YES : send_parked(conn);
    }
    reply_complete(req, err, &reply);
    if (err) {
        stream_free(req->stream);
        req->stream = NULL;
        reply.stream = NULL;
    }
    return send_reply(conn, &reply);
}

/* The oversized rest is swallowed for a while, so that the client comes to read the answer. */
static enum MHD_Result refuse_mid_body(struct http_conn *conn)
{
    struct http_server *server = conn->server;
    int64_t mono_ns = clock_mono_ns(&server->clock);
    ssize_t sent = send(conn->fd, too_large_answer, sizeof too_large_answer - 1,
                        MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent < 0)
        return MHD_NO;
    shutdown(conn->fd, SHUT_WR);
    if (server->options.stats)
        atomic_fetch_add(&server->options.stats->rejected_limit, 1);
    note_request(conn, MHD_HTTP_CONTENT_TOO_LARGE, mono_ns);
    conn_enter(conn, CONN_REPLY, mono_ns, mono_ns + (int64_t)LINGER_MS * 1000000);
    buf_release(&conn->req->body);
    conn->stage = STAGE_SWALLOW;
    return MHD_YES;
}

static enum MHD_Result take_body(struct http_conn *conn, const char *data, size_t *len)
{
    struct buf *body = &conn->req->body;

    buf_append(body, data, *len);
    *len = 0;
    if (!buf_error(body))
        return MHD_YES;
    return buf_error(body) == ERR_LIMIT ? refuse_mid_body(conn) : MHD_NO;
}

struct collected {
    struct http_request *req;
    bool overflow;
};

static enum MHD_Result collect(void *cls, enum MHD_ValueKind kind, const char *name,
                               size_t name_len, const char *value, size_t value_len)
{
    struct collected *c = cls;
    struct http_request *req = c->req;
    struct http_field field = { { name, name_len }, { value, value ? value_len : 0 } };

    if (kind == MHD_HEADER_KIND && req->header_count < HTTP_HEADERS_MAX)
        req->headers[req->header_count++] = field;
    else if (kind == MHD_GET_ARGUMENT_KIND && req->arg_count < HTTP_ARGS_MAX)
        req->args[req->arg_count++] = field;
    else
        c->overflow = true;
    return c->overflow ? MHD_NO : MHD_YES;
}

static struct guard_block describe_block(struct http_conn *conn, const char *target,
                                         const char *method, const char *version)
{
    struct collected c = { .req = conn->req };
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        conn->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    MHD_get_connection_values_n(conn->mhd, MHD_HEADER_KIND | MHD_GET_ARGUMENT_KIND, collect, &c);
    return (struct guard_block){ .method = method,
                                 .target = target,
                                 .target_len = conn->target_len,
                                 .version = version,
                                 .header_bytes = info ? info->header_size : 0,
                                 .overflow = c.overflow };
}

/* A request object for this connection, emptied; NULL: no memory. */
static struct http_request *fresh_request(struct http_conn *conn)
{
    if (!conn->req)
        conn->req = request_new();
    if (!conn->req)
        return NULL;
    conn->req->park = conn->server->park;
    conn->req->received_mono_ns = clock_mono_ns(&conn->server->clock);
    return conn->req;
}

/* Decides about the request; what may keep the connection is answered after the body. */
static enum MHD_Result begin_request(struct http_conn *conn, const char *target, const char *method,
                                     const char *version)
{
    struct http_server *server = conn->server;
    struct http_request *req = fresh_request(conn);
    struct admit_result result = { 0 };
    struct guard_block block;
    enum err err;

    if (!req)
        return MHD_NO;
    block = describe_block(conn, target, method, version);
    err = server->stopping ? ERR_CANCELLED
                           : admit(&server->admission, &block, target, req, &result);
    conn->stage = err ? STAGE_REFUSED : STAGE_BODY;
    req->refusal = result.diag;
    req->refusal.code = err;
    req->handler = result.handler;
    req->body = buf_limited(result.body_max_bytes);
    if (result.must_close)
        return send_refusal(conn);
    if (result.expects_body)
        conn_enter(conn, CONN_BODY, req->received_mono_ns,
                   conn_deadline(req->received_mono_ns, server->conns.limits.body_ns));
    return MHD_YES;
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *mhd, const char *target,
                                 const char *method, const char *version, const char *data,
                                 size_t *len, void **con_cls)
{
    struct http_conn *conn = *con_cls;

    (void)cls;
    (void)mhd;
    if (!conn)
        return MHD_NO;
    switch ((enum stage)conn->stage) {
    case STAGE_HEAD:
        return begin_request(conn, target, method, version);
    case STAGE_BODY:
        return *len ? take_body(conn, data, len) : run_handler(conn);
    case STAGE_REFUSED:
        if (!*len)
            return send_refusal(conn);
        *len = 0;
        return MHD_YES;
    case STAGE_PARKED:
        return send_parked(conn);
    case STAGE_SWALLOW:
        break;
    }
    if (!*len)
        return MHD_NO;
    *len = 0;
    return MHD_YES;
}

/* The one moment at which the target still stands as it was received. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_conn *conn = info ? info->socket_context : NULL;

    (void)cls;
    if (!conn)
        return NULL;
    conn->stage = STAGE_HEAD;
    conn->target_len = strlen(target);
    return conn;
}

/* Escapes are decoded by us, after the checks. */
static size_t keep_escapes(void *cls, struct MHD_Connection *mhd, char *text)
{
    (void)cls;
    (void)mhd;
    return strlen(text);
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **con_cls,
                         enum MHD_RequestTerminationCode how)
{
    struct http_conn *conn = *con_cls;
    struct http_request *req = conn ? conn->req : NULL;
    struct http_reply unsent;
    int64_t mono_ns;

    (void)cls;
    (void)mhd;
    (void)how;
    *con_cls = NULL;
    if (!req)
        return;
    if (req->parked) {
        (void)park_take(req->parked, &unsent);
        reply_release(&unsent);
    }
    stream_free(req->stream);
    if (request_is_shared(req)) {
        request_unref(req);
        conn->req = NULL;
    } else {
        request_reset(req);
    }
    mono_ns = conn_now_ns(conn);
    conn_enter(conn, CONN_IDLE, mono_ns,
               conn_deadline(mono_ns, conn->server->conns.limits.idle_ns));
}

static enum MHD_Result on_accept(void *cls, const struct sockaddr *address, socklen_t len)
{
    struct http_server *server = cls;

    (void)len;
    if (atomic_load(&server->shed.out)) {
        if (server->options.stats)
            atomic_fetch_add(&server->options.stats->rejected_descriptors, 1);
        return MHD_NO;
    }
    return !server->stopping && conns_have_room(&server->conns, address) ? MHD_YES : MHD_NO;
}

static void *open_conn(struct http_server *server, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    int fd = info->connect_fd;
    struct http_conn *conn;

    info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    conn = conn_open(&server->conns, fd, info->client_addr, clock_mono_ns(&server->clock));
    if (!conn) {
        shutdown(fd, SHUT_RDWR);
        return NULL;
    }
    conn->mhd = mhd;
    conn->server = server;
    return conn;
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http_server *server = cls;
    struct http_conn *conn = *socket_context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = open_conn(server, mhd);
    } else if (conn) {
        request_unref(conn->req);
        conn_close(&server->conns, conn);
        *socket_context = NULL;
    }
}

static unsigned backstop_s(const struct http_options *o)
{
    return (unsigned)((o->header_timeout_ms + o->body_timeout_ms + o->idle_timeout_ms +
                       o->request_timeout_ms) /
                      1000) +
           BACKSTOP_S;
}

/*
 * The library's threads take no signals: main alone does. It gets a duplicate of the listening
 * socket, which it closes in MHD_stop_daemon. MHD_quiesce_daemon would leave the socket to us, but
 * it races with the library's own threads over the epoll set, and the loser aborts the process
 * (seen with 0.9.75 under the thread sanitizer): on_accept turns newcomers away instead.
 */
bool transport_start(struct http_server *server, int listen_fd)
{
    const struct http_options *o = &server->options;
    unsigned threads = o->threads > 1 ? (unsigned)o->threads : 0;
    unsigned connections = (o->max_connections > 0 ? (unsigned)o->max_connections
                                                   : UNLIMITED_CONNECTIONS) +
                           SPARE_CONNECTIONS;
    struct MHD_OptionItem pool[] = { { MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL },
                                     { MHD_OPTION_END, 0, NULL } };
    sigset_t all, before;
    int fd = fcntl(listen_fd, F_DUPFD_CLOEXEC, 0);

    if (fd < 0)
        return false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    server->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME |
            MHD_USE_ITC,
        0, on_accept, server, on_access, server, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, connections * (threads ? threads : 1),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, backstop_s(o), MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_URI_LOG_CALLBACK,
        on_target, server, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_ARRAY,
        threads ? pool : pool + 1, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return server->daemon;
}

void transport_stop(struct http_server *server)
{
    MHD_stop_daemon(server->daemon);
}
