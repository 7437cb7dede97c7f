/*
 * The inside of the server, shared by server.c (life cycle, sweeping) and transport.c (the
 * library's callbacks).
 */
#ifndef FUSEBOX_HTTP_SERVER_STATE_H
#define FUSEBOX_HTTP_SERVER_STATE_H

#include "base/lock.h"
#include "base/queue.h"
#include "base/thread.h"
#include "http/admit.h"
#include "http/conn.h"
#include "http/hubs.h"
#include "http/park.h"
#include "http/shed.h"
#include "http/stream.h"

struct http_server {
    struct http_options options;
    char *hosts;
    struct clock clock;
    struct MHD_Daemon *daemon;
    int listen_fd;
    uint16_t port;
    struct guard guard;
    struct router *router;
    struct admission admission;
    struct park *park;
    struct conns conns;
    struct thread sweeper;
    struct shed shed;
    struct queue ticks;  /* never filled: the sweeper's timer, closed to end it */
    struct queue drains; /* never filled: the timer of http_server_stop */
    struct hubs hubs;
    _Atomic bool stopping; /* newcomers are turned away */
};

/* transport.c. Uses the listening socket, which stays the caller's. False: no threads. */
bool transport_start(struct http_server *server, int listen_fd);
/* Ends the threads. No connection may be suspended by then. */
void transport_stop(struct http_server *server);

#endif
