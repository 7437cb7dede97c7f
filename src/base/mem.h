/*
 * The only door to the heap. Everything else in the tree takes memory here, so
 * that a test can make the n-th allocation fail.
 *
 * Threads   Locks itself (the C library's allocator); the fault counter is atomic.
 * Memory    Free with mem_free.
 */
#ifndef FUSEBOX_BASE_MEM_H
#define FUSEBOX_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

void *mem_alloc(size_t size_bytes) MUST_CHECK; /* not cleared; NULL when exhausted */
void *mem_alloc_zero(size_t count, size_t size_bytes) MUST_CHECK; /* cleared; saturating product */
void *mem_realloc(void *ptr, size_t size_bytes) MUST_CHECK; /* as realloc; on NULL ptr is intact */
void mem_free(void *ptr);                                   /* NULL is allowed */
char *mem_copy(const void *ptr, size_t len) MUST_CHECK;     /* with a NUL behind it */

/* Gives memory that was freed back to the system where it can; for after long work. */
void mem_trim(void);

/*
 * Test only. The n-th allocation from now on fails (n from 1), once; 0 switches
 * it off. mem_fault_happened() says whether it was reached.
 */
void mem_fail_nth(long n);
bool mem_fault_happened(void);

#endif
