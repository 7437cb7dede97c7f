/*
 * Pool: small blocks of memory known by a 32-bit number, without a header each.
 *
 * Blocks of one size class share pages of POOL_PAGE_BYTES; a page that holds none
 * goes back to the heap. Blocks beyond POOL_SMALL_MAX_BYTES stand alone.
 *
 *   block number   20 bits page | 12 bits place within it, in steps of 4 bytes
 *   page           [ head | block block block ... ]      or one great block at place 0
 *
 *   pool_init -> { pool_take | pool_resize | pool_give }* -> pool_release
 *
 * The caller says the size again when he gives a block back.
 *
 * Threads   Single owner; pool_at by any thread that knows of a block that is taken.
 * Memory    Blocks never move, but by pool_resize; they are aligned to 4 bytes and not cleared.
 * Limits    POOL_PAGES_MAX pages: 16 GiB of small blocks.
 */
#ifndef FUSEBOX_BASE_POOL_H
#define FUSEBOX_BASE_POOL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

enum {
    POOL_GRAIN_BYTES = 4,
    POOL_PLACE_BITS = 12,
    POOL_PAGE_BYTES = POOL_GRAIN_BYTES << POOL_PLACE_BITS,
    POOL_PAGES_MAX = 1 << 20,
    POOL_SMALL_MAX_BYTES = 2048,
    POOL_CLASS_COUNT = 36,
};

struct pool {
    _Atomic(void *) *pages;               /* by number; 0 is never used */
    uint32_t page_end;                    /* behind the last one ever used */
    uint32_t page_hint;                   /* none before it is free */
    uint32_t with_room[POOL_CLASS_COUNT]; /* the first page of a class that has room; 0: none */
    size_t taken_bytes;                   /* from the heap */
    size_t used_bytes;                    /* of those, in blocks */
};

enum err pool_init(struct pool *p) MUST_CHECK; /* ERR_NOMEM */
void pool_release(struct pool *p);             /* all-zero is allowed */

uint32_t pool_take(struct pool *p, size_t size_bytes) MUST_CHECK; /* 0: no memory, or the limit */
void pool_give(struct pool *p, uint32_t block, size_t size_bytes);

/* Moves the block's content to one of another size, if it must. 0: no memory, the block stays. */
uint32_t pool_resize(struct pool *p, uint32_t block, size_t old_bytes, size_t new_bytes) MUST_CHECK;

/* How many bytes a block of this size has. */
size_t pool_round_bytes(size_t size_bytes);

static inline void *pool_at(const struct pool *p, uint32_t block)
{
    char *page = atomic_load_explicit(&p->pages[block >> POOL_PLACE_BITS], memory_order_relaxed);

    return page + (size_t)(block & ((1U << POOL_PLACE_BITS) - 1)) * POOL_GRAIN_BYTES;
}

#endif
