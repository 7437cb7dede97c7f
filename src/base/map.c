#include "base/map.h"

#include "base/hash.h"
#include "base/mem.h"

enum { MAP_FIRST_SLOTS = 16 };

struct map map_limited(size_t max_count)
{
    return (struct map){ .max_count = max_count };
}

void map_release(struct map *m)
{
    mem_free(m->slots);
    *m = map_limited(m->max_count);
}

static struct map_entry *slot_for(const struct map *m, struct str key, uint64_t hash)
{
    size_t mask = m->slot_count - 1;

    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct map_entry *slot = &m->slots[i];

        if (!slot->value || (slot->hash == hash && str_equals(slot->key, key)))
            return slot;
    }
}

void *map_find(const struct map *m, struct str key)
{
    return m->count ? slot_for(m, key, hash_str(key))->value : NULL;
}

static enum err grow(struct map *m)
{
    struct map bigger = { .max_count = m->max_count, .count = m->count };

    bigger.slot_count = m->slot_count ? m->slot_count * 2 : MAP_FIRST_SLOTS;
    bigger.slots = mem_alloc_zero(bigger.slot_count, sizeof *bigger.slots);
    if (!bigger.slots)
        return ERR_NOMEM;
    for (size_t i = 0; i < m->slot_count; i++)
        if (m->slots[i].value)
            *slot_for(&bigger, m->slots[i].key, m->slots[i].hash) = m->slots[i];
    mem_free(m->slots);
    *m = bigger;
    return ERR_OK;
}

enum err map_put(struct map *m, struct str key, void *value)
{
    uint64_t hash = hash_str(key);
    struct map_entry *slot = m->slot_count ? slot_for(m, key, hash) : NULL;

    if (slot && slot->value) {
        slot->key = key;
        slot->value = value;
        return ERR_OK;
    }
    if (m->count == m->max_count)
        return ERR_LIMIT;
    if (!slot || (m->count + 1) * 4 > m->slot_count * 3) {
        enum err err = grow(m);

        if (err)
            return err;
        slot = slot_for(m, key, hash);
    }
    *slot = (struct map_entry){ key, hash, value };
    m->count++;
    return ERR_OK;
}

/* Moves later entries of the run into the hole, so that probing never meets a gap (Knuth 6.4,
 * algorithm R). */
static void close_gap(struct map *m, size_t hole)
{
    size_t mask = m->slot_count - 1;

    for (size_t i = (hole + 1) & mask; m->slots[i].value; i = (i + 1) & mask) {
        size_t home = m->slots[i].hash & mask;

        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        m->slots[hole] = m->slots[i];
        hole = i;
    }
    m->slots[hole] = (struct map_entry){ 0 };
}

void *map_remove(struct map *m, struct str key)
{
    struct map_entry *slot = m->count ? slot_for(m, key, hash_str(key)) : NULL;
    void *value;

    if (!slot || !slot->value)
        return NULL;
    value = slot->value;
    close_gap(m, (size_t)(slot - m->slots));
    m->count--;
    return value;
}

struct map_entry *map_next(const struct map *m, size_t *cursor)
{
    while (*cursor < m->slot_count) {
        struct map_entry *slot = &m->slots[(*cursor)++];

        if (slot->value)
            return slot;
    }
    return NULL;
}
