#include "tsdb/index.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/size.h"

enum { INDEX_FIRST_SLOTS = 64 };

enum err index_init(struct index *x)
{
    *x = (struct index){ .symbols = symbols_empty() };
    lock_init(&x->lock, LOCK_RANK_INDEX);
    return series_table_init(&x->table);
}

void index_release(struct index *x)
{
    symbols_release(&x->symbols);
    series_table_release(&x->table);
    mem_free(x->slots);
    lock_release(&x->lock);
}

static uint32_t hash_of_labels(struct labels labels)
{
    uint64_t hash = labels.count;

    for (size_t i = 0; i < labels.count; i++) {
        hash = (hash ^ hash_str(labels.items[i].name)) * UINT64_C(0x9e3779b97f4a7c15);
        hash = (hash ^ hash >> 32 ^ hash_str(labels.items[i].value)) * UINT64_C(0xff51afd7ed558ccd);
    }
    return (uint32_t)(hash >> 32);
}

/* At most 3/4 full. */
static bool slots_reserve(struct index *x)
{
    size_t slot_count = x->slot_count ? x->slot_count * 2 : INDEX_FIRST_SLOTS;
    size_t used = atomic_load_explicit(&x->series_count, memory_order_relaxed);
    struct index_slot *slots;

    if ((used + 1) * 4 <= x->slot_count * 3)
        return true;
    slots = mem_alloc_zero(slot_count, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < x->slot_count; i++) {
        size_t at = x->slots[i].hash & (slot_count - 1);

        if (!x->slots[i].ref)
            continue;
        while (slots[at].ref)
            at = (at + 1) & (slot_count - 1);
        slots[at] = x->slots[i];
    }
    mem_free(x->slots);
    x->slots = slots;
    x->slot_count = slot_count;
    return true;
}

/* The slot of the labels, or the free slot where they belong; there are slots. */
static struct index_slot *find_slot(const struct index *x, struct labels labels, uint32_t hash)
{
    size_t at = hash & (x->slot_count - 1);

    for (;; at = (at + 1) & (x->slot_count - 1)) {
        struct index_slot *slot = &x->slots[at];

        if (!slot->ref)
            return slot;
        if (slot->hash == hash &&
            labels_equals(series_labels(series_find(&x->table, slot->ref)), labels))
            return slot;
    }
}

/* Everything that can fail comes first; what it leaves behind on an error is only cached names. */
static enum err add_series(struct index *x, struct index_slot *slot, uint32_t hash, uint32_t ref,
                           struct labels labels)
{
    struct pair *pairs[LABELS_MAX];
    struct label *items;
    enum err err = series_table_reserve(&x->table, ref);

    if (err)
        return err;
    for (size_t i = 0; i < labels.count; i++) {
        pairs[i] = symbols_pair(&x->symbols, labels.items[i].name, labels.items[i].value);
        if (!pairs[i] || !pair_reserve(&x->symbols, pairs[i]))
            return ERR_NOMEM;
    }
    items = arena_alloc(&x->symbols.arena, labels.count * sizeof *items);
    if (!items)
        return ERR_NOMEM;
    for (size_t i = 0; i < labels.count; i++) {
        items[i] = (struct label){ symbol_str(pairs[i]->name), symbol_str(pairs[i]->value) };
        pair_add(pairs[i], ref);
    }
    series_table_add(&x->table, ref, (struct labels){ items, labels.count });
    *slot = (struct index_slot){ hash, ref };
    atomic_fetch_add_explicit(&x->series_count, 1, memory_order_relaxed);
    return ERR_OK;
}

static void count_bytes(struct index *x)
{
    size_t bytes = symbols_bytes(&x->symbols) + series_table_bytes(&x->table) +
                   x->slot_count * sizeof *x->slots;

    atomic_store_explicit(&x->bytes, bytes, memory_order_relaxed);
}

static enum err find_or_add(struct index *x, struct labels labels, size_t room_bytes,
                            uint32_t *ret_ref)
{
    uint32_t hash = hash_of_labels(labels);
    uint32_t ref = series_count(&x->table) + 1;
    struct index_slot *slot;
    enum err err;

    if (!slots_reserve(x))
        return ERR_NOMEM;
    slot = find_slot(x, labels, hash);
    if (slot->ref) {
        *ret_ref = slot->ref;
        return ERR_OK;
    }
    if (index_bytes(x) >= room_bytes)
        return ERR_LIMIT;
    err = add_series(x, slot, hash, ref, labels);
    count_bytes(x);
    if (!err)
        *ret_ref = ref;
    return err;
}

enum err index_series(struct index *x, struct labels labels, size_t room_bytes, uint32_t *ret_ref)
{
    enum err err;

    if (labels.count == 0 || labels.count > LABELS_MAX)
        return ERR_INVALID;
    lock_take(&x->lock);
    err = find_or_add(x, labels, room_bytes, ret_ref);
    lock_drop(&x->lock);
    return err;
}

static enum err load(struct index *x, uint32_t ref, struct labels labels)
{
    uint32_t hash = hash_of_labels(labels);
    struct index_slot *slot;
    enum err err;

    if (!slots_reserve(x))
        return ERR_NOMEM;
    slot = find_slot(x, labels, hash);
    if (slot->ref || ref <= series_count(&x->table))
        return ERR_CORRUPT;
    err = add_series(x, slot, hash, ref, labels);
    count_bytes(x);
    return err;
}

enum err index_load(struct index *x, uint32_t ref, struct labels labels)
{
    enum err err;

    if (labels.count == 0 || labels.count > LABELS_MAX)
        return ERR_CORRUPT;
    lock_take(&x->lock);
    err = load(x, ref, labels);
    lock_drop(&x->lock);
    return err;
}

/* Keeps in `refs` what the list has too; both rise. Searches the list in doubling steps. */
static size_t intersect(uint32_t *refs, size_t count, const uint32_t *list, size_t list_count)
{
    size_t kept = 0;
    size_t at = 0;

    for (size_t i = 0; i < count && at < list_count; i++) {
        size_t step = 1;
        size_t end = at;

        while (end < list_count && list[end] < refs[i]) {
            at = end;
            end += step;
            step *= 2;
        }
        if (end > list_count)
            end = list_count;
        while (at < end && list[at] < refs[i]) {
            size_t middle = at + (end - at) / 2;

            if (list[middle] < refs[i])
                at = middle + 1;
            else
                end = middle;
        }
        if (at < list_count && list[at] == refs[i])
            refs[kept++] = refs[i];
    }
    return kept;
}

static enum err copy_all(const struct index *x, uint32_t **ret_refs, size_t *ret_count)
{
    uint32_t last = series_count(&x->table);
    uint32_t *refs = mem_alloc(mul_size(last, sizeof *refs));
    size_t count = 0;

    if (!refs)
        return ERR_NOMEM;
    for (uint32_t ref = 1; ref <= last; ref++)
        if (series_find(&x->table, ref))
            refs[count++] = ref;
    *ret_refs = refs;
    *ret_count = count;
    return ERR_OK;
}

/* The smallest postings among the matchers; *ret_empty: one of them has none at all. */
static const struct pair *smallest(const struct index *x, const struct matcher *matchers,
                                   size_t matcher_count, bool *ret_empty)
{
    const struct pair *best = NULL;

    for (size_t i = 0; i < matcher_count; i++) {
        const struct pair *pair;

        if (!index_answers(&matchers[i]))
            continue;
        pair = symbols_find_pair(&x->symbols, matchers[i].name, matchers[i].value);
        *ret_empty = !pair;
        if (!pair)
            return NULL;
        if (!best || pair->count < best->count)
            best = pair;
    }
    return best;
}

static enum err select_refs(const struct index *x, const struct matcher *matchers,
                            size_t matcher_count, uint32_t **ret_refs, size_t *ret_count)
{
    bool empty = false;
    const struct pair *first = smallest(x, matchers, matcher_count, &empty);
    size_t count = first ? first->count : 0;
    uint32_t *refs;

    if (!first && !empty)
        return copy_all(x, ret_refs, ret_count);
    refs = mem_alloc(mul_size(count, sizeof *refs));
    if (!refs)
        return ERR_NOMEM;
    if (count)
        memcpy(refs, pair_refs(first), count * sizeof *refs);
    for (size_t i = 0; i < matcher_count && count; i++) {
        const struct pair *pair;

        if (!index_answers(&matchers[i]))
            continue;
        pair = symbols_find_pair(&x->symbols, matchers[i].name, matchers[i].value);
        if (pair != first)
            count = intersect(refs, count, pair_refs(pair), pair->count);
    }
    *ret_refs = refs;
    *ret_count = count;
    return ERR_OK;
}

enum err index_select(struct index *x, const struct matcher *matchers, size_t matcher_count,
                      uint32_t **ret_refs, size_t *ret_count)
{
    enum err err;

    lock_take(&x->lock);
    err = select_refs(x, matchers, matcher_count, ret_refs, ret_count);
    lock_drop(&x->lock);
    return err;
}
