/*
 * References of series by the hash of their labels as a sender wrote them, so that
 * the labels of a known series are not read again.
 *
 * References are leases (head/series.h): after REF_CACHE_LEASE_S an entry is no
 * longer found, and the store is asked again. What is not found costs time only,
 * so a full cache forgets what has run out, or else everything.
 *
 * Time      Callers pass seconds of the monotonic clock.
 * Threads   Single owner.
 * Memory    32 bytes a slot, at most 3/4 full; ref_cache_release.
 * Limits    REF_CACHE_MAX_SLOTS. The hash has 128 bits: it stands for the bytes.
 */
#ifndef FUSEBOX_INGEST_REF_CACHE_H
#define FUSEBOX_INGEST_REF_CACHE_H

#include <stddef.h>

#include "base/hash.h"

enum {
    REF_CACHE_LEASE_S = 20 * 60, /* well before the lease ends */
    REF_CACHE_MAX_SLOTS = 1 << 21,
};

struct ref_cache_slot;

struct ref_cache {
    struct ref_cache_slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
};

void ref_cache_release(struct ref_cache *c); /* all-zero is allowed */
uint32_t ref_cache_find(const struct ref_cache *c, struct hash_128 key, int64_t mono_s); /* 0: no */
/* Without memory it is not kept. */
void ref_cache_put(struct ref_cache *c, struct hash_128 key, uint32_t ref, int64_t mono_s);

#endif
