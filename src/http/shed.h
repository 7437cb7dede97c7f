/*
 * Shed: keeps the server calm when the process has no descriptor left.
 *
 * A connection that waits to be accepted while accept fails (EMFILE, ENFILE)
 * would keep the HTTP threads awake for nothing. One descriptor is held back
 * for that moment: with it what waits is accepted and closed at once.
 *
 *   shed_init -> { shed_look }* -> shed_release
 *
 * Threads   Owned by the sweeper.
 */
#ifndef FUSEBOX_HTTP_SHED_H
#define FUSEBOX_HTTP_SHED_H

#include <stdbool.h>

#include "http/server.h"

struct shed {
    int listen_fd; /* the server's */
    int spare_fd;  /* -1: none */
    struct http_stats *stats;
};

void shed_init(struct shed *s, int listen_fd, struct http_stats *stats);
void shed_release(struct shed *s);

/*
 * False: there are descriptors. True: there are none; what waited was turned away, and what came
 * within wait_ms.
 */
bool shed_look(struct shed *s, int wait_ms);

#endif
