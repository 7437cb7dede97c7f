/*
 * Whole files: read within a limit, write atomically, and the lock that keeps
 * one process per data directory.
 */
#ifndef FUSEBOX_BASE_FILE_H
#define FUSEBOX_BASE_FILE_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"

/*
 * Reads a regular file into the arena (a NUL stands behind the text).
 * ERR_NOT_FOUND, ERR_LIMIT (larger than limit_bytes), ERR_NOMEM, ERR_IO.
 */
enum err file_read(struct arena *arena, const char *path, size_t limit_bytes, struct str *ret_text,
                   struct diag *diag) MUST_CHECK;

/*
 * Replaces the file by `text`: written under a temporary name beside it, synced,
 * renamed, directory synced. On an error the old file is as it was. ERR_IO.
 */
enum err file_write_atomic(const char *path, struct str text, struct diag *diag) MUST_CHECK;

/* Makes the directory, its parents too, with mode 0700. ERR_IO. */
enum err file_make_dir(const char *path, struct diag *diag) MUST_CHECK;

/*
 * Takes the exclusive lock `dir`/lock and writes our pid into it. *ret_fd keeps
 * it; closing releases. ERR_CONFLICT names the pid that holds it. ERR_IO.
 */
enum err file_lock_dir(const char *dir, int *ret_fd, struct diag *diag) MUST_CHECK;

#endif
