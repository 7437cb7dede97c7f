/*
 * The file `events` of a backup: the rows of the table of events, newest first.
 *
 * Threads   backup_events_write: the job's thread, beside the appender.
 * Source    docs/formats/backup.md
 */
#ifndef FUSEBOX_TSDB_BACKUP_EVENTS_H
#define FUSEBOX_TSDB_BACKUP_EVENTS_H

#include <stdatomic.h>

#include "tsdb/event_rows.h"

/* Makes the file, synced. ERR_CANCELLED, ERR_IO, ERR_LIMIT (no room), ERR_NOMEM, ERR_CORRUPT. */
enum err backup_events_write(struct event_rows *rows, const char *path, const atomic_bool *cancel,
                             uint64_t *ret_bytes, struct diag *diag) MUST_CHECK;

/* Calls for each row that is sound, in the order of the file; an error ends it. ERR_NOT_FOUND: no
 * such file; ERR_CORRUPT: a row is not sound, or rows are missing. */
typedef enum err backup_on_events(void *ctx, const struct tsdb_events *row, struct str body);
enum err backup_events_read(const char *path, backup_on_events *on_row, void *ctx,
                            struct diag *diag) MUST_CHECK;

#endif
