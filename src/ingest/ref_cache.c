#include "ingest/ref_cache.h"

#include <stdbool.h>

#include "base/mem.h"

enum { FIRST_SLOTS = 1024 };

struct ref_cache_slot {
    struct hash_128 key;
    int64_t asked_s;
    uint32_t ref; /* 0: the slot is free */
};

void ref_cache_release(struct ref_cache *c)
{
    mem_free(c->slots);
    *c = (struct ref_cache){ 0 };
}

/* The key's slot, or the free one where it would stand. */
static struct ref_cache_slot *slot_of(const struct ref_cache *c, struct hash_128 key)
{
    for (size_t i = key.low;; i++) {
        struct ref_cache_slot *slot = &c->slots[i & (c->slot_count - 1)];

        if (!slot->ref || (slot->key.low == key.low && slot->key.high == key.high))
            return slot;
    }
}

static bool is_leased(const struct ref_cache_slot *slot, int64_t mono_s)
{
    return slot->ref && mono_s - slot->asked_s < REF_CACHE_LEASE_S;
}

uint32_t ref_cache_find(const struct ref_cache *c, struct hash_128 key, int64_t mono_s)
{
    const struct ref_cache_slot *slot = c->slot_count ? slot_of(c, key) : NULL;

    return slot && is_leased(slot, mono_s) ? slot->ref : 0;
}

static void set(struct ref_cache *c, const struct ref_cache_slot *entry)
{
    struct ref_cache_slot *slot = slot_of(c, entry->key);

    c->count += !slot->ref;
    *slot = *entry;
}

/* Moves what is still leased into more slots; at the limit into as many, and when it is full of
 * leases into none. */
static bool make_room(struct ref_cache *c, int64_t mono_s)
{
    size_t leased_count = 0;
    struct ref_cache grown = { .slot_count = c->slot_count ? c->slot_count : FIRST_SLOTS };

    for (size_t i = 0; i < c->slot_count; i++)
        leased_count += is_leased(&c->slots[i], mono_s);
    if (leased_count > grown.slot_count / 2 && grown.slot_count < REF_CACHE_MAX_SLOTS)
        grown.slot_count *= 2;
    grown.slots = mem_alloc_zero(grown.slot_count, sizeof *grown.slots);
    if (!grown.slots)
        return false;
    for (size_t i = 0; i < c->slot_count && leased_count <= grown.slot_count / 2; i++)
        if (is_leased(&c->slots[i], mono_s))
            set(&grown, &c->slots[i]);
    ref_cache_release(c);
    *c = grown;
    return true;
}

void ref_cache_put(struct ref_cache *c, struct hash_128 key, uint32_t ref, int64_t mono_s)
{
    bool is_full = c->count >= c->slot_count / 4 * 3;

    if (is_full && !make_room(c, mono_s))
        return;
    set(c, &(struct ref_cache_slot){ key, mono_s, ref });
}
