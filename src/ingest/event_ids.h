/*
 * Ids of events that were taken, so that one that is sent again changes nothing.
 *
 * An id belongs to its service. The newest EVENT_IDS_MAX are known by their hashes,
 * for EVENT_IDS_MS each; after a restart event_recall.h reads them back.
 *
 *   event_ids_add(&ids, service, id, now_ms) -> event_ids_remove when its body was not stored
 *
 *      ring    [ oldest | ... | newest ]      a place per id; the next one drives out the oldest
 *      slots   hash -> place in the ring      open addressing, at most half full
 *
 * Threads   Single owner: whoever holds the lock of struct events.
 * Memory    32 bytes per id, made with the first one and doubled; event_ids_release.
 */
#ifndef FUSEBOX_INGEST_EVENT_IDS_H
#define FUSEBOX_INGEST_EVENT_IDS_H

#include "base/attr.h"
#include "base/err.h"
#include "base/hash.h"

enum { EVENT_IDS_MAX = 1 << 19, EVENT_IDS_MS = 24 * 60 * 60 * 1000 };

struct event_id {
    struct hash_128 hash;
    int64_t at_ms;
    bool is_free;
};

struct event_ids {
    struct event_id *ring;
    uint32_t *slots; /* place + 1; 0: free */
    size_t capacity_count;
    uint64_t added_count; /* ever; the newest is at (added_count - 1) % capacity */
};

struct hash_128 event_id_hash(struct str service, struct str id);

/* *ret_is_new false: it is known and younger than EVENT_IDS_MS. ERR_NOMEM. */
enum err event_ids_add(struct event_ids *ids, struct hash_128 hash, int64_t now_ms,
                       bool *ret_is_new) MUST_CHECK;
void event_ids_remove(struct event_ids *ids, struct hash_128 hash);
void event_ids_release(struct event_ids *ids); /* all-zero is a good beginning */

#endif
