/*
 * The blocks that count now, as an immutable snapshot that readers share.
 *
 *   block_sets_enter -> read memory and blocks -> block_sets_leave     a reader
 *   block_sets_get -> look at it -> block_set_unref
 *   block_set_new -> block_sets_publish -> block_sets_turn             the write thread
 *
 * What a seal has published may leave memory only when no reader is left who
 * took his set before: block_sets_turn begins a new turn, and block_sets_is_clear
 * tells when everybody of the turn before has left.
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
    unsigned turn;             /* 0 or 1 */
    uint32_t reader_counts[2]; /* by turn */
};

struct block_reader {
    struct block_set *set;
    unsigned turn;
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

struct block_reader block_sets_enter(struct block_sets *s);
void block_sets_leave(struct block_sets *s, struct block_reader reader);
void block_sets_turn(struct block_sets *s); /* the turn before is clear */
bool block_sets_is_clear(struct block_sets *s);

#endif
