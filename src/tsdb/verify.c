/* Checking a store, or a backup, that no process has open; and making one of a backup. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tsdb/backup_events.h"
#include "tsdb/backup_manifest.h"
#include "tsdb/file_copy.h"
#include "tsdb/internal.h"

struct verifying {
    const char *blocks_dir;
    const char *samples_path;
    tsdb_on_verify *on_verify;
    void *ctx;
    struct tsdb_verify_result result;
};

static void report(struct verifying *v, const char *path, uint64_t offset_bytes, const char *what)
{
    if (what)
        v->result.damaged_count++;
    if (v->on_verify)
        v->on_verify(v->ctx, path, offset_bytes, what);
}

static void on_block_damage(void *ctx, const char *path, uint64_t offset_bytes, const char *what)
{
    report(ctx, path, offset_bytes, what);
}

static enum err verify_block(void *ctx, const struct manifest_row *row)
{
    struct verifying *v = ctx;
    struct block *block = NULL;
    struct diag why = { 0 };
    char path[TSDB_PATH_BYTES];
    uint64_t damaged;
    enum err err;

    if (!tsdb_path(v->blocks_dir, row->name, path))
        return ERR_LIMIT;
    report(v, path, 0, NULL);
    v->result.blocks_count++;
    err = block_open(path, &block, &why);
    if (err == ERR_NOMEM || err == ERR_LIMIT)
        return err;
    if (err) {
        report(v, path, why.position_bytes, diag_text(&why));
        return ERR_OK;
    }
    v->result.bytes += block_info(block)->bytes;
    err = block_verify(block, on_block_damage, v, &damaged);
    block_unref(block);
    return err;
}

static enum err count_series(void *ctx, uint32_t ref, struct labels labels)
{
    (void)ref;
    (void)labels;
    ((struct verifying *)ctx)->result.series_rows_count++;
    return ERR_OK;
}

static enum err count_batch(void *ctx, struct sample_batch *batch)
{
    (void)batch;
    ((struct verifying *)ctx)->result.log_rows_count++;
    return ERR_OK;
}

static void on_row_damage(void *ctx, const char *path, const char *table, int64_t id,
                          const char *what)
{
    char words[200];

    (void)path; /* the copy's */
    snprintf(words, sizeof words, "table %s, row %lld: %.120s", table, (long long)id, what);
    report(ctx, ((struct verifying *)ctx)->samples_path, (uint64_t)id, words);
}

static void on_event_damage(struct verifying *v, int64_t seq, const struct diag *why)
{
    on_row_damage(v, v->samples_path, "event", seq, diag_text(why));
}

static enum err verify_slice(struct verifying *v, const struct event_slice *slice,
                             struct event_unpacker *unpacker, int64_t *before_seq)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < slice->rows.count && !err; i++) {
        const struct event_slice_row *row = vec_at(&slice->rows, i);
        struct tsdb_events events = row->columns;
        struct diag why = { 0 };

        *before_seq = events.first_seq;
        v->result.event_rows_count++;
        err = event_row_unpack(unpacker, event_slice_body(slice, row), &events, &why);
        if (err != ERR_CORRUPT && err != ERR_CONFLICT)
            continue;
        on_event_damage(v, events.first_seq, &why);
        err = ERR_OK;
    }
    return err;
}

static enum err verify_events(struct verifying *v, struct event_rows *rows, struct diag *diag)
{
    static const struct tsdb_events_range all = { .since_ms = INT64_MIN, .until_ms = INT64_MAX };
    struct event_slice slice = event_slice_new();
    struct event_unpacker unpacker;
    int64_t before_seq = INT64_MAX;
    enum err err = event_unpacker_init(&unpacker);

    for (bool more = true; more && !err;) {
        err = event_slice_read(&slice, rows, before_seq, &all, diag);
        more = slice.rows.count > 0;
        if (!err)
            err = verify_slice(v, &slice, &unpacker, &before_seq);
    }
    v->result.bytes += rows->body_bytes;
    event_unpacker_release(&unpacker);
    event_slice_release(&slice);
    return err;
}

/* The file is not changed: its copy is looked at, since reading a WAL writes. */
static enum err verify_samples(struct verifying *v, struct log_store *log, struct manifest *m,
                               struct diag *diag)
{
    struct event_rows events;
    enum err err = log_store_read_series(log, count_series, on_row_damage, v, diag);

    if (!err)
        err = log_store_read_rows(log, count_batch, on_row_damage, v, diag);
    v->result.bytes += log->body_bytes;
    if (!err)
        err = event_rows_open(&events, log, diag);
    if (!err) {
        err = verify_events(v, &events, diag);
        event_rows_close(&events);
    }
    if (!err)
        err = log_store_check(log, diag);
    return err ? err : manifest_read_blocks(m, verify_block, v, diag);
}

static enum err copy_samples(const char *dir, const char *to, struct diag *diag)
{
    static const char *const names[] = { "samples.db", "samples.db-wal" };
    char from_path[TSDB_PATH_BYTES], to_path[TSDB_PATH_BYTES];
    enum err err = ERR_OK;

    for (size_t i = 0; i < ARRAY_LEN(names) && !err; i++) {
        if (!tsdb_path(dir, names[i], from_path) || !tsdb_path(to, names[i], to_path))
            return ERR_LIMIT;
        if (access(from_path, F_OK) == 0)
            err = file_copy(from_path, to_path, diag);
        else if (i == 0)
            err = diag_set(diag, ERR_NOT_FOUND, "%s: there is no store", dir);
    }
    return err;
}

static void remove_copy(const char *dir)
{
    static const char *const names[] = { "samples.db", "samples.db-wal", "samples.db-shm" };
    char path[TSDB_PATH_BYTES];

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (tsdb_path(dir, names[i], path))
            unlink(path);
    rmdir(dir);
}

static enum err open_and_verify(struct verifying *v, const char *dir, const char *copy_dir,
                                struct diag *diag)
{
    struct log_store log = { 0 };
    struct manifest manifest = { 0 };
    struct diag why = { 0 };
    char path[TSDB_PATH_BYTES];
    enum err err = copy_samples(dir, copy_dir, diag);

    if (err)
        return err;
    if (!tsdb_path(dir, "samples.db", path))
        return ERR_LIMIT;
    v->samples_path = path;
    report(v, path, 0, NULL);
    err = log_store_open(&log, copy_dir, false, &why);
    if (!err)
        err = manifest_open(&manifest, &log, &why);
    if (!err)
        err = verify_samples(v, &log, &manifest, &why);
    manifest_close(&manifest);
    log_store_close(&log);
    if (err != ERR_CORRUPT)
        return err ? diag_set(diag, err, "%s", diag_text(&why)) : ERR_OK;
    report(v, path, 0, diag_text(&why));
    return ERR_OK;
}

static enum err count_events(void *ctx, const struct tsdb_events *row, struct str body)
{
    struct verifying *v = ctx;

    (void)row;
    v->result.event_rows_count++;
    v->result.bytes += body.len;
    return ERR_OK;
}

static enum err verify_events_file(struct verifying *v, const char *dir, struct diag *diag)
{
    char path[TSDB_PATH_BYTES];
    struct diag why = { 0 };
    enum err err;

    if (!tsdb_path(dir, "events", path))
        return ERR_LIMIT;
    report(v, path, 0, NULL);
    err = backup_events_read(path, count_events, v, &why);
    if (err != ERR_CORRUPT && err != ERR_NOT_FOUND)
        return err ? diag_set(diag, err, "%s", diag_text(&why)) : ERR_OK;
    report(v, path, 0, diag_text(&why));
    return ERR_OK;
}

static enum err verify_state(struct verifying *v, const struct backup_contents *c, const char *dir,
                             struct diag *diag)
{
    char path[TSDB_PATH_BYTES];
    struct diag why = { 0 };
    enum err err;

    if (!c->has_state)
        return ERR_OK;
    if (!tsdb_path(dir, "state.db", path))
        return ERR_LIMIT;
    report(v, path, 0, NULL);
    err = backup_check_state(c, path, &why);
    if (err != ERR_CORRUPT && err != ERR_NOT_FOUND)
        return err ? diag_set(diag, err, "%s", diag_text(&why)) : ERR_OK;
    report(v, path, 0, diag_text(&why));
    return ERR_OK;
}

static enum err verify_backup(struct verifying *v, const char *dir, struct diag *diag)
{
    struct backup_contents c = { 0 };
    enum err err = backup_read_manifest(dir, &c, diag);

    if (!err)
        err = verify_state(v, &c, dir, diag);
    for (size_t i = 0; i < c.rows.count && !err; i++)
        err = verify_block(v, vec_at(&c.rows, i));
    if (!err && c.has_events)
        err = verify_events_file(v, dir, diag);
    backup_contents_release(&c);
    return err;
}

enum err tsdb_verify(const char *dir, tsdb_on_verify *on_verify, void *ctx,
                     struct tsdb_verify_result *ret, struct diag *diag)
{
    struct verifying v = { .on_verify = on_verify, .ctx = ctx };
    char blocks_dir[TSDB_PATH_BYTES], manifest[TSDB_PATH_BYTES], copy_dir[TSDB_PATH_BYTES];
    enum err err;

    if (!tsdb_path(dir, "blocks", blocks_dir) || !tsdb_path(dir, "MANIFEST", manifest) ||
        !tsdb_path(dir, ".verify", copy_dir))
        return diag_set(diag, ERR_LIMIT, "%s: the path is too long", dir);
    v.blocks_dir = blocks_dir;
    if (access(manifest, F_OK) == 0) {
        err = verify_backup(&v, dir, diag);
    } else {
        remove_copy(copy_dir);
        err = mkdir(copy_dir, 0700) == 0 ? open_and_verify(&v, dir, copy_dir, diag)
                                         : diag_set(diag, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                                                    "%s: %s", dir, strerror(errno));
        remove_copy(copy_dir);
    }
    if (!err)
        *ret = v.result;
    return err;
}
