/*
 * The secrets that are in force: they may be exchanged while requests come.
 *
 *   auth_desk_init -> { auth_desk_role | auth_desk_set }* -> auth_desk_release
 *
 * A request is judged by the secrets that are in force when its head is there; what was
 * let in goes on.
 *
 * Threads   Locks itself; a reader holds the lock for two instructions.
 * Memory    The secrets, and those before for as long as a request is being judged by them.
 */
#ifndef FUSEBOX_HTTP_AUTH_DESK_H
#define FUSEBOX_HTTP_AUTH_DESK_H

#include "base/lock.h"
#include "http/auth.h"

struct auth_kept; /* an immutable copy that is shared */

struct auth_desk {
    struct lock lock;
    struct auth_kept *kept;
};

/* ERR_NOMEM. */
enum err auth_desk_init(struct auth_desk *d, const struct auth *auth) MUST_CHECK;
void auth_desk_release(struct auth_desk *d); /* all-zero is allowed */

/* Puts these in force. ERR_NOMEM: those before stay. */
enum err auth_desk_set(struct auth_desk *d, const struct auth *auth) MUST_CHECK;

/* As auth_role. */
enum http_role auth_desk_role(struct auth_desk *d, struct str authorization);

#endif
