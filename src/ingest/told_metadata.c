#include "ingest/told_metadata.h"

#include "base/hash.h"
#include "base/mem.h"

struct told {
    struct str metric;
    struct metadata_list list; /* of one item, or none when the store is full */
    int64_t told_s;
};

void told_metadata_init(struct told_metadata *t)
{
    *t = (struct told_metadata){ .by_metric = map_limited(METADATA_MAX_COUNT) };
    lock_init(&t->lock, LOCK_RANK_REMOTE_WRITE);
}

void told_metadata_keep_in(struct told_metadata *t, struct metadata *store)
{
    atomic_store(&t->store, store);
}

static void told_free(struct told_metadata *t, struct told *told)
{
    if (!told)
        return;
    metadata_drop(t->store, &told->list);
    mem_free((void *)told->metric.ptr);
    mem_free(told);
}

void told_metadata_release(struct told_metadata *t)
{
    struct map_entry *slot;

    for (size_t i = 0; (slot = map_next(&t->by_metric, &i));)
        told_free(t, slot->value);
    map_release(&t->by_metric);
    lock_release(&t->lock);
}

static bool is_kept(const struct told *told, int64_t mono_s)
{
    return mono_s - told->told_s < TOLD_METADATA_KEPT_S;
}

/* Forgets what was not told again. */
static void sweep(struct told_metadata *t, int64_t mono_s)
{
    struct map kept = map_limited(METADATA_MAX_COUNT);
    struct map_entry *slot;
    enum err err = ERR_OK;

    t->swept_s = mono_s;
    for (size_t i = 0; !err && (slot = map_next(&t->by_metric, &i));)
        if (is_kept(slot->value, mono_s))
            err = map_put(&kept, slot->key, slot->value);
    if (err) {
        map_release(&kept);
        return;
    }
    for (size_t i = 0; (slot = map_next(&t->by_metric, &i));)
        if (!is_kept(slot->value, mono_s))
            told_free(t, slot->value);
    map_release(&t->by_metric);
    t->by_metric = kept;
}

/* NULL: no room, no memory. */
static struct told *told_of(struct told_metadata *t, struct str metric)
{
    struct told *told = map_find(&t->by_metric, metric);

    if (told)
        return told;
    told = mem_alloc_zero(1, sizeof *told);
    if (told)
        told->metric = (struct str){ mem_copy(metric.ptr, metric.len), metric.len };
    if (told && told->metric.ptr && map_put(&t->by_metric, told->metric, told) == ERR_OK)
        return told;
    told_free(t, told);
    return NULL;
}

static uint64_t hash_of(const struct metadata_item *item)
{
    uint64_t parts[] = { hash_str(item->type), hash_str(item->help), hash_str(item->unit) };

    return hash_bytes(parts, sizeof parts);
}

void told_metadata_note(struct told_metadata *t, const struct metadata_item *item, int64_t mono_s)
{
    struct metadata *store = atomic_load(&t->store);
    uint64_t hash = hash_of(item);
    struct told *told;

    if (!store)
        return;
    lock_take(&t->lock);
    if (mono_s - t->swept_s >= TOLD_METADATA_SWEEP_S)
        sweep(t, mono_s);
    told = told_of(t, item->metric);
    if (told) {
        told->told_s = mono_s;
        if ((!told->list.count || told->list.hash != hash) &&
            metadata_replace(store, &told->list, item, 1) == ERR_OK)
            told->list.hash = hash;
    }
    lock_drop(&t->lock);
}
