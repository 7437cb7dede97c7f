/* Whole files that are immutable: linked or copied, and synced; their checksum. Errors name the
 * paths. */
#ifndef FUSEBOX_TSDB_FILE_COPY_H
#define FUSEBOX_TSDB_FILE_COPY_H

#include <stdint.h>

#include "base/diag.h"

/* ERR_IO, ERR_LIMIT (disk full). The target must not exist. */
enum err file_link_or_copy(const char *from, const char *to, struct diag *diag) MUST_CHECK;
enum err file_copy(const char *from, const char *to, struct diag *diag) MUST_CHECK;
/* CRC-32C of all its bytes. ERR_NOT_FOUND, ERR_IO. */
enum err file_checksum(const char *path, uint64_t *ret_bytes, uint32_t *ret_crc,
                       struct diag *diag) MUST_CHECK;
enum err file_sync_dir(const char *path, struct diag *diag) MUST_CHECK;

#endif
