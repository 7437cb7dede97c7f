/*
 * Migrations: the schema of the state as numbered steps, each with its way back.
 *
 * A step is two SQL files, migrations/NNNN_name.up.sql and .down.sql, compiled
 * into the binary in the order of their numbers, which begin with 1 and leave
 * none out. The version of a file is the number of the last step that was taken.
 *
 * Threads   The caller's database.
 */
#ifndef FUSEBOX_STORE_MIGRATE_H
#define FUSEBOX_STORE_MIGRATE_H

#include <stddef.h>

#include "sqlite/db.h"

struct migration {
    const char *name; /* "0001_services" */
    const char *up;
    const char *down;
};

/* scripts/build-migrations writes them. */
extern const struct migration store_migrations[];
extern const size_t store_migration_count;

/*
 * Goes up or down to `version`, one transaction a step; after an error it stands
 * at the last whole one. ERR_INVALID: there is no such version.
 */
enum err migrate_to(struct db *db, int version, struct diag *diag) MUST_CHECK;

#endif
