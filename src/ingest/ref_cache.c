#include "ingest/ref_cache.h"

#include "base/mem.h"

enum { FIRST_CAPACITY = 1024, SLOTS_PER_ENTRY = 2 };

struct ref_cache_entry {
    struct hash_128 key;
    uint32_t ref;
    uint32_t asked_s;
};

void ref_cache_release(struct ref_cache *c)
{
    mem_free(c->entries);
    mem_free(c->slots);
    *c = (struct ref_cache){ 0 };
}

static bool has_key(const struct ref_cache_entry *e, struct hash_128 key)
{
    return e->key.low == key.low && e->key.high == key.high;
}

/* The key's slot, or the free one where it would stand. */
static uint32_t *slot_of(const struct ref_cache *c, struct hash_128 key)
{
    for (size_t i = key.low;; i++) {
        uint32_t *slot = &c->slots[i & (c->capacity * SLOTS_PER_ENTRY - 1)];

        if (!*slot || has_key(&c->entries[*slot - 1], key))
            return slot;
    }
}

static bool is_leased(const struct ref_cache_entry *e, int64_t mono_s)
{
    return mono_s - e->asked_s < REF_CACHE_LEASE_S;
}

uint32_t ref_cache_find(const struct ref_cache *c, struct hash_128 key, int64_t mono_s,
                        size_t *next)
{
    size_t at = *next;

    if (at >= c->count || !has_key(&c->entries[at], key)) {
        uint32_t number = c->capacity ? *slot_of(c, key) : 0;

        if (!number)
            return 0;
        at = number - 1;
    }
    *next = at + 1;
    return is_leased(&c->entries[at], mono_s) ? c->entries[at].ref : 0;
}

static void append(struct ref_cache *c, const struct ref_cache_entry *entry)
{
    c->entries[c->count] = *entry;
    *slot_of(c, entry->key) = (uint32_t)++c->count;
}

static bool allocate(struct ref_cache *c, size_t capacity)
{
    *c = (struct ref_cache){ .capacity = capacity };
    c->entries = mem_alloc_zero(capacity, sizeof *c->entries);
    c->slots = mem_alloc_zero(capacity * SLOTS_PER_ENTRY, sizeof *c->slots);
    if (c->entries && c->slots)
        return true;
    ref_cache_release(c);
    return false;
}

/* Moves what is still leased, in its order, into more room; at the limit into as much, and when it
 * is full of leases none of it. */
static bool make_room(struct ref_cache *c, int64_t mono_s)
{
    size_t capacity = c->capacity ? c->capacity : FIRST_CAPACITY, leased_count = 0;
    struct ref_cache grown;

    for (size_t i = 0; i < c->count; i++)
        leased_count += is_leased(&c->entries[i], mono_s);
    if (leased_count > capacity / 2 && capacity < REF_CACHE_MAX_COUNT)
        capacity *= 2;
    if (!allocate(&grown, capacity))
        return false;
    for (size_t i = 0; i < c->count && leased_count <= capacity / 2; i++)
        if (is_leased(&c->entries[i], mono_s))
            append(&grown, &c->entries[i]);
    ref_cache_release(c);
    *c = grown;
    return true;
}

void ref_cache_put(struct ref_cache *c, struct hash_128 key, uint32_t ref, int64_t mono_s)
{
    struct ref_cache_entry entry = { key, ref, (uint32_t)mono_s };
    uint32_t number = c->capacity ? *slot_of(c, key) : 0;

    if (number)
        c->entries[number - 1] = entry;
    else if (c->count < c->capacity || make_room(c, mono_s))
        append(c, &entry);
}
