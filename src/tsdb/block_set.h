/*
 * The blocks that count now, as an immutable snapshot that readers share.
 *
 *   block_sets_get -> read -> block_set_unref          a reader
 *   block_set_new -> block_sets_publish                the write thread
 *
 * Entries stand by day, then by sequence: where two blocks of a day have one
 * sample, the earlier entry wins.
 *
 * Threads   A set is immutable; struct block_sets locks itself.
 * Memory    A set holds a reference on each of its blocks.
 */
#ifndef FUSEBOX_TSDB_BLOCK_SET_H
#define FUSEBOX_TSDB_BLOCK_SET_H

#include <stdatomic.h>

#include "base/lock.h"
#include "block/block.h"
#include "tsdb/compact.h"
#include "tsdb/manifest.h"

struct block_entry {
    struct block *block;
    struct manifest_row row;
    int64_t day;
};

struct block_set {
    _Atomic uint32_t ref_count;
    size_t count;
    uint64_t bytes, sample_count;
    int64_t min_ts_ms, max_ts_ms; /* INT64_MAX, INT64_MIN when empty */
    struct block_entry entries[];
};

struct block_sets {
    struct lock lock;
    struct block_set *current;
};

/*
 * A set of `before` (NULL: none) without the blocks whose seq is among `removed`, and with the
 * added ones, whose references it shares. NULL: no memory.
 */
struct block_set *block_set_new(const struct block_set *before, const int64_t *removed,
                                size_t removed_count, const struct block_entry *added,
                                size_t added_count) MUST_CHECK;
void block_set_unref(struct block_set *set); /* NULL is allowed */

enum err block_sets_init(struct block_sets *s) MUST_CHECK; /* with an empty set; ERR_NOMEM */
void block_sets_release(struct block_sets *s);             /* all-zero is allowed */
struct block_set *block_sets_get(struct block_sets *s);
void block_sets_publish(struct block_sets *s, struct block_set *set); /* takes the set */

#endif
