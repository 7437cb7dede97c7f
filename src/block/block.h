/*
 * Block: an immutable file of samples with its own index, read by pread.
 *
 *   ┌────────┬────────────────────────┬───────┬────────┬──────────┬───────────┬────────┐
 *   │ header │ pages of values, times │ pairs │ series │ postings │ directory │ footer │
 *   └────────┴────────────────────────┴───────┴────────┴──────────┴───────────┴────────┘
 *
 * Series stand in the order of labels_compare and are numbered from 0. In memory
 * a block keeps its footer and directory only; everything else is read when it is
 * asked for, through a cursor that keeps the pages last used.
 *
 *   block_open -> { block_select | block_cursor_new -> { block_labels | block_samples }* ->
 *   block_cursor_free }* -> block_unref
 *
 * Errors    ERR_CORRUPT: a checksum or a length is wrong; diag names file and
 *           offset. Damage is never a wrong number. ERR_IO, ERR_NOMEM, ERR_LIMIT
 *           (no file descriptor), ERR_CONFLICT (a newer format).
 * Threads   A block locks itself and may be used by any number of threads; a
 *           cursor is a single owner's.
 * Memory    block_ref / block_unref share it. The directory comes with the first
 *           reading and stays until block_trim or the end. A block's file goes by
 *           block_unlink_late.
 * Limits    BLOCK_FILES_OPEN_MAX descriptors in the process (block_file.h).
 * Source    docs/formats/block.md.
 */
#ifndef FUSEBOX_BLOCK_BLOCK_H
#define FUSEBOX_BLOCK_BLOCK_H

#include <stdint.h>

#include "base/diag.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "model/sample.h"

struct block;
struct block_cursor;

struct block_info {
    int64_t min_ts_ms, max_ts_ms;
    uint64_t series_count;
    uint64_t sample_count;
    uint64_t bytes; /* the whole file */
};

/* Reads footer and directory and checks them. */
enum err block_open(const char *path, struct block **ret, struct diag *diag) MUST_CHECK;
struct block *block_ref(struct block *b);
void block_unref(struct block *b); /* NULL is allowed */
/*
 * The file goes with the last reference. Descriptors come and go while a block is in use, so a
 * file that is unlinked at once may be out of reach for who still reads it.
 */
void block_unlink_late(struct block *b);
/* Gives back the directory and the descriptor when no cursor uses them; they come again. */
void block_trim(struct block *b);
const struct block_info *block_info(const struct block *b);
const char *block_path(const struct block *b);
size_t block_bytes(const struct block *b); /* memory that it keeps */

/* Called once for each place that is damaged. */
typedef void block_on_damage(void *ctx, const char *path, uint64_t offset_bytes, const char *what);

/* Reads and checks everything; answers how many places are damaged, or an error that ends it. */
enum err block_verify(struct block *b, block_on_damage *on_damage, void *ctx,
                      uint64_t *ret_damaged_count) MUST_CHECK;

enum err block_cursor_new(struct block *b, struct block_cursor **ret) MUST_CHECK; /* ERR_NOMEM */
void block_cursor_free(struct block_cursor *c); /* NULL is allowed */
size_t block_cursor_bytes(const struct block_cursor *c);

/*
 * The numbers of the series that all matchers accept, rising, any kind of matcher
 * (model/matcher.h); *ret_series is given (mem_free).
 */
enum err block_select(struct block_cursor *c, const struct matcher *matchers, size_t matcher_count,
                      uint32_t **ret_series, size_t *ret_count, struct diag *diag) MUST_CHECK;

/* The same, but where the index is damaged that is reported, and the labels of all series are asked
 * one by one; those that cannot be read are left out. ERR_CORRUPT: no series can be found. */
enum err block_salvage_select(struct block_cursor *c, const struct matcher *matchers,
                              size_t matcher_count, uint32_t **ret_series, size_t *ret_count,
                              block_on_damage *on_damage, void *ctx, struct diag *diag) MUST_CHECK;

/* The labels of a series; valid until the next call of block_labels on this cursor. */
enum err block_labels(struct block_cursor *c, uint32_t series, struct labels *ret,
                      struct diag *diag) MUST_CHECK;

/* Appends the series' samples in [start_ms, end_ms] to the list, rising in time. On an error the
 * list is as it was. */
enum err block_samples(struct block_cursor *c, uint32_t series, int64_t start_ms, int64_t end_ms,
                       struct sample_list *list, struct diag *diag) MUST_CHECK;

/* The same, but damaged segments are reported and left out; ERR_CORRUPT when it is not known which
 * they are. A page that several series in a row need is reported once. on_damage may be NULL. */
enum err block_salvage(struct block_cursor *c, uint32_t series, int64_t start_ms, int64_t end_ms,
                       struct sample_list *list, block_on_damage *on_damage, void *ctx,
                       struct diag *diag) MUST_CHECK;

#endif
