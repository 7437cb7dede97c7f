/*
 * Shed: keeps the server calm when the process has no descriptor left.
 *
 * A connection that waits to be accepted while accept fails (EMFILE, ENFILE)
 * would keep the HTTP threads awake for nothing. So a few descriptors are held
 * back. When there are no others, one of them is set free and connections are
 * turned away as they are accepted: each gives its descriptor back at once.
 *
 *   shed_init -> { shed_look }* -> shed_release
 *
 * Threads   Owned by the sweeper; `out` may be read by any.
 */
#ifndef FUSEBOX_HTTP_SHED_H
#define FUSEBOX_HTTP_SHED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { SHED_SPARES = 4 };

struct shed {
    atomic_bool out; /* turn connections away */
    int any_fd;      /* to be duplicated; the server's */
    int spares[SHED_SPARES];
    size_t spare_count;
};

void shed_init(struct shed *s, int any_fd);
void shed_release(struct shed *s);

/* Call it many times a second. */
void shed_look(struct shed *s);

#endif
