/*
 * The demonstration's few needs of the network while it starts: free ports, and
 * whether somebody answers. Waiting is the caller's; nothing here takes longer
 * than DEMO_NET_WAIT_MS.
 *
 * Threads   Value.
 */
#ifndef FUSEBOX_CLI_DEMO_NET_H
#define FUSEBOX_CLI_DEMO_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "base/diag.h"

enum { DEMO_NET_WAIT_MS = 1000, DEMO_HOST_BYTES = 64 };

struct demo_address {
    char host[DEMO_HOST_BYTES]; /* numeric, without brackets */
    int port;
    bool is_v6;
};

/* Splits "127.0.0.1:8080" or "[::1]:8080". ERR_INVALID unless the host is numeric. */
enum err demo_address_parse(const char *text, struct demo_address *ret,
                            struct diag *diag) MUST_CHECK;

/* Writes `count` different ports of 127.0.0.1 that nobody holds at this moment. ERR_IO. */
enum err demo_ports_find(int *ports, size_t count, struct diag *diag) MUST_CHECK;

/* True when the address can be listened on now; port 0 is answered in a->port. */
bool demo_address_is_free(struct demo_address *a);

/* Asks GET `path` once; the status, or 0 when there was no answer in time. */
int demo_http_status(const struct demo_address *a, const char *path);

#endif
