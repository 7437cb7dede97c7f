/*
 * Admission: everything that is decided about a request between its header block and its body.
 *
 * Runs the guard's checks in their order, decodes path and arguments, finds the route, asks who is
 * calling and compares the announced body with what the route takes. Without a role nobody learns
 * which paths there are: an unknown path is answered as a known one.
 *
 * Threads   Value.
 */
#ifndef FUSEBOX_HTTP_ADMIT_H
#define FUSEBOX_HTTP_ADMIT_H

#include "http/guard.h"

struct admission {
    const struct guard *guard;
    const struct router *router;
    struct auth_desk *auth; /* NULL: nobody has to prove who he is */
    http_handler *fallback;
    struct http_stats *stats; /* may be NULL */
};

struct admit_result {
    http_handler *handler;
    size_t body_max_bytes;
    bool expects_body;
    bool must_close; /* a refusal to be sent at once: what follows is not to be trusted, or long */
    struct diag diag;
};

/* `method` and `path` are the library's texts; fills req's method, paths and match. */
enum err admit(const struct admission *rules, const struct guard_block *block, const char *path,
               struct http_request *req, struct admit_result *ret) MUST_CHECK;

#endif
