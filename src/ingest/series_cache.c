#include "ingest/series_cache.h"

#include <string.h>

#include "base/mem.h"
#include "base/size.h"

enum { ENTRIES_MIN = 48, PASS_MASK = 0x1fffffff };

void series_cache_release(struct series_cache *c)
{
    mem_free(c->entries);
    mem_free(c->index);
    *c = (struct series_cache){ 0 };
}

void series_cache_begin(struct series_cache *c)
{
    c->pass = (c->pass + 1) & PASS_MASK;
    c->next = 0;
    c->pass_count = 0;
    c->pass_kept_count = 0;
    c->pass_new_count = 0;
}

/* The slot that holds the hash, or the free one where it belongs. */
static uint32_t *find_slot(const struct series_cache *c, uint64_t hash)
{
    size_t mask = c->slot_count - 1;
    size_t i = hash & mask;

    while (c->index[i] && c->entries[c->index[i] - 1].hash != hash)
        i = (i + 1) & mask;
    return &c->index[i];
}

struct series_cache_entry *series_cache_find(struct series_cache *c, uint64_t hash)
{
    uint32_t place;

    if (c->next < c->count && c->entries[c->next].hash == hash)
        return &c->entries[c->next++];
    if (!c->count)
        return NULL;
    place = *find_slot(c, hash);
    if (!place)
        return NULL;
    c->next = place;
    return &c->entries[place - 1];
}

static void fill_index(struct series_cache *c)
{
    memset(c->index, 0, c->slot_count * sizeof *c->index);
    for (size_t i = 0; i < c->count; i++)
        *find_slot(c, c->entries[i].hash) = (uint32_t)i + 1;
}

static bool grow(struct series_cache *c)
{
    size_t capacity = c->capacity_count ? c->capacity_count * 2 : ENTRIES_MIN;
    size_t slot_count = capacity / 3 * 4;
    struct series_cache_entry *entries = mem_realloc(c->entries,
                                                     mul_size(capacity, sizeof *entries));
    uint32_t *index;

    if (!entries)
        return false;
    c->entries = entries;
    index = mem_alloc_zero(slot_count, sizeof *index);
    if (!index)
        return false;
    mem_free(c->index);
    c->index = index;
    c->slot_count = slot_count;
    c->capacity_count = capacity;
    fill_index(c);
    return true;
}

/* Forgets the entries that `keep` does not accept. */
static void compact(struct series_cache *c,
                    bool (*keep)(const struct series_cache *c, const struct series_cache_entry *e))
{
    size_t kept = 0;

    for (size_t i = 0; i < c->count; i++)
        if (keep(c, &c->entries[i]))
            c->entries[kept++] = c->entries[i];
    c->count = kept;
    if (c->slot_count)
        fill_index(c);
}

static bool is_had(const struct series_cache *c, const struct series_cache_entry *e)
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

    if (c->count == c->capacity_count && !grow(c))
        return NULL;
    e = &c->entries[c->count++];
    *e = (struct series_cache_entry){
        .hash = hash, .ref = ref, .pass = (c->pass - 1) & PASS_MASK, .asked = true
    };
    *find_slot(c, hash) = (uint32_t)c->count;
    c->next = c->count;
    return e;
}

void series_cache_answer(struct series_cache_entry *entry, uint32_t ref)
{
    entry->ref = ref;
    entry->asked = ref != 0;
}

bool series_cache_mark(struct series_cache *c, struct series_cache_entry *entry, bool tracked)
{
    if (entry->pass == c->pass)
        return false;
    entry->pass = c->pass & PASS_MASK;
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
    for (size_t i = 0; i < c->count; i++) {
        const struct series_cache_entry *e = &c->entries[i];

        if (e->had && e->ref && !(is_of_pass(c, e) && e->tracked))
            visit(ctx, e->ref);
    }
}

void series_cache_for_each_had(const struct series_cache *c, void (*visit)(void *ctx, uint32_t ref),
                               void *ctx)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->entries[i].had && c->entries[i].ref)
            visit(ctx, c->entries[i].ref);
}

void series_cache_settle(struct series_cache *c)
{
    if (!c->pass_new_count && !series_cache_missing_count(c) && c->pass_count == c->count)
        return;
    for (size_t i = 0; i < c->count; i++)
        c->entries[i].had = is_of_pass(c, &c->entries[i]) && c->entries[i].tracked;
    c->had_count = c->pass_kept_count + c->pass_new_count;
    if (c->pass_count < c->count)
        compact(c, is_of_pass);
}

void series_cache_settle_none(struct series_cache *c)
{
    if (!c->had_count)
        return;
    for (size_t i = 0; i < c->count; i++)
        c->entries[i].had = false;
    c->had_count = 0;
}

void series_cache_renew(struct series_cache *c)
{
    for (size_t i = 0; i < c->count; i++)
        c->entries[i].asked = false;
}

void series_cache_expire(struct series_cache *c)
{
    for (size_t i = 0; i < c->count; i++)
        series_cache_answer(&c->entries[i], 0);
}

void series_cache_trim(struct series_cache *c)
{
    compact(c, is_had);
}
