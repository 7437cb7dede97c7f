/*
 * Pages of the series table: for each series its label pairs, by number, and the
 * segments in which its samples stand.
 *
 * A segment is a column of a page of values and the column of its times. Columns
 * of values stand in the order of series and segments, so the next one is in the
 * next slot, or begins a page.
 *
 *   series_page_begin -> { series_put_pairs, series_put_segments }* -> the bytes
 *   series_page_init -> { series_page_read -> entries }* -> series_page_release
 *
 * Threads   Single owner.
 * Limits    BLOCK_SERIES_PER_PAGE series, LABELS_MAX pairs and BLOCK_SEGMENTS_MAX segments each.
 * Source    docs/formats/block.md.
 */
#ifndef FUSEBOX_BLOCK_SERIES_PAGE_H
#define FUSEBOX_BLOCK_SERIES_PAGE_H

#include "base/buf.h"
#include "base/vec.h"
#include "block/layout.h"
#include "model/labels.h"

struct segment {
    uint32_t page;                   /* of values */
    uint32_t slot;                   /* in it */
    uint32_t column;                 /* of times */
    int64_t first_ts_ms, last_ts_ms; /* INT64_MIN, INT64_MAX when it is the only one */
};

/* Where the columns before have ended. */
struct series_position {
    uint32_t page;
    uint32_t slot; /* the next one in that page */
    uint32_t column;
};

struct series_pairs {
    uint32_t items[LABELS_MAX];
    size_t count;
};

void series_page_begin(const struct series_position *at, struct buf *out);
/* `before` are those of the series before in the page; empty for the first. */
void series_put_pairs(const struct series_pairs *before, const struct series_pairs *pairs,
                      struct buf *out);
/* Moves the position behind them. */
void series_put_segments(struct series_position *at, const struct segment *segments, size_t count,
                         struct buf *out);

struct series_entry {
    uint32_t first_pair, pair_count; /* in pairs */
    uint32_t first_segment, segment_count;
};

struct series_page {
    struct vec pairs;    /* uint32_t, rising within a series */
    struct vec segments; /* struct segment */
    struct series_entry entries[BLOCK_SERIES_PER_PAGE];
    size_t count;
};

struct series_page_limits {
    size_t count;        /* series in the page */
    uint64_t pair_count; /* in the block, and so on */
    size_t page_count;
    uint64_t column_count;
};

void series_page_init(struct series_page *p); /* allocates nothing yet */
void series_page_release(struct series_page *p);
size_t series_page_bytes(const struct series_page *p);

/* ERR_CORRUPT, ERR_NOMEM. */
enum err series_page_read(struct series_page *p, struct str raw,
                          const struct series_page_limits *limits) MUST_CHECK;

static inline const uint32_t *series_page_pairs(const struct series_page *p, size_t idx)
{
    return (const uint32_t *)p->pairs.items + p->entries[idx].first_pair;
}

static inline const struct segment *series_page_segments(const struct series_page *p, size_t idx)
{
    return (const struct segment *)p->segments.items + p->entries[idx].first_segment;
}

#endif
