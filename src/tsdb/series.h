/*
 * Table of series: one fixed record per reference, in pages that never move.
 *
 * A reference is an index from 1. A record is found without a lock by any
 * thread that knows that the reference exists (series_count, acquiring).
 * References that were given out but never logged may leave holes: records
 * without labels.
 *
 * Threads   labels and label_count are immutable once the record is published.
 *           first is read by readers of the head; the rest belongs to the
 *           appender. series_table_add: the index, under its lock.
 * Limits    SERIES_MAX references.
 */
#ifndef FUSEBOX_TSDB_SERIES_H
#define FUSEBOX_TSDB_SERIES_H

#include "base/err.h"
#include "model/labels.h"
#include "tsdb/chunk.h"

enum {
    SERIES_PAGE_COUNT = 1024,
    SERIES_PAGES_MAX = 65536,
};

#define SERIES_MAX ((uint32_t)SERIES_PAGE_COUNT * SERIES_PAGES_MAX)

enum series_flag {
    SERIES_DEFINED = 1,  /* its labels are on disk */
    SERIES_DEFINING = 2, /* its labels are in the transaction that is under way */
    SERIES_SEEN = 4,     /* writer.ts_ms and writer.bits are of a sample */
};

struct series {
    const struct label *labels;
    struct chunk_writer writer;
    _Atomic uint32_t first; /* slab numbers; 0: no chunk */
    uint32_t last;
    uint16_t label_count;
    uint16_t reserved_bits; /* while a commit is prepared: how full its last chunk may become */
    uint8_t flags;
};

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

/* Fills a reserved record and publishes it; ref is greater than every one before. */
void series_table_add(struct series_table *t, uint32_t ref, struct labels labels);

size_t series_table_bytes(const struct series_table *t);

static inline uint32_t series_count(const struct series_table *t)
{
    return atomic_load_explicit(&t->count, memory_order_acquire);
}

/* NULL for a reference that does not exist, a hole included. */
static inline struct series *series_find(const struct series_table *t, uint32_t ref)
{
    struct series *page;

    if (ref == 0 || ref > series_count(t))
        return NULL;
    page = atomic_load_explicit(&t->pages[ref / SERIES_PAGE_COUNT], memory_order_acquire);
    if (!page || !page[ref % SERIES_PAGE_COUNT].labels)
        return NULL;
    return &page[ref % SERIES_PAGE_COUNT];
}

static inline struct labels series_labels(const struct series *s)
{
    return (struct labels){ s->labels, s->label_count };
}

#endif
