#include "head/series.h"

#include "base/mem.h"

enum { CACHE_LINE_BYTES = 64 };

/* Records shall not straddle cache lines. What the heap gave stands right before the page. */
static struct series *new_page(void)
{
    size_t size_bytes = SERIES_PAGE_COUNT * sizeof(struct series) + CACHE_LINE_BYTES;
    char *given = mem_alloc_zero(1, size_bytes);
    char *page;

    if (!given)
        return NULL;
    page = given + CACHE_LINE_BYTES - (uintptr_t)given % CACHE_LINE_BYTES;
    ((void **)(void *)page)[-1] = given;
    return (struct series *)(void *)page;
}

static void free_page(struct series *page)
{
    if (page)
        mem_free(((void **)(void *)page)[-1]);
}

static struct series *record_at(const struct series_table *t, uint32_t ref)
{
    struct series *page = atomic_load_explicit(&t->pages[ref / SERIES_PAGE_COUNT],
                                               memory_order_relaxed);

    return &page[ref % SERIES_PAGE_COUNT];
}

enum err series_table_init(struct series_table *t)
{
    *t = (struct series_table){ .pages = mem_alloc_zero(SERIES_PAGES_MAX, sizeof *t->pages) };
    return t->pages ? ERR_OK : ERR_NOMEM;
}

void series_table_release(struct series_table *t)
{
    for (uint32_t i = 0; i < t->page_end; i++)
        free_page(atomic_load_explicit(&t->pages[i], memory_order_relaxed));
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
    page = new_page();
    if (!page)
        return ERR_NOMEM;
    t->page_count++;
    if (idx >= t->page_end)
        t->page_end = idx + 1;
    atomic_store_explicit(&t->pages[idx], page, memory_order_release);
    return ERR_OK;
}

void series_table_add(struct series_table *t, uint32_t ref, const uint32_t *pairs,
                      size_t label_count)
{
    struct series *s = record_at(t, ref);

    s->label_count = (uint8_t)label_count;
    s->sealed_ms = INT64_MIN;
    atomic_store_explicit(&s->pairs, pairs, memory_order_release);
    if (ref > atomic_load_explicit(&t->count, memory_order_relaxed))
        atomic_store_explicit(&t->count, ref, memory_order_release);
}

void series_table_remove(struct series_table *t, uint32_t ref)
{
    struct series *s = record_at(t, ref);

    atomic_store_explicit(&s->pairs, NULL, memory_order_release);
    atomic_store_explicit(&s->first, 0, memory_order_relaxed);
    s->writer = (struct chunk_writer){ 0 };
    s->last = 0;
    s->reserved_bits = 0;
    s->flags = 0;
}

size_t series_table_bytes(const struct series_table *t)
{
    return t->page_count * (SERIES_PAGE_COUNT * sizeof(struct series) + CACHE_LINE_BYTES);
}
