/*
 * Column set: which columns of times a block being written has already, known by
 * a hash of 128 bits, numbered in the order in which they came.
 *
 * Threads   Single owner.
 * Memory    Some 40 bytes for each distinct column.
 */
#ifndef FUSEBOX_BLOCK_COLUMN_SET_H
#define FUSEBOX_BLOCK_COLUMN_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/hash.h"

struct column_slot {
    struct hash_128 hash;
    uint32_t number; /* + 1; 0: free */
};

struct column_set {
    struct column_slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    uint32_t count;
};

void column_set_release(struct column_set *s); /* all-zero is empty */

/* The number of a column; *ret_new: it was not there. ERR_NOMEM, ERR_LIMIT. */
enum err column_set_number(struct column_set *s, const int64_t *times_ms, size_t count,
                           uint32_t *ret, bool *ret_new) MUST_CHECK;

#endif
