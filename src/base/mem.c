#include "base/mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

static atomic_long countdown;
static atomic_bool happened;

static bool must_fail(void)
{
    if (atomic_load_explicit(&countdown, memory_order_relaxed) <= 0)
        return false;
    if (atomic_fetch_sub(&countdown, 1) != 1)
        return false;
    atomic_store(&happened, true);
    return true;
}

void *mem_alloc(size_t size_bytes)
{
    if (must_fail() || size_bytes > PTRDIFF_MAX)
        return NULL;
    return malloc(size_bytes ? size_bytes : 1);
}

void *mem_alloc_zero(size_t count, size_t size_bytes)
{
    if (must_fail() || mul_size(count, size_bytes) > PTRDIFF_MAX)
        return NULL;
    return calloc(count ? count : 1, size_bytes ? size_bytes : 1);
}

void *mem_realloc(void *ptr, size_t size_bytes)
{
    if (must_fail() || size_bytes > PTRDIFF_MAX)
        return NULL;
    return realloc(ptr, size_bytes ? size_bytes : 1);
}

void mem_free(void *ptr)
{
    free(ptr);
}

void mem_trim(void)
{
    malloc_trim(0);
}

char *mem_copy(const void *ptr, size_t len)
{
    char *copy = mem_alloc(add_size(len, 1));

    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, ptr, len);
    copy[len] = '\0';
    return copy;
}

void mem_fail_nth(long n)
{
    atomic_store(&happened, false);
    atomic_store(&countdown, n);
}

bool mem_fault_happened(void)
{
    return atomic_load(&happened);
}
