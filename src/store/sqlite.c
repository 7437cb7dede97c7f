/*
 * The embedded engine: state.db, one connection in WAL mode, every commit synced.
 * The schema is in migrations/.
 */
#include "base/mem.h"
#include "sqlite/db.h"
#include "store/migrate.h"
#include "store/store.h"

enum {
    APPLICATION_ID = 0x46425354, /* "FBST" */
    CHECKPOINT_BYTES = 1 << 20,
};

struct sqlite_store {
    struct store port;
    struct db *db;
    struct db_stmt *add, *remove, *list;
};

static const char sql_add[] = "INSERT INTO services (name, definition, created_ms, changed_ms)"
                              " VALUES (?1, ?2, ?3, ?4)";
static const char sql_remove[] = "DELETE FROM services WHERE name = ?1";
static const char sql_list[] = "SELECT name, definition, created_ms, changed_ms, revision"
                               " FROM services ORDER BY name";

static struct sqlite_store *of(struct store *s)
{
    return (struct sqlite_store *)s;
}

static void close_store(struct store *s)
{
    struct sqlite_store *self = of(s);

    db_finalize(self->add);
    db_finalize(self->remove);
    db_finalize(self->list);
    db_close(self->db);
    mem_free(self);
}

/* What was committed is safe in the WAL too; a checkpoint that fails is tried with the next one. */
static enum err commit(struct sqlite_store *self, struct diag *diag)
{
    enum err err = db_commit(self->db, diag);

    if (!err && db_wal_bytes(self->db) >= CHECKPOINT_BYTES) {
        enum err later = db_checkpoint(self->db, DB_CHECKPOINT_TRUNCATE, NULL);

        (void)later;
    }
    return err;
}

static enum err remove_row(struct sqlite_store *self, struct str name, struct diag *diag)
{
    db_bind_text(self->remove, 1, name);
    return db_run(self->remove, diag);
}

static enum err add_row(struct sqlite_store *self, const struct store_service *service,
                        struct diag *diag)
{
    db_bind_text(self->add, 1, service->name);
    db_bind_text(self->add, 2, service->definition);
    db_bind_i64(self->add, 3, service->created_ms);
    db_bind_i64(self->add, 4, service->changed_ms);
    return db_run(self->add, diag);
}

static enum err save_service(struct store *s, const struct store_service *service,
                             uint64_t *ret_revision, struct diag *diag)
{
    struct sqlite_store *self = of(s);
    uint64_t revision = 0;
    enum err err = db_begin(self->db, diag);

    if (!err)
        err = remove_row(self, service->name, diag);
    if (!err)
        err = add_row(self, service, diag);
    if (!err)
        revision = (uint64_t)db_last_row_id(self->db);
    if (!err)
        err = commit(self, diag);
    if (err)
        db_rollback(self->db);
    else
        *ret_revision = revision;
    return err;
}

static enum err delete_service(struct store *s, struct str name, struct diag *diag)
{
    struct sqlite_store *self = of(s);
    enum err err = db_begin(self->db, diag);

    if (!err)
        err = remove_row(self, name, diag);
    if (!err && db_changes_count(self->db) == 0)
        err = diag_set(diag, ERR_NOT_FOUND, "no service of that name is stored");
    if (!err)
        err = commit(self, diag);
    if (err)
        db_rollback(self->db);
    return err;
}

static enum err for_each_service(struct store *s, store_on_service *on_service, void *ctx,
                                 struct diag *diag)
{
    struct db_stmt *list = of(s)->list;
    bool row = false;
    enum err err = db_step(list, &row, diag);

    while (!err && row) {
        struct store_service service = {
            .name = db_column_text(list, 0),
            .definition = db_column_text(list, 1),
            .created_ms = db_column_i64(list, 2),
            .changed_ms = db_column_i64(list, 3),
            .revision = (uint64_t)db_column_i64(list, 4),
        };

        err = on_service(ctx, &service);
        if (!err)
            err = db_step(list, &row, diag);
    }
    db_reset(list);
    return err;
}

static enum err copy(struct store *s, const char *path, struct diag *diag)
{
    return db_copy(of(s)->db, path, diag);
}

static bool is_lost(const struct store *s)
{
    return db_sync_failed(((const struct sqlite_store *)s)->db);
}

static const struct store_engine engine = { .close = close_store,
                                            .save_service = save_service,
                                            .delete_service = delete_service,
                                            .for_each_service = for_each_service,
                                            .copy = copy,
                                            .is_lost = is_lost };

static enum err open_parts(struct sqlite_store *self, const char *path, struct diag *diag)
{
    struct db_options options = {
        .path = path,
        .application_id = APPLICATION_ID,
        .schema_version = (int)store_migration_count,
        .exclusive = true,
    };
    enum err err = db_open(&options, &self->db, diag);

    if (!err)
        err = migrate_to(self->db, options.schema_version, diag);
    if (!err)
        err = db_prepare(self->db, sql_add, &self->add, diag);
    if (!err)
        err = db_prepare(self->db, sql_remove, &self->remove, diag);
    if (!err)
        err = db_prepare(self->db, sql_list, &self->list, diag);
    return err;
}

enum err store_open_sqlite(const char *path, struct store **ret, struct diag *diag)
{
    struct sqlite_store *self = mem_alloc_zero(1, sizeof *self);
    enum err err;

    if (!self)
        return diag_set(diag, ERR_NOMEM, "no memory for the store of the state");
    self->port.engine = &engine;
    err = open_parts(self, path, diag);
    if (err)
        close_store(&self->port);
    else
        *ret = &self->port;
    return err;
}
