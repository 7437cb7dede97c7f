/*
 * Slabs: the memory of all chunks, in pages that never move.
 *
 * A chunk is known by its number (from 1), four bytes instead of a pointer.
 * Freed chunks are used again; pages are kept until the end.
 *
 *   slab_init -> { slab_reserve -> slab_take* | slab_give_back }* -> slab_release
 *
 * Threads   slab_at: any thread that learned the number through an acquiring
 *           load. All else: the appender alone. slab_used_bytes: any thread.
 * Memory    After slab_reserve(n) the next n slab_take cannot fail, so that a
 *           commit needs no memory once it is on disk.
 * Limits    SLAB_CHUNKS_MAX chunks (32 GiB).
 */
#ifndef FUSEBOX_HEAD_SLAB_H
#define FUSEBOX_HEAD_SLAB_H

#include "base/err.h"
#include "head/chunk.h"

enum {
    SLAB_PAGE_CHUNKS = 1024,
    SLAB_PAGES_MAX = 262144,
};

#define SLAB_CHUNKS_MAX ((uint64_t)SLAB_PAGE_CHUNKS * SLAB_PAGES_MAX)

struct slab {
    _Atomic(struct chunk *) *pages;
    uint32_t page_count;
    uint32_t free_first; /* a list through chunk.next */
    uint64_t free_count;
    uint64_t taken_count; /* numbers ever given out: 1 .. taken_count */
    _Atomic uint64_t used_count;
};

enum err slab_init(struct slab *s) MUST_CHECK; /* ERR_NOMEM */
void slab_release(struct slab *s);             /* all-zero is allowed */

enum err slab_reserve(struct slab *s, uint64_t count) MUST_CHECK; /* ERR_NOMEM, ERR_LIMIT */
uint32_t slab_take(struct slab *s);                               /* only what was reserved */
void slab_give_back(struct slab *s, uint32_t number);             /* no reader may hold it */

static inline struct chunk *slab_at(const struct slab *s, uint32_t number)
{
    struct chunk *page = atomic_load_explicit(&s->pages[(number - 1) / SLAB_PAGE_CHUNKS],
                                              memory_order_relaxed);

    return &page[(number - 1) % SLAB_PAGE_CHUNKS];
}

static inline uint64_t slab_used_count(const struct slab *s)
{
    return atomic_load_explicit(&s->used_count, memory_order_relaxed);
}

#endif
