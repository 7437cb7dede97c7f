/*
 * state.db, what people defined, of a data directory that no daemon has open: into
 * a backup, and out of it.
 *
 * A backup of an older version has none; then there is nothing to restore.
 *
 * Source    docs/formats/backup.md
 */
#ifndef FUSEBOX_CLI_STATE_FILES_H
#define FUSEBOX_CLI_STATE_FILES_H

#include <stdbool.h>

#include "base/diag.h"

/* Into the directory `to`, made when it is not there. ERR_IO, ERR_LIMIT, ERR_CORRUPT. */
enum err state_files_copy(const char *data, const char *to, struct diag *diag) MUST_CHECK;

/* Out of a backup into `dir`, opened and read to its end; *ret_made: a file was written. Before the
 * samples, since with these the store is there. ERR_CONFLICT: `dir` has one; ERR_CORRUPT. */
enum err state_files_restore(const char *backup, const char *dir, bool *ret_made,
                             struct diag *diag) MUST_CHECK;
/* Takes back what a restore wrote. */
void state_files_drop(const char *dir);

#endif
