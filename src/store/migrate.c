#include "store/migrate.h"

/* The SQL and the version that it makes, or neither. */
static enum err step(struct db *db, const char *sql, int version, struct diag *diag)
{
    enum err err = db_begin(db, diag);

    if (!err)
        err = db_exec(db, sql, diag);
    if (!err)
        err = db_set_schema_version(db, version, diag);
    if (!err)
        err = db_commit(db, diag);
    if (err)
        db_rollback(db);
    return err;
}

enum err migrate_to(struct db *db, int version, struct diag *diag)
{
    int at = 0;
    enum err err = db_schema_version(db, &at, diag);

    if (err)
        return err;
    if (version < 0 || at < 0 || (size_t)version > store_migration_count ||
        (size_t)at > store_migration_count)
        return diag_set(diag, ERR_INVALID, "there is no way from version %d of the state to %d", at,
                        version);
    for (; !err && at < version; at++)
        err = step(db, store_migrations[at].up, at + 1, diag);
    for (; !err && at > version; at--)
        err = step(db, store_migrations[at - 1].down, at - 1, diag);
    return err;
}
