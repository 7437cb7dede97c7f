/*
 * Memory budget: one number of bytes that the great consumers share.
 *
 * Each consumer books what it holds under its own part. A part that asks before
 * it takes (new series, batches, queries, streams) is refused when the sum would
 * pass the limit; a part that only reports (chunks of known series) is never
 * refused, and what it holds narrows the room of the others.
 *
 *   budget_init(&b, limit)
 *   budget_take(&b, BUDGET_QUERY, n) -> budget_give(&b, BUDGET_QUERY, n)
 *   budget_set(&b, BUDGET_HEAD, n)           for parts that report a level
 *
 * Threads   Any; sums may be passed by what threads take at the same instant, by
 *           one request each at most.
 * Memory    A plain value.
 */
#ifndef FUSEBOX_BASE_BUDGET_H
#define FUSEBOX_BASE_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/*    part    name      what it is */
#define BUDGET_PART_TABLE(X)                                                                       \
    X(INDEX, "index", "labels, postings and records of series in memory")                          \
    X(HEAD, "head", "recent samples in memory")                                                    \
    X(INGEST, "ingest", "batches that wait to be stored")                                          \
    X(BLOCKS, "blocks", "directories of block files that were used lately")                        \
    X(QUERY, "query", "queries that are running, and seals and merges")                            \
    X(STREAM, "stream", "what waits for slow readers of event streams")

enum budget_part {
#define X(part, name, text) BUDGET_##part,
    BUDGET_PART_TABLE(X)
#undef X
        BUDGET_PART_COUNT
};

struct budget {
    size_t limit_bytes; /* 0: no limit */
    _Atomic size_t used_bytes[BUDGET_PART_COUNT];
    _Atomic uint64_t refused_count[BUDGET_PART_COUNT];
};

void budget_init(struct budget *b, size_t limit_bytes);

/* Books the bytes, or refuses, counts that and books nothing. */
bool budget_take(struct budget *b, enum budget_part part, size_t bytes) MUST_CHECK;
/*
 * For what must go on when others have used the limit up (batches of known series, pages): a part's
 * first sixteenth of the limit is its own, and what it holds beyond that asks as budget_take does.
 * A part that holds nothing may always take once.
 */
bool budget_take_assured(struct budget *b, enum budget_part part, size_t bytes) MUST_CHECK;
/* Books without asking. */
void budget_add(struct budget *b, enum budget_part part, size_t bytes);
void budget_give(struct budget *b, enum budget_part part, size_t bytes);
/* The part holds so much now. */
void budget_set(struct budget *b, enum budget_part part, size_t bytes);

size_t budget_used_bytes(const struct budget *b); /* of all parts */
/* What is left: SIZE_MAX without a limit, 0 when it is passed. */
size_t budget_room_bytes(const struct budget *b);
const char *budget_part_name(enum budget_part part);

#endif
