#include "tsdb/backup.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tsdb/backup_manifest.h"
#include "tsdb/file_copy.h"
#include "tsdb/internal.h"

static enum err copy_blocks(const struct backup *b, const char *blocks_dir,
                            struct tsdb_job_result *r, struct diag *diag)
{
    char path[TSDB_PATH_BYTES];
    enum err err = ERR_OK;

    for (size_t i = 0; i < b->set->count && !err; i++) {
        const struct block_entry *entry = &b->set->entries[i];

        if (atomic_load(b->cancel))
            return ERR_CANCELLED;
        if (!tsdb_path(blocks_dir, entry->row.name, path))
            return diag_set(diag, ERR_LIMIT, "%s: the path is too long", blocks_dir);
        err = file_link_or_copy(block_path(entry->block), path, diag);
        r->block_count++;
        r->bytes += block_info(entry->block)->bytes;
        r->sample_count += block_info(entry->block)->sample_count;
    }
    return err ? err : file_sync_dir(blocks_dir, diag);
}

static enum err copy_events(const struct backup *b, struct tsdb_job_result *r, struct diag *diag)
{
    char path[TSDB_PATH_BYTES];
    uint64_t bytes = 0;
    enum err err;

    if (!tsdb_path(b->dir, "events", path))
        return diag_set(diag, ERR_LIMIT, "%s: the path is too long", b->dir);
    err = backup_events_write(b->events, path, b->cancel, &bytes, diag);
    r->bytes += bytes;
    return err;
}

/* --- removing --- */

static void remove_all(const char *dir_path)
{
    DIR *dir = opendir(dir_path);
    char path[TSDB_PATH_BYTES];
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.' && tsdb_path(dir_path, entry->d_name, path))
            unlink(path);
    if (dir)
        closedir(dir);
    rmdir(dir_path);
}

void backup_remove(const char *dir)
{
    char blocks[TSDB_PATH_BYTES];

    if (tsdb_path(dir, "blocks", blocks))
        remove_all(blocks);
    remove_all(dir);
}

/* What a backup has before its MANIFEST: these, and temporary names of state.db and MANIFEST. */
static bool is_of_backup(const char *name)
{
    struct str text = str_of(name);

    return str_equals(text, STR(".")) || str_equals(text, STR("..")) ||
           str_equals(text, STR("blocks")) || str_equals(text, STR("events")) ||
           str_has_prefix(text, STR("state.db")) || str_has_prefix(text, STR("MANIFEST."));
}

/* A directory of a backup that has no MANIFEST, and nothing that a backup has not. */
static bool is_unfinished(const char *path)
{
    struct dirent *entry;
    struct stat there;
    bool so = lstat(path, &there) == 0 && S_ISDIR(there.st_mode);
    DIR *dir = so ? opendir(path) : NULL;

    so = dir != NULL;
    while (so && (entry = readdir(dir)))
        so = is_of_backup(entry->d_name);
    if (dir)
        closedir(dir);
    return so;
}

size_t tsdb_remove_unfinished_backups(const char *backups_dir)
{
    DIR *dir = opendir(backups_dir);
    char path[TSDB_PATH_BYTES];
    struct dirent *entry;
    size_t count = 0;

    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.' || !tsdb_path(backups_dir, entry->d_name, path) ||
            !is_unfinished(path))
            continue;
        backup_remove(path);
        count++;
    }
    if (dir)
        closedir(dir);
    return count;
}

/* --- making --- */

enum err backup_write(const struct backup *b, struct tsdb_job_result *ret, struct diag *diag)
{
    struct tsdb_job_result r = { .kind = TSDB_BACKUP };
    int64_t started_ns = tsdb_mono_ns();
    char blocks_dir[TSDB_PATH_BYTES];
    enum err err;

    if (!tsdb_path(b->dir, "blocks", blocks_dir))
        return diag_set(diag, ERR_LIMIT, "%s: the path is too long", b->dir);
    if (access(blocks_dir, F_OK) == 0)
        return diag_set(diag, ERR_CONFLICT, "%s is there already", b->dir);
    err = file_make_dir(blocks_dir, diag);
    if (!err)
        err = copy_blocks(b, blocks_dir, &r, diag);
    if (!err)
        err = copy_events(b, &r, diag);
    if (!err)
        err = backup_write_manifest(b->set, b->dir, diag);
    if (err) {
        backup_remove(b->dir);
        return err;
    }
    r.duration_ns = tsdb_mono_ns() - started_ns;
    *ret = r;
    return ERR_OK;
}
