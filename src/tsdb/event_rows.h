/*
 * The table of events in samples.db: what a source told, word for word, stored in the
 * transaction of the samples that were made of it.
 *
 * Events are numbered from 1 in the order of commit; a number is never given twice. A
 * row is keyed by the number of its first event. Rows go when they are too old or too
 * many, the oldest first, and not with a seal.
 *
 *   event_rows_open -> { event_rows_begin -> event_rows_put* -> event_rows_keep }*
 *                   -> event_rows_prune* -> event_rows_close
 *   event_slice_read                       any thread; a bounded part under the log's lock
 *
 * Threads   As the log's: all but event_slice_* belong to the write thread. row_count,
 *           event_count and body_bytes may be read by any.
 * Source    docs/formats/event-rows.md.
 */
#ifndef FUSEBOX_TSDB_EVENT_ROWS_H
#define FUSEBOX_TSDB_EVENT_ROWS_H

#include "base/vec.h"
#include "tsdb/event_row.h"
#include "tsdb/manifest.h"

struct event_rows {
    struct log_store *log;
    struct db_stmt *put, *drop, *down, *oldest;
    struct event_packer packer;
    int64_t next_seq;
    int64_t oldest_ms; /* when the oldest row came, as the last pruning saw it; INT64_MAX: none */
    uint64_t pending_rows, pending_events, pending_bytes; /* of the transaction under way */
    _Atomic uint64_t row_count, event_count, body_bytes;
};

enum err event_rows_open(struct event_rows *r, struct log_store *log, struct diag *diag) MUST_CHECK;
void event_rows_close(struct event_rows *r); /* all-zero is allowed */

/* Inside a transaction of the log; _keep once it is committed. */
void event_rows_begin(struct event_rows *r);
enum err event_rows_put(struct event_rows *r, const struct batch_events *events,
                        int64_t received_ms) MUST_CHECK;
void event_rows_keep(struct event_rows *r);
/* As it was packed, with its number: a backup's. */
enum err event_rows_put_packed(struct event_rows *r, const struct tsdb_events *row,
                               struct str body) MUST_CHECK;

struct event_limits {
    int64_t oldest_ms;  /* rows that came before it go */
    uint64_t max_bytes; /* of all; 0: no limit */
};
/* Deletes some of the rows that are beyond the limits. *ret_more: some are left. */
enum err event_rows_prune(struct event_rows *r, struct manifest *m,
                          const struct event_limits *limits, bool *ret_more) MUST_CHECK;

/* --- reading --- */

/* A row's columns, and where its body stands in the slice; none: it was not asked for. */
struct event_slice_row {
    struct tsdb_events columns; /* without text */
    size_t body_from, body_len;
};

struct event_slice {
    struct vec rows; /* struct event_slice_row */
    struct buf bytes;
};

struct event_slice event_slice_new(void);
void event_slice_release(struct event_slice *slice);
struct str event_slice_body(const struct event_slice *slice, const struct event_slice_row *row);

/* The next rows before `before_seq`, newest first; bodies of those that the range asks for. Without
 * rows it is the end. ERR_NOMEM, ERR_IO, ERR_CORRUPT. */
enum err event_slice_read(struct event_slice *slice, struct event_rows *r, int64_t before_seq,
                          const struct tsdb_events_range *range, struct diag *diag) MUST_CHECK;

#endif
