/*
 * The registry: which services are defined, and where: in the file, through the
 * API, or both. Then the file's word counts, and the other one waits.
 *
 *   registry_init -> registry_set_config -> registry_load -> { edits | registry_look }*
 *     -> registry_release
 *
 * Threads   Locks itself: any thread may look; the state thread alone changes it.
 * Memory    Holds a reference of the configuration and of each definition.
 * Limits    max_definitions through the API.
 */
#ifndef FUSEBOX_CATALOG_REGISTRY_H
#define FUSEBOX_CATALOG_REGISTRY_H

#include "base/lock.h"
#include "base/map.h"
#include "catalog/definition.h"

/* Who defines a service; a discovered one has nobody. */
enum origin { ORIGIN_NONE, ORIGIN_FILE, ORIGIN_API };

const char *origin_name(enum origin origin); /* "discovered", "file", "api" */

struct registry {
    struct lock lock;
    struct config *config;
    struct map file_names;  /* of the configuration's services */
    struct map definitions; /* struct definition, by name */
};

void registry_init(struct registry *r, size_t max_definitions);
void registry_release(struct registry *r);

/*
 * Takes over the services of a file. Definitions stay as they are: see
 * registry_read_again. On an error nothing changes. ERR_NOMEM.
 */
enum err registry_set_config(struct registry *r, struct config *cfg) MUST_CHECK;
/* The configuration in force, with a reference for the caller. */
struct config *registry_config(struct registry *r);

struct registry_entry {
    enum origin origin;
    struct definition *definition; /* a reference for the caller; NULL: not through the API */
};

void registry_look(struct registry *r, struct str name, struct registry_entry *ret);
size_t registry_count(struct registry *r); /* of definitions */

/* Adds or replaces; takes a reference of its own. ERR_LIMIT, ERR_NOMEM. */
enum err registry_put(struct registry *r, struct definition *d) MUST_CHECK;
void registry_remove(struct registry *r, struct str name);

/* The definitions, each with a reference for the caller; free the list with registry_list_free. */
struct definition_list {
    struct definition **items;
    size_t count;
};
enum err registry_list(struct registry *r, struct definition_list *ret) MUST_CHECK; /* ERR_NOMEM */
void registry_list_free(struct definition_list *list);

#endif
