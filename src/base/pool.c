/*
 * Size classes: every 4 bytes up to 64, then four to each doubling up to 2,048.
 *
 * A page of small blocks begins with a head. Blocks that were given back form a list
 * through their first two bytes; behind them stand the ones that were never taken.
 * The pages of a class that have room form a list; a full page is in none.
 */
#include "base/pool.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

enum { FINE_MAX_BYTES = 64, FINE_COUNT = FINE_MAX_BYTES / POOL_GRAIN_BYTES, STEPS = 4 };

struct page {
    uint32_t next; /* pages with room; 0: none */
    uint32_t before;
    uint16_t class;
    uint16_t used_count;
    uint16_t fresh_count; /* never taken, at the end */
    uint16_t free_first;  /* place of a block; 0: none */
};

static uint32_t class_bytes(uint32_t class)
{
    uint32_t step = class - FINE_COUNT;

    if (class < FINE_COUNT)
        return (class + 1) * POOL_GRAIN_BYTES;
    return (STEPS + 1 + step % STEPS) * (FINE_MAX_BYTES / STEPS) << step / STEPS;
}

static uint32_t class_of(size_t size_bytes)
{
    uint32_t class = FINE_COUNT;

    if (size_bytes <= FINE_MAX_BYTES)
        return size_bytes ? (uint32_t)(size_bytes - 1) / POOL_GRAIN_BYTES : 0;
    for (uint32_t top = 2 * FINE_MAX_BYTES; top < size_bytes; top *= 2)
        class += STEPS;
    while (class_bytes(class) < size_bytes)
        class ++;
    return class;
}

static uint32_t blocks_per_page(uint32_t class)
{
    return (POOL_PAGE_BYTES - (uint32_t)sizeof(struct page)) / class_bytes(class);
}

size_t pool_round_bytes(size_t size_bytes)
{
    return size_bytes > POOL_SMALL_MAX_BYTES ? size_bytes : class_bytes(class_of(size_bytes));
}

enum err pool_init(struct pool *p)
{
    *p = (struct pool){ .pages = mem_alloc_zero(POOL_PAGES_MAX, sizeof *p->pages),
                        .page_end = 1,
                        .page_hint = 1 };
    return p->pages ? ERR_OK : ERR_NOMEM;
}

void pool_release(struct pool *p)
{
    for (uint32_t i = 1; i < p->page_end; i++)
        mem_free(atomic_load_explicit(&p->pages[i], memory_order_relaxed));
    mem_free(p->pages);
    *p = (struct pool){ 0 };
}

static struct page *page_at(const struct pool *p, uint32_t number)
{
    return atomic_load_explicit(&p->pages[number], memory_order_relaxed);
}

/* --- pages --- */

/* Takes memory and a number for it; 0: there is none. */
static uint32_t open_page(struct pool *p, size_t size_bytes)
{
    uint32_t number = p->page_hint;
    void *memory;

    while (number < p->page_end && page_at(p, number))
        number++;
    if (number == POOL_PAGES_MAX)
        return 0;
    memory = mem_alloc(size_bytes);
    if (!memory)
        return 0;
    atomic_store_explicit(&p->pages[number], memory, memory_order_relaxed);
    p->page_hint = number + 1;
    if (number == p->page_end)
        p->page_end++;
    p->taken_bytes += size_bytes;
    return number;
}

static void close_page(struct pool *p, uint32_t number, size_t size_bytes)
{
    mem_free(page_at(p, number));
    atomic_store_explicit(&p->pages[number], NULL, memory_order_relaxed);
    if (number < p->page_hint)
        p->page_hint = number;
    p->taken_bytes -= size_bytes;
}

static void link_page(struct pool *p, uint32_t number)
{
    struct page *page = page_at(p, number);

    page->before = 0;
    page->next = p->with_room[page->class];
    if (page->next)
        page_at(p, page->next)->before = number;
    p->with_room[page->class] = number;
}

static void unlink_page(struct pool *p, const struct page *page)
{
    if (page->before)
        page_at(p, page->before)->next = page->next;
    else
        p->with_room[page->class] = page->next;
    if (page->next)
        page_at(p, page->next)->before = page->before;
}

static bool has_room(const struct page *page)
{
    return page->free_first || page->fresh_count;
}

/* A page of the class with room for a block; 0: no memory. */
static uint32_t page_with_room(struct pool *p, uint32_t class)
{
    uint32_t number = p->with_room[class];

    if (number)
        return number;
    number = open_page(p, POOL_PAGE_BYTES);
    if (!number)
        return 0;
    *page_at(p, number) = (struct page){ .class = (uint16_t) class,
                                         .fresh_count = (uint16_t)blocks_per_page(class) };
    link_page(p, number);
    return number;
}

/* --- blocks --- */

static uint32_t take_great(struct pool *p, size_t size_bytes)
{
    uint32_t number = open_page(p, size_bytes);

    if (number)
        p->used_bytes += size_bytes;
    return number << POOL_PLACE_BITS;
}

/* The place of a block that was never taken. */
static uint32_t take_fresh(struct page *page)
{
    uint32_t idx = blocks_per_page(page->class) - page->fresh_count--;

    return ((uint32_t)sizeof *page + idx * class_bytes(page->class)) / POOL_GRAIN_BYTES;
}

uint32_t pool_take(struct pool *p, size_t size_bytes)
{
    uint32_t class, number, place;
    struct page *page;

    if (size_bytes > POOL_SMALL_MAX_BYTES)
        return take_great(p, size_bytes);
    class = class_of(size_bytes);
    number = page_with_room(p, class);
    if (!number)
        return 0;
    page = page_at(p, number);
    place = page->free_first;
    if (place)
        memcpy(&page->free_first, pool_at(p, number << POOL_PLACE_BITS | place),
               sizeof page->free_first);
    else
        place = take_fresh(page);
    page->used_count++;
    if (!has_room(page))
        unlink_page(p, page);
    p->used_bytes += class_bytes(class);
    return number << POOL_PLACE_BITS | place;
}

void pool_give(struct pool *p, uint32_t block, size_t size_bytes)
{
    uint32_t number = block >> POOL_PLACE_BITS;
    struct page *page = page_at(p, number);
    bool had_room;

    p->used_bytes -= pool_round_bytes(size_bytes);
    if (size_bytes > POOL_SMALL_MAX_BYTES) {
        close_page(p, number, size_bytes);
        return;
    }
    had_room = has_room(page);
    memcpy(pool_at(p, block), &page->free_first, sizeof page->free_first);
    page->free_first = (uint16_t)(block & ((1U << POOL_PLACE_BITS) - 1));
    if (!had_room)
        link_page(p, number);
    if (--page->used_count)
        return;
    unlink_page(p, page);
    close_page(p, number, POOL_PAGE_BYTES);
}

static uint32_t resize_great(struct pool *p, uint32_t block, size_t old_bytes, size_t new_bytes)
{
    uint32_t number = block >> POOL_PLACE_BITS;
    void *memory = mem_realloc(page_at(p, number), new_bytes);

    if (!memory)
        return 0;
    atomic_store_explicit(&p->pages[number], memory, memory_order_relaxed);
    p->taken_bytes += new_bytes - old_bytes;
    p->used_bytes += new_bytes - old_bytes;
    return block;
}

uint32_t pool_resize(struct pool *p, uint32_t block, size_t old_bytes, size_t new_bytes)
{
    uint32_t other;

    if (pool_round_bytes(old_bytes) == pool_round_bytes(new_bytes))
        return block;
    if (old_bytes > POOL_SMALL_MAX_BYTES && new_bytes > POOL_SMALL_MAX_BYTES)
        return resize_great(p, block, old_bytes, new_bytes);
    other = pool_take(p, new_bytes);
    if (!other)
        return 0;
    memcpy(pool_at(p, other), pool_at(p, block), old_bytes < new_bytes ? old_bytes : new_bytes);
    pool_give(p, block, old_bytes);
    return other;
}
