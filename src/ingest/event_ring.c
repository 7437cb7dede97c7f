#include "ingest/event_ring.h"

#include "base/hash.h"
#include "base/mem.h"

void event_ring_release(struct event_ring *ring)
{
    mem_free(ring->entries);
    mem_free(ring->bytes);
    *ring = (struct event_ring){ 0 };
}

static enum err open_ring(struct event_ring *ring)
{
    if (!ring->entries)
        ring->entries = mem_alloc(EVENT_RING_COUNT * sizeof *ring->entries);
    if (!ring->bytes)
        ring->bytes = mem_alloc(EVENT_RING_BYTES);
    return ring->entries && ring->bytes ? ERR_OK : ERR_NOMEM;
}

static struct event_entry *entry_at(const struct event_ring *ring, uint64_t number)
{
    return &ring->entries[number % EVENT_RING_COUNT];
}

/* Where `len` bytes stand in one piece. */
static uint64_t place_for(const struct event_ring *ring, size_t len)
{
    size_t offset = ring->bytes_end % EVENT_RING_BYTES;

    if (offset + len <= EVENT_RING_BYTES)
        return ring->bytes_end;
    return ring->bytes_end + (EVENT_RING_BYTES - offset);
}

enum err event_ring_add(struct event_ring *ring, const struct event_entry *entry, struct str text)
{
    struct event_entry *place;
    uint64_t from;

    if (text.len > EVENT_MAX_BYTES)
        return ERR_LIMIT;
    if (open_ring(ring))
        return ERR_NOMEM;
    from = place_for(ring, text.len);
    while (ring->first < ring->end &&
           (ring->end - ring->first == EVENT_RING_COUNT ||
            entry_at(ring, ring->first)->from + EVENT_RING_BYTES < from + text.len))
        ring->first++;
    place = entry_at(ring, ring->end);
    *place = *entry;
    place->seq = ++ring->end;
    place->len = (uint32_t)text.len;
    place->from = from;
    if (text.len)
        memcpy(ring->bytes + from % EVENT_RING_BYTES, text.ptr, text.len);
    ring->bytes_end = from + text.len;
    return ERR_OK;
}

static bool is_wanted(const struct event_entry *entry, const struct event_query *query,
                      uint64_t service_hash)
{
    return (query->kind < 0 || (int)entry->kind == query->kind) &&
           (!query->service.len || entry->service_hash == service_hash) &&
           entry->at_ms >= query->since_ms && entry->at_ms <= query->until_ms;
}

void event_ring_search(const struct event_ring *ring, const struct event_query *query,
                       event_visit *visit, void *ctx)
{
    uint64_t service_hash = hash_str(query->service), end = ring->end;
    size_t found = 0;

    if (query->before_seq && query->before_seq - 1 < end)
        end = query->before_seq - 1;
    while (end > ring->first && found < query->limit) {
        const struct event_entry *entry = entry_at(ring, --end);
        struct str text = { ring->bytes + entry->from % EVENT_RING_BYTES, entry->len };

        if (!is_wanted(entry, query, service_hash))
            continue;
        found++;
        if (!visit(ctx, entry, text))
            return;
    }
}
