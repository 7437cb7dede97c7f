/*
 * Seal: what the head has and no block has yet, into block files, one per day.
 *
 * Works beside the appender: series that come meanwhile, and samples behind what
 * was read of a series, belong to the next seal. Reads every series once for up
 * to SEAL_DAYS_AT_ONCE days; a backfill over more days takes several passes.
 *
 * Threads   The seal thread; no series leaves memory meanwhile.
 * Memory    The order of the series (order.h), and one writer per day.
 */
#ifndef FUSEBOX_TSDB_SEAL_H
#define FUSEBOX_TSDB_SEAL_H

#include "base/vec.h"
#include "block/block_writer.h"
#include "head/head.h"
#include "head/index.h"
#include "tsdb/manifest.h"

enum { SEAL_DAYS_AT_ONCE = 16, SEAL_DAYS_MAX = 1 << 16 };

struct seal {
    struct head *head;
    struct index *index;
    uint32_t last_ref; /* series up to here */
    const char *blocks_dir;
    const char *prefix; /* of the files' names */
    const atomic_bool *cancel;
    int64_t *marks_ms; /* by reference, filled: what of each chain is in the files now */
};

struct sealed_file {
    char name[MANIFEST_NAME_BYTES];
    struct block_info info;
};

/* Appends what was written (struct sealed_file) to `files`; after an error some of them may be
 * there. */
enum err seal_write(const struct seal *s, struct vec *files, struct diag *diag) MUST_CHECK;

#endif
