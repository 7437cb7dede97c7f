#include "ingest/series_cache.h"

#include "base/mem.h"

enum { SLOTS_MIN = 64 };

void series_cache_release(struct series_cache *c)
{
    mem_free(c->slots);
    *c = (struct series_cache){ 0 };
}

void series_cache_begin(struct series_cache *c)
{
    c->pass = (c->pass + 1) & 0x3fffffff;
    c->pass_count = 0;
    c->pass_kept_count = 0;
    c->pass_new_count = 0;
}

struct series_cache_entry *series_cache_find(const struct series_cache *c, uint64_t hash)
{
    size_t mask = c->slot_count - 1;

    if (!c->slot_count)
        return NULL;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct series_cache_entry *e = &c->slots[i];

        if (e->hash == hash && e->ref)
            return e;
        if (!e->ref)
            return NULL;
    }
}

static struct series_cache_entry *free_slot(struct series_cache_entry *slots, size_t slot_count,
                                            uint64_t hash)
{
    size_t mask = slot_count - 1;
    size_t i = hash & mask;

    while (slots[i].ref)
        i = (i + 1) & mask;
    return &slots[i];
}

static size_t slots_for(size_t count)
{
    size_t slots = SLOTS_MIN;

    while (slots / 4 * 3 <= count)
        slots *= 2;
    return slots;
}

/* Moves the entries that `keep` accepts into a table of a fitting size. */
static bool rebuild(struct series_cache *c, size_t room_count,
                    bool (*keep)(const struct series_cache *c, const struct series_cache_entry *e))
{
    size_t slot_count = slots_for(room_count);
    struct series_cache_entry *slots = mem_alloc_zero(slot_count, sizeof *slots);
    size_t count = 0;

    if (!slots)
        return false;
    for (size_t i = 0; i < c->slot_count; i++) {
        if (!c->slots[i].ref || !keep(c, &c->slots[i]))
            continue;
        *free_slot(slots, slot_count, c->slots[i].hash) = c->slots[i];
        count++;
    }
    mem_free(c->slots);
    c->slots = slots;
    c->slot_count = slot_count;
    c->count = count;
    return true;
}

static bool keep_all(const struct series_cache *c, const struct series_cache_entry *e)
{
    (void)c;
    (void)e;
    return true;
}

static bool keep_had(const struct series_cache *c, const struct series_cache_entry *e)
{
    (void)c;
    return e->had;
}

static bool is_of_pass(const struct series_cache *c, const struct series_cache_entry *e)
{
    return e->pass == c->pass;
}

struct series_cache_entry *series_cache_add(struct series_cache *c, uint64_t hash, uint32_t ref)
{
    struct series_cache_entry *e;

    if (c->count >= c->slot_count / 4 * 3 && !rebuild(c, c->count * 2, keep_all))
        return NULL;
    e = free_slot(c->slots, c->slot_count, hash);
    *e = (struct series_cache_entry){ .hash = hash,
                                      .ref = ref,
                                      .pass = (c->pass - 1) & 0x3fffffff };
    c->count++;
    return e;
}

bool series_cache_mark(struct series_cache *c, struct series_cache_entry *entry, bool tracked)
{
    if (entry->pass == c->pass)
        return false;
    entry->pass = c->pass & 0x3fffffff;
    entry->tracked = tracked;
    c->pass_count++;
    c->pass_kept_count += tracked && entry->had;
    c->pass_new_count += tracked && !entry->had;
    return true;
}

size_t series_cache_missing_count(const struct series_cache *c)
{
    return c->had_count - c->pass_kept_count;
}

void series_cache_for_each_missing(const struct series_cache *c,
                                   void (*visit)(void *ctx, uint32_t ref), void *ctx)
{
    for (size_t i = 0; i < c->slot_count; i++) {
        const struct series_cache_entry *e = &c->slots[i];

        if (e->ref && e->had && !(e->pass == c->pass && e->tracked))
            visit(ctx, e->ref);
    }
}

void series_cache_for_each_had(const struct series_cache *c, void (*visit)(void *ctx, uint32_t ref),
                               void *ctx)
{
    for (size_t i = 0; i < c->slot_count; i++)
        if (c->slots[i].ref && c->slots[i].had)
            visit(ctx, c->slots[i].ref);
}

void series_cache_settle(struct series_cache *c)
{
    if (!c->pass_new_count && !series_cache_missing_count(c) && c->pass_count == c->count)
        return;
    for (size_t i = 0; i < c->slot_count; i++)
        c->slots[i].had = is_of_pass(c, &c->slots[i]) && c->slots[i].tracked && c->slots[i].ref;
    c->had_count = c->pass_kept_count + c->pass_new_count;
    /* Without memory the forgotten ones stay as entries that are not had. */
    if (c->pass_count < c->count)
        (void)rebuild(c, c->pass_count, is_of_pass);
}

void series_cache_settle_none(struct series_cache *c)
{
    if (!c->had_count)
        return;
    for (size_t i = 0; i < c->slot_count; i++)
        c->slots[i].had = false;
    c->had_count = 0;
}

void series_cache_trim(struct series_cache *c)
{
    (void)rebuild(c, c->had_count, keep_had);
}
