/* A listening TCP socket at a numeric address. */
#ifndef FUSEBOX_HTTP_LISTEN_H
#define FUSEBOX_HTTP_LISTEN_H

#include "base/diag.h"

#include <stdint.h>

/*
 * Port 0 takes a free one; *ret_port is the one that it is. Close the descriptor yourself.
 * ERR_INVALID (address), ERR_CONFLICT (in use), ERR_FORBIDDEN (port), ERR_UNAVAILABLE.
 */
enum err listen_open(const char *address, uint16_t port, int *ret_fd, uint16_t *ret_port,
                     struct diag *diag) MUST_CHECK;

#endif
