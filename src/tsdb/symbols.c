#include "tsdb/symbols.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/size.h"

enum { SET_FIRST_SLOTS = 64, INLINE_REFS = 2, LIST_FIRST_COUNT = 4 };

struct symbols symbols_empty(void)
{
    return (struct symbols){ .arena = arena_limited(SIZE_MAX) };
}

void symbols_release(struct symbols *s)
{
    for (size_t i = 0; i < s->pairs.slot_count; i++) {
        struct pair *pair = s->pairs.slots[i];

        if (pair && pair->capacity_count)
            mem_free(pair->refs);
    }
    mem_free(s->pairs.slots);
    mem_free(s->symbols.slots);
    arena_release(&s->arena);
    *s = (struct symbols){ 0 };
}

size_t symbols_bytes(const struct symbols *s)
{
    return s->arena.used_bytes + s->list_bytes +
           (s->symbols.slot_count + s->pairs.slot_count) * sizeof(void *);
}

static uint32_t hash_of_symbol(const void *item)
{
    return ((const struct symbol *)item)->hash;
}

static uint32_t mix(uint32_t name_hash, uint32_t value_hash)
{
    uint64_t both = ((uint64_t)name_hash << 32 | value_hash) * UINT64_C(0x9e3779b97f4a7c15);

    return (uint32_t)(both >> 32);
}

static uint32_t hash_of_pair(const void *item)
{
    const struct pair *pair = item;

    return mix(pair->name->hash, pair->value->hash);
}

/* At most 3/4 full, so that a search always meets a free slot. */
static bool set_reserve(struct pointer_set *set, uint32_t (*hash_of)(const void *))
{
    size_t slot_count = set->slot_count ? set->slot_count * 2 : SET_FIRST_SLOTS;
    void **slots;

    if ((set->count + 1) * 4 <= set->slot_count * 3)
        return true;
    slots = mem_alloc_zero(slot_count, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < set->slot_count; i++) {
        size_t at;

        if (!set->slots[i])
            continue;
        at = hash_of(set->slots[i]) & (slot_count - 1);
        while (slots[at])
            at = (at + 1) & (slot_count - 1);
        slots[at] = set->slots[i];
    }
    mem_free(set->slots);
    set->slots = slots;
    set->slot_count = slot_count;
    return true;
}

/* The slot of the text, or the free slot where it belongs; the set has slots. */
static void **symbol_slot(const struct pointer_set *set, struct str text, uint32_t hash)
{
    size_t at = hash & (set->slot_count - 1);

    for (;; at = (at + 1) & (set->slot_count - 1)) {
        const struct symbol *known = set->slots[at];

        if (!known || (known->hash == hash && str_equals(symbol_str(known), text)))
            return &set->slots[at];
    }
}

static void **pair_slot(const struct pointer_set *set, const struct symbol *name,
                        const struct symbol *value)
{
    size_t at = mix(name->hash, value->hash) & (set->slot_count - 1);

    for (;; at = (at + 1) & (set->slot_count - 1)) {
        const struct pair *known = set->slots[at];

        if (!known || (known->name == name && known->value == value))
            return &set->slots[at];
    }
}

static const struct symbol *intern(struct symbols *s, struct str text)
{
    uint32_t hash = (uint32_t)hash_str(text);
    struct symbol *symbol;
    void **slot;

    if (!set_reserve(&s->symbols, hash_of_symbol))
        return NULL;
    slot = symbol_slot(&s->symbols, text, hash);
    if (*slot)
        return *slot;
    symbol = arena_alloc(&s->arena, add_size(sizeof *symbol, text.len));
    if (!symbol)
        return NULL;
    *symbol = (struct symbol){ .hash = hash, .len = (uint32_t)text.len };
    memcpy(symbol->bytes, text.ptr, text.len);
    *slot = symbol;
    s->symbols.count++;
    return symbol;
}

struct pair *symbols_pair(struct symbols *s, struct str name, struct str value)
{
    const struct symbol *name_symbol = intern(s, name);
    const struct symbol *value_symbol = name_symbol ? intern(s, value) : NULL;
    struct pair *pair;
    void **slot;

    if (!value_symbol || !set_reserve(&s->pairs, hash_of_pair))
        return NULL;
    slot = pair_slot(&s->pairs, name_symbol, value_symbol);
    if (*slot)
        return *slot;
    pair = arena_alloc(&s->arena, sizeof *pair);
    if (!pair)
        return NULL;
    *pair = (struct pair){ .name = name_symbol, .value = value_symbol };
    *slot = pair;
    s->pairs.count++;
    return pair;
}

static const struct symbol *find_symbol(const struct symbols *s, struct str text)
{
    if (s->symbols.slot_count == 0)
        return NULL;
    return *symbol_slot(&s->symbols, text, (uint32_t)hash_str(text));
}

const struct pair *symbols_find_pair(const struct symbols *s, struct str name, struct str value)
{
    const struct symbol *name_symbol = find_symbol(s, name);
    const struct symbol *value_symbol = name_symbol ? find_symbol(s, value) : NULL;

    if (!value_symbol || s->pairs.slot_count == 0)
        return NULL;
    return *pair_slot(&s->pairs, name_symbol, value_symbol);
}

bool pair_reserve(struct symbols *s, struct pair *pair)
{
    uint32_t capacity = pair->capacity_count ? pair->capacity_count : INLINE_REFS;
    uint32_t wanted = pair->capacity_count ? capacity + capacity / 2 : LIST_FIRST_COUNT;
    uint32_t *refs;

    if (pair->count < capacity)
        return true;
    refs = mem_realloc(pair->capacity_count ? pair->refs : NULL, wanted * sizeof *refs);
    if (!refs)
        return false;
    if (!pair->capacity_count)
        memcpy(refs, pair->inline_refs, sizeof pair->inline_refs);
    s->list_bytes += (wanted - pair->capacity_count) * sizeof *refs;
    pair->refs = refs;
    pair->capacity_count = wanted;
    return true;
}

void pair_add(struct pair *pair, uint32_t ref)
{
    if (pair->capacity_count)
        pair->refs[pair->count++] = ref;
    else
        pair->inline_refs[pair->count++] = ref;
}

const uint32_t *pair_refs(const struct pair *pair)
{
    return pair->capacity_count ? pair->refs : pair->inline_refs;
}
