#include "block/cursor.h"

#include <zstd.h>

#include "base/mem.h"

enum { LABEL_TEXT_MAX_BYTES = LABELS_MAX * (LABEL_NAME_MAX_BYTES + LABEL_VALUE_MAX_BYTES) };

enum err block_cursor_new(struct block *b, struct block_cursor **ret)
{
    struct block_cursor *c = mem_alloc_zero(1, sizeof *c);

    if (!c)
        return ERR_NOMEM;
    c->bytes = buf_limited(BLOCK_EXTENT_MAX_BYTES);
    c->raw = buf_limited(BLOCK_FRAME_RAW_MAX_BYTES);
    c->label_text = buf_limited(LABEL_TEXT_MAX_BYTES);
    c->values_page = c->times_page = c->series_page = SIZE_MAX;
    c->column = c->reported_at = UINT64_MAX;
    for (size_t i = 0; i < CURSOR_PAIRS_PAGES; i++)
        c->pairs[i].number = SIZE_MAX;
    series_page_init(&c->series);
    c->block = block_ref(b);
    c->zstd = ZSTD_createDCtx();
    if (!c->zstd) {
        block_cursor_free(c);
        return ERR_NOMEM;
    }
    *ret = c;
    return ERR_OK;
}

void cursor_report(struct block_cursor *c, block_on_damage *on_damage, void *ctx,
                   const struct diag *why)
{
    if (on_damage && c->reported_at != why->position_bytes)
        on_damage(ctx, block_path(c->block), why->position_bytes, diag_text(why));
    c->reported_at = why->position_bytes;
}

enum err cursor_prepare(struct block_cursor *c, struct diag *why)
{
    return c->directory ? ERR_OK : block_take_directory(c->block, &c->directory, why);
}

void block_cursor_free(struct block_cursor *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < CURSOR_PAIRS_PAGES; i++)
        pairs_page_release(&c->pairs[i].page);
    series_page_release(&c->series);
    page_reader_release(&c->values);
    page_reader_release(&c->times);
    buf_release(&c->bytes);
    buf_release(&c->raw);
    buf_release(&c->label_text);
    ZSTD_freeDCtx(c->zstd);
    if (c->directory)
        block_drop_directory(c->block);
    block_unref(c->block);
    mem_free(c);
}

size_t block_cursor_bytes(const struct block_cursor *c)
{
    size_t bytes = sizeof *c + c->bytes.capacity_bytes + c->raw.capacity_bytes +
                   c->label_text.capacity_bytes + series_page_bytes(&c->series) +
                   ZSTD_sizeof_DCtx(c->zstd);

    if (c->values.state)
        bytes += page_reader_bytes(&c->values);
    if (c->times.state)
        bytes += page_reader_bytes(&c->times);
    for (size_t i = 0; i < CURSOR_PAIRS_PAGES; i++)
        bytes += pairs_page_bytes(&c->pairs[i].page);
    return bytes;
}

/* --- pages of samples --- */

static enum err load_page(struct block_cursor *c, enum page_kind kind, const struct extent *at,
                          struct diag *why)
{
    struct page_reader *reader = kind == PAGE_TIMES ? &c->times : &c->values;
    enum err err = ERR_OK;

    if (!reader->state)
        err = page_reader_init(reader);
    if (!err)
        err = block_file_read(&c->block->file, at->offset, at->len, &c->bytes, why);
    if (!err)
        err = page_reader_load(reader, kind, buf_str(&c->bytes), why);
    return block_error_at(err, at->offset, why);
}

enum err cursor_load_values(struct block_cursor *c, size_t page, struct diag *why)
{
    enum err err;

    if (c->values_page == page)
        return ERR_OK;
    c->values_page = SIZE_MAX;
    err = load_page(c, PAGE_VALUES, &c->directory->values.items[page], why);
    if (!err)
        c->values_page = page;
    return err;
}

enum err cursor_load_times(struct block_cursor *c, size_t page, struct diag *why)
{
    enum err err;

    if (c->times_page == page)
        return ERR_OK;
    c->times_page = SIZE_MAX;
    c->column = UINT64_MAX;
    err = load_page(c, PAGE_TIMES, &c->directory->times.items[page], why);
    if (!err)
        c->times_page = page;
    return err;
}

enum err cursor_values(struct block_cursor *c, size_t page, size_t slot, const double **ret_values,
                       size_t *ret_count, struct diag *why)
{
    enum err err = cursor_load_values(c, page, why);

    if (err)
        return err;
    err = page_reader_values(&c->values, slot, ret_values, ret_count);
    if (err == ERR_CORRUPT)
        diag_set(why, err, "a column of values does not decode");
    return block_error_at(err, c->directory->values.items[page].offset, why);
}

static bool times_rise(const int64_t *times_ms, size_t count)
{
    size_t i = 1;

    while (i < count && times_ms[i - 1] < times_ms[i])
        i++;
    return count && i >= count;
}

enum err cursor_times(struct block_cursor *c, uint32_t column, const int64_t **ret_times_ms,
                      size_t *ret_count, struct diag *why)
{
    size_t page = extents_find(&c->directory->times, column);
    const struct extent *at = &c->directory->times.items[page];
    enum err err = cursor_load_times(c, page, why);

    if (!err && c->column != column) {
        c->column = UINT64_MAX;
        err = page_reader_times(&c->times, column - at->first, &c->column_times_ms,
                                &c->column_count);
        if (!err && !times_rise(c->column_times_ms, c->column_count))
            err = ERR_CORRUPT;
        if (err == ERR_CORRUPT)
            diag_set(why, err, "a column of times does not decode");
        if (err)
            return block_error_at(err, at->offset, why);
        c->column = column;
    }
    *ret_times_ms = c->column_times_ms;
    *ret_count = c->column_count;
    return err;
}

/* --- frames of the index --- */

/* Reads and unpacks a frame into c->raw. */
static enum err load_frame(struct block_cursor *c, enum frame_kind kind, const struct extent *at,
                           struct diag *why)
{
    enum err err = block_file_read(&c->block->file, at->offset, at->len, &c->bytes, why);

    if (!err)
        err = frame_unpack(c->zstd, kind, at->offset, buf_str(&c->bytes), &c->raw, why);
    return block_error_at(err, at->offset, why);
}

/* How many the page holds, of `total` in all. */
static size_t count_in(const struct extents *x, size_t page, uint64_t total)
{
    uint64_t end = page + 1 < x->count ? x->items[page + 1].first : total;

    return (size_t)(end - x->items[page].first);
}

static enum err read_series_page(struct block_cursor *c, size_t page, struct diag *why)
{
    const struct layout *l = &c->block->layout;
    struct series_page_limits limits = {
        .count = count_in(&c->directory->series, page, l->series_count),
        .pair_count = l->pair_count,
        .page_count = c->directory->values.count,
        .column_count = l->column_count,
    };
    enum err err = series_page_read(&c->series, buf_str(&c->raw), &limits);

    if (err == ERR_CORRUPT)
        diag_set(why, err, "a page of the series table does not decode");
    return block_error_at(err, c->directory->series.items[page].offset, why);
}

enum err cursor_series(struct block_cursor *c, uint32_t series, size_t *ret_idx, struct diag *why)
{
    size_t page = extents_find(&c->directory->series, series);
    const struct extent *at = &c->directory->series.items[page];

    if (series >= c->block->layout.series_count)
        return diag_set(why, ERR_INVALID, "it has no series %u", series);
    if (c->series_page != page) {
        enum err err = load_frame(c, FRAME_SERIES, at, why);

        c->series_page = SIZE_MAX;
        if (!err)
            err = read_series_page(c, page, why);
        if (err)
            return err;
        c->series_page = page;
    }
    *ret_idx = series - at->first;
    return ERR_OK;
}

/* The cached page, or the one that was not used for longest. */
static struct cached_pairs *find_cached(struct block_cursor *c, size_t page)
{
    struct cached_pairs *oldest = &c->pairs[0];

    for (size_t i = 0; i < CURSOR_PAIRS_PAGES; i++) {
        if (c->pairs[i].number == page)
            return &c->pairs[i];
        if (c->pairs[i].used < oldest->used)
            oldest = &c->pairs[i];
    }
    return oldest;
}

static enum err load_pairs(struct block_cursor *c, size_t page, struct cached_pairs *cached,
                           struct diag *why)
{
    const struct extent *at = &c->directory->pairs.items[page];
    size_t count = count_in(&c->directory->pairs, page, c->block->layout.pair_count);
    enum err err = cached->page.entries ? ERR_OK : pairs_page_init(&cached->page);

    cached->number = SIZE_MAX;
    if (!err)
        err = load_frame(c, FRAME_PAIRS, at, why);
    if (!err)
        err = pairs_page_read(&cached->page, buf_str(&c->raw), count, &c->block->layout);
    if (!err &&
        pairs_compare(pairs_page_entry(&cached->page, 0), c->directory->first_pairs[page]) != 0)
        err = ERR_CORRUPT;
    if (err == ERR_CORRUPT)
        diag_set(why, err, "a page of pairs does not decode");
    return block_error_at(err, at->offset, why);
}

enum err cursor_pairs(struct block_cursor *c, size_t page, const struct pairs_page **ret,
                      struct diag *why)
{
    struct cached_pairs *cached = find_cached(c, page);

    if (cached->number != page) {
        enum err err = load_pairs(c, page, cached, why);

        if (err)
            return err;
        cached->number = page;
    }
    cached->used = ++c->uses;
    *ret = &cached->page;
    return ERR_OK;
}

/* --- labels --- */

/* Copies the pair's text behind the others; its place is set when the text moves no more. */
static enum err add_label(struct block_cursor *c, uint32_t pair, struct label *ret,
                          struct diag *why)
{
    const struct pairs_page *page = NULL;
    enum err err = cursor_pairs(c, pair / BLOCK_PAIRS_PER_PAGE, &page, why);
    struct label found;

    if (err)
        return err;
    found = pairs_page_entry(page, pair % BLOCK_PAIRS_PER_PAGE);
    ret->name.len = found.name.len;
    ret->value.len = found.value.len;
    buf_append_str(&c->label_text, found.name);
    buf_append_str(&c->label_text, found.value);
    return buf_error(&c->label_text);
}

static void place_labels(struct block_cursor *c, size_t count)
{
    const char *text = c->label_text.data;

    for (size_t i = 0; i < count; i++) {
        c->labels[i].name.ptr = text;
        c->labels[i].value.ptr = text + c->labels[i].name.len;
        text = c->labels[i].value.ptr + c->labels[i].value.len;
    }
}

enum err cursor_labels(struct block_cursor *c, uint32_t series, struct labels *ret,
                       struct diag *why)
{
    size_t idx = 0;
    enum err err = cursor_prepare(c, why);
    size_t count;

    if (!err)
        err = cursor_series(c, series, &idx, why);
    if (err)
        return err;
    count = c->series.entries[idx].pair_count;
    buf_clear(&c->label_text);
    for (size_t i = 0; i < count && !err; i++)
        err = add_label(c, series_page_pairs(&c->series, idx)[i], &c->labels[i], why);
    if (err)
        return err;
    place_labels(c, count);
    *ret = (struct labels){ c->labels, count };
    return ERR_OK;
}

enum err block_labels(struct block_cursor *c, uint32_t series, struct labels *ret,
                      struct diag *diag)
{
    struct diag why = { 0 };

    return block_explain(c->block, cursor_labels(c, series, ret, &why), &why, diag);
}

/* --- postings --- */

static enum err read_postings(struct block_cursor *c, size_t frame, const struct posting *posting,
                              struct postings_reader *reader, struct diag *why)
{
    const struct extents *frames = &c->directory->postings;
    uint64_t begin = (uint64_t)frame * BLOCK_POSTINGS_FRAME_BYTES;
    uint64_t frame_len = c->block->layout.postings_bytes - begin;
    uint64_t from = posting->at > begin ? posting->at - begin : 0;
    uint64_t to = posting->at + posting->len - begin;
    enum err err = load_frame(c, FRAME_POSTINGS, &frames->items[frame], why);

    if (frame_len > BLOCK_POSTINGS_FRAME_BYTES)
        frame_len = BLOCK_POSTINGS_FRAME_BYTES;
    if (to > frame_len)
        to = frame_len;
    if (!err && (c->raw.len != frame_len ||
                 !postings_feed(reader, (struct str){ c->raw.data + from, (size_t)(to - from) })))
        err = diag_set(why, ERR_CORRUPT, "a list of postings does not decode");
    return block_error_at(err, frames->items[frame].offset, why);
}

enum err cursor_postings(struct block_cursor *c, const struct posting *posting,
                         struct series_set *set, uint64_t *count, struct diag *why)
{
    struct postings_reader reader = postings_reader_of(set);
    size_t first = (size_t)(posting->at / BLOCK_POSTINGS_FRAME_BYTES);
    size_t last = (size_t)((posting->at + posting->len - 1) / BLOCK_POSTINGS_FRAME_BYTES);
    enum err err = ERR_OK;

    if (posting->single) {
        series_set_add(set, posting->series);
        *count += 1;
        return ERR_OK;
    }
    for (size_t frame = first; frame <= last && !err; frame++)
        err = read_postings(c, frame, posting, &reader, why);
    if (!err && !postings_are_whole(&reader)) {
        err = diag_set(why, ERR_CORRUPT, "a list of postings ends in a number");
        block_error_at(err, c->directory->postings.items[last].offset, why);
    }
    *count += reader.count;
    return err;
}
