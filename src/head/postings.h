/*
 * Postings: the references of the series that have one label pair.
 *
 * Up to three stand inside, so a value that is unique (a path, an id) costs no
 * list. A longer list has a sorted part and behind it a tail in the order in which
 * the references came: references that are given out again are not greater than the ones
 * before, and a list of a million is not moved for each of them. Who reads calls
 * postings_sort first.
 *
 *   refs   [ 3 5 8 9 12 ... 4711 | 17 6 21 ]
 *            sorted_count ------^  ^-- tail
 *
 * Threads   Owned by the index, under its lock.
 * Memory    Lists in the index' pool, an eighth larger than needed on average;
 *           postings_release.
 */
#ifndef FUSEBOX_HEAD_POSTINGS_H
#define FUSEBOX_HEAD_POSTINGS_H

#include <stdbool.h>

#include "base/pool.h"

enum { POSTINGS_INSIDE_COUNT = 3 };

struct postings {
    uint32_t count : 30;
    uint32_t is_list : 1;
    uint32_t is_marked : 1; /* the owner's */
    union {
        uint32_t refs[POSTINGS_INSIDE_COUNT];
        struct {
            uint32_t list; /* a block of the pool */
            uint32_t capacity_count;
            uint32_t sorted_count;
        };
    };
};

void postings_release(struct postings *p, struct pool *pool); /* and makes it empty */

/* Room for one more reference; false: no memory. */
bool postings_reserve(struct postings *p, struct pool *pool) MUST_CHECK;
void postings_add(struct postings *p, const struct pool *pool, uint32_t ref); /* reserved, new */

bool postings_sort(struct postings *p, const struct pool *pool) MUST_CHECK; /* false: no memory */

static inline const uint32_t *postings_refs(const struct postings *p, const struct pool *pool)
{
    return p->is_list ? pool_at(pool, p->list) : p->refs;
}

/* A set of references: bit ref % 64 of word ref / 64 - first / 64. */
struct ref_set {
    uint64_t *words;
    uint32_t first, last; /* none is outside of these */
};

static inline size_t ref_set_word(const struct ref_set *set, uint32_t ref)
{
    return ref / 64 - set->first / 64;
}

/*
 * Takes out what is in the set, and gives back room that is not needed any more. Looks only at the
 * part of the list between the first and the last of the set.
 */
void postings_remove(struct postings *p, struct pool *pool, const struct ref_set *gone);

#endif
