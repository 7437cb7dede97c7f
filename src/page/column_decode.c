#include <string.h>

#include "base/mem.h"
#include "page/column_values.h"
#include "page/rational.h"

static void release_rooms(struct value_decoder *d)
{
    mem_free(d->values);
    mem_free(d->heads);
    mem_free(d->integers);
    mem_free(d->beside);
    mem_free(d->aside);
    mem_free(d->bits);
}

void value_decoder_release(struct value_decoder *d)
{
    release_rooms(d);
    *d = (struct value_decoder){ .integers_slot = SIZE_MAX };
}

size_t value_decoder_bytes(const struct value_decoder *d)
{
    return 6 * d->capacity_count * sizeof *d->values;
}

enum err value_decoder_begin_page(struct value_decoder *d, size_t count_max)
{
    size_t bytes = count_max * sizeof *d->values;

    d->integers_slot = SIZE_MAX;
    if (count_max <= d->capacity_count)
        return ERR_OK;
    value_decoder_release(d);
    d->values = mem_alloc(bytes);
    d->heads = mem_alloc(bytes);
    d->integers = mem_alloc(bytes);
    d->beside = mem_alloc(bytes);
    d->aside = mem_alloc(bytes);
    d->bits = mem_alloc(bytes);
    if (!d->values || !d->heads || !d->integers || !d->beside || !d->aside || !d->bits) {
        value_decoder_release(d);
        return ERR_NOMEM;
    }
    d->capacity_count = count_max;
    return ERR_OK;
}

static void read_part(const struct column_source *page, size_t part, const int64_t *beside,
                      int64_t *ret)
{
    integers_read(&page->parts[part], page->layout, page->planes, beside, ret);
}

/* The main part of a column, and of those before it that it stands beside. */
static void read_main(struct value_decoder *d, const struct column_source *page, size_t slot)
{
    size_t from = slot;

    if (d->integers_slot == slot)
        return;
    while (page->parts[column_main_part(&page->columns[from])].order == INTEGERS_BESIDE) {
        from--;
        if (d->integers_slot == from) {
            from++;
            break;
        }
    }
    for (; from <= slot; from++) {
        int64_t *before = d->integers;

        d->integers = d->beside;
        d->beside = before;
        read_part(page, column_main_part(&page->columns[from]), before, d->integers);
        d->integers_slot = from;
    }
}

static bool put_exceptions(struct value_decoder *d, const struct column_source *page,
                           const struct column *c, size_t head_count, double *heads)
{
    size_t part = c->first_part + (c->has_runs ? 1u : 0u);
    size_t count = page->parts[part].count;

    read_part(page, part, NULL, d->aside);
    read_part(page, part + 1, NULL, d->bits);
    for (size_t i = 0; i < count; i++) {
        if ((uint64_t)d->aside[i] >= head_count)
            return false;
        memcpy(&heads[d->aside[i]], &d->bits[i], sizeof *heads);
    }
    return true;
}

static bool expand_runs(struct value_decoder *d, const struct column_source *page,
                        const struct column *c)
{
    size_t runs = page->parts[c->first_part].count;
    size_t at = 0;

    read_part(page, c->first_part, NULL, d->aside);
    for (size_t i = 0; i < runs; i++) {
        if (d->aside[i] < 1 || (uint64_t)d->aside[i] > c->count - at)
            return false;
        for (size_t end = at + (size_t)d->aside[i]; at < end; at++)
            d->values[at] = d->heads[i];
    }
    return at == c->count;
}

static bool look_up(const int64_t *places, size_t count, const int64_t *table, size_t table_count,
                    double *heads)
{
    for (size_t i = 0; i < count; i++) {
        if ((uint64_t)places[i] >= table_count)
            return false;
        memcpy(&heads[i], &table[places[i]], sizeof *heads);
    }
    return true;
}

static bool read_heads(struct value_decoder *d, const struct column_source *page, size_t slot,
                       size_t count, double *heads)
{
    const struct column *c = &page->columns[slot];

    read_main(d, page, slot);
    if (column_main_part_count(c) == 2)
        read_part(page, column_main_part(c) + 1, NULL, d->bits);
    if (c->form <= FORM_DECIMAL_LAST)
        decimal_values(d->integers, count, c->form, heads);
    else if (c->form == FORM_BITS)
        memcpy(heads, d->integers, count * sizeof *heads);
    else if (c->form == FORM_RATIONAL)
        rational_values(d->integers, d->bits, count, heads);
    else if (c->form == FORM_TABLE)
        return look_up(d->integers, count, d->bits, page->parts[column_main_part(c) + 1].count,
                       heads);
    else
        near_values(d->integers, d->bits, count, c->form - (unsigned)FORM_NEAR, heads);
    return true;
}

bool value_decode(struct value_decoder *d, const struct column_source *page, size_t slot,
                  const double **ret_values)
{
    const struct column *c = &page->columns[slot];
    size_t head_count = page->parts[column_main_part(c)].count;
    double *heads = c->has_runs ? d->heads : d->values;

    if (!read_heads(d, page, slot, head_count, heads))
        return false;
    if (c->has_exceptions && !put_exceptions(d, page, c, head_count, heads))
        return false;
    if (c->has_runs && !expand_runs(d, page, c))
        return false;
    *ret_values = d->values;
    return true;
}

const int64_t *time_decode(struct value_decoder *d, const struct column_source *page, size_t slot)
{
    read_main(d, page, slot);
    return d->integers;
}
