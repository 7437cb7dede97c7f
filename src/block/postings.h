/*
 * Postings: which series have a label pair, as gaps and runs; and sets of series.
 *
 *   postings_put                                   a rising list to bytes
 *   postings_reader -> { postings_feed }* -> postings_are_whole     bytes into a set
 *
 * A set has one bit for each series of the block.
 *
 * Threads   Value.
 * Source    docs/formats/block.md.
 */
#ifndef FUSEBOX_BLOCK_POSTINGS_H
#define FUSEBOX_BLOCK_POSTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/str.h"

/* Appends the list; it rises and is not empty. */
void postings_put(const uint32_t *series, size_t count, struct buf *out);

struct series_set {
    uint64_t *words;
    size_t word_count;
    uint32_t series_count;
};

bool series_set_init(struct series_set *s, uint32_t series_count, bool full) MUST_CHECK;
void series_set_release(struct series_set *s);
void series_set_add(struct series_set *s, uint32_t series);
void series_set_intersect(struct series_set *s, const struct series_set *other);
void series_set_subtract(struct series_set *s, const struct series_set *other);
size_t series_set_count(const struct series_set *s);
void series_set_list(const struct series_set *s, uint32_t *ret); /* room for series_set_count */

/* Where reading stands; the bytes may come in any pieces. */
struct postings_reader {
    struct series_set *set; /* what is read is added to it */
    uint64_t next;          /* the least series that may come */
    uint64_t value;
    unsigned shift;
    bool in_run; /* a run's length comes */
    uint64_t count;
};

static inline struct postings_reader postings_reader_of(struct series_set *set)
{
    return (struct postings_reader){ .set = set };
}

/* False: this is no list of the set's series. */
bool postings_feed(struct postings_reader *r, struct str bytes) MUST_CHECK;
bool postings_are_whole(const struct postings_reader *r); /* it does not end inside a number */

#endif
