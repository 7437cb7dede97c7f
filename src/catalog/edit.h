/*
 * Edits: a service is defined, changed or forgotten through the API.
 *
 *   edit_apply        checks, saves in the store, and enters what was saved
 *
 * A service of the file is read-only here. Conditions are those of HTTP: a tag is
 * "r7", or whatever ends with that, where 7 is the revision of the definition and
 * 0 says that there is none; "*" is any definition.
 *
 * Time      Passed in, Unix milliseconds.
 * Threads   The state thread, which owns the store.
 * Source    RFC 9110, 13.1.1 and 13.1.2; tags are compared by the revision, so a weak one will do.
 */
#ifndef FUSEBOX_CATALOG_EDIT_H
#define FUSEBOX_CATALOG_EDIT_H

#include "catalog/registry.h"

enum edit_kind {
    EDIT_CREATE, /* the name is in the body, and new */
    EDIT_PUT,    /* adds or replaces */
    EDIT_DELETE,
};

struct edit {
    enum edit_kind kind;
    struct str name;     /* but for EDIT_CREATE */
    struct str body;     /* but for EDIT_DELETE */
    struct str if_match; /* may be empty, as may be the next */
    struct str if_none_match;
    int64_t now_ms;
};

struct edit_result {
    struct definition
        *definition; /* a reference for the caller; with EDIT_DELETE the one that went */
    bool created;    /* there was none of that name */
};

/*
 * ERR_INVALID, ERR_LIMIT (the body; *fault tells where), ERR_CONFLICT (it is in the file, or is
 * there already), ERR_NOT_FOUND, ERR_PRECONDITION: nothing was changed.
 * ERR_UNAVAILABLE, ERR_NOMEM: it may be there after the next start; the edit may be repeated.
 */
enum err edit_apply(struct registry *r, struct store *store, const struct edit *edit,
                    struct edit_result *ret, struct service_fault *fault,
                    struct diag *diag) MUST_CHECK;

/* Enters what the store holds. A definition that cannot be read stays there and is told of. */
typedef void edit_on_unreadable(void *ctx, struct str name, const struct diag *diag);
enum err edit_load(struct registry *r, struct store *store, edit_on_unreadable *on_unreadable,
                   void *ctx, struct diag *diag) MUST_CHECK;

#endif
