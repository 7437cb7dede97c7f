/*
 * A list of rising numbers is a sequence of
 *
 *   varint  2 * gap        one series, `gap` behind the least that could come; or
 *   varint  2 * gap + 1    a run of neighbours from there on, and
 *   varint  their number - 2
 *
 * Example: 3, 7, 8, 9, 11 is gap 3; gap 3 and a run of 3; gap 1: 06 07 01 02.
 */
#include "block/postings.h"

#include <string.h>

#include "base/mem.h"
#include "page/bytes.h"

enum { WORD_BITS = 64 };

void postings_put(const uint32_t *series, size_t count, struct buf *out)
{
    uint64_t next = 0;

    for (size_t i = 0; i < count;) {
        size_t run = 1;

        while (i + run < count && series[i + run] == series[i] + run)
            run++;
        bytes_put_varint(out, 2 * (series[i] - next) + (run > 1));
        if (run > 1)
            bytes_put_varint(out, run - 2);
        next = series[i] + run;
        i += run;
    }
}

/* --- sets --- */

bool series_set_init(struct series_set *s, uint32_t series_count, bool full)
{
    *s = (struct series_set){ .series_count = series_count };
    s->word_count = ((size_t)series_count + WORD_BITS - 1) / WORD_BITS;
    s->words = mem_alloc_zero(s->word_count, sizeof *s->words);
    if (!s->words)
        return false;
    if (full && s->word_count) {
        memset(s->words, 0xFF, s->word_count * sizeof *s->words);
        if (series_count % WORD_BITS)
            s->words[s->word_count - 1] = (UINT64_C(1) << series_count % WORD_BITS) - 1;
    }
    return true;
}

void series_set_release(struct series_set *s)
{
    mem_free(s->words);
    *s = (struct series_set){ 0 };
}

void series_set_add(struct series_set *s, uint32_t series)
{
    s->words[series / WORD_BITS] |= UINT64_C(1) << series % WORD_BITS;
}

static void add_run(struct series_set *s, uint64_t first, uint64_t count)
{
    uint64_t end = first + count;

    while (first < end && (first % WORD_BITS || end - first < WORD_BITS))
        series_set_add(s, (uint32_t)first++);
    for (; end - first >= WORD_BITS; first += WORD_BITS)
        s->words[first / WORD_BITS] = UINT64_MAX;
    while (first < end)
        series_set_add(s, (uint32_t)first++);
}

void series_set_intersect(struct series_set *s, const struct series_set *other)
{
    for (size_t i = 0; i < s->word_count; i++)
        s->words[i] &= other->words[i];
}

void series_set_subtract(struct series_set *s, const struct series_set *other)
{
    for (size_t i = 0; i < s->word_count; i++)
        s->words[i] &= ~other->words[i];
}

size_t series_set_count(const struct series_set *s)
{
    size_t count = 0;

    for (size_t i = 0; i < s->word_count; i++)
        count += (size_t)__builtin_popcountll(s->words[i]);
    return count;
}

void series_set_list(const struct series_set *s, uint32_t *ret)
{
    for (size_t i = 0; i < s->word_count; i++)
        for (uint64_t word = s->words[i]; word; word &= word - 1)
            *ret++ = (uint32_t)(i * WORD_BITS + (size_t)__builtin_ctzll(word));
}

/* --- reading --- */

/* The number in r->value is whole. */
static bool take_number(struct postings_reader *r)
{
    uint64_t first = r->next;
    uint64_t count = 1;

    if (r->in_run) {
        count = r->value + 1; /* the first of the run is in the set already */
        r->in_run = false;
    } else {
        first += r->value >> 1;
        r->in_run = r->value & 1;
    }
    if (first >= r->set->series_count || count > r->set->series_count - first)
        return false;
    add_run(r->set, first, count);
    r->next = first + count;
    r->count += count;
    return true;
}

bool postings_feed(struct postings_reader *r, struct str bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint64_t byte = (uint8_t)bytes.ptr[i];

        if (r->shift > 28)
            return false;
        r->value |= (byte & 0x7F) << r->shift;
        r->shift += 7;
        if (byte & 0x80)
            continue;
        if (!take_number(r))
            return false;
        r->value = 0;
        r->shift = 0;
    }
    return true;
}

bool postings_are_whole(const struct postings_reader *r)
{
    return !r->shift && !r->in_run;
}
