#include "page/column_values.h"

#include <string.h>

#include "base/mem.h"
#include "model/sample.h"
#include "page/rational.h"

enum {
    RUN_MEAN_COUNT = 6,    /* values of a run, in the mean, that make runs worth while */
    GOOD_BITS = 32,        /* a form of at most so many bits a value is taken at once */
    EXCEPTIONS_BITS = 128, /* what a list of exceptions costs beside its numbers */
    TABLE_ONE_IN = 4,      /* entries of a table, as a share of the values */
    TABLE_ENTRY_BITS = 64,
    EXCEPTIONS_FEW = 4,
    EXCEPTIONS_ONE_IN = 8, /* beyond few, at most this share of a column */
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
    int64_t seconds[PAGE_SAMPLES_MAX];
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

/* One value in a form with a parameter; false: it is an exception. */
typedef bool split_value(double value, unsigned parameter, int64_t *first, int64_t *second);

static bool split_decimal(double value, unsigned exponent, int64_t *first, int64_t *second)
{
    (void)second;
    return decimal_fits(value, exponent, first);
}

static bool split_rational(double value, unsigned unused, int64_t *first, int64_t *second)
{
    (void)unused;
    return rational_fits(value, first, second);
}

static bool split_near(double value, unsigned exponent, int64_t *first, int64_t *second)
{
    return near_fits(value, exponent, first, second);
}

/* Fills integers, seconds and the exceptions, which leave the numbers before them in their place.
 * Answers how many exceptions there are; gives up beyond `max`. */
static size_t split(struct value_coder *coder, const double *values, size_t count, size_t max,
                    split_value *split_one, unsigned parameter)
{
    size_t exceptions = 0;
    int64_t first = 0, second = 1;

    for (size_t i = 0; i < count && exceptions <= max; i++) {
        if (!split_one(values[i], parameter, &first, &second)) {
            coder->aside[exceptions] = (int64_t)i;
            coder->bits[exceptions++] = (int64_t)sample_bits(values[i]);
        }
        coder->integers[i] = first;
        coder->seconds[i] = second;
    }
    return exceptions;
}

static uint64_t add_exceptions(const struct value_coder *coder, struct parts *parts, size_t count)
{
    uint64_t cost = EXCEPTIONS_BITS;

    if (!count)
        return 0;
    cost += parts_add(parts, coder->aside, count, NULL);
    return cost + parts_add(parts, coder->bits, count, NULL);
}

static uint64_t add_decimals(struct value_coder *coder, struct parts *parts, const double *values,
                             size_t count, struct column *c)
{
    unsigned exponent;
    size_t exceptions;
    uint64_t cost;

    if (!decimal_exponent(values, count, &exponent))
        return UINT64_MAX;
    exceptions = split(coder, values, count, count, split_decimal, exponent);
    c->form = (uint8_t)exponent;
    c->has_exceptions = exceptions > 0;
    cost = add_exceptions(coder, parts, exceptions);
    return cost + parts_add(parts, coder->integers, count, beside_of(coder, count, exponent));
}

static uint64_t add_two(struct value_coder *coder, struct parts *parts, size_t count,
                        size_t exceptions)
{
    uint64_t cost = add_exceptions(coder, parts, exceptions);

    cost += parts_add(parts, coder->integers, count, NULL);
    return cost + parts_add(parts, coder->seconds, count, NULL);
}

static uint64_t add_rationals(struct value_coder *coder, struct parts *parts, const double *values,
                              size_t count, struct column *c)
{
    size_t max = EXCEPTIONS_FEW + count / EXCEPTIONS_ONE_IN;
    size_t exceptions = split(coder, values, count, max, split_rational, 0);

    if (exceptions > max || exceptions >= count)
        return UINT64_MAX;
    rational_unify(coder->integers, coder->seconds, count);
    c->form = FORM_RATIONAL;
    c->has_exceptions = exceptions > 0;
    return add_two(coder, parts, count, exceptions);
}

static uint64_t add_near(struct value_coder *coder, struct parts *parts, const double *values,
                         size_t count, struct column *c)
{
    size_t max = EXCEPTIONS_FEW + count / EXCEPTIONS_ONE_IN;
    unsigned exponent;
    size_t exceptions;

    if (!near_exponent(values, count, &exponent))
        return UINT64_MAX;
    exceptions = split(coder, values, count, max, split_near, exponent);
    if (exceptions > max)
        return UINT64_MAX;
    c->form = (uint8_t)(FORM_NEAR + exponent);
    c->has_exceptions = exceptions > 0;
    return add_two(coder, parts, count, exceptions);
}

static uint64_t add_bits(struct value_coder *coder, struct parts *parts, const double *values,
                         size_t count, struct column *c)
{
    c->form = FORM_BITS;
    c->has_exceptions = false;
    memcpy(coder->bits, values, count * sizeof *values);
    return parts_add(parts, coder->bits, count, NULL);
}

/* Lists the distinct bits in coder->bits; answers how many, more than COLUMN_TABLE_MAX if there
 * are. */
static size_t list_distinct(struct value_coder *coder, const double *values, size_t count)
{
    size_t listed = 0;

    for (size_t i = 0; i < count && listed <= COLUMN_TABLE_MAX; i++) {
        int64_t bits = (int64_t)sample_bits(values[i]);
        size_t at = 0;

        while (at < listed && coder->bits[at] != bits)
            at++;
        if (at == listed)
            coder->bits[listed++] = bits;
        coder->integers[i] = (int64_t)at;
    }
    return listed;
}

static uint64_t add_table(struct value_coder *coder, struct parts *parts, const double *values,
                          size_t count, struct column *c)
{
    size_t listed = list_distinct(coder, values, count);
    uint64_t cost;

    if (!count || listed > COLUMN_TABLE_MAX || listed * TABLE_ONE_IN > count)
        return UINT64_MAX;
    c->form = FORM_TABLE;
    c->has_exceptions = false;
    cost = parts_add(parts, coder->integers, count, NULL);
    (void)parts_add(parts, coder->bits, listed, NULL);
    return cost + listed * TABLE_ENTRY_BITS;
}

typedef uint64_t add_form(struct value_coder *coder, struct parts *parts, const double *values,
                          size_t count, struct column *c);

static add_form *const forms[] = { add_decimals, add_rationals, add_table, add_near, add_bits };

/* Tries one form after the other and keeps the parts of the cheapest. */
static void add_heads(struct value_coder *coder, struct parts *parts, const double *values,
                      size_t count, struct column *c)
{
    const struct column begin_column = *c;
    struct parts_mark begin = parts_mark(parts);
    struct parts_mark end = begin;
    uint64_t best = UINT64_MAX;

    for (size_t i = 0; i < ARRAY_LEN(forms) && (i == 0 || best > GOOD_BITS * count); i++) {
        struct column other = begin_column;
        uint64_t cost = forms[i](coder, parts, values, count, &other);

        if (cost < best) {
            parts_replace(parts, begin, end);
            *c = other;
            best = cost;
        } else {
            parts_undo(parts, end);
        }
        end = parts_mark(parts);
    }
}

/* Remembers the main part for the column that comes next. */
static void remember(struct value_coder *coder, const struct parts *parts, const struct column *c)
{
    const struct integers *main_part = &parts->items[column_main_part(c)];
    int64_t *integers = coder->integers;

    coder->chain_count = main_part->order == INTEGERS_BESIDE ? coder->chain_count + 1 : 0;
    coder->before_count = c->has_runs || c->form > FORM_DECIMAL_LAST ? 0 : c->count;
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
