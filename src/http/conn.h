/*
 * Connections: who is connected, what each is doing, and until when it may.
 *
 * libmicrohttpd's own timeout is moved by every byte and does not run while a connection is
 * suspended. So each connection carries its phase and the deadline of that phase, written by its
 * http thread without a lock; a sweep shuts down the sockets whose deadline has passed, and
 * libmicrohttpd then sees them as closed.
 *
 *   HEADER -> BODY -> HANDLE -> REPLY -> IDLE -> (HEADER …)     HANDLE -> STREAM
 *
 * An idle connection on which bytes arrive without completing a request is found by the
 * kernel's count (TCP_INFO), and from then on has the header deadline. In the same way a client
 * that takes nothing of its answer for body_ns is found, before the deadline of the whole answer:
 * body_ns, and what the answer takes at CONN_MIN_BYTES_PER_S.
 *
 * Threads   Locks itself. A descriptor is only touched under the lock, and conn_close takes the
 *           connection out before libmicrohttpd closes it.
 * Limits    max_connections, and per address.
 */
#ifndef FUSEBOX_HTTP_CONN_H
#define FUSEBOX_HTTP_CONN_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "base/lock.h"
#include "http/server.h"

enum conn_phase { CONN_HEADER, CONN_BODY, CONN_HANDLE, CONN_REPLY, CONN_STREAM, CONN_IDLE };

enum { CONN_BUCKETS = 256, CONN_ADDRESS_BYTES = 16, CONN_MIN_BYTES_PER_S = 16384 };
#define CONN_NO_DEADLINE INT64_MAX

struct MHD_Connection;
struct http_server;

struct http_conn {
    struct http_conn *before, *after; /* in its bucket */
    unsigned char address[CONN_ADDRESS_BYTES];
    int fd;
    struct MHD_Connection *mhd;
    struct http_server *server;
    _Atomic int phase; /* enum conn_phase */
    _Atomic int64_t since_ns;
    _Atomic int64_t deadline_ns;

    /* The sweep's. */
    int64_t dripping_since_ns; /* the idle phase in which it saw bytes */
    int64_t progress_ns;       /* when the client last took bytes of the answer */
    uint64_t acked_bytes;
    bool ended; /* it has shut down the socket */

    /* The rest is the http thread's. */
    struct http_request *req;
    int stage; /* see transport.c */
    size_t target_len;
    uint64_t body_bytes;
};

struct conn_limits {
    int max_connections; /* 0: no limit, here and below */
    int max_per_address;
    int64_t header_ns, body_ns, idle_ns; /* 0: no deadline */
};

struct conns {
    struct lock lock;
    struct http_conn *buckets[CONN_BUCKETS];
    size_t count;
    struct conn_limits limits;
    struct http_stats *stats;
};

void conns_init(struct conns *conns, const struct conn_limits *limits, struct http_stats *stats);
void conns_release(struct conns *conns); /* all connections are gone */

/* May one more connect from this address? */
bool conns_have_room(struct conns *conns, const struct sockaddr *address);
struct http_conn *conn_open(struct conns *conns, int fd, const struct sockaddr *address,
                            int64_t mono_ns); /* NULL: no memory */
void conn_close(struct conns *conns, struct http_conn *conn);

/* The deadline that begins now; CONN_NO_DEADLINE when there is no such limit. */
int64_t conn_deadline(int64_t mono_ns, int64_t allowed_ns);
void conn_enter(struct http_conn *conn, enum conn_phase phase, int64_t mono_ns,
                int64_t deadline_ns);

/* Shuts down what is past its deadline. */
void conns_sweep(struct conns *conns, int64_t mono_ns);
/* Shuts down all that have nothing to finish; `everyone` the others too. Returns how many are busy.
 */
size_t conns_shut_down(struct conns *conns, bool everyone);

/* Its http thread ends it in the middle of an answer; the library hears of it from the socket. */
void conn_cut(struct http_conn *conn);

/* True when the peer has closed its side. */
bool conn_is_half_closed(const struct http_conn *conn);

/* In suspend.c, next to the library. */
void conn_suspend(struct http_conn *conn);
void conn_resume(struct http_conn *conn);
int64_t conn_now_ns(const struct http_conn *conn);
/* The deadline of an answer of so many bytes, from when its phase was entered. */
void conn_allow(struct http_conn *conn, uint64_t answer_bytes);

#endif
