/*
 * Growable array of equal items with a maximum count.
 *
 *   struct vec v = vec_of(sizeof(struct target), TARGETS_MAX);
 *   struct target *t = vec_push(&v);        NULL when full or out of memory
 *   vec_release(&v)
 *
 * Memory    Items are cleared when pushed. Pointers into it move on push.
 * Threads   Single owner.
 */
#ifndef FUSEBOX_BASE_VEC_H
#define FUSEBOX_BASE_VEC_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct vec {
    void *items;
    size_t count;
    size_t capacity_count;
    size_t item_bytes;
    size_t max_count;
};

struct vec vec_of(size_t item_bytes, size_t max_count);
void vec_release(struct vec *v);
void *vec_push(struct vec *v) MUST_CHECK;                    /* the new, cleared item */
enum err vec_reserve(struct vec *v, size_t more) MUST_CHECK; /* the next `more` pushes succeed */
void *vec_at(const struct vec *v, size_t idx);               /* idx < count */
void vec_remove_at(struct vec *v, size_t idx);               /* keeps the order */
void vec_clear(struct vec *v);                               /* keeps the memory */

/* Why vec_push returned NULL: ERR_LIMIT or ERR_NOMEM. */
enum err vec_error(const struct vec *v);

#endif
