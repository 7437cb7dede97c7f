/* A backup becomes a store: files first, the manifest last, so that half of it is never opened. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "tsdb/backup_events.h"
#include "tsdb/backup_manifest.h"
#include "tsdb/file_copy.h"
#include "tsdb/internal.h"

struct restoring {
    const char *backup_dir;
    const char *from_dir; /* of the backup's blocks */
    const char *blocks_dir;
    tsdb_on_verify *on_verify;
    void *ctx;
    uint64_t damaged_count;
    struct backup_contents contents;
    struct log_store log;
    struct manifest manifest;
    struct event_rows events;
};

static void on_damage(void *ctx, const char *path, uint64_t offset_bytes, const char *what)
{
    struct restoring *r = ctx;

    r->damaged_count++;
    if (r->on_verify)
        r->on_verify(r->ctx, path, offset_bytes, what);
}

static enum err check_copy(struct restoring *r, const char *path, struct diag *diag)
{
    struct block *block = NULL;
    uint64_t damaged;
    enum err err = block_open(path, &block, diag);

    if (!err)
        err = block_verify(block, on_damage, r, &damaged);
    block_unref(block);
    if (!err && r->damaged_count)
        err = diag_set(diag, ERR_CORRUPT, "%s is damaged", path);
    return err;
}

static enum err restore_block(struct restoring *r, const struct manifest_row *row,
                              struct diag *diag)
{
    char from[TSDB_PATH_BYTES], to[TSDB_PATH_BYTES];
    enum err err;

    if (!tsdb_path(r->from_dir, row->name, from) || !tsdb_path(r->blocks_dir, row->name, to))
        return diag_set(diag, ERR_LIMIT, "%s: the path is too long", row->name);
    if (r->on_verify)
        r->on_verify(r->ctx, from, 0, NULL);
    err = file_copy(from, to, diag);
    return err ? err : check_copy(r, to, diag);
}

static enum err restore_row(void *ctx, const struct tsdb_events *row, struct str body)
{
    struct restoring *r = ctx;

    return event_rows_put_packed(&r->events, row, body);
}

static enum err restore_events(struct restoring *r, struct diag *diag)
{
    char path[TSDB_PATH_BYTES];

    if (!r->contents.has_events)
        return ERR_OK;
    if (!tsdb_path(r->backup_dir, "events", path))
        return diag_set(diag, ERR_LIMIT, "%s: the path is too long", r->backup_dir);
    if (r->on_verify)
        r->on_verify(r->ctx, path, 0, NULL);
    return backup_events_read(path, restore_row, r, diag);
}

/* Whoever restores has copied it before; what stands in the backup is what he copied. */
static enum err check_state(struct restoring *r, struct diag *diag)
{
    char path[TSDB_PATH_BYTES];

    if (!tsdb_path(r->backup_dir, "state.db", path))
        return diag_set(diag, ERR_LIMIT, "%s: the path is too long", r->backup_dir);
    if (r->on_verify && r->contents.has_state)
        r->on_verify(r->ctx, path, 0, NULL);
    return backup_check_state(&r->contents, path, diag);
}

static enum err write_blocks(struct restoring *r)
{
    struct manifest *m = &r->manifest;
    enum err err = ERR_OK;

    for (size_t i = 0; i < r->contents.rows.count && !err; i++) {
        const struct manifest_row *row = vec_at(&r->contents.rows, i);
        int64_t number = strtoll(row->name, NULL, 16);

        if (number >= m->next_job)
            m->next_job = number + 1;
        err = manifest_put_block(m, row);
    }
    return err ? err : manifest_put_meta(m, "next_job", m->next_job);
}

static enum err write_rows(struct restoring *r, struct diag *diag)
{
    enum err err = log_store_begin(&r->log);

    if (!err)
        err = write_blocks(r);
    if (!err)
        err = restore_events(r, diag);
    if (!err)
        err = log_store_commit(&r->log);
    if (err)
        log_store_abort(&r->log);
    return err;
}

static enum err make_samples(struct restoring *r, const char *dir, struct diag *diag)
{
    struct diag why = { 0 };
    enum err err = log_store_open(&r->log, dir, false, diag);

    if (!err)
        err = manifest_open(&r->manifest, &r->log, diag);
    if (!err)
        err = event_rows_open(&r->events, &r->log, diag);
    if (!err)
        err = write_rows(r, &why);
    event_rows_close(&r->events);
    manifest_close(&r->manifest);
    log_store_close(&r->log);
    return err ? diag_set(diag, err, "%s: samples.db cannot be written: %s", dir,
                          why.code ? diag_text(&why) : err_text(err))
               : ERR_OK;
}

/* A samples.db without the files would be a store that lost them. */
static void remove_samples(const char *dir)
{
    static const char *const names[] = { "samples.db", "samples.db-wal" };
    char path[TSDB_PATH_BYTES];

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (tsdb_path(dir, names[i], path))
            unlink(path);
}

static void remove_copies(const struct restoring *r, size_t count)
{
    char path[TSDB_PATH_BYTES];

    for (size_t i = 0; i < count; i++) {
        const struct manifest_row *row = vec_at(&r->contents.rows, i);

        if (tsdb_path(r->blocks_dir, row->name, path))
            unlink(path);
    }
    rmdir(r->blocks_dir);
}

static enum err refuse_store(const char *dir, const char *blocks_dir, struct diag *diag)
{
    char path[TSDB_PATH_BYTES];

    if (!tsdb_path(dir, "samples.db", path))
        return diag_set(diag, ERR_LIMIT, "%s: the path is too long", dir);
    if (access(path, F_OK) == 0)
        return diag_set(diag, ERR_CONFLICT, "%s: there is a store already", dir);
    if (access(blocks_dir, F_OK) == 0 && rmdir(blocks_dir) != 0)
        return diag_set(diag, ERR_CONFLICT, "%s: there are files already", blocks_dir);
    return file_make_dir(blocks_dir, diag);
}

enum err tsdb_restore(const char *backup_dir, const char *dir, tsdb_on_verify *on_verify, void *ctx,
                      struct diag *diag)
{
    char from_dir[TSDB_PATH_BYTES], blocks_dir[TSDB_PATH_BYTES];
    struct restoring r = {
        .backup_dir = backup_dir,
        .from_dir = from_dir,
        .blocks_dir = blocks_dir,
        .on_verify = on_verify,
        .ctx = ctx,
    };
    size_t copied = 0;
    enum err err;

    if (!tsdb_path(backup_dir, "blocks", from_dir) || !tsdb_path(dir, "blocks", blocks_dir))
        return diag_set(diag, ERR_LIMIT, "%s: the path is too long", dir);
    err = backup_read_manifest(backup_dir, &r.contents, diag);
    if (!err)
        err = check_state(&r, diag);
    if (!err)
        err = refuse_store(dir, blocks_dir, diag);
    if (err)
        goto out;
    for (; copied < r.contents.rows.count && !err; copied++)
        err = restore_block(&r, vec_at(&r.contents.rows, copied), diag);
    if (!err)
        err = file_sync_dir(blocks_dir, diag);
    if (!err)
        err = make_samples(&r, dir, diag);
    if (err) {
        remove_samples(dir);
        remove_copies(&r, copied);
    }
out:
    backup_contents_release(&r.contents);
    return err;
}
