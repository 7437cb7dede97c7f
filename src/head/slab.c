#include "head/slab.h"

#include "base/mem.h"

enum { CACHE_LINE_BYTES = 64 };

/*
 * A chunk shall not touch more cache lines than it must. What the heap gave stands right
 * before the first chunk of the page.
 */
static struct chunk *new_page(void)
{
    char *given = mem_alloc(SLAB_PAGE_CHUNKS * sizeof(struct chunk) + CACHE_LINE_BYTES);
    char *page;

    if (!given)
        return NULL;
    page = given + CACHE_LINE_BYTES - (uintptr_t)given % CACHE_LINE_BYTES;
    ((void **)(void *)page)[-1] = given;
    return (struct chunk *)(void *)page;
}

static void free_page(struct chunk *page)
{
    mem_free(((void **)(void *)page)[-1]);
}

enum err slab_init(struct slab *s)
{
    *s = (struct slab){ .pages = mem_alloc_zero(SLAB_PAGES_MAX, sizeof *s->pages) };
    return s->pages ? ERR_OK : ERR_NOMEM;
}

void slab_release(struct slab *s)
{
    for (uint32_t i = 0; i < s->page_count; i++)
        free_page(atomic_load_explicit(&s->pages[i], memory_order_relaxed));
    mem_free(s->pages);
    *s = (struct slab){ 0 };
}

enum err slab_reserve(struct slab *s, uint64_t count)
{
    for (;;) {
        uint64_t fresh = (uint64_t)s->page_count * SLAB_PAGE_CHUNKS - s->taken_count;
        struct chunk *page;

        if (s->free_count + fresh >= count)
            return ERR_OK;
        if (s->page_count == SLAB_PAGES_MAX)
            return ERR_LIMIT;
        page = new_page();
        if (!page)
            return ERR_NOMEM;
        /* Readers learn a number later, by an acquiring load of a link: relaxed is enough here. */
        atomic_store_explicit(&s->pages[s->page_count++], page, memory_order_relaxed);
    }
}

uint32_t slab_take(struct slab *s)
{
    uint32_t number;

    if (s->free_first) {
        number = s->free_first;
        s->free_first = atomic_load_explicit(&slab_at(s, number)->next, memory_order_relaxed);
        s->free_count--;
    } else {
        number = (uint32_t)++s->taken_count;
    }
    atomic_fetch_add_explicit(&s->used_count, 1, memory_order_relaxed);
    return number;
}

void slab_give_back(struct slab *s, uint32_t number)
{
    atomic_store_explicit(&slab_at(s, number)->next, s->free_first, memory_order_relaxed);
    s->free_first = number;
    s->free_count++;
    atomic_fetch_sub_explicit(&s->used_count, 1, memory_order_relaxed);
}
