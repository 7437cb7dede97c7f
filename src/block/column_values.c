#include "block/column_values.h"

#include <string.h>

#include "base/mem.h"
#include "model/sample.h"

enum {
    RUN_MEAN_COUNT = 6,         /* values of a run, in the mean, that make runs worth while */
    DECIMAL_GOOD_BITS = 24,     /* a decimal at most so long is taken without looking further */
    COLUMN_EXCEPTION_BITS = 64, /* an exception's fixed costs beside its parts */
};

struct value_coder {
    size_t chain_count;  /* columns before that are coded beside each other */
    size_t before_count; /* integers of the column before; 0: none that may stand beside */
    unsigned before_form;
    int64_t *before;   /* points into rooms */
    int64_t *integers; /* the same */
    double heads[PAGE_SAMPLES_MAX];
    int64_t aside[PAGE_SAMPLES_MAX]; /* runs, places of exceptions */
    int64_t bits[PAGE_SAMPLES_MAX];
    int64_t rooms[2][PAGE_SAMPLES_MAX];
};

struct value_coder *value_coder_new(void)
{
    struct value_coder *coder = mem_alloc(sizeof *coder);

    if (!coder)
        return NULL;
    coder->before = coder->rooms[0];
    coder->integers = coder->rooms[1];
    value_coder_begin_page(coder);
    return coder;
}

void value_coder_free(struct value_coder *coder)
{
    mem_free(coder);
}

void value_coder_begin_page(struct value_coder *coder)
{
    coder->before_count = 0;
    coder->chain_count = 0;
}

static size_t count_runs(const double *values, size_t count)
{
    size_t runs = count > 0;

    for (size_t i = 1; i < count; i++)
        runs += sample_bits(values[i]) != sample_bits(values[i - 1]);
    return runs;
}

static size_t cut_runs(struct value_coder *coder, const double *values, size_t count)
{
    size_t runs = 0;

    for (size_t i = 0, begin = 0; i < count; i++) {
        if (i + 1 < count && sample_bits(values[i + 1]) == sample_bits(values[i]))
            continue;
        coder->heads[runs] = values[i];
        coder->aside[runs++] = (int64_t)(i + 1 - begin);
        begin = i + 1;
    }
    return runs;
}

/* What the column before has beside us, when it is of our kind. */
static const int64_t *beside_of(const struct value_coder *coder, size_t count, unsigned form)
{
    bool may = coder->before_count == count && coder->before_form == form &&
               coder->chain_count < COLUMN_CHAIN_MAX;

    return may ? coder->before : NULL;
}

/* An exception leaves the integer before it in its place. */
static size_t split_decimals(struct value_coder *coder, const double *values, size_t count,
                             unsigned exponent)
{
    size_t exceptions = 0;
    int64_t integer = 0;

    for (size_t i = 0; i < count; i++) {
        if (!decimal_fits(values[i], exponent, &integer)) {
            coder->aside[exceptions] = (int64_t)i;
            coder->bits[exceptions++] = (int64_t)sample_bits(values[i]);
        }
        coder->integers[i] = integer;
    }
    return exceptions;
}

static uint64_t add_decimals(struct value_coder *coder, struct parts *parts, const double *values,
                             size_t count, struct column *c)
{
    unsigned exponent;
    size_t exceptions;
    uint64_t cost = 0;

    if (!decimal_exponent(values, count, &exponent))
        return UINT64_MAX;
    c->form = (uint8_t)exponent;
    exceptions = split_decimals(coder, values, count, exponent);
    c->has_exceptions = exceptions > 0;
    if (exceptions) {
        cost += parts_add(parts, coder->aside, exceptions, NULL) + COLUMN_EXCEPTION_BITS;
        cost += parts_add(parts, coder->bits, exceptions, NULL) + COLUMN_EXCEPTION_BITS;
    }
    return cost + parts_add(parts, coder->integers, count, beside_of(coder, count, exponent));
}

static uint64_t add_bits(struct value_coder *coder, struct parts *parts, const double *values,
                         size_t count, struct column *c)
{
    c->form = FORM_BITS;
    c->has_exceptions = false;
    memcpy(coder->bits, values, count * sizeof *values);
    return parts_add(parts, coder->bits, count, NULL);
}

static void add_heads(struct value_coder *coder, struct parts *parts, const double *values,
                      size_t count, struct column *c)
{
    struct parts_mark begin = parts_mark(parts);
    struct column other = *c;
    uint64_t cost = add_decimals(coder, parts, values, count, c);
    struct parts_mark end = parts_mark(parts);

    if (cost <= (uint64_t)DECIMAL_GOOD_BITS * count)
        return;
    if (add_bits(coder, parts, values, count, &other) < cost) {
        parts_replace(parts, begin, end);
        *c = other;
    } else {
        parts_undo(parts, end);
    }
}

/* Remembers the main part for the column that comes next. */
static void remember(struct value_coder *coder, const struct parts *parts, const struct column *c)
{
    const struct integers *main_part = &parts->items[column_main_part(c)];
    int64_t *integers = coder->integers;

    coder->chain_count = main_part->order == INTEGERS_BESIDE ? coder->chain_count + 1 : 0;
    coder->before_count = c->has_runs || c->form == FORM_BITS ? 0 : c->count;
    coder->before_form = c->form;
    coder->integers = coder->before;
    coder->before = integers;
}

void value_coder_add(struct value_coder *coder, struct parts *parts, const double *values,
                     size_t count, struct column *ret)
{
    struct column c = { .count = (uint32_t)count, .first_part = (uint32_t)parts->count };
    size_t runs = count_runs(values, count);

    c.has_runs = runs > 1 && runs * RUN_MEAN_COUNT <= count;
    if (c.has_runs) {
        cut_runs(coder, values, count);
        (void)parts_add(parts, coder->aside, runs, NULL);
        coder->before_count = 0;
        add_heads(coder, parts, coder->heads, runs, &c);
    } else {
        add_heads(coder, parts, values, count, &c);
    }
    remember(coder, parts, &c);
    *ret = c;
}
