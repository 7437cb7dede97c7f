/*
 * Index: from label sets to references and back, and from matchers to series.
 *
 *   index_init -> { index_series | index_load | index_select | index_evict }* -> index_release
 *
 * Labels are kept once: names, values and pairs are interned (symbols.h), a
 * series keeps the numbers of its pairs. What no series needs any more is given
 * back by index_evict.
 *
 *   slots    hash of the labels -> reference -> record {pairs -> u32 u32 u32 ...}
 *   pair     {name, value, postings -> u32 u32 u32 ...}
 *
 * References that are free again wait until INDEX_FREE_MIN_COUNT of them do; then the
 * one that waits longest is given out.
 *
 * Threads   Locks itself (LOCK_RANK_INDEX); series_find(&x->table, ref)
 *           takes no lock. index_labels takes none either: the bytes stay as long
 *           as the lease of the reference (series.h), or as the gate of the head is held.
 *           index_load is for the opening, before other threads know the index.
 *           index_evict: the appender, with the gate of the head taken whole.
 * Memory    With 1 M series of 5 labels about 130 bytes each.
 * Limits    SERIES_MAX references; bytes as the caller of index_series says.
 */
#ifndef FUSEBOX_HEAD_INDEX_H
#define FUSEBOX_HEAD_INDEX_H

#include "base/lock.h"
#include "base/vec.h"
#include "head/series.h"
#include "head/slots.h"
#include "head/symbols.h"
#include "model/matcher.h"

enum {
    INDEX_FREE_MIN_COUNT = 1024,
    INDEX_HOLES_MAX_COUNT = 1 << 20, /* that loading remembers as free */
};

struct index {
    struct lock lock;
    struct symbols symbols;
    struct series_table table;
    struct slots slots;    /* references by the hash of their labels */
    struct vec free_refs;  /* uint32_t; the oldest is used first */
    size_t free_first;     /* where the oldest stands */
    _Atomic uint8_t epoch; /* as the appender last said */
    _Atomic uint64_t series_count;
    _Atomic uint64_t created_count; /* ever */
    _Atomic size_t bytes;
};

enum err index_init(struct index *x) MUST_CHECK; /* ERR_NOMEM */
void index_release(struct index *x);

/*
 * The reference of a label set, and notes the epoch at it. A new one is refused with ERR_LIMIT when
 * the index takes room_bytes already, less what it can use again. ERR_INVALID (no labels),
 * ERR_NOMEM.
 */
enum err index_series(struct index *x, struct labels labels, size_t room_bytes,
                      uint32_t *ret_ref) MUST_CHECK;

/* Adds a series read from disk. ERR_CORRUPT: not rising, or its labels are known. */
enum err index_load(struct index *x, uint32_t ref, struct labels labels) MUST_CHECK;

/* The labels of a reference, put into `space`; empty for a hole. */
struct labels index_labels(const struct index *x, uint32_t ref, struct label space[LABELS_MAX]);

/*
 * Gives the references (uint32_t) that all matchers that index_answers accept,
 * rising; the other matchers are left to the caller. ERR_NOMEM, ERR_LIMIT.
 */
enum err index_select(struct index *x, const struct matcher *matchers, size_t matcher_count,
                      uint32_t **ret_refs, size_t *ret_count) MUST_CHECK;

/* Does the index answer this matcher whole: equal, or a|b|c? An empty value among them means that
 * the label may be absent, of which it knows nothing. */
bool index_answers(const struct matcher *m);

/*
 * Takes series out of memory: `refs` rise, and their chunks are gone. One that was looked up in the
 * epoch that runs stays, for somebody has a lease; the others, *ret_evicted of them, are holes
 * then, and their numbers are given out again later. ERR_NOMEM: nothing happened.
 *
 * Walks the postings of the pairs concerned once per call, between the first and the last of
 * `refs`: better many neighbours at a time than few.
 */
enum err index_evict(struct index *x, const uint32_t *refs, size_t count,
                     size_t *ret_evicted) MUST_CHECK;

/* What the index took from the heap. */
static inline size_t index_bytes(const struct index *x)
{
    return atomic_load_explicit(&x->bytes, memory_order_relaxed);
}

#endif
