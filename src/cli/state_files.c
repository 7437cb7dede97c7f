#include "cli/state_files.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "store/store.h"
#include "tsdb/file_copy.h"

enum { PATH_BYTES = 4096 };

static bool state_path(const char *dir, char path[PATH_BYTES])
{
    return snprintf(path, PATH_BYTES, "%s/state.db", dir) < PATH_BYTES;
}

static enum err skip_service(void *ctx, const struct store_service *service)
{
    (void)ctx;
    (void)service;
    return ERR_OK;
}

/* Opens it and reads all of it. */
static enum err read_state(const char *path, struct diag *diag)
{
    struct store *store = NULL;
    enum err err = store_open_sqlite(path, &store, diag);

    if (!err)
        err = store_for_each_service(store, skip_service, NULL, diag);
    store_close(store);
    return err;
}

enum err state_files_restore(const char *backup, const char *dir, bool *ret_made, struct diag *diag)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    enum err err;

    if (!state_path(backup, from) || !state_path(dir, to))
        return diag_set(diag, ERR_LIMIT, "the path is too long: %.100s", dir);
    if (access(from, F_OK) != 0)
        return ERR_OK;
    if (access(to, F_OK) == 0)
        return diag_set(diag, ERR_CONFLICT, "%.200s: there is a store already", dir);
    err = file_make_dir(dir, diag);
    if (!err)
        err = file_copy(from, to, diag);
    *ret_made = !err;
    return err ? err : read_state(to, diag);
}

void state_files_drop(const char *dir)
{
    char path[PATH_BYTES];

    if (state_path(dir, path))
        unlink(path);
}

enum err state_files_copy(const char *data, const char *to, struct diag *diag)
{
    char from_path[PATH_BYTES], to_path[PATH_BYTES];
    struct store *store = NULL;
    enum err err;

    if (!state_path(data, from_path) || !state_path(to, to_path))
        return diag_set(diag, ERR_LIMIT, "the path is too long: %.100s", data);
    if (access(from_path, F_OK) != 0)
        return ERR_OK;
    err = file_make_dir(to, diag);
    if (!err)
        err = store_open_sqlite(from_path, &store, diag);
    if (!err)
        err = store_copy(store, to_path, diag);
    store_close(store);
    return err;
}
