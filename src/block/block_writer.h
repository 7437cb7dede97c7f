/*
 * Writes one block file: under a temporary name, synced, renamed, directory synced.
 *
 *   block_writer_new -> { block_writer_add }* -> block_writer_finish -> block_writer_free
 *
 * Memory    Bounded by the series, not the samples: some tens of bytes for each,
 *           the distinct label pairs, and one open page.
 * Threads   Single owner.
 */
#ifndef FUSEBOX_BLOCK_BLOCK_WRITER_H
#define FUSEBOX_BLOCK_BLOCK_WRITER_H

#include "block/block.h"

enum {
    BLOCK_LEVEL_FAST = 1,  /* zstd's, for a seal */
    BLOCK_LEVEL_SMALL = 9, /* for a merge */
};

struct block_writer;

/* Begins dir/name, as dir/name.tmp. ERR_IO, ERR_LIMIT (disk full), ERR_NOMEM. */
enum err block_writer_new(const char *dir, const char *name, int level, struct block_writer **ret,
                          struct diag *diag) MUST_CHECK;

/* Removes the temporary file of a block that was not finished. NULL is allowed. */
void block_writer_free(struct block_writer *w);

/*
 * Adds a series: labels greater (labels_compare) than those before, at least one
 * sample, times rising. ERR_INVALID when they are not, ERR_IO, ERR_LIMIT, ERR_NOMEM.
 */
enum err block_writer_add(struct block_writer *w, struct labels labels,
                          const struct sample *samples, size_t count, struct diag *diag) MUST_CHECK;

uint64_t block_writer_series_count(const struct block_writer *w);

/* Writes index and footer, syncs, renames, syncs the directory; at least one series was added. */
enum err block_writer_finish(struct block_writer *w, struct block_info *ret,
                             struct diag *diag) MUST_CHECK;

#endif
