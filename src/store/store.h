/*
 * The store of the state: what people define, in the domain's words.
 *
 * A store is an engine behind this port. What a function returns ERR_OK for is
 * committed and synced: it is there after a crash and after a power cut. On any
 * other result it is not known whether the change is there after the next start,
 * but it is there whole or not at all, and the store goes on.
 *
 *   store_open_sqlite -> { store_save_service | store_delete_service
 *                          | store_for_each_service | store_copy }* -> store_close
 *
 * Another engine is a struct store_engine and an open function of its own; the
 * suite in test/support/store_suite.h runs on each.
 *
 * Errors    ERR_INVALID (a name or a definition that is empty or too long),
 *           ERR_LIMIT (the disk is full), ERR_IO, ERR_CORRUPT, ERR_NOMEM,
 *           ERR_CONFLICT (someone else has the file open, or it is not ours).
 * Threads   Owned by the state thread; before it runs, by main.
 * Memory    Texts that a function is given are borrowed while it runs, as are
 *           those that a walk gives.
 * Limits    STORE_NAME_MAX_BYTES, STORE_DEFINITION_MAX_BYTES.
 */
#ifndef FUSEBOX_STORE_STORE_H
#define FUSEBOX_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/diag.h"
#include "base/str.h"

enum { STORE_NAME_MAX_BYTES = 256, STORE_DEFINITION_MAX_BYTES = 256 << 10 };

/* A service that was defined through the API. */
struct store_service {
    struct str name;
    struct str definition; /* JSON */
    int64_t created_ms;
    int64_t changed_ms;
    uint64_t revision; /* the store's: rises with every save, never given twice */
};

struct store;

/* Opens `path`, made and migrated when it is new or older. ERR_CONFLICT when it is newer. */
enum err store_open_sqlite(const char *path, struct store **ret, struct diag *diag) MUST_CHECK;
void store_close(struct store *s); /* NULL is allowed */

/* Adds the service, or replaces the one of that name; its own revision is not looked at. */
enum err store_save_service(struct store *s, const struct store_service *service,
                            uint64_t *ret_revision, struct diag *diag) MUST_CHECK;
/* ERR_NOT_FOUND: no service has that name. */
enum err store_delete_service(struct store *s, struct str name, struct diag *diag) MUST_CHECK;

/* What it returns ends the walk unless it is ERR_OK. It must not call the store. */
typedef enum err store_on_service(void *ctx, const struct store_service *service);
/* In the order of names, by bytes. */
enum err store_for_each_service(struct store *s, store_on_service *on_service, void *ctx,
                                struct diag *diag) MUST_CHECK;

/*
 * Writes all of it to a new file, synced, that opens as this one does. ERR_CONFLICT: there is one.
 * After another error the file may be there in part.
 */
enum err store_copy(struct store *s, const char *path, struct diag *diag) MUST_CHECK;

/*
 * A sync failed: what the disk holds is not known any more. Nothing is saved from
 * then on (ERR_UNAVAILABLE); close it and open it anew, in a new process.
 */
bool store_is_lost(const struct store *s);

/* --- for engines --- */

struct store_engine {
    void (*close)(struct store *s);
    enum err (*save_service)(struct store *s, const struct store_service *service,
                             uint64_t *ret_revision, struct diag *diag);
    enum err (*delete_service)(struct store *s, struct str name, struct diag *diag);
    enum err (*for_each_service)(struct store *s, store_on_service *on_service, void *ctx,
                                 struct diag *diag);
    enum err (*copy)(struct store *s, const char *path, struct diag *diag);
    bool (*is_lost)(const struct store *s);
};

/* The first member of an engine's own struct. */
struct store {
    const struct store_engine *engine;
};

#endif
