/*
 * A definition: what someone said about a service through the API.
 *
 * It holds the text as it is kept and shown, and the same as the configuration
 * has it (`service`), so that the monitor reads one shape wherever it comes from.
 *
 *   definition_read -> (its revision and times are set) -> definition_ref, definition_unref
 *
 * Threads   Immutable once it is shared; the count is atomic.
 * Memory    Holds everything; a few KiB.
 */
#ifndef FUSEBOX_CATALOG_DEFINITION_H
#define FUSEBOX_CATALOG_DEFINITION_H

#include <stdatomic.h>

#include "config/config.h"
#include "config/service_json.h"
#include "store/store.h"

struct definition {
    atomic_int references;
    struct config *config; /* with this one service */
    const struct config_service *service;
    struct str json; /* the name first, keys in snake_case */
    uint64_t revision;
    int64_t created_ms, changed_ms;
};

/*
 * Reads the text of a request or of the store; `name`, `base`, `fault` and errors
 * as config_read_service has them. One reference; no revision and times yet.
 */
enum err definition_read(struct str text, struct str name, const struct config *base,
                         struct definition **ret, struct service_fault *fault,
                         struct diag *diag) MUST_CHECK;
/* The same with other defaults. The definition stays as it is. */
enum err definition_read_again(const struct definition *d, const struct config *base,
                               struct definition **ret, struct diag *diag) MUST_CHECK;

struct definition *definition_ref(struct definition *d);
void definition_unref(struct definition *d); /* NULL is allowed */

/* As the store takes it; borrows from the definition. */
struct store_service definition_row(const struct definition *d);

#endif
