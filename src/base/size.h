/* Sizes that saturate instead of wrapping: an overflowing sum becomes SIZE_MAX, which no allocator
 * grants. */
#ifndef FUSEBOX_BASE_SIZE_H
#define FUSEBOX_BASE_SIZE_H

#include <stddef.h>
#include <stdint.h>

static inline size_t add_size(size_t a, size_t b)
{
    size_t sum;

    return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

static inline size_t mul_size(size_t a, size_t b)
{
    size_t product;

    return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

#endif
