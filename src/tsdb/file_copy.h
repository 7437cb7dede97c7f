/* Whole files that are immutable: linked or copied, and synced. Errors name both paths. */
#ifndef FUSEBOX_TSDB_FILE_COPY_H
#define FUSEBOX_TSDB_FILE_COPY_H

#include "base/diag.h"

/* ERR_IO, ERR_LIMIT (disk full). The target must not exist. */
enum err file_link_or_copy(const char *from, const char *to, struct diag *diag) MUST_CHECK;
enum err file_copy(const char *from, const char *to, struct diag *diag) MUST_CHECK;
enum err file_sync_dir(const char *path, struct diag *diag) MUST_CHECK;

#endif
