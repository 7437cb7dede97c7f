/*
 * Pair set: the distinct label pairs that a block being written has, numbered in
 * the order in which they came.
 *
 *   pair_set_init -> { pair_set_number }* -> pair_set_sort -> pair_set_release
 *
 * Threads   Single owner.
 * Memory    The text of each pair once, and some 40 bytes.
 */
#ifndef FUSEBOX_BLOCK_PAIR_SET_H
#define FUSEBOX_BLOCK_PAIR_SET_H

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "model/labels.h"

struct pair_set {
    struct arena text;
    struct map names;  /* to struct pair_name */
    struct vec pairs;  /* struct pair_text, by number */
    uint32_t *slots;   /* hash table of numbers + 1 */
    size_t slot_count; /* a power of two, or 0 */
};

void pair_set_init(struct pair_set *s); /* allocates nothing yet */
void pair_set_release(struct pair_set *s);

/* The number of a pair, new or known. ERR_NOMEM, ERR_LIMIT. */
enum err pair_set_number(struct pair_set *s, struct label pair, uint32_t *ret) MUST_CHECK;

struct label pair_set_label(const struct pair_set *s, uint32_t number);

/* Gives the numbers in the order of the pairs, by name, then value (mem_free). ERR_NOMEM. */
enum err pair_set_sort(const struct pair_set *s, uint32_t **ret_numbers) MUST_CHECK;

#endif
