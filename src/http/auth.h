/*
 * Authentication: who is calling, by token or by name and password.
 *
 * A request proves itself with one Authorization header:
 *
 *   Bearer TOKEN                  a token of the list; it has a role
 *   Basic base64(NAME:PASSWORD)   the one name and password, which may do everything,
 *                                 or any name with a token as the password (browsers
 *                                 ask for that by themselves)
 *
 * Roles rise: read, write, admin; each may do what those before it may.
 *
 *   auth_init -> auth_role*
 *
 * Time      A candidate is compared with every secret over the whole of its fixed
 *           length, so that the time taken tells nothing but how many there are.
 * Threads   Immutable after auth_init.
 * Memory    A plain value with copies of the secrets; nothing to release.
 * Limits    AUTH_TOKENS_MAX tokens of AUTH_TOKEN_MIN_BYTES to AUTH_SECRET_MAX_BYTES.
 * Source    RFC 9110 section 11, RFC 6750 section 2.1, RFC 7617.
 */
#ifndef FUSEBOX_HTTP_AUTH_H
#define FUSEBOX_HTTP_AUTH_H

#include "http/server.h"

enum {
    AUTH_TOKENS_MAX = 32,
    AUTH_TOKEN_MIN_BYTES = 16, /* shorter ones can be guessed */
    AUTH_SECRET_MAX_BYTES = 256,
};

struct auth_secret {
    enum http_role role;
    size_t len;
    unsigned char bytes[AUTH_SECRET_MAX_BYTES]; /* zeros behind len */
};

struct auth {
    bool is_required; /* else everybody is admin */
    size_t token_count;
    struct auth_secret tokens[AUTH_TOKENS_MAX];
    struct auth_secret basic; /* "NAME:PASSWORD"; len 0: none */
};

struct auth_options {
    bool is_required;
    struct str tokens;     /* a line each: "TOKEN" (admin) or "ROLE TOKEN"; # begins a comment */
    struct str basic_user; /* with a password, or neither */
    struct str basic_password;
};

/*
 * ERR_INVALID: a line, a name or a password is not well formed; ERR_LIMIT: too many tokens. The
 * diagnosis says which line, never what stands there.
 */
enum err auth_init(struct auth *auth, const struct auth_options *options,
                   struct diag *diag) MUST_CHECK;

bool auth_has_secrets(const struct auth *auth);

/* What the value of an Authorization header (empty: none) proves; HTTP_ROLE_NONE: nothing. */
enum http_role auth_role(const struct auth *auth, struct str authorization);

/* "read", "write", "admin"; "none". */
const char *http_role_name(enum http_role role);

#endif
