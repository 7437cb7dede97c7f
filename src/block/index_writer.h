/*
 * Index writer: collects the labels and segments of the series of a block being
 * written, and at its end writes them as pages of pairs, pages of the series table
 * and frames of postings.
 *
 *   index_writer_init -> { index_writer_add }* -> index_writer_finish -> index_writer_release
 *
 * Threads   Single owner.
 * Memory    For each series 4 bytes per label and some 4 more, twice that per label
 *           at the end; the distinct pairs (pair_set.h).
 */
#ifndef FUSEBOX_BLOCK_INDEX_WRITER_H
#define FUSEBOX_BLOCK_INDEX_WRITER_H

#include "block/directory.h"
#include "block/frame.h"
#include "block/out_file.h"
#include "block/pair_set.h"
#include "block/series_page.h"

struct index_writer {
    struct pair_set pairs;
    struct vec numbers;      /* uint32_t: the pairs of all series, as numbered by the set */
    struct vec label_counts; /* uint8_t, per series */
    struct buf segments;     /* per series, as in its page, with its length before it */
    struct vec pages;        /* struct page_draft */
    struct series_position at;
};

/* Where the index goes. */
struct index_target {
    struct out_file *file;
    struct frame_packer packer;
    struct directory_draft *directory;
    struct layout *layout; /* counts and offsets of the index are put in */
};

void index_writer_init(struct index_writer *w); /* allocates nothing yet */
void index_writer_release(struct index_writer *w);

size_t index_writer_series_count(const struct index_writer *w);

/* ERR_INVALID: labels not in order, or not behind those before; ERR_NOMEM, ERR_LIMIT. */
enum err index_writer_check(const struct index_writer *w, struct labels labels) MUST_CHECK;

/* Adds a series whose labels were checked. An error spoils the writer. ERR_NOMEM, ERR_LIMIT. */
enum err index_writer_add(struct index_writer *w, struct labels labels,
                          const struct segment *segments, size_t count) MUST_CHECK;

/* Everything but the directory. ERR_IO, ERR_LIMIT, ERR_NOMEM. */
enum err index_writer_finish(struct index_writer *w, const struct index_target *target,
                             struct diag *diag) MUST_CHECK;

#endif
