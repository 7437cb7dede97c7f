/*
 * samples.db and the block files when the store opens.
 *
 * Every block of the manifest is opened; one that does not open is moved to
 * blocks/damaged/ and named, and the rest is served. Files that are doomed go.
 * When samples.db is new, or was set aside because it does not open, the blocks
 * that lie there are adopted in the order of their names.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "tsdb/internal.h"

enum { SUFFIX_TRIES = 100 };

struct opening {
    struct tsdb *db;
    struct vec entries; /* struct block_entry */
    struct vec gone;    /* int64_t: seqs of blocks that do not open */
    struct vec struck;  /* struct doomed_file */
    struct diag *diag;
};

/* --- samples.db --- */

static bool rename_to_free_name(const char *path, int64_t now_ms, char ret[TSDB_PATH_BYTES])
{
    for (int i = 0; i < SUFFIX_TRIES; i++) {
        int len = snprintf(ret, TSDB_PATH_BYTES, "%s.corrupt-%lld", path, (long long)now_ms + i);

        if (len < 0 || len >= TSDB_PATH_BYTES)
            return false;
        if (access(ret, F_OK) != 0)
            return rename(path, ret) == 0;
    }
    return false;
}

enum err tsdb_set_samples_aside(struct tsdb *db, const struct diag *why, struct diag *diag)
{
    static const char *const names[] = { "samples.db-wal", "samples.db-shm", "samples.db" };
    char path[TSDB_PATH_BYTES], aside[TSDB_PATH_BYTES];

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!tsdb_path(db->dir, names[i], path) || access(path, F_OK) != 0)
            continue;
        if (!rename_to_free_name(path, db->now_ms, aside))
            return diag_set(diag, ERR_IO, "%s cannot be set aside: %s", path, strerror(errno));
    }
    tsdb_note_damage(db, aside, 0, diag_text(why));
    return ERR_OK;
}

/* --- block files --- */

static bool has_block_name(const char *name)
{
    return str_has_suffix(str_of(name), STR(".block"));
}

/* A block that does not open is out of the way of the next start, and nothing else is lost. */
static enum err set_block_aside(struct opening *o, const struct manifest_row *row, const char *path,
                                const struct diag *why)
{
    char dir[TSDB_PATH_BYTES], aside[TSDB_PATH_BYTES];
    int64_t *seq = vec_push(&o->gone);

    if (!seq)
        return vec_error(&o->gone);
    *seq = row->seq;
    tsdb_note_damage(o->db, path, why->position_bytes, diag_text(why));
    if (access(path, F_OK) != 0)
        return ERR_OK;
    if (!tsdb_path(o->db->blocks_dir, "damaged", dir) || !tsdb_path(dir, row->name, aside))
        return diag_set(o->diag, ERR_LIMIT, "%s: the path is too long", path);
    if (file_make_dir(dir, o->diag) || rename(path, aside) != 0)
        return diag_set(o->diag, ERR_IO, "%s cannot be set aside: %s", path, strerror(errno));
    return ERR_OK;
}

static enum err open_one(void *ctx, const struct manifest_row *row)
{
    struct opening *o = ctx;
    struct block_entry *entry;
    struct diag why = { 0 };
    struct block *block = NULL;
    char path[TSDB_PATH_BYTES];
    enum err err;

    if (!tsdb_path(o->db->blocks_dir, row->name, path))
        return diag_set(o->diag, ERR_LIMIT, "%s: the path is too long", row->name);
    err = block_open(path, &block, &why);
    if (err == ERR_CORRUPT || (err && access(path, F_OK) != 0))
        return set_block_aside(o, row, path, &why);
    if (err)
        return diag_set(o->diag, err, "%s", diag_text(&why));
    entry = vec_push(&o->entries);
    if (!entry) {
        block_unref(block);
        return vec_error(&o->entries);
    }
    *entry = (struct block_entry){ .block = block, .row = *row };
    return ERR_OK;
}

static enum err on_doomed(void *ctx, const char *name)
{
    struct opening *o = ctx;
    struct doomed_file *file = vec_push(&o->struck);

    if (!file)
        return vec_error(&o->struck);
    snprintf(file->name, sizeof file->name, "%s", name);
    return ERR_OK;
}

static bool is_doomed(const struct opening *o, const char *name)
{
    for (size_t i = 0; i < o->struck.count; i++) {
        const struct doomed_file *file = vec_at(&o->struck, i);

        if (str_has_prefix(str_of(name), str_of(file->name)))
            return true;
    }
    return false;
}

static bool is_counted(const struct opening *o, const char *name)
{
    for (size_t i = 0; i < o->entries.count; i++)
        if (strcmp(((struct block_entry *)vec_at(&o->entries, i))->row.name, name) == 0)
            return true;
    return false;
}

static enum err remove_doomed(struct opening *o)
{
    DIR *dir = o->struck.count ? opendir(o->db->blocks_dir) : NULL;
    struct dirent *entry;
    char path[TSDB_PATH_BYTES];

    if (o->struck.count && !dir)
        return diag_set(o->diag, ERR_IO, "%s: %s", o->db->blocks_dir, strerror(errno));
    while (dir && (entry = readdir(dir))) {
        if (!is_doomed(o, entry->d_name) || is_counted(o, entry->d_name) ||
            !tsdb_path(o->db->blocks_dir, entry->d_name, path))
            continue;
        if (unlink(path) != 0 && errno != ENOENT) {
            closedir(dir);
            return diag_set(o->diag, ERR_IO, "%s cannot be removed: %s", path, strerror(errno));
        }
    }
    if (dir)
        closedir(dir);
    return ERR_OK;
}

/* The next job's number is behind those of all files, or it would write over one. */
static void learn_job_number(struct tsdb *db, const char *name)
{
    long long number = strtoll(name, NULL, 16);

    if (number >= db->manifest.next_job)
        db->manifest.next_job = number + 1;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The names of all block files that lie there, in their order. */
static enum err list_blocks(struct opening *o, struct vec *names)
{
    DIR *dir = opendir(o->db->blocks_dir);
    struct dirent *entry;

    if (!dir)
        return diag_set(o->diag, ERR_IO, "%s: %s", o->db->blocks_dir, strerror(errno));
    while ((entry = readdir(dir))) {
        size_t len = strlen(entry->d_name);
        char *name;

        if (!has_block_name(entry->d_name) || len >= MANIFEST_NAME_BYTES)
            continue;
        name = vec_push(names);
        if (!name)
            break;
        memcpy(name, entry->d_name, len);
    }
    closedir(dir);
    if (entry)
        return vec_error(names);
    if (names->count)
        qsort(names->items, names->count, names->item_bytes, compare_names);
    return ERR_OK;
}

/* The manifest is new: every block that lies there counts, in the order of the names. */
static enum err adopt(struct opening *o)
{
    struct vec names = vec_of(MANIFEST_NAME_BYTES, MANIFEST_BLOCKS_MAX);
    enum err err = list_blocks(o, &names);

    for (size_t i = 0; i < names.count && !err; i++) {
        struct manifest_row row = { .seq = o->db->manifest.next_seq, .created_ms = o->db->now_ms };

        memcpy(row.name, vec_at(&names, i), sizeof row.name);
        learn_job_number(o->db, row.name);
        err = open_one(o, &row);
        o->db->manifest.next_seq++;
    }
    vec_release(&names);
    return err;
}

/* What changed while the files were looked at, in one transaction. */
static enum err write_changes(struct opening *o, bool adopted)
{
    struct manifest *m = &o->db->manifest;
    enum err err;

    if (!o->gone.count && !o->struck.count && !(adopted && o->entries.count))
        return ERR_OK;
    err = log_store_begin(&o->db->log);
    for (size_t i = 0; i < o->gone.count && !err; i++)
        err = manifest_drop_block(m, *(int64_t *)vec_at(&o->gone, i));
    for (size_t i = 0; i < o->struck.count && !err; i++)
        err = manifest_reprieve(m, ((struct doomed_file *)vec_at(&o->struck, i))->name);
    for (size_t i = 0; adopted && i < o->entries.count && !err; i++)
        err = manifest_put_block(m, &((struct block_entry *)vec_at(&o->entries, i))->row);
    if (!err)
        err = manifest_put_meta(m, "next_job", m->next_job);
    if (!err)
        err = log_store_commit(&o->db->log);
    if (err)
        log_store_abort(&o->db->log);
    return err ? diag_set(o->diag, err, "%s: the manifest cannot be written", o->db->log.path)
               : ERR_OK;
}

static enum err publish(struct opening *o)
{
    struct block_set *set = block_set_new(NULL, NULL, 0, o->entries.items, o->entries.count);

    if (!set)
        return ERR_NOMEM;
    block_sets_publish(&o->db->sets, set);
    return ERR_OK;
}

enum err tsdb_open_files(struct tsdb *db, struct diag *diag)
{
    struct opening o = {
        .db = db,
        .entries = vec_of(sizeof(struct block_entry), MANIFEST_BLOCKS_MAX),
        .gone = vec_of(sizeof(int64_t), MANIFEST_BLOCKS_MAX),
        .struck = vec_of(sizeof(struct doomed_file), MANIFEST_BLOCKS_MAX),
        .diag = diag,
    };
    enum err err = db->log.created ? adopt(&o)
                                   : manifest_read_blocks(&db->manifest, open_one, &o, diag);

    if (!err)
        err = manifest_read_doomed(&db->manifest, on_doomed, &o, diag);
    if (!err)
        err = remove_doomed(&o);
    if (!err)
        err = write_changes(&o, db->log.created);
    if (!err)
        err = publish(&o);
    for (size_t i = 0; i < o.entries.count; i++)
        block_unref(((struct block_entry *)vec_at(&o.entries, i))->block);
    vec_release(&o.entries);
    vec_release(&o.gone);
    vec_release(&o.struck);
    return err;
}
