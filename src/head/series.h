/*
 * Table of series: one fixed record of a cache line per reference, in pages that
 * never move.
 *
 * A reference is an index from 1. A record is found without a lock by any
 * thread that knows that the reference exists. References may leave holes:
 * records without labels, of series that were never logged or that left memory.
 *
 * A reference is a lease. It may be used for SERIES_LEASE_MS after tsdb_series
 * gave it or a sample with it was committed, whichever is later; after that ask
 * again. A series that had neither for three epochs (of SERIES_EPOCH_MS each),
 * and whose samples are all sealed, leaves memory, and its number is given to
 * another series.
 *
 * Threads   A record becomes a hole only while the gate of the head is taken
 *           whole; a hole is filled at any time, and seen when pairs is. first is
 *           read by readers of the head; epoch is written by who looks the series
 *           up; the rest belongs to the appender.
 * Limits    SERIES_MAX references.
 */
#ifndef FUSEBOX_HEAD_SERIES_H
#define FUSEBOX_HEAD_SERIES_H

#include "base/err.h"
#include "head/chunk.h"
#include "model/labels.h"

enum {
    SERIES_PAGE_COUNT = 1024,
    SERIES_PAGES_MAX = 65536,
    SERIES_EPOCH_MS = 30 * 60 * 1000,
    SERIES_LEASE_MS = 30 * 60 * 1000,
    SERIES_IDLE_EPOCHS = 3,
};

#define SERIES_MAX ((uint32_t)SERIES_PAGE_COUNT * SERIES_PAGES_MAX)

enum series_flag {
    SERIES_DEFINED = 1,  /* its labels are on disk */
    SERIES_DEFINING = 2, /* its labels are in the transaction that is under way */
    SERIES_SEEN = 4,     /* writer.ts_ms and writer.bits are of a sample */
    SERIES_LATE = 8,     /* it has late samples in memory */
};

struct series {
    /* Numbers of its label pairs, in the order of the names; NULL: a hole. */
    _Atomic(const uint32_t *) pairs;
    struct chunk_writer writer;
    int64_t sealed_ms;      /* samples of the chain up to here stand in a block */
    _Atomic uint32_t first; /* slab numbers; 0: no chunk */
    uint32_t last;
    uint16_t reserved_bits; /* while a commit is prepared: how full its last chunk may become */
    uint8_t label_count;
    uint8_t flags;
    _Atomic uint8_t epoch; /* in which it was last looked up or appended to */
};

_Static_assert(sizeof(struct series) == 64, "a record is a cache line");

struct series_table {
    _Atomic(struct series *) *pages;
    _Atomic uint32_t count; /* the greatest reference */
    size_t page_count;
    uint32_t page_end; /* behind the last page that is there */
};

enum err series_table_init(struct series_table *t) MUST_CHECK; /* ERR_NOMEM */
void series_table_release(struct series_table *t);             /* all-zero is allowed */

/* Makes room for the record of `ref`, which stays invisible. ERR_LIMIT, ERR_NOMEM. */
enum err series_table_reserve(struct series_table *t, uint32_t ref) MUST_CHECK;

/* Fills a reserved record, a hole, and publishes it: without samples, sealed_ms INT64_MIN. */
void series_table_add(struct series_table *t, uint32_t ref, const uint32_t *pairs,
                      size_t label_count);

/* Makes the record a hole. It exists, and its chunks are gone. */
void series_table_remove(struct series_table *t, uint32_t ref);

size_t series_table_bytes(const struct series_table *t);

static inline uint32_t series_count(const struct series_table *t)
{
    return atomic_load_explicit(&t->count, memory_order_acquire);
}

/* NULL for a reference that does not exist, a hole included. */
static inline struct series *series_find(const struct series_table *t, uint32_t ref)
{
    struct series *page;
    struct series *s;

    if (ref == 0 || ref > series_count(t))
        return NULL;
    page = atomic_load_explicit(&t->pages[ref / SERIES_PAGE_COUNT], memory_order_acquire);
    if (!page)
        return NULL;
    s = &page[ref % SERIES_PAGE_COUNT];
    return atomic_load_explicit(&s->pairs, memory_order_acquire) ? s : NULL;
}

#endif
