/*
 * Directory: where every page and frame of a block stands, and what begins there.
 *
 *   directory_draft_init -> { directory_draft_page | _pairs | _series | _postings }* ->
 *   directory_draft_encode -> directory_draft_release
 *
 *   directory_read (takes the bytes) -> lookups -> directory_free
 *
 * Threads   The draft is a single owner's; a directory is immutable.
 * Memory    A directory takes some 16 bytes for each page, and its own bytes.
 * Limits    Everything it claims is held against the sections of the file, and
 *           that so many entries can stand in so many bytes, before memory is taken.
 */
#ifndef FUSEBOX_BLOCK_DIRECTORY_H
#define FUSEBOX_BLOCK_DIRECTORY_H

#include "base/buf.h"
#include "block/layout.h"
#include "model/labels.h"

struct directory_draft {
    struct buf pages, pairs, series, postings;
    uint64_t page_count, pairs_count, series_count, postings_count;
};

void directory_draft_init(struct directory_draft *d);
void directory_draft_release(struct directory_draft *d);

/* column_count: columns of times that it holds; 0 for a page of values. */
void directory_draft_page(struct directory_draft *d, size_t len, size_t column_count);
void directory_draft_pairs(struct directory_draft *d, size_t len, struct label first);
void directory_draft_series(struct directory_draft *d, size_t len, size_t series_count);
void directory_draft_postings(struct directory_draft *d, size_t len);
enum err directory_draft_encode(const struct directory_draft *d, struct buf *out) MUST_CHECK;

struct extent {
    uint64_t offset;
    uint32_t len;
    uint32_t first; /* number of its first column, pair or series */
};

struct extents {
    struct extent *items;
    size_t count;
};

struct directory {
    struct extents values, times, pairs, series, postings;
    struct label *first_pairs; /* one per item of pairs; they point into bytes */
    char *bytes;
    size_t memory_bytes;
};

/*
 * Reads what stands at `text`, which lies in `bytes`; takes `bytes`, also on an
 * error. ERR_CORRUPT, ERR_NOMEM.
 */
enum err directory_read(char *bytes, struct str text, const struct layout *layout,
                        struct directory **ret, struct diag *diag) MUST_CHECK;
void directory_free(struct directory *d); /* NULL is allowed */

/* The place of the last item that begins at or before the number; the first begins at 0. */
size_t extents_find(const struct extents *x, uint32_t number);

/* The place of the last page of pairs that begins at or before the pair; 0 when none does. */
size_t directory_find_pair(const struct directory *d, struct label pair);

#endif
