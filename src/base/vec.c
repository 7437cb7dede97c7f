#include "base/vec.h"

#include <string.h>

#include "base/mem.h"
#include "base/size.h"

struct vec vec_of(size_t item_bytes, size_t max_count)
{
    return (struct vec){ .item_bytes = item_bytes, .max_count = max_count };
}

void vec_release(struct vec *v)
{
    mem_free(v->items);
    *v = vec_of(v->item_bytes, v->max_count);
}

static bool grow(struct vec *v)
{
    size_t capacity = v->capacity_count ? mul_size(v->capacity_count, 2) : 8;
    void *items;

    if (capacity > v->max_count)
        capacity = v->max_count;
    items = mem_realloc(v->items, mul_size(capacity, v->item_bytes));
    if (!items)
        return false;
    v->items = items;
    v->capacity_count = capacity;
    return true;
}

void *vec_push(struct vec *v)
{
    if (v->count == v->max_count)
        return NULL;
    if (v->count == v->capacity_count && !grow(v))
        return NULL;
    v->count++;
    return memset(vec_at(v, v->count - 1), 0, v->item_bytes);
}

enum err vec_reserve(struct vec *v, size_t more)
{
    while (v->capacity_count - v->count < more)
        if (v->capacity_count == v->max_count)
            return ERR_LIMIT;
        else if (!grow(v))
            return ERR_NOMEM;
    return ERR_OK;
}

void *vec_at(const struct vec *v, size_t idx)
{
    return (char *)v->items + idx * v->item_bytes;
}

void vec_remove_at(struct vec *v, size_t idx)
{
    char *at = vec_at(v, idx);

    memmove(at, at + v->item_bytes, (v->count - idx - 1) * v->item_bytes);
    v->count--;
}

void vec_clear(struct vec *v)
{
    v->count = 0;
}

enum err vec_error(const struct vec *v)
{
    return v->count == v->max_count ? ERR_LIMIT : ERR_NOMEM;
}
