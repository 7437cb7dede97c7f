/*
 * Backups: the blocks that count at one moment, in a directory of their own.
 *
 *   NAME/MANIFEST              what there is, and a checksum (backup_manifest.h)
 *   NAME/blocks/               hard links where the file system allows, else copies
 *   NAME/events                what sources told, word for word (backup_events.h)
 *   NAME/state.db              what people defined: put there before, by who asks for the backup
 *
 * Behind a seal that is everything that was committed before it. The MANIFEST comes last: what has
 * none was interrupted.
 *
 * Threads   backup_write: the job's thread.
 * Source    docs/formats/backup.md
 */
#ifndef FUSEBOX_TSDB_BACKUP_H
#define FUSEBOX_TSDB_BACKUP_H

#include <stdatomic.h>

#include "tsdb/backup_events.h"
#include "tsdb/block_set.h"
#include "tsdb/tsdb.h"

struct backup {
    const struct block_set *set;
    struct event_rows *events;
    const char *dir;
    const atomic_bool *cancel;
};

/* Makes the directory, in which nothing but state.db may be; after an error it is gone again. */
enum err backup_write(const struct backup *b, struct tsdb_job_result *ret,
                      struct diag *diag) MUST_CHECK;

/* Removes a backup, or what there is of one; what cannot be removed stays. */
void backup_remove(const char *dir);

#endif
