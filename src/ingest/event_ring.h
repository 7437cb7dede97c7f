/*
 * The newest events, as they were told, to be searched.
 *
 * A ring of entries and a ring of bytes: a new event drives out the oldest ones
 * that stand in its way. In memory alone: a restart forgets them (what they said
 * about services is in the series).
 *
 *   event_ring_add(&ring, &entry, text) ... event_ring_search(&ring, &query, visit, ctx)
 *
 * Threads   Single owner: whoever holds the lock of struct events.
 * Memory    EVENT_RING_BYTES and 56 bytes per entry, taken with the first event.
 * Limits    EVENT_RING_COUNT events.
 */
#ifndef FUSEBOX_INGEST_EVENT_RING_H
#define FUSEBOX_INGEST_EVENT_RING_H

#include "base/attr.h"
#include "wire/event.h"

enum { EVENT_RING_COUNT = 100000, EVENT_RING_BYTES = 32 << 20 };

struct event_entry {
    uint64_t seq; /* counts up from 1 */
    int64_t at_ms, received_ms;
    uint64_t service_hash;
    enum event_kind kind;
    uint32_t len;
    uint64_t from; /* of the ring of bytes, counted on without wrapping */
};

struct event_ring {
    struct event_entry *entries;
    char *bytes;
    uint64_t first, end; /* entries, counted on without wrapping */
    uint64_t bytes_end;
};

struct event_query {
    int kind;                   /* enum event_kind; -1: any */
    struct str service;         /* empty: any */
    int64_t since_ms, until_ms; /* both included */
    uint64_t before_seq;        /* 0: from the newest on */
    size_t limit;
};

/* `entry` without seq, len and from. ERR_NOMEM; ERR_LIMIT: longer than EVENT_MAX_BYTES. */
enum err event_ring_add(struct event_ring *ring, const struct event_entry *entry,
                        struct str text) MUST_CHECK;
void event_ring_release(struct event_ring *ring); /* all-zero is a good beginning */

/* Newest first. The text is valid during the call only; false stops. */
typedef bool event_visit(void *ctx, const struct event_entry *entry, struct str text);
void event_ring_search(const struct event_ring *ring, const struct event_query *query,
                       event_visit *visit, void *ctx);

#endif
