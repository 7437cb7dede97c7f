#include "tsdb/series.h"

#include "base/mem.h"

enum err series_table_init(struct series_table *t)
{
    *t = (struct series_table){ .pages = mem_alloc_zero(SERIES_PAGES_MAX, sizeof *t->pages) };
    return t->pages ? ERR_OK : ERR_NOMEM;
}

void series_table_release(struct series_table *t)
{
    for (uint32_t i = 0; i < t->page_end; i++)
        mem_free(atomic_load_explicit(&t->pages[i], memory_order_relaxed));
    mem_free(t->pages);
    *t = (struct series_table){ 0 };
}

enum err series_table_reserve(struct series_table *t, uint32_t ref)
{
    uint32_t idx = ref / SERIES_PAGE_COUNT;
    struct series *page;

    if (ref >= SERIES_MAX)
        return ERR_LIMIT;
    if (atomic_load_explicit(&t->pages[idx], memory_order_relaxed))
        return ERR_OK;
    page = mem_alloc_zero(SERIES_PAGE_COUNT, sizeof *page);
    if (!page)
        return ERR_NOMEM;
    t->page_count++;
    if (idx >= t->page_end)
        t->page_end = idx + 1;
    atomic_store_explicit(&t->pages[idx], page, memory_order_release);
    return ERR_OK;
}

void series_table_add(struct series_table *t, uint32_t ref, struct labels labels)
{
    struct series *page = atomic_load_explicit(&t->pages[ref / SERIES_PAGE_COUNT],
                                               memory_order_relaxed);
    struct series *s = &page[ref % SERIES_PAGE_COUNT];

    s->labels = labels.items;
    s->label_count = (uint16_t)labels.count;
    atomic_store_explicit(&t->count, ref, memory_order_release);
}

size_t series_table_bytes(const struct series_table *t)
{
    return t->page_count * SERIES_PAGE_COUNT * sizeof(struct series);
}
