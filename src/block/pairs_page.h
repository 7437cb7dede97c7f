/*
 * Pages of pairs: the distinct label pairs of a block, sorted by name, then value,
 * numbered from 0; each with where its postings stand.
 *
 *   pairs_page_begin -> { pairs_page_put }* -> the bytes
 *   pairs_page_init -> { pairs_page_read -> pairs_page_entry }* -> pairs_page_release
 *
 * Threads   Single owner.
 * Limits    BLOCK_PAIRS_PER_PAGE pairs.
 * Source    docs/formats/block.md.
 */
#ifndef FUSEBOX_BLOCK_PAIRS_PAGE_H
#define FUSEBOX_BLOCK_PAIRS_PAGE_H

#include "base/buf.h"
#include "block/layout.h"
#include "model/labels.h"

/* The series that have a pair: one, or a list in the stream of postings. */
struct posting {
    bool single;
    uint32_t series; /* of a single one */
    uint64_t at;     /* of a list: where it begins in the stream, and its length there */
    uint64_t len;
};

/* What an entry is coded against: the one before it in its page. */
struct pairs_state {
    struct str name, value;
    uint32_t series;
    uint64_t postings_at;
};

void pairs_page_begin(struct pairs_state *s, uint64_t postings_at, struct buf *out);
/* `pair` stays where it is until the next one is put. */
void pairs_page_put(struct pairs_state *s, struct label pair, const struct posting *posting,
                    struct buf *out);

struct pairs_entry {
    uint32_t name_at, value_at; /* in text */
    uint16_t name_len, value_len;
    struct posting posting;
};

struct pairs_page {
    struct buf text;
    struct pairs_entry *entries; /* BLOCK_PAIRS_PER_PAGE */
    size_t count;
};

enum err pairs_page_init(struct pairs_page *p) MUST_CHECK; /* ERR_NOMEM */
void pairs_page_release(struct pairs_page *p);             /* all-zero is allowed */
size_t pairs_page_bytes(const struct pairs_page *p);

/* Reads `count` pairs. ERR_CORRUPT: not so many, or they do not rise; ERR_NOMEM. */
enum err pairs_page_read(struct pairs_page *p, struct str raw, size_t count,
                         const struct layout *layout) MUST_CHECK;

struct label pairs_page_entry(const struct pairs_page *p, size_t idx);

int pairs_compare(struct label a, struct label b); /* by name, then value, as bytes */

#endif
