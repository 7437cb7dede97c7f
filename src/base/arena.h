/*
 * Arena: memory for one unit of work, released at once.
 *
 * One HTTP request, one scrape, one configuration load has one arena. It hands
 * out aligned blocks until its byte limit is reached; there is no free.
 *
 *   struct arena a = arena_limited(1 << 20);
 *   { arena_alloc | arena_copy | arena_printf }*
 *   arena_release(&a)          or arena_reset(&a) to use it again
 *
 * Threads   Single owner.
 * Limits    The sum of what was handed out, rounded up to 16, stays within the
 *           limit; beyond it arena_alloc returns NULL (the caller says ERR_LIMIT
 *           or ERR_NOMEM, see arena_error).
 */
#ifndef FUSEBOX_BASE_ARENA_H
#define FUSEBOX_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

struct arena_page;

struct arena {
    size_t limit_bytes;
    size_t used_bytes;
    struct arena_page *page; /* newest; each points to the one before */
    bool over_limit;         /* the last refusal was the limit's, not the heap's */
};

struct arena arena_limited(size_t limit_bytes); /* allocates nothing yet */
void arena_release(struct arena *arena);        /* all-zero is allowed */
void arena_reset(struct arena *arena);          /* keeps one page for the next use */

void *arena_alloc(struct arena *arena, size_t size_bytes) MUST_CHECK; /* not cleared, 16-aligned */
void *arena_alloc_zero(struct arena *arena, size_t count, size_t size_bytes) MUST_CHECK;
char *arena_copy(struct arena *arena, struct str s) MUST_CHECK; /* NUL-terminated */
bool arena_copy_str(struct arena *arena, struct str s, struct str *ret) MUST_CHECK;
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;

/* Why the last arena_alloc returned NULL: ERR_LIMIT or ERR_NOMEM. */
enum err arena_error(const struct arena *arena);

#endif
