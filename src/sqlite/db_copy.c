#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sqlite/db.h"

static enum err sync_file(const char *path, struct diag *diag)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum err err = ERR_OK;

    if (fd < 0 || fsync(fd) != 0)
        err = diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return err;
}

enum err db_copy(struct db *db, const char *path, struct diag *diag)
{
    struct db_stmt *stmt = NULL;
    enum err err;

    if (access(path, F_OK) == 0)
        return diag_set(diag, ERR_CONFLICT, "%s is there already", path);
    err = db_prepare(db, "VACUUM INTO ?1", &stmt, diag);
    if (err)
        return err;
    db_bind_text(stmt, 1, str_of(path));
    err = db_run(stmt, diag);
    db_finalize(stmt);
    return err ? err : sync_file(path, diag);
}
