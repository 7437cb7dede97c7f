/*
 * Parts: the integer columns of a page that is being written. One column of the
 * page is one part or several (runs, exceptions, two numbers for one value).
 *
 *   parts_add -> parts_mark, parts_undo, parts_replace while a coding is looked for
 *   integers_place(items) -> parts_write -> parts_clear
 *
 * Threads   Single owner.
 * Memory    Fixed arrays for one page; parts_new takes them.
 * Limits    PARTS_MAX parts, PARTS_RESIDUALS_MAX residuals: what a full page can need while two
 *           codings of its last column are compared.
 */
#ifndef FUSEBOX_PAGE_PARTS_H
#define FUSEBOX_PAGE_PARTS_H

#include "base/attr.h"
#include "page/integers.h"
#include "page/page.h"

enum {
    PARTS_PER_COLUMN_MAX = 5, /* runs, places and bits of exceptions, two numbers */
    PARTS_MAX = (PAGE_COLUMNS_MAX + 1) * PARTS_PER_COLUMN_MAX,
    PARTS_RESIDUALS_MAX = 9 * PAGE_SAMPLES_MAX,
};

struct parts {
    size_t count;
    size_t residual_count;
    struct integers items[PARTS_MAX];
    uint64_t steps[PAGE_SAMPLES_MAX];  /* scratch of integers_choose */
    uint64_t orders[PAGE_SAMPLES_MAX]; /* the same */
    uint64_t residuals[PARTS_RESIDUALS_MAX];
};

struct parts_mark {
    size_t count;
    size_t residual_count;
};

struct parts *parts_new(void) MUST_CHECK; /* NULL: no memory */
void parts_free(struct parts *p);         /* NULL is allowed */
void parts_clear(struct parts *p);

/* Adds a part coded as is cheapest and answers what it costs in bits. */
uint64_t parts_add(struct parts *p, const int64_t *values, size_t count, const int64_t *beside);

struct parts_mark parts_mark(const struct parts *p);
void parts_undo(struct parts *p, struct parts_mark to);
/* Moves what was added since `from` down to `to`. */
void parts_replace(struct parts *p, struct parts_mark to, struct parts_mark from);

/* Writes the planes of all parts, which integers_place has placed: layout->total_bytes. */
void parts_write(const struct parts *p, const struct integers_layout *layout, uint8_t *planes);

#endif
