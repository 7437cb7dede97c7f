/*
 * What stands before the planes of a page: the form and count of each column,
 * and how each of its parts is coded.
 *
 *   page_meta_put(&meta, &out)        page_meta_take(&in, kind, &meta, diag)
 *
 * Everything is checked on reading: after ERR_OK every column has its parts, a
 * part's count is within its column's, a part beside another has that other, and
 * all samples are within the limits of a page.
 *
 * Threads   Pure.
 * Source    docs/formats/block-pages.md.
 */
#ifndef FUSEBOX_PAGE_PAGE_META_H
#define FUSEBOX_PAGE_PAGE_META_H

#include "page/bytes.h"
#include "page/column_values.h"

struct page_meta {
    struct column *columns; /* room for PAGE_COLUMNS_MAX */
    struct integers *parts; /* room for PARTS_MAX */
    size_t column_count;
    size_t part_count;
};

/* Appends meta to `out`, whose failure sticks. */
void page_meta_put(const struct page_meta *meta, struct buf *out);

/* Reads so many columns (column_count is given); what they point to must be there. ERR_CORRUPT. */
enum err page_meta_take(struct bytes_reader *in, enum page_kind kind, struct page_meta *meta,
                        struct diag *diag) MUST_CHECK;

#endif
