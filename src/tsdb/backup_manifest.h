/*
 * MANIFEST: what a backup has. A directory without it is no backup.
 *
 *   backup_write_manifest                              when all the rest is there
 *   backup_read_manifest -> backup_check_state -> backup_contents_release
 *
 * Threads   Value.
 * Source    docs/formats/backup.md
 */
#ifndef FUSEBOX_TSDB_BACKUP_MANIFEST_H
#define FUSEBOX_TSDB_BACKUP_MANIFEST_H

#include "base/vec.h"
#include "tsdb/block_set.h"

struct backup_contents {
    struct vec rows; /* struct manifest_row */
    bool has_events;
    bool has_state; /* it says so; older ones do not */
    uint64_t state_bytes;
    uint32_t state_crc;
};

/* The blocks of the set, and the state.db that is in `dir`. */
enum err backup_write_manifest(const struct block_set *set, const char *dir,
                               struct diag *diag) MUST_CHECK;

/* ERR_NOT_FOUND: there is no MANIFEST; ERR_CORRUPT. */
enum err backup_read_manifest(const char *dir, struct backup_contents *ret,
                              struct diag *diag) MUST_CHECK;
void backup_contents_release(struct backup_contents *c);

/* Is the file at `path` the state.db that was backed up? ERR_CORRUPT, ERR_NOT_FOUND, ERR_IO. */
enum err backup_check_state(const struct backup_contents *c, const char *path,
                            struct diag *diag) MUST_CHECK;

#endif
