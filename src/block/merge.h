/*
 * Merge: several blocks into one writer, series by series in the order of labels.
 *
 * Where two blocks have a sample of the same series and time, the earlier in the
 * list wins. A damaged page is reported and left out; everything else comes over.
 *
 * Threads   Runs in the caller's thread; *cancel may be set by any.
 * Memory    One cursor per block and the samples of one series.
 */
#ifndef FUSEBOX_BLOCK_MERGE_H
#define FUSEBOX_BLOCK_MERGE_H

#include <stdatomic.h>

#include "block/block_writer.h"

enum { MERGE_BLOCKS_MAX = 64 };

struct merge {
    struct block *const *blocks; /* the first wins */
    size_t block_count;
    int64_t min_ts_ms;          /* older samples are left out */
    block_on_damage *on_damage; /* may be NULL */
    void *ctx;
    const atomic_bool *cancel;    /* may be NULL; ERR_CANCELLED when it is set */
    _Atomic uint64_t *done_count; /* may be NULL; series written so far, for who watches */
};

enum err merge_blocks(const struct merge *m, struct block_writer *writer,
                      struct diag *diag) MUST_CHECK;

/*
 * Merges two rising runs of samples into one where `first` wins on equal times;
 * answers the count. `ret` has room for both and is neither of them.
 */
size_t merge_samples(const struct sample *first, size_t first_count, const struct sample *second,
                     size_t second_count, struct sample *ret);

#endif
