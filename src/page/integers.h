/*
 * Integers: how a run of 64-bit integers becomes small residuals in planes of
 * bytes, and back.
 *
 * The values are first counted in steps (their greatest common step) from the
 * first one. Then one of four orders leaves residuals: the numbers themselves,
 * their differences, the differences of those, or what the differences have more
 * than the differences of a column beside it (buckets of one histogram). A
 * centre is taken off, so that residuals lie around 0. The cheapest order is
 * found by counting bits. All sums wrap modulo 2^64, so any values work.
 *
 *   integers_choose                        values -> how, residuals
 *   integers_place, integers_write         all columns of a page -> planes
 *   integers_place, integers_read          planes -> values
 *
 * Planes    Columns whose residuals have the same width stand together: first
 *           the lowest byte of all of them, then the next. Within a plane columns
 *           of like scale are neighbours, so that a piece of it has one
 *           distribution of bytes.
 * Threads   Values.
 * Source    docs/formats/block-pages.md.
 */
#ifndef FUSEBOX_PAGE_INTEGERS_H
#define FUSEBOX_PAGE_INTEGERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum integers_order {
    INTEGERS_PLAIN,
    INTEGERS_DELTA,
    INTEGERS_DELTA2,
    INTEGERS_BESIDE, /* difference minus the difference of the column beside; step 1 */
};

enum {
    INTEGERS_WIDTH_MAX_BYTES = 8,
    INTEGERS_SCALES = 256,
    INTEGERS_PLANES_MAX = 36, /* of all widths: 1 + 2 + ... + 8 */
};

struct integers {
    uint32_t count;      /* values; residuals are one less */
    uint8_t order;       /* enum integers_order */
    bool is_signed;      /* residuals are in zig-zag */
    uint8_t width_bytes; /* of a residual; 0: all are 0 */
    uint8_t scale;       /* four times the mean length of a residual in bits; with width 0: 0 */
    uint64_t first;
    uint64_t centre; /* with INTEGERS_DELTA2: the difference before the first */
    uint64_t step;   /* not 0 */
    uint64_t place;  /* of its lowest plane in the planes of the page; set by integers_place */
};

/* The values and room for as many: two scratches and, on return, count - 1 residuals. */
struct integers_work {
    uint64_t *steps;
    uint64_t *orders;
    uint64_t *residuals;
};

static inline size_t integers_residual_count(const struct integers *c)
{
    return c->count ? c->count - 1 : 0;
}

/*
 * Chooses how to code the values; beside, of the same count, may be NULL. Answers
 * about how many bits they will cost.
 */
uint64_t integers_choose(const int64_t *values, size_t count, const int64_t *beside,
                         const struct integers_work *work, struct integers *ret);

/* The planes of a page: for each width, how many residuals there are and where they begin. */
struct integers_layout {
    uint64_t residual_count[INTEGERS_WIDTH_MAX_BYTES + 1];
    uint64_t begin[INTEGERS_WIDTH_MAX_BYTES + 1];
    uint64_t total_bytes;
};

/* Gives each column its place: by width, scale and then their order in the list. */
void integers_place(struct integers *columns, size_t count, struct integers_layout *ret);

/*
 * Where the planes may be cut so that each piece has one distribution of bytes and
 * at least min_bytes: rising offsets from `base`, the last the end of the planes.
 * Answers how many, at most total_bytes / min_bytes + INTEGERS_PLANES_MAX.
 */
size_t integers_cut(const struct integers *columns, size_t count,
                    const struct integers_layout *layout, size_t min_bytes, size_t base,
                    size_t *ret_ends);

void integers_write(const struct integers *c, const struct integers_layout *layout,
                    const uint64_t *residuals, uint8_t *planes);

/* Gives c->count values; beside is needed for INTEGERS_BESIDE only. */
void integers_read(const struct integers *c, const struct integers_layout *layout,
                   const uint8_t *planes, const int64_t *beside, int64_t *ret_values);

#endif
