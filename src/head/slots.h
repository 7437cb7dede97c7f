/*
 * Slots: a hash set of numbers. What a number stands for, its owner knows.
 *
 *   slots_reserve -> slots_add
 *
 *   size_t at = slots_home(&s, hash);
 *   while ((number = slots_next(&s, hash, &at)))       the numbers with this hash
 *       if (it is the one) ...
 *
 * Open addressing with linear probing, at most 3/4 full. A hash's home is its
 * share of the table (hash * slot_count / 2^32), so any count will do, the table grows
 * by a quarter, and growing walks both tables from the front to the end.
 *
 * Threads   Single owner.
 * Memory    8 bytes per slot, 11 to 14 per number; slots_release.
 */
#ifndef FUSEBOX_HEAD_SLOTS_H
#define FUSEBOX_HEAD_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct slot {
    uint32_t hash;
    uint32_t number; /* 0: free */
};

struct slots {
    struct slot *items;
    size_t slot_count;
    size_t count; /* numbers */
};

void slots_release(struct slots *s); /* all-zero is allowed, and the empty set */

/* Room for one more; false: no memory. */
bool slots_reserve(struct slots *s) MUST_CHECK;
void slots_add(struct slots *s, uint32_t hash, uint32_t number);    /* reserved */
void slots_remove(struct slots *s, uint32_t hash, uint32_t number); /* it is there */
/* Gives memory back when most of the table is free; without memory for that it stays. */
void slots_trim(struct slots *s);

static inline size_t slots_bytes(const struct slots *s)
{
    return s->slot_count * sizeof *s->items;
}

static inline size_t slots_home(const struct slots *s, uint32_t hash)
{
    return (size_t)((uint64_t)hash * s->slot_count >> 32);
}

/* The next number with the hash; 0: there are no more. */
static inline uint32_t slots_next(const struct slots *s, uint32_t hash, size_t *at)
{
    if (!s->slot_count)
        return 0;
    for (;;) {
        const struct slot *slot = &s->items[*at];

        if (!slot->number)
            return 0;
        *at = *at + 1 == s->slot_count ? 0 : *at + 1;
        if (slot->hash == hash)
            return slot->number;
    }
}

#endif
