/*
 * The catalog: every service that is known, by its name, with what a person said
 * about it. A service is there because the file names it, because it was defined
 * through the API, or because a source spoke of it (discovered), or several of
 * these. The file's word counts before that of the API.
 *
 *   catalog_init -> { catalog_apply(cfg) | catalog_define(d) | catalog_undefine(name)
 *                     | catalog_hear(name) | catalog_remove }* -> catalog_release
 *
 * Threads   Owned by the evaluate thread.
 * Memory    Entries live until catalog_release or catalog_remove, or until nobody names a
 *           service any more that no source has spoken of; `config` points into the snapshot
 *           that was applied last, or into the definition: the catalog holds a
 *           reference of each.
 * Limits    max_services; the ones beyond are refused and counted.
 */
#ifndef FUSEBOX_CATALOG_CATALOG_H
#define FUSEBOX_CATALOG_CATALOG_H

#include "base/map.h"
#include "base/vec.h"
#include "catalog/definition.h"
#include "config/config.h"

struct catalog_service {
    struct str name;
    const struct config_service *config; /* NULL: discovered only */
    struct definition *definition;       /* through the API; NULL: none */
    bool in_file;                        /* then `config` is the file's */
    const char *source;                  /* the mapping that found it; NULL: configured only */
    bool heard;                          /* a source has spoken of it */
    void *state;                         /* the monitor's; NULL until it made one */
};

struct catalog {
    struct config *config;
    struct vec services; /* struct catalog_service * */
    struct map by_name;
    uint64_t refused_count;
};

void catalog_init(struct catalog *c, size_t max_services);
/* `drop_state` releases a service's state; it is called for each. */
void catalog_release(struct catalog *c, void (*drop_state)(void *state));

/*
 * Takes over the services of a new snapshot. Services that are no longer
 * configured stay when they were heard, and go otherwise (drop_state is called).
 * ERR_NOMEM, ERR_LIMIT (some configured services did not fit; the others did).
 */
enum err catalog_apply(struct catalog *c, struct config *cfg,
                       void (*drop_state)(void *state)) MUST_CHECK;

/* Takes a reference of its own, also of a definition that replaces another. ERR_NOMEM, ERR_LIMIT.
 */
enum err catalog_define(struct catalog *c, struct definition *d) MUST_CHECK;
/* The service stays when the file names it or a source has spoken of it. */
void catalog_undefine(struct catalog *c, struct str name, void (*drop_state)(void *state));

struct catalog_service *catalog_find(const struct catalog *c, struct str name); /* or NULL */

/* The service, found or added as discovered by `source`. NULL: refused by the limit or no memory.
 */
struct catalog_service *catalog_hear(struct catalog *c, struct str name, const char *source);

/* Whoever it is, it goes. */
void catalog_remove(struct catalog *c, size_t idx, void (*drop_state)(void *state));

size_t catalog_count(const struct catalog *c);
struct catalog_service *catalog_at(const struct catalog *c, size_t idx);

#endif
