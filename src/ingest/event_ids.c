#include "ingest/event_ids.h"

#include "base/mem.h"

enum { FIRST_COUNT = 1024, KEY_MAX_BYTES = 1024 };

struct hash_128 event_id_hash(struct str service, struct str id)
{
    char key[KEY_MAX_BYTES];
    struct hash_128 hash = hash_bytes_128(id.ptr, id.len);
    size_t len = service.len < KEY_MAX_BYTES - sizeof hash ? service.len
                                                           : KEY_MAX_BYTES - sizeof hash;

    memcpy(key, &hash, sizeof hash);
    if (len)
        memcpy(key + sizeof hash, service.ptr, len);
    return hash_bytes_128(key, sizeof hash + len);
}

void event_ids_release(struct event_ids *ids)
{
    mem_free(ids->ring);
    mem_free(ids->slots);
    *ids = (struct event_ids){ 0 };
}

static size_t slot_mask(const struct event_ids *ids)
{
    return 2 * ids->capacity_count - 1;
}

static struct event_id *at_slot(const struct event_ids *ids, size_t slot)
{
    return &ids->ring[ids->slots[slot] - 1];
}

/* The slot that has the hash, or the free one where it belongs. */
static size_t find_slot(const struct event_ids *ids, struct hash_128 hash)
{
    size_t mask = slot_mask(ids), slot = hash.low & mask;

    while (ids->slots[slot] &&
           (at_slot(ids, slot)->hash.low != hash.low || at_slot(ids, slot)->hash.high != hash.high))
        slot = (slot + 1) & mask;
    return slot;
}

/* Frees a slot; those behind it that would no longer be found move up. */
static void free_slot(struct event_ids *ids, size_t slot)
{
    size_t mask = slot_mask(ids), next = slot;

    for (;;) {
        size_t home;

        ids->slots[slot] = 0;
        do {
            next = (next + 1) & mask;
            if (!ids->slots[next])
                return;
            home = at_slot(ids, next)->hash.low & mask;
        } while (slot <= next ? slot < home && home <= next : slot < home || home <= next);
        ids->slots[slot] = ids->slots[next];
        slot = next;
    }
}

/* In a larger ring places stay what they are: it only grows while nothing was driven out. */
static enum err grow(struct event_ids *ids)
{
    size_t count = ids->capacity_count ? 2 * ids->capacity_count : FIRST_COUNT;
    struct event_ids larger = { .capacity_count = count, .added_count = ids->added_count };

    larger.ring = mem_alloc_zero(count, sizeof *larger.ring);
    larger.slots = mem_alloc_zero(2 * count, sizeof *larger.slots);
    if (!larger.ring || !larger.slots) {
        event_ids_release(&larger);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < ids->added_count; i++) {
        larger.ring[i] = ids->ring[i];
        if (!ids->ring[i].is_free)
            larger.slots[find_slot(&larger, ids->ring[i].hash)] = (uint32_t)i + 1;
    }
    event_ids_release(ids);
    *ids = larger;
    return ERR_OK;
}

static struct event_id *take_place(struct event_ids *ids)
{
    struct event_id *place = &ids->ring[ids->added_count % ids->capacity_count];

    if (ids->added_count >= ids->capacity_count && !place->is_free)
        free_slot(ids, find_slot(ids, place->hash));
    ids->added_count++;
    return place;
}

enum err event_ids_add(struct event_ids *ids, struct hash_128 hash, int64_t now_ms,
                       bool *ret_is_new)
{
    struct event_id *place;
    size_t slot;

    if (ids->added_count == ids->capacity_count && ids->capacity_count < EVENT_IDS_MAX) {
        enum err err = grow(ids);

        if (err)
            return err;
    }
    slot = find_slot(ids, hash);
    if (ids->slots[slot]) {
        place = at_slot(ids, slot);
        *ret_is_new = now_ms - place->at_ms > EVENT_IDS_MS;
        if (*ret_is_new)
            place->at_ms = now_ms;
        return ERR_OK;
    }
    place = take_place(ids);
    *place = (struct event_id){ hash, now_ms, false };
    ids->slots[find_slot(ids, hash)] = (uint32_t)(place - ids->ring) + 1;
    *ret_is_new = true;
    return ERR_OK;
}

void event_ids_remove(struct event_ids *ids, struct hash_128 hash)
{
    size_t slot = ids->capacity_count ? find_slot(ids, hash) : 0;

    if (!ids->capacity_count || !ids->slots[slot])
        return;
    at_slot(ids, slot)->is_free = true;
    free_slot(ids, slot);
}
