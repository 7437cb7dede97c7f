#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/size.h"

enum { ARENA_PAGE_BYTES = 16384, ARENA_ALIGN_BYTES = 16 };

struct arena_page {
    struct arena_page *before;
    size_t capacity_bytes;
    size_t used_bytes;
    _Alignas(ARENA_ALIGN_BYTES) unsigned char data[];
};

struct arena arena_limited(size_t limit_bytes)
{
    return (struct arena){ .limit_bytes = limit_bytes };
}

void arena_release(struct arena *arena)
{
    struct arena_page *page = arena->page;

    while (page) {
        struct arena_page *before = page->before;

        mem_free(page);
        page = before;
    }
    arena->page = NULL;
    arena->used_bytes = 0;
}

void arena_reset(struct arena *arena)
{
    struct arena_page *keep = arena->page;

    if (!keep)
        return;
    arena->page = keep->before;
    arena_release(arena);
    keep->before = NULL;
    keep->used_bytes = 0;
    arena->page = keep;
}

static struct arena_page *add_page(struct arena *arena, size_t at_least_bytes)
{
    size_t capacity = at_least_bytes > ARENA_PAGE_BYTES ? at_least_bytes : ARENA_PAGE_BYTES;
    struct arena_page *page = mem_alloc(add_size(sizeof *page, capacity));

    if (!page)
        return NULL;
    *page = (struct arena_page){ .before = arena->page, .capacity_bytes = capacity };
    arena->page = page;
    return page;
}

void *arena_alloc(struct arena *arena, size_t size_bytes)
{
    size_t rounded = add_size(size_bytes, ARENA_ALIGN_BYTES - 1);
    struct arena_page *page = arena->page;
    void *block;

    if (rounded != SIZE_MAX)
        rounded &= ~(size_t)(ARENA_ALIGN_BYTES - 1);
    arena->over_limit = add_size(arena->used_bytes, rounded) > arena->limit_bytes;
    if (arena->over_limit)
        return NULL;
    if (!page || page->capacity_bytes - page->used_bytes < rounded)
        page = add_page(arena, rounded);
    if (!page)
        return NULL;
    block = page->data + page->used_bytes;
    page->used_bytes += rounded;
    arena->used_bytes += rounded;
    return block;
}

void *arena_alloc_zero(struct arena *arena, size_t count, size_t size_bytes)
{
    size_t total = mul_size(count, size_bytes);
    void *block = arena_alloc(arena, total);

    if (block)
        memset(block, 0, total);
    return block;
}

char *arena_copy(struct arena *arena, struct str s)
{
    char *copy = arena_alloc(arena, add_size(s.len, 1));

    if (!copy)
        return NULL;
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

bool arena_copy_str(struct arena *arena, struct str s, struct str *ret)
{
    char *copy = arena_copy(arena, s);

    if (!copy)
        return false;
    *ret = (struct str){ copy, s.len };
    return true;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    char *text = NULL;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (len >= 0)
        text = arena_alloc(arena, (size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

enum err arena_error(const struct arena *arena)
{
    return arena->over_limit ? ERR_LIMIT : ERR_NOMEM;
}
