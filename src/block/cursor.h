/*
 * Cursor: the pages of a block that were used last, unpacked.
 *
 * One page of values, one of times, one of the series table, and CURSOR_PAIRS_PAGES
 * of pairs; so who reads the series in order unpacks each page once.
 *
 * Errors    As block.h; `why` says what is wrong and holds the offset.
 * Threads   Single owner.
 * Memory    Taken when it is needed first, kept until block_cursor_free.
 */
#ifndef FUSEBOX_BLOCK_CURSOR_H
#define FUSEBOX_BLOCK_CURSOR_H

#include "block/block_state.h"
#include "block/pairs_page.h"
#include "block/postings.h"
#include "block/series_page.h"
#include "page/page.h"

enum { CURSOR_PAIRS_PAGES = 16 };

struct cached_pairs {
    struct pairs_page page;
    size_t number; /* SIZE_MAX: nothing is loaded */
    uint64_t used; /* the greater, the later */
};

struct block_cursor {
    struct block *block;               /* shared */
    const struct directory *directory; /* NULL before cursor_prepare */
    struct ZSTD_DCtx_s *zstd;
    struct buf bytes, raw;
    struct page_reader values, times;
    size_t values_page, times_page, series_page; /* what is loaded; SIZE_MAX: nothing */
    uint64_t column;                             /* of times, that is decoded; UINT64_MAX: none */
    const int64_t *column_times_ms;
    size_t column_count;
    struct series_page series;
    struct cached_pairs pairs[CURSOR_PAIRS_PAGES];
    uint64_t uses;
    struct label labels[LABELS_MAX];
    struct buf label_text;
    uint64_t reported_at; /* the damage that was reported last; UINT64_MAX: none */
};

/* Tells of damage, unless it is the one that was told last; NULL is allowed. */
void cursor_report(struct block_cursor *c, block_on_damage *on_damage, void *ctx,
                   const struct diag *why);

/* Makes sure of the directory; before everything below. */
enum err cursor_prepare(struct block_cursor *c, struct diag *why) MUST_CHECK;

enum err cursor_load_values(struct block_cursor *c, size_t page, struct diag *why) MUST_CHECK;
enum err cursor_load_times(struct block_cursor *c, size_t page, struct diag *why) MUST_CHECK;

/* A column of values; it stays until the next one. */
enum err cursor_values(struct block_cursor *c, size_t page, size_t slot, const double **ret_values,
                       size_t *ret_count, struct diag *why) MUST_CHECK;
/* A column of times, which rise; it stays until the next one. */
enum err cursor_times(struct block_cursor *c, uint32_t column, const int64_t **ret_times_ms,
                      size_t *ret_count, struct diag *why) MUST_CHECK;

/* Loads the page of the series into c->series; *ret_idx is its place there. */
enum err cursor_series(struct block_cursor *c, uint32_t series, size_t *ret_idx,
                       struct diag *why) MUST_CHECK;

/* A page of pairs; it stays until CURSOR_PAIRS_PAGES others were asked for. */
enum err cursor_pairs(struct block_cursor *c, size_t page, const struct pairs_page **ret,
                      struct diag *why) MUST_CHECK;

/* As block_labels; needs no preparation. */
enum err cursor_labels(struct block_cursor *c, uint32_t series, struct labels *ret,
                       struct diag *why) MUST_CHECK;

/* Adds the series of the posting to the set, and their number to the count. */
enum err cursor_postings(struct block_cursor *c, const struct posting *posting,
                         struct series_set *set, uint64_t *count, struct diag *why) MUST_CHECK;

#endif
