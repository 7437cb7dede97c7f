#include "head/index.h"

#include "base/mem.h"
#include "head/index_parts.h"

enum err index_init(struct index *x)
{
    enum err err;

    *x = (struct index){ .free_refs = vec_of(sizeof(uint32_t), SERIES_MAX) };
    lock_init(&x->lock, LOCK_RANK_INDEX);
    err = symbols_init(&x->symbols);
    return err ? err : series_table_init(&x->table);
}

void index_release(struct index *x)
{
    symbols_release(&x->symbols);
    series_table_release(&x->table);
    slots_release(&x->slots);
    vec_release(&x->free_refs);
    lock_release(&x->lock);
}

/* --- memory --- */

void index_count_bytes(struct index *x)
{
    size_t bytes = symbols_bytes(&x->symbols) + series_table_bytes(&x->table) +
                   slots_bytes(&x->slots) + x->free_refs.capacity_count * sizeof(uint32_t);

    atomic_store_explicit(&x->bytes, bytes, memory_order_relaxed);
    atomic_store_explicit(&x->series_count, x->slots.count, memory_order_relaxed);
}

static size_t free_count(const struct index *x)
{
    size_t count = x->free_refs.count - x->free_first;

    return count > INDEX_FREE_MIN_COUNT ? count - INDEX_FREE_MIN_COUNT : 0;
}

/* Pages are kept while anything in them lives: what else they have can be used again. */
static bool is_full(const struct index *x, size_t room_bytes)
{
    size_t holes = x->table.page_count * SERIES_PAGE_COUNT - x->slots.count;
    size_t reusable = free_count(x) < holes ? free_count(x) : holes;
    size_t idle_bytes = reusable * sizeof(struct series) + x->symbols.pool.taken_bytes -
                        x->symbols.pool.used_bytes;

    return index_bytes(x) - idle_bytes >= room_bytes;
}

/* --- references --- */

static uint32_t next_ref(const struct index *x)
{
    if (free_count(x))
        return *(uint32_t *)vec_at(&x->free_refs, x->free_first);
    return series_count(&x->table) + 1;
}

static void take_ref(struct index *x)
{
    struct vec *refs = &x->free_refs;

    if (!free_count(x))
        return;
    if (++x->free_first <= refs->count / 2)
        return;
    refs->count -= x->free_first;
    memmove(refs->items, (uint32_t *)refs->items + x->free_first, refs->count * sizeof(uint32_t));
    x->free_first = 0;
}

/* --- labels --- */

struct labels index_labels_of(const struct index *x, const struct series *s,
                              struct label space[LABELS_MAX])
{
    const uint32_t *pairs = atomic_load_explicit(&s->pairs, memory_order_acquire);

    for (size_t i = 0; i < s->label_count; i++)
        space[i] = symbols_label(&x->symbols, pairs[i]);
    return (struct labels){ space, s->label_count };
}

struct labels index_labels(const struct index *x, uint32_t ref, struct label space[LABELS_MAX])
{
    const struct series *s = series_find(&x->table, ref);

    return s ? index_labels_of(x, s, space) : (struct labels){ 0 };
}

uint32_t index_hash(struct labels labels)
{
    return (uint32_t)(labels_hash(labels) >> 32);
}

static bool series_has(const struct index *x, const struct series *s, struct labels labels)
{
    const uint32_t *pairs = atomic_load_explicit(&s->pairs, memory_order_relaxed);

    if (s->label_count != labels.count)
        return false;
    for (size_t i = 0; i < labels.count; i++) {
        struct label known = symbols_label(&x->symbols, pairs[i]);

        if (!str_equals(known.name, labels.items[i].name) ||
            !str_equals(known.value, labels.items[i].value))
            return false;
    }
    return true;
}

static uint32_t find_ref(const struct index *x, struct labels labels, uint32_t hash)
{
    size_t at = slots_home(&x->slots, hash);
    uint32_t ref;

    while ((ref = slots_next(&x->slots, hash, &at)))
        if (series_has(x, series_find(&x->table, ref), labels))
            return ref;
    return 0;
}

/* --- new series --- */

/*
 * The block with a series' pairs. Before them stands the block's own number, for
 * the record keeps only a pointer.
 */
static uint32_t *new_pair_list(struct index *x, size_t count)
{
    uint32_t block = pool_take(&x->symbols.pool, (count + 1) * sizeof(uint32_t));
    uint32_t *list;

    if (!block)
        return NULL;
    list = pool_at(&x->symbols.pool, block);
    list[0] = block;
    return list + 1;
}

void index_free_pair_list(struct index *x, const uint32_t *pairs, size_t count)
{
    pool_give(&x->symbols.pool, pairs[-1], (count + 1) * sizeof(uint32_t));
}

static void drop_unused_pairs(struct index *x, const uint32_t *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!symbols_pair_at(&x->symbols, pairs[i])->postings.count)
            symbols_drop_pair(&x->symbols, pairs[i]);
}

/* Finds or makes the pairs, with room for a reference in each. ERR_NOMEM: nothing is left behind.
 */
static enum err make_pairs(struct index *x, struct labels labels, uint32_t *pairs)
{
    for (size_t i = 0; i < labels.count; i++) {
        uint32_t pair = symbols_pair(&x->symbols, labels.items[i].name, labels.items[i].value);

        pairs[i] = pair;
        if (pair &&
            postings_reserve(&symbols_pair_at(&x->symbols, pair)->postings, &x->symbols.pool))
            continue;
        drop_unused_pairs(x, pairs, pair ? i + 1 : i);
        return ERR_NOMEM;
    }
    return ERR_OK;
}

static enum err add_series(struct index *x, uint32_t hash, uint32_t ref, struct labels labels)
{
    enum err err = series_table_reserve(&x->table, ref);
    uint32_t *pairs;

    if (err)
        return err;
    if (!slots_reserve(&x->slots))
        return ERR_NOMEM;
    pairs = new_pair_list(x, labels.count);
    if (!pairs)
        return ERR_NOMEM;
    err = make_pairs(x, labels, pairs);
    if (err) {
        index_free_pair_list(x, pairs, labels.count);
        return err;
    }
    for (size_t i = 0; i < labels.count; i++)
        postings_add(&symbols_pair_at(&x->symbols, pairs[i])->postings, &x->symbols.pool, ref);
    slots_add(&x->slots, hash, ref);
    series_table_add(&x->table, ref, pairs, labels.count);
    return ERR_OK;
}

static void note_epoch(struct index *x, uint32_t ref)
{
    atomic_store_explicit(&series_find(&x->table, ref)->epoch,
                          atomic_load_explicit(&x->epoch, memory_order_relaxed),
                          memory_order_relaxed);
}

static enum err find_or_add(struct index *x, struct labels labels, size_t room_bytes,
                            uint32_t *ret_ref)
{
    uint32_t hash = index_hash(labels);
    uint32_t ref = find_ref(x, labels, hash);
    enum err err;

    if (!ref) {
        if (is_full(x, room_bytes))
            return ERR_LIMIT;
        ref = next_ref(x);
        err = add_series(x, hash, ref, labels);
        if (!err)
            take_ref(x);
        index_count_bytes(x);
        if (err)
            return err;
        atomic_fetch_add_explicit(&x->created_count, 1, memory_order_relaxed);
    }
    note_epoch(x, ref);
    *ret_ref = ref;
    return ERR_OK;
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

/* --- loading --- */

/* References that a gap leaves out belong to nobody: they are free. */
static enum err note_holes(struct index *x, uint32_t from, uint32_t to)
{
    for (uint32_t ref = from; ref < to; ref++) {
        uint32_t *slot;

        if (x->free_refs.count >= INDEX_HOLES_MAX_COUNT)
            return ERR_OK;
        slot = vec_push(&x->free_refs);
        if (!slot)
            return vec_error(&x->free_refs);
        *slot = ref;
    }
    return ERR_OK;
}

static enum err load(struct index *x, uint32_t ref, struct labels labels)
{
    uint32_t hash = index_hash(labels);
    uint32_t last = series_count(&x->table);
    enum err err;

    if (ref <= last || find_ref(x, labels, hash))
        return ERR_CORRUPT;
    err = add_series(x, hash, ref, labels);
    if (!err) {
        note_epoch(x, ref);
        err = note_holes(x, last + 1, ref);
    }
    index_count_bytes(x);
    return err;
}

/* What comes from disk may be anything. */
static bool is_label_set(struct labels labels)
{
    if (labels.count == 0 || labels.count > LABELS_MAX)
        return false;
    for (size_t i = 1; i < labels.count; i++)
        if (str_compare(labels.items[i - 1].name, labels.items[i].name) >= 0)
            return false;
    return true;
}

enum err index_load(struct index *x, uint32_t ref, struct labels labels)
{
    enum err err;

    if (!is_label_set(labels))
        return ERR_CORRUPT;
    lock_take(&x->lock);
    err = load(x, ref, labels);
    lock_drop(&x->lock);
    return err;
}
