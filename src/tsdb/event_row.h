/*
 * One row of the table `event`: the events of one delivery as compressed bytes with a
 * checksum, which also covers the row's columns.
 *
 *   event_packer_init -> { event_row_pack }* -> event_packer_release
 *   event_unpacker_init -> { event_row_unpack }* -> event_unpacker_release
 *
 * What the bytes say is whose who stored them; the store looks at the columns alone.
 *
 * Threads   Single owner.
 * Memory    Both keep their buffer; what they give lives until the next call.
 * Limits    EVENT_TEXT_MAX_BYTES. What a damaged row claims is checked against the
 *           checksum and the limit before memory is taken for it.
 * Source    docs/formats/event-rows.md.
 */
#ifndef FUSEBOX_TSDB_EVENT_ROW_H
#define FUSEBOX_TSDB_EVENT_ROW_H

#include "base/buf.h"
#include "base/diag.h"
#include "tsdb/tsdb.h"

enum { EVENT_ROW_HEADER_BYTES = 12, EVENT_TEXT_MAX_BYTES = 8 << 20 };

struct event_packer {
    struct buf packed;
    void *compressor; /* of zstd */
};

struct event_unpacker {
    struct buf text;
    void *decompressor;
};

enum err event_packer_init(struct event_packer *p) MUST_CHECK; /* ERR_NOMEM */
void event_packer_release(struct event_packer *p);             /* all-zero is allowed */
/* The body for the columns and text of `row`. ERR_LIMIT, ERR_NOMEM. */
enum err event_row_pack(struct event_packer *p, const struct tsdb_events *row,
                        struct str *ret_body) MUST_CHECK;

enum err event_unpacker_init(struct event_unpacker *u) MUST_CHECK; /* ERR_NOMEM */
void event_unpacker_release(struct event_unpacker *u);             /* all-zero is allowed */
/* Sets row->text; the columns are given. ERR_CORRUPT (diag says what is wrong), ERR_CONFLICT (a
 * newer version), ERR_NOMEM. */
enum err event_row_unpack(struct event_unpacker *u, struct str body, struct tsdb_events *row,
                          struct diag *diag) MUST_CHECK;

#endif
