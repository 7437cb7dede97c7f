/*
 *   varint  page, slot, column: the position at which the page begins
 *   per series
 *     varint  leading pairs that are those of the series before
 *     varint  number of pairs
 *     per further pair   zz(pair - the pair in the same place of the series before), or,
 *                        where that has none, pair - the pair before in this series
 *     varint  number of segments - 1
 *     per segment        varint  0: the next slot; n: slot 0 of the page n further on
 *                        varint  zz(column of times - the one of the segment before)
 *       of several       varint  zz(first time - last time of the segment before, at first 0)
 *                        varint  last time - first time
 */
#include "block/series_page.h"

#include "page/bytes.h"
#include "page/page.h"

enum { SEGMENT_RAW_MIN_BYTES = 2, SEGMENTS_IN_PAGE_MAX = BLOCK_FRAME_RAW_MAX_BYTES / 2 };

/* --- writing --- */

void series_page_begin(const struct series_position *at, struct buf *out)
{
    bytes_put_varint(out, at->page);
    bytes_put_varint(out, at->slot);
    bytes_put_varint(out, at->column);
}

void series_put_pairs(const struct series_pairs *before, const struct series_pairs *pairs,
                      struct buf *out)
{
    size_t shared = 0;

    while (shared < before->count && shared < pairs->count &&
           before->items[shared] == pairs->items[shared])
        shared++;
    bytes_put_varint(out, shared);
    bytes_put_varint(out, pairs->count);
    for (size_t i = shared; i < pairs->count; i++) {
        uint64_t pair = pairs->items[i];

        if (i < before->count)
            bytes_put_varint(out, bytes_zigzag(pair - before->items[i]));
        else
            bytes_put_varint(out, pair - (i ? pairs->items[i - 1] : 0));
    }
}

void series_put_segments(struct series_position *at, const struct segment *segments, size_t count,
                         struct buf *out)
{
    int64_t before_ms = 0;

    bytes_put_varint(out, count - 1);
    for (size_t i = 0; i < count; i++) {
        const struct segment *s = &segments[i];

        bytes_put_varint(out, s->page - at->page);
        bytes_put_varint(out, bytes_zigzag((uint64_t)s->column - at->column));
        if (count > 1) {
            bytes_put_varint(out, bytes_zigzag((uint64_t)s->first_ts_ms - (uint64_t)before_ms));
            bytes_put_varint(out, (uint64_t)s->last_ts_ms - (uint64_t)s->first_ts_ms);
            before_ms = s->last_ts_ms;
        }
        *at = (struct series_position){ s->page, s->slot + 1, s->column };
    }
}

/* --- reading --- */

void series_page_init(struct series_page *p)
{
    p->pairs = vec_of(sizeof(uint32_t), BLOCK_SERIES_PER_PAGE * LABELS_MAX);
    p->segments = vec_of(sizeof(struct segment), SEGMENTS_IN_PAGE_MAX);
    p->count = 0;
}

void series_page_release(struct series_page *p)
{
    vec_release(&p->pairs);
    vec_release(&p->segments);
    p->count = 0;
}

size_t series_page_bytes(const struct series_page *p)
{
    return p->pairs.capacity_count * sizeof(uint32_t) +
           p->segments.capacity_count * sizeof(struct segment);
}

/* The pair at `place`; `pairs` are those of this series that are known, `before` of the one before.
 */
static uint32_t take_pair(struct bytes_reader *r, const struct series_pairs *before,
                          const struct series_pairs *pairs, uint64_t pair_count)
{
    size_t place = pairs->count;
    uint64_t least = place ? (uint64_t)pairs->items[place - 1] + 1 : 0;
    uint64_t pair;

    if (place < before->count)
        pair = before->items[place] + bytes_take_zigzag(r);
    else
        pair = bytes_take_varint(r, pair_count) + (place ? pairs->items[place - 1] : 0);
    if (pair < least || pair >= pair_count)
        r->bad = true;
    return (uint32_t)pair;
}

static enum err read_pairs(struct series_page *p, struct bytes_reader *r,
                           struct series_pairs *pairs, uint64_t pair_count)
{
    struct series_pairs before = *pairs;
    size_t shared = (size_t)bytes_take_varint(r, before.count);
    size_t count = (size_t)bytes_take_varint(r, LABELS_MAX);

    if (r->bad || !count || shared > count)
        return ERR_CORRUPT;
    for (pairs->count = 0; pairs->count < count; pairs->count++) {
        size_t place = pairs->count;
        uint32_t *kept = vec_push(&p->pairs);

        if (!kept)
            return ERR_NOMEM;
        *kept = place < shared ? before.items[place] : take_pair(r, &before, pairs, pair_count);
        pairs->items[place] = *kept;
    }
    return r->bad ? ERR_CORRUPT : ERR_OK;
}

static void read_segment(struct bytes_reader *r, struct series_position *at, struct segment *s,
                         const struct series_page_limits *limits)
{
    uint64_t step = bytes_take_varint(r, limits->page_count);
    uint64_t page = at->page + step;
    uint64_t column = at->column + bytes_take_zigzag(r);

    if (step)
        at->slot = 0;
    if (page >= limits->page_count || at->slot >= PAGE_COLUMNS_MAX ||
        column >= limits->column_count)
        r->bad = true;
    s->page = (uint32_t)page;
    s->slot = at->slot;
    s->column = (uint32_t)column;
    *at = (struct series_position){ s->page, s->slot + 1, s->column };
}

static void read_span(struct bytes_reader *r, struct segment *s, uint64_t *before_ms)
{
    uint64_t first_ms = *before_ms + bytes_take_zigzag(r);

    *before_ms = first_ms + bytes_take_varint(r, UINT64_MAX);
    s->first_ts_ms = (int64_t)first_ms;
    s->last_ts_ms = (int64_t)*before_ms;
    if (s->first_ts_ms > s->last_ts_ms)
        r->bad = true;
}

static enum err read_segments(struct series_page *p, struct bytes_reader *r,
                              struct series_position *at, const struct series_page_limits *limits)
{
    struct series_entry *e = &p->entries[p->count];
    uint64_t before_ms = 0;

    e->first_segment = (uint32_t)p->segments.count;
    e->segment_count = (uint32_t)bytes_take_varint(r, BLOCK_SEGMENTS_MAX - 1) + 1;
    if (r->bad || e->segment_count > bytes_left(r) / SEGMENT_RAW_MIN_BYTES)
        return ERR_CORRUPT;
    for (uint32_t i = 0; i < e->segment_count && !r->bad; i++) {
        struct segment *s = vec_push(&p->segments);

        if (!s)
            return vec_error(&p->segments) == ERR_LIMIT ? ERR_CORRUPT : ERR_NOMEM;
        *s = (struct segment){ .first_ts_ms = INT64_MIN, .last_ts_ms = INT64_MAX };
        read_segment(r, at, s, limits);
        if (e->segment_count > 1)
            read_span(r, s, &before_ms);
    }
    return r->bad ? ERR_CORRUPT : ERR_OK;
}

static struct series_position read_position(struct bytes_reader *r)
{
    struct series_position at;

    at.page = (uint32_t)bytes_take_varint(r, UINT32_MAX);
    at.slot = (uint32_t)bytes_take_varint(r, PAGE_COLUMNS_MAX);
    at.column = (uint32_t)bytes_take_varint(r, UINT32_MAX);
    return at;
}

enum err series_page_read(struct series_page *p, struct str raw,
                          const struct series_page_limits *limits)
{
    struct bytes_reader r = bytes_reader_of(raw);
    struct series_position at = read_position(&r);
    struct series_pairs pairs = { .count = 0 };

    vec_clear(&p->pairs);
    vec_clear(&p->segments);
    for (p->count = 0; p->count < limits->count; p->count++) {
        struct series_entry *e = &p->entries[p->count];
        enum err err;

        e->first_pair = (uint32_t)p->pairs.count;
        err = read_pairs(p, &r, &pairs, limits->pair_count);
        e->pair_count = (uint32_t)pairs.count;
        if (!err)
            err = read_segments(p, &r, &at, limits);
        if (err)
            return err;
    }
    return bytes_are_read(&r) ? ERR_OK : ERR_CORRUPT;
}
