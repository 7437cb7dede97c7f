/*
 * All numbers are varints. Lengths follow each other in the order of the file, so
 * that offsets need not be written.
 *
 *   number of pages of values and times
 *     per page   length * 2 (values), or length * 2 + 1 (times) and its number of columns
 *   number of pages of pairs
 *     per page   length; name and value of its first pair, each with its length
 *   number of pages of series
 *     per page   length, number of series
 *   number of frames of postings
 *     per frame  length
 */
#include "block/directory.h"

#include <string.h>

#include "base/mem.h"
#include "block/pairs_page.h"
#include "page/bytes.h"
#include "page/page.h"

/* --- writing --- */

void directory_draft_init(struct directory_draft *d)
{
    *d = (struct directory_draft){
        .pages = buf_limited(UINT32_MAX),
        .pairs = buf_limited(UINT32_MAX),
        .series = buf_limited(UINT32_MAX),
        .postings = buf_limited(UINT32_MAX),
    };
}

void directory_draft_release(struct directory_draft *d)
{
    buf_release(&d->pages);
    buf_release(&d->pairs);
    buf_release(&d->series);
    buf_release(&d->postings);
}

void directory_draft_page(struct directory_draft *d, size_t len, size_t column_count)
{
    bytes_put_varint(&d->pages, 2 * (uint64_t)len + (column_count > 0));
    if (column_count)
        bytes_put_varint(&d->pages, column_count);
    d->page_count++;
}

void directory_draft_pairs(struct directory_draft *d, size_t len, struct label first)
{
    bytes_put_varint(&d->pairs, len);
    bytes_put_text(&d->pairs, first.name);
    bytes_put_text(&d->pairs, first.value);
    d->pairs_count++;
}

void directory_draft_series(struct directory_draft *d, size_t len, size_t series_count)
{
    bytes_put_varint(&d->series, len);
    bytes_put_varint(&d->series, series_count);
    d->series_count++;
}

void directory_draft_postings(struct directory_draft *d, size_t len)
{
    bytes_put_varint(&d->postings, len);
    d->postings_count++;
}

static void put_section(struct buf *out, uint64_t count, const struct buf *section)
{
    bytes_put_varint(out, count);
    buf_append_str(out, buf_str(section));
    if (!buf_error(out))
        out->failed = buf_error(section);
}

enum err directory_draft_encode(const struct directory_draft *d, struct buf *out)
{
    put_section(out, d->page_count, &d->pages);
    put_section(out, d->pairs_count, &d->pairs);
    put_section(out, d->series_count, &d->series);
    put_section(out, d->postings_count, &d->postings);
    return buf_error(out);
}

/* --- reading --- */

/* A walk over one section: what was taken of its place in the file and of its numbers. */
struct section {
    struct bytes_reader *r;
    uint64_t at, end;
    uint64_t number;
};

/* One more entry whose items hold so many numbers; `len` as it was read. */
static bool add(struct section *s, struct extents *x, uint64_t len, uint64_t numbers)
{
    if (s->r->bad || !len || len > s->end - s->at || s->number > UINT32_MAX)
        return false;
    x->items[x->count++] = (struct extent){ s->at, (uint32_t)len, (uint32_t)s->number };
    s->at += len;
    s->number += numbers;
    return true;
}

/* Room for `count` entries of which each takes a byte at least. */
static bool reserve(struct directory *d, struct bytes_reader *r, struct extents *x, uint64_t count)
{
    if (count > bytes_left(r)) {
        r->bad = true;
        return true;
    }
    x->items = mem_alloc_zero((size_t)count, sizeof *x->items);
    d->memory_bytes += (size_t)count * sizeof *x->items;
    return x->items != NULL;
}

static bool is_whole(const struct section *s, uint64_t number)
{
    return !s->r->bad && s->at == s->end && s->number == number;
}

static bool add_page(struct directory *d, struct section *s)
{
    uint64_t token = bytes_take_varint(s->r, 2 * (uint64_t)BLOCK_EXTENT_MAX_BYTES + 1);
    uint64_t columns = token & 1 ? bytes_take_varint(s->r, PAGE_COLUMNS_MAX) : 0;

    return add(s, token & 1 ? &d->times : &d->values, token / 2, columns);
}

static enum err read_pages(struct directory *d, struct bytes_reader *r, const struct layout *l)
{
    struct section s = { r, BLOCK_HEADER_BYTES, l->pairs_at, 0 };
    uint64_t count = bytes_take_varint(r, UINT32_MAX);

    if (!reserve(d, r, &d->values, count) || !reserve(d, r, &d->times, count))
        return ERR_NOMEM;
    for (uint64_t i = 0; i < count && !r->bad; i++)
        if (!add_page(d, &s))
            return ERR_CORRUPT;
    return is_whole(&s, l->column_count) && d->times.count ? ERR_OK : ERR_CORRUPT;
}

static enum err read_pairs(struct directory *d, struct bytes_reader *r, const struct layout *l)
{
    struct section s = { r, l->pairs_at, l->series_at, 0 };
    uint64_t count = bytes_take_varint(r, UINT32_MAX);

    if (count != (l->pair_count - 1) / BLOCK_PAIRS_PER_PAGE + 1 || count > bytes_left(r))
        return ERR_CORRUPT;
    if (!reserve(d, r, &d->pairs, count))
        return ERR_NOMEM;
    d->first_pairs = mem_alloc_zero((size_t)count, sizeof *d->first_pairs);
    if (!d->first_pairs)
        return ERR_NOMEM;
    d->memory_bytes += (size_t)count * sizeof *d->first_pairs;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t len = bytes_take_varint(r, BLOCK_EXTENT_MAX_BYTES);

        d->first_pairs[i].name = bytes_take_text(r, LABEL_NAME_MAX_BYTES);
        d->first_pairs[i].value = bytes_take_text(r, LABEL_VALUE_MAX_BYTES);
        if (!add(&s, &d->pairs, len, BLOCK_PAIRS_PER_PAGE))
            return ERR_CORRUPT;
    }
    return is_whole(&s, count * BLOCK_PAIRS_PER_PAGE) ? ERR_OK : ERR_CORRUPT;
}

static enum err read_series(struct directory *d, struct bytes_reader *r, const struct layout *l)
{
    struct section s = { r, l->series_at, l->postings_at, 0 };
    uint64_t count = bytes_take_varint(r, UINT32_MAX);

    if (!reserve(d, r, &d->series, count))
        return ERR_NOMEM;
    for (uint64_t i = 0; i < count && !r->bad; i++) {
        uint64_t len = bytes_take_varint(r, BLOCK_EXTENT_MAX_BYTES);
        uint64_t series = bytes_take_varint(r, BLOCK_SERIES_PER_PAGE);

        if (!series || !add(&s, &d->series, len, series))
            return ERR_CORRUPT;
    }
    return is_whole(&s, l->series_count) ? ERR_OK : ERR_CORRUPT;
}

static enum err read_postings(struct directory *d, struct bytes_reader *r, const struct layout *l)
{
    struct section s = { r, l->postings_at, l->directory_at, 0 };
    uint64_t count = bytes_take_varint(r, UINT32_MAX);
    uint64_t full = l->postings_bytes / BLOCK_POSTINGS_FRAME_BYTES;

    if (count != full + (l->postings_bytes % BLOCK_POSTINGS_FRAME_BYTES > 0))
        return ERR_CORRUPT;
    if (!reserve(d, r, &d->postings, count))
        return ERR_NOMEM;
    for (uint64_t i = 0; i < count && !r->bad; i++)
        if (!add(&s, &d->postings, bytes_take_varint(r, BLOCK_EXTENT_MAX_BYTES), 1))
            return ERR_CORRUPT;
    return is_whole(&s, count) ? ERR_OK : ERR_CORRUPT;
}

static enum err read_all(struct directory *d, struct str text, const struct layout *layout)
{
    struct bytes_reader r = bytes_reader_of(text);
    enum err err = read_pages(d, &r, layout);

    if (!err)
        err = read_pairs(d, &r, layout);
    if (!err)
        err = read_series(d, &r, layout);
    if (!err)
        err = read_postings(d, &r, layout);
    return !err && !bytes_are_read(&r) ? ERR_CORRUPT : err;
}

enum err directory_read(char *bytes, struct str text, const struct layout *layout,
                        struct directory **ret, struct diag *diag)
{
    struct directory *d = mem_alloc_zero(1, sizeof *d);
    enum err err;

    if (!d) {
        mem_free(bytes);
        return diag_set(diag, ERR_NOMEM, "no memory for the directory");
    }
    d->bytes = bytes;
    d->memory_bytes = sizeof *d + text.len;
    err = read_all(d, text, layout);
    if (err) {
        directory_free(d);
        return diag_set(diag, err, "%s",
                        err == ERR_NOMEM ? "no memory for the directory"
                                         : "the directory describes another file");
    }
    *ret = d;
    return ERR_OK;
}

void directory_free(struct directory *d)
{
    if (!d)
        return;
    mem_free(d->values.items);
    mem_free(d->times.items);
    mem_free(d->pairs.items);
    mem_free(d->series.items);
    mem_free(d->postings.items);
    mem_free(d->first_pairs);
    mem_free(d->bytes);
    mem_free(d);
}

size_t extents_find(const struct extents *x, uint32_t number)
{
    size_t low = 0;
    size_t high = x->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (x->items[middle].first <= number)
            low = middle;
        else
            high = middle;
    }
    return low;
}

size_t directory_find_pair(const struct directory *d, struct label pair)
{
    size_t low = 0;
    size_t high = d->pairs.count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (pairs_compare(d->first_pairs[middle], pair) <= 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}
