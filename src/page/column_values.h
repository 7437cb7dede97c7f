/*
 * Column of values: doubles as integer parts, and back bit for bit.
 *
 * Values that stay for long are first cut into runs. Then the heads of the runs
 * (or all values) take the form that costs least: decimals of a common exponent,
 * quotients of whole numbers, decimals off by some units in the last place, each
 * with exceptions for the few that are none (NaN, stale markers, infinities); or
 * the bits of the doubles as integers; or places in a table of a few such bits.
 *
 *   value_coder_new -> value_coder_begin_page -> { value_coder_add }* -> value_coder_free
 *   value_decode_init -> value_decode -> value_decode_release
 *
 * Parts     In this order: lengths of runs; places and bits of exceptions; the
 *           main part; the second part of forms that have two.
 * Threads   Single owner.
 * Source    docs/formats/block-pages.md.
 */
#ifndef FUSEBOX_PAGE_COLUMN_VALUES_H
#define FUSEBOX_PAGE_COLUMN_VALUES_H

#include "base/err.h"
#include "page/decimal.h"
#include "page/near.h"
#include "page/parts.h"

/* Up to FORM_DECIMAL_LAST the form is the exponent. */
enum column_form {
    FORM_DECIMAL_LAST = DECIMAL_EXPONENT_MAX,
    FORM_BITS,
    FORM_RATIONAL,
    FORM_NEAR,                                      /* + exponent, which is at least 1 */
    FORM_TABLE = FORM_NEAR + NEAR_EXPONENT_MAX + 1, /* places in a list of bits */
    FORMS,
};

enum { COLUMN_TABLE_MAX = 64 };

enum { COLUMN_CHAIN_MAX = 24 }; /* columns in a row that are each coded beside the one before */

struct column {
    uint32_t count; /* values */
    uint8_t form;   /* enum column_form */
    bool has_runs;
    bool has_exceptions;
    uint32_t first_part; /* number in the page's parts */
};

struct value_coder;

struct value_coder *value_coder_new(void) MUST_CHECK; /* NULL: no memory */
void value_coder_free(struct value_coder *coder);     /* NULL is allowed */
void value_coder_begin_page(struct value_coder *coder);
void value_coder_add(struct value_coder *coder, struct parts *parts, const double *values,
                     size_t count, struct column *ret);

static inline size_t column_main_part(const struct column *c)
{
    return c->first_part + (c->has_runs ? 1u : 0u) + (c->has_exceptions ? 2u : 0u);
}

static inline size_t column_main_part_count(const struct column *c)
{
    return c->form >= FORM_RATIONAL ? 2 : 1;
}

static inline size_t column_part_count(const struct column *c)
{
    return column_main_part(c) - c->first_part + column_main_part_count(c);
}

/* A page as it is read; the planes hold what the layout says. */
struct column_source {
    const struct column *columns;
    const struct integers *parts;
    const struct integers_layout *layout;
    const uint8_t *planes;
};

/* Room for the columns of one page, kept from page to page. */
struct value_decoder {
    size_t capacity_count; /* values of the largest column so far */
    double *values;
    double *heads;
    int64_t *integers; /* of the main part of integers_slot */
    int64_t *beside;
    int64_t *aside;       /* runs, places of exceptions */
    int64_t *bits;        /* of exceptions */
    size_t integers_slot; /* SIZE_MAX: none */
};

void value_decoder_release(struct value_decoder *d); /* all-zero is allowed */
size_t value_decoder_bytes(const struct value_decoder *d);
/* Begins a page whose largest column has so many values. ERR_NOMEM. */
enum err value_decoder_begin_page(struct value_decoder *d, size_t count_max) MUST_CHECK;
/* False: the parts contradict each other. *ret_values is the decoder's. */
bool value_decode(struct value_decoder *d, const struct column_source *page, size_t slot,
                  const double **ret_values) MUST_CHECK;
const int64_t *time_decode(struct value_decoder *d, const struct column_source *page, size_t slot);

#endif
