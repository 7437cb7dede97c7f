/* Records of series as the head looks at them: without asking whether they are holes. */
#ifndef FUSEBOX_HEAD_HEAD_RECORD_H
#define FUSEBOX_HEAD_HEAD_RECORD_H

#include "head/head.h"

/* The record of a reference that exists. */
static inline struct series *head_record_of(const struct head *h, uint32_t ref)
{
    struct series *page = atomic_load_explicit(&h->table->pages[ref / SERIES_PAGE_COUNT],
                                               memory_order_relaxed);

    return &page[ref % SERIES_PAGE_COUNT];
}

/* The record of any reference, of a hole too: it has no samples. NULL: there is none. */
static inline struct series *head_record_at(const struct head *h, uint32_t ref)
{
    struct series *page;

    if (ref > series_count(h->table))
        return NULL;
    page = atomic_load_explicit(&h->table->pages[ref / SERIES_PAGE_COUNT], memory_order_acquire);
    return page ? &page[ref % SERIES_PAGE_COUNT] : NULL;
}

#endif
