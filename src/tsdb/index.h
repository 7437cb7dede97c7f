/*
 * Index: from label sets to references and back, and from matchers to series.
 *
 *   index_init -> { index_series | index_load | index_select }* -> index_release
 *
 * Labels are copied once: names and values are interned (symbols.h), a series
 * keeps an array of (name, value) that points at them. References are given in
 * rising order, so postings are sorted by themselves.
 *
 * Threads   Locks itself (LOCK_RANK_INDEX); series_find(&x->table, ref)
 *           takes no lock. index_load
 *           is for the opening, before other threads know the index.
 * Memory    Nothing is given back before index_release.
 * Limits    SERIES_MAX references; bytes as the caller of index_series says.
 */
#ifndef FUSEBOX_TSDB_INDEX_H
#define FUSEBOX_TSDB_INDEX_H

#include "base/lock.h"
#include "base/vec.h"
#include "model/matcher.h"
#include "tsdb/series.h"
#include "tsdb/symbols.h"

struct index_slot {
    uint32_t hash;
    uint32_t ref; /* 0: free */
};

struct index {
    struct lock lock;
    struct symbols symbols;
    struct series_table table;
    struct index_slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    _Atomic uint64_t series_count;
    _Atomic size_t bytes;
};

enum err index_init(struct index *x) MUST_CHECK; /* ERR_NOMEM */
void index_release(struct index *x);

/*
 * The reference of a label set. A new one is refused with ERR_LIMIT when the
 * index already takes room_bytes. ERR_INVALID (no labels), ERR_NOMEM.
 */
enum err index_series(struct index *x, struct labels labels, size_t room_bytes,
                      uint32_t *ret_ref) MUST_CHECK;

/* Adds a series read from disk. ERR_CORRUPT: not rising, or its labels are known. */
enum err index_load(struct index *x, uint32_t ref, struct labels labels) MUST_CHECK;

/*
 * Appends the references (uint32_t) that all equal matchers with a value accept,
 * rising; the other matchers are left to the caller. ERR_NOMEM, ERR_LIMIT.
 */
enum err index_select(struct index *x, const struct matcher *matchers, size_t matcher_count,
                      uint32_t **ret_refs, size_t *ret_count) MUST_CHECK;

/* Does the index answer this matcher whole? An empty value means: the label is absent. */
static inline bool index_answers(const struct matcher *m)
{
    return m->kind == MATCH_EQUAL && m->value.len > 0;
}

static inline size_t index_bytes(const struct index *x)
{
    return atomic_load_explicit(&x->bytes, memory_order_relaxed);
}

#endif
