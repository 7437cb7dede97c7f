/*
 * Copies a finished backup, file by file: the blocks first, its MANIFEST last, so
 * that half a copy is never taken for a backup.
 *
 * A backup may share its blocks' files with the store by hard links; a copy never does, so that
 * what damages the one leaves the other alone.
 *
 * Limits    Whoever copies needs the daemon's machine and the right to read there.
 * Source    docs/formats/backup.md
 */
#ifndef FUSEBOX_CLI_BACKUP_COPY_H
#define FUSEBOX_CLI_BACKUP_COPY_H

#include "base/diag.h"

/* `to` is made and must not exist; after an error it is gone again. ERR_CONFLICT, ERR_NOT_FOUND,
 * ERR_IO, ERR_LIMIT (disk full, or a path too long). */
enum err backup_copy(const char *from, const char *to, struct diag *diag) MUST_CHECK;

#endif
