/*
 * Page: the values of some hundred series, or some columns of times, as
 * compressed bytes with a checksum.
 *
 * A page holds columns. A column of values is recoded by what it looks like:
 * decimals as integers with a common exponent, quotients as two integers, sums of
 * decimals as the nearest decimal and what is missing, a few values as a table,
 * anything else by the integers that its bits are; and the integers as they are,
 * as differences, or as differences of differences; whichever is smallest. A
 * column of times is integers by nature.
 * Planes of equal significance stand together over all columns and zstd goes
 * over them. Every double comes back bit for bit, NaN payloads, infinities and
 * negative zero included.
 *
 *   page_writer_init -> { page_writer_add_values | page_writer_add_times }* ->
 *   page_writer_encode -> { ... }* -> page_writer_release
 *
 *   page_reader_init -> page_reader_load -> { page_reader_values | _times }* ->
 *   page_reader_release
 *
 * Threads   Single owner, both.
 * Memory    Both keep their buffers from page to page. A page is bounded by
 *           PAGE_SAMPLES_MAX and PAGE_COLUMNS_MAX, so a reader takes at most
 *           PAGE_READER_MAX_BYTES, whatever the bytes claim: the checksum and
 *           every length are checked before memory is taken.
 * Limits    PAGE_COLUMNS_MAX columns, PAGE_SAMPLES_MAX samples in all of them.
 * Source    docs/formats/block-pages.md.
 */
#ifndef FUSEBOX_PAGE_PAGE_H
#define FUSEBOX_PAGE_PAGE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/str.h"

enum {
    PAGE_COLUMNS_MAX = 512,
    PAGE_SAMPLES_MAX = 65536,
    PAGE_READER_MAX_BYTES = 6 << 20,
};

enum page_kind { PAGE_VALUES = 1, PAGE_TIMES = 2 };

struct page_writer {
    struct page_writer_state *state; /* page_writer.c's own */
    size_t column_count;
    size_t sample_count;
};

enum err page_writer_init(struct page_writer *w) MUST_CHECK; /* ERR_NOMEM */
void page_writer_release(struct page_writer *w);             /* all-zero is allowed */

/* Is there room for one more column of so many samples? An empty page takes PAGE_SAMPLES_MAX. */
bool page_writer_has_room(const struct page_writer *w, size_t count);

/* Adds a column; its slot is the number of columns before. ERR_LIMIT (there is no room). */
enum err page_writer_add_values(struct page_writer *w, const double *values,
                                size_t count) MUST_CHECK;
enum err page_writer_add_times(struct page_writer *w, const int64_t *times_ms,
                               size_t count) MUST_CHECK;

/* Appends the page to `out` and begins the next one. level is zstd's. ERR_NOMEM, ERR_LIMIT. */
enum err page_writer_encode(struct page_writer *w, enum page_kind kind, int level,
                            struct buf *out) MUST_CHECK;

struct page_reader {
    struct page_reader_state *state; /* page_reader.c's own */
    size_t column_count;             /* 0: nothing is loaded */
};

enum err page_reader_init(struct page_reader *r) MUST_CHECK; /* ERR_NOMEM */
void page_reader_release(struct page_reader *r);             /* all-zero is allowed */
size_t page_reader_bytes(const struct page_reader *r);       /* memory that it keeps */

/*
 * Checks and unpacks the bytes of one page, which may go afterwards. ERR_CORRUPT
 * (diag says what is wrong, not where the page stands), ERR_NOMEM. Nothing is
 * loaded after an error.
 */
enum err page_reader_load(struct page_reader *r, enum page_kind kind, struct str bytes,
                          struct diag *diag) MUST_CHECK;

/* One column; the memory is the reader's until the next call of the same function or load.
 * ERR_CORRUPT (no such slot, or the column does not decode), ERR_NOMEM. */
enum err page_reader_values(struct page_reader *r, size_t slot, const double **ret_values,
                            size_t *ret_count) MUST_CHECK;
enum err page_reader_times(struct page_reader *r, size_t slot, const int64_t **ret_times_ms,
                           size_t *ret_count) MUST_CHECK;

#endif
