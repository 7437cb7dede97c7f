/* The option `listen`, taken apart: "127.0.0.1:8080", "[::1]:0", "localhost:8080". */
#ifndef FUSEBOX_DAEMON_LISTEN_ADDRESS_H
#define FUSEBOX_DAEMON_LISTEN_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/str.h"

enum { LISTEN_HOST_BYTES = 128 };

struct listen_address {
    char host[LISTEN_HOST_BYTES]; /* numeric */
    uint16_t port;                /* 0: any free one */
    bool is_loopback;             /* nobody else reaches it */
};

/* ERR_INVALID. */
enum err listen_address_parse(struct str text, struct listen_address *ret,
                              struct diag *diag) MUST_CHECK;

#endif
