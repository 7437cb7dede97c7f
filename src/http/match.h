/*
 * Router: finds the row of the route table that serves a path.
 *
 * Paths are compared as sent, segment by segment: a literal before {name} before {name*}, which
 * takes the rest (at least one byte). Paths without parameters are found by hash.
 *
 *   router_new -> router_find* -> router_free
 *
 * Threads   Immutable after router_new.
 * Memory    Borrows the table.
 */
#ifndef FUSEBOX_HTTP_MATCH_H
#define FUSEBOX_HTTP_MATCH_H

#include "http/server.h"

struct http_param {
    struct str name;
    struct str value; /* as sent; the server decodes it */
};

struct route_match {
    const struct http_route *route; /* NULL: no row for this path and method */
    struct http_param params[HTTP_PARAMS_MAX];
    size_t param_count;
    unsigned allowed; /* bit (1 << method) for each method that the path has */
};

struct router;

/*
 * ERR_INVALID when a row is not well formed (path, braces, too many parameters) or repeats
 * another; the diagnosis names it. ERR_NOMEM.
 */
enum err router_new(const struct http_route *routes, size_t count, struct router **ret,
                    struct diag *diag) MUST_CHECK;
void router_free(struct router *router);

void router_find(const struct router *router, enum http_method method, struct str path,
                 struct route_match *ret);

/* The path of the table nearest to this one, when it is near; else empty. */
struct str router_nearest(const struct router *router, struct str path);

/* "GET, HEAD, POST" for an Allow header. */
enum { HTTP_ALLOW_BYTES = 40 };
const char *router_allow_text(unsigned allowed, char out[HTTP_ALLOW_BYTES]);

#endif
