/*
 * Sample trees: sets of samples ordered by time, into which samples come in any
 * order, and which are given back whole.
 *
 *   sample_trees_init -> { sample_trees_reserve -> sample_tree_insert* }* -> sample_trees_release
 *   sample_tree_walk -> { sample_tree_peek | sample_tree_next }*
 *   sample_tree_join, sample_tree_give_back
 *
 * A tree is the number of its top node; 0 is an empty one. The nodes of all
 * trees come from the same pages, which never move.
 *
 * Threads   Single owner; walking trees that nobody changes: any thread, while
 *           the owner changes others.
 * Memory    SAMPLE_TREE_NODE_BYTES a sample. After sample_trees_reserve(n) the
 *           next n insertions cannot fail; joining needs no memory. Pages are kept until no tree
 *           has a node, and sample_trees_trim is called.
 * Limits    SAMPLE_TREES_MAX samples.
 * Source    Sedgewick, Left-leaning Red-Black Trees (2008), without deletion.
 */
#ifndef FUSEBOX_HEAD_SAMPLE_TREE_H
#define FUSEBOX_HEAD_SAMPLE_TREE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/sample.h"

enum {
    SAMPLE_TREE_PAGE_NODES = 1024,
    SAMPLE_TREE_PAGES_MAX = 262144,
    SAMPLE_TREES_MAX = SAMPLE_TREE_PAGE_NODES * SAMPLE_TREE_PAGES_MAX, /* 2^28 */
    SAMPLE_TREE_NODE_BYTES = 24,
    SAMPLE_TREE_DEPTH_MAX = 2 * 28 + 1, /* 2 log2(samples + 1) */
};

struct sample_tree_node;

struct sample_trees {
    _Atomic(struct sample_tree_node *) *pages;
    uint32_t page_count;
    uint32_t free_root;   /* a tree of free nodes, in no order */
    uint64_t taken_count; /* numbers ever given out: 1 .. taken_count */
    uint64_t used_count;
};

enum err sample_trees_init(struct sample_trees *t) MUST_CHECK; /* ERR_NOMEM */
void sample_trees_release(struct sample_trees *t);             /* all-zero is allowed */

enum err sample_trees_reserve(struct sample_trees *t,
                              uint64_t count) MUST_CHECK; /* ERR_NOMEM, ERR_LIMIT */
void sample_trees_trim(struct sample_trees *t);           /* frees all pages when none is used */

/* The tree does not have this time. Only what was reserved. */
void sample_tree_insert(struct sample_trees *t, uint32_t *root, struct sample sample);
/* Moves the samples of a tree into another one, which has none of their times. */
void sample_tree_join(struct sample_trees *t, uint32_t *root, uint32_t other);
/*
 * The samples of the tree are not needed any more: a few steps, however many there are. When all
 * trees are given back that shall be, sample_trees_uncount says how many samples they had.
 */
void sample_tree_give_back(struct sample_trees *t, uint32_t root);
void sample_trees_uncount(struct sample_trees *t, uint64_t count);

/* False: the tree does not have this time. */
bool sample_tree_find(const struct sample_trees *t, uint32_t root, int64_t ts_ms,
                      double *ret_value);
int64_t sample_tree_max_ts_ms(const struct sample_trees *t, uint32_t root); /* or INT64_MIN */

/* The way from the top to the next sample: nodes whose own turn is still to come. */
struct sample_tree_walk {
    uint32_t numbers[SAMPLE_TREE_DEPTH_MAX];
    unsigned depth;
};

/* Begins with the first sample that is not before start_ms. */
void sample_tree_walk(const struct sample_trees *t, struct sample_tree_walk *w, uint32_t root,
                      int64_t start_ms);
bool sample_tree_peek(const struct sample_trees *t, const struct sample_tree_walk *w,
                      struct sample *ret); /* false: at the end */
void sample_tree_next(const struct sample_trees *t,
                      struct sample_tree_walk *w); /* not at the end */

#endif
