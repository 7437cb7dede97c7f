/*
 * References of series by the hash of their labels as a sender wrote them, so that
 * the labels of a known series are not read again.
 *
 *   slots    hash -> number of an entry
 *   entries  in the order in which they were put: key, reference, when it was asked for
 *
 * Senders come with their series in the same order each time. So who asks keeps his place: the
 * entry behind the one found last is looked at first, which is the next line of memory; only when
 * the order is another one a slot is looked up, a miss of the processor's caches each time.
 *
 * References are leases (head/series.h): after REF_CACHE_LEASE_S an entry is no
 * longer found, and the store is asked again. What is not found costs time only,
 * so a full cache forgets what has run out, or else everything.
 *
 * Time      Callers pass seconds of the monotonic clock.
 * Threads   Single owner.
 * Memory    32 bytes for each entry that there is room for; ref_cache_release.
 * Limits    REF_CACHE_MAX_COUNT. The hash has 128 bits: it stands for the bytes.
 */
#ifndef FUSEBOX_INGEST_REF_CACHE_H
#define FUSEBOX_INGEST_REF_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"

enum {
    REF_CACHE_LEASE_S = 20 * 60, /* well before the lease ends */
    REF_CACHE_MAX_COUNT = 1 << 21,
};

struct ref_cache_entry;

struct ref_cache {
    struct ref_cache_entry *entries;
    uint32_t *slots; /* numbers of entries from 1 on; 0: free */
    size_t capacity; /* of entries: a power of two, or 0 */
    size_t count;
};

void ref_cache_release(struct ref_cache *c); /* all-zero is allowed */
/* 0: not known. `next` is the caller's place, 0 at first. */
uint32_t ref_cache_find(const struct ref_cache *c, struct hash_128 key, int64_t mono_s,
                        size_t *next);
/* Without memory it is not kept. */
void ref_cache_put(struct ref_cache *c, struct hash_128 key, uint32_t ref, int64_t mono_s);

#endif
