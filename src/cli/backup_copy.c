#include "cli/backup_copy.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tsdb/backup.h"
#include "tsdb/file_copy.h"

enum { PATH_BYTES = 4096 };

static enum err join(const char *dir, const char *name, char out[PATH_BYTES], struct diag *diag)
{
    if (snprintf(out, PATH_BYTES, "%s/%s", dir, name) >= PATH_BYTES)
        return diag_set(diag, ERR_LIMIT, "the path is too long: %.100s", dir);
    return ERR_OK;
}

static enum err copy_file(const char *from_dir, const char *to_dir, const char *name,
                          struct diag *diag)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    enum err err = join(from_dir, name, from, diag);

    if (!err)
        err = join(to_dir, name, to, diag);
    return err ? err : file_copy(from, to, diag);
}

static enum err copy_all(const char *from_dir, const char *to_dir, struct diag *diag)
{
    DIR *dir = opendir(from_dir);
    struct dirent *entry;
    enum err err = ERR_OK;

    if (!dir)
        return diag_set(diag, ERR_IO, "%s: %s", from_dir, strerror(errno));
    while (!err && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            err = copy_file(from_dir, to_dir, entry->d_name, diag);
    closedir(dir);
    return err ? err : file_sync_dir(to_dir, diag);
}

/* Backups of older versions lack some; whether one is missing is for the verification. */
static enum err copy_if_there(const char *from, const char *to, const char *name, struct diag *diag)
{
    char path[PATH_BYTES];
    enum err err = join(from, name, path, diag);

    if (err || access(path, F_OK) != 0)
        return err;
    return copy_file(from, to, name, diag);
}

static enum err make_target(const char *to, const char *blocks, struct diag *diag)
{
    if (access(to, F_OK) == 0)
        return diag_set(diag, ERR_CONFLICT, "%.200s is there already: give a directory that is not",
                        to);
    return file_make_dir(blocks, diag);
}

enum err backup_copy(const char *from, const char *to, struct diag *diag)
{
    char from_blocks[PATH_BYTES], to_blocks[PATH_BYTES], manifest[PATH_BYTES];
    enum err err = join(from, "blocks", from_blocks, diag);

    if (!err)
        err = join(to, "blocks", to_blocks, diag);
    if (!err)
        err = join(from, "MANIFEST", manifest, diag);
    if (!err && access(manifest, F_OK) != 0)
        err = diag_set(diag, ERR_NOT_FOUND, "%.200s is no backup: it has no MANIFEST", from);
    if (!err)
        err = make_target(to, to_blocks, diag);
    if (err)
        return err;
    err = copy_all(from_blocks, to_blocks, diag);
    if (!err)
        err = copy_if_there(from, to, "events", diag);
    if (!err)
        err = copy_if_there(from, to, "state.db", diag);
    if (!err)
        err = copy_file(from, to, "MANIFEST", diag);
    if (!err)
        err = file_sync_dir(to, diag);
    if (err)
        backup_remove(to);
    return err;
}
