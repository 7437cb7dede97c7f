#include "head/late.h"

#include "base/mem.h"
#include "base/size.h"

enum { SLOTS_MIN = 64 };

enum err late_init(struct late *l)
{
    enum err err;

    *l = (struct late){ .min_ts_ms = { INT64_MAX, INT64_MAX } };
    err = sample_trees_init(&l->trees);
    if (!err)
        pthread_mutex_init(&l->mutex, NULL);
    return err;
}

void late_release(struct late *l)
{
    sample_trees_release(&l->trees);
    mem_free(l->slots);
    pthread_mutex_destroy(&l->mutex);
    *l = (struct late){ 0 };
}

static void note_bytes(struct late *l)
{
    size_t bytes = 0;

    if (l->trees.used_count)
        bytes = (size_t)l->trees.used_count * SAMPLE_TREE_NODE_BYTES +
                l->slot_count * sizeof *l->slots;
    atomic_store_explicit(&l->bytes, bytes, memory_order_relaxed);
}

/* --- slots --- */

/* The slot of a reference, or the free one where it belongs. Some are free. */
static struct late_slot *slot_for(struct late_slot *slots, size_t count, uint32_t ref)
{
    size_t idx = (ref * UINT32_C(2654435769)) & (count - 1);

    while (slots[idx].ref && slots[idx].ref != ref)
        idx = (idx + 1) & (count - 1);
    return &slots[idx];
}

/* NULL: the series has never had anything here. */
static const struct late_slot *find_slot(const struct late *l, uint32_t ref)
{
    const struct late_slot *slot = l->slot_count ? slot_for(l->slots, l->slot_count, ref) : NULL;

    return slot && slot->ref ? slot : NULL;
}

static bool slot_is_live(const struct late_slot *slot)
{
    return slot->roots[LATE_FRESH] || slot->roots[LATE_SEALING];
}

static size_t live_slot_count(const struct late *l)
{
    size_t count = 0;

    for (size_t i = 0; i < l->slot_count; i++)
        count += slot_is_live(&l->slots[i]);
    return count;
}

/* What it gives back belongs to the caller. */
static struct late_slot *replace_slots(struct late *l, struct late_slot *slots, size_t count)
{
    struct late_slot *old = l->slots;

    pthread_mutex_lock(&l->mutex);
    l->slots = slots;
    l->slot_count = count;
    pthread_mutex_unlock(&l->mutex);
    return old;
}

/* Makes another table, of the slots that are still needed. */
static enum err reserve_slots(struct late *l, uint64_t more)
{
    size_t live = live_slot_count(l);
    size_t count = SLOTS_MIN;
    struct late_slot *slots;

    while (count < (live + more) * 2)
        count *= 2;
    slots = mem_alloc_zero(count, sizeof *slots);
    if (!slots)
        return ERR_NOMEM;
    for (size_t i = 0; i < l->slot_count; i++)
        if (slot_is_live(&l->slots[i]))
            *slot_for(slots, count, l->slots[i].ref) = l->slots[i];
    mem_free(replace_slots(l, slots, count));
    l->slot_used_count = live;
    note_bytes(l);
    return ERR_OK;
}

enum err late_reserve(struct late *l, uint64_t count, uint64_t series_count)
{
    enum err err;

    if (count > SAMPLE_TREES_MAX || series_count > SAMPLE_TREES_MAX)
        return ERR_LIMIT;
    err = sample_trees_reserve(&l->trees, count);
    if (err || (l->slot_used_count + series_count) * 4 <= l->slot_count * 3)
        return err;
    return reserve_slots(l, series_count);
}

/* --- samples --- */

bool late_find(const struct late *l, uint32_t ref, int64_t ts_ms, double *ret_value)
{
    const struct late_slot *slot = find_slot(l, ref);

    return slot && (sample_tree_find(&l->trees, slot->roots[LATE_FRESH], ts_ms, ret_value) ||
                    sample_tree_find(&l->trees, slot->roots[LATE_SEALING], ts_ms, ret_value));
}

void late_insert(struct late *l, uint32_t ref, struct sample sample)
{
    struct late_slot *slot = slot_for(l->slots, l->slot_count, ref);

    pthread_mutex_lock(&l->mutex);
    l->slot_used_count += slot->ref == 0;
    slot->ref = ref;
    sample_tree_insert(&l->trees, &slot->roots[LATE_FRESH], sample);
    pthread_mutex_unlock(&l->mutex);
    if (sample.ts_ms < l->min_ts_ms[LATE_FRESH])
        l->min_ts_ms[LATE_FRESH] = sample.ts_ms;
    note_bytes(l);
}

bool late_is_sealing(const struct late *l, uint32_t ref)
{
    const struct late_slot *slot = find_slot(l, ref);

    return slot && slot->roots[LATE_SEALING];
}

int64_t late_max_ts_ms(const struct late *l, uint32_t ref)
{
    const struct late_slot *slot = find_slot(l, ref);
    int64_t max_ts_ms = INT64_MIN;

    for (int part = 0; slot && part < LATE_PARTS; part++) {
        int64_t ts_ms = sample_tree_max_ts_ms(&l->trees, slot->roots[part]);

        max_ts_ms = ts_ms > max_ts_ms ? ts_ms : max_ts_ms;
    }
    return max_ts_ms;
}

int64_t late_min_ts_ms(const struct late *l)
{
    int64_t fresh_ms = l->min_ts_ms[LATE_FRESH];
    int64_t sealing_ms = l->min_ts_ms[LATE_SEALING];

    return fresh_ms < sealing_ms ? fresh_ms : sealing_ms;
}

/* --- reading --- */

/* The next sample of both trees; false at their end. */
static bool next_of_both(const struct late *l, struct sample_tree_walk walks[LATE_PARTS],
                         struct sample *ret)
{
    struct sample a, b;
    bool has_a = sample_tree_peek(&l->trees, &walks[0], &a);
    bool has_b = sample_tree_peek(&l->trees, &walks[1], &b);
    bool second = has_b && (!has_a || b.ts_ms < a.ts_ms);

    if (!has_a && !has_b)
        return false;
    *ret = second ? b : a;
    sample_tree_next(&l->trees, &walks[second]);
    return true;
}

static enum err copy_trees(const struct late *l, const uint32_t roots[LATE_PARTS], int64_t start_ms,
                           int64_t end_ms, size_t count_max, struct sample_list *list)
{
    struct sample_tree_walk walks[LATE_PARTS];
    struct sample sample;

    for (int part = 0; part < LATE_PARTS; part++)
        sample_tree_walk(&l->trees, &walks[part], roots[part], start_ms);
    while (next_of_both(l, walks, &sample) && sample.ts_ms <= end_ms) {
        if (list->count == count_max)
            return ERR_LIMIT;
        if (!sample_list_reserve(list))
            return ERR_NOMEM;
        list->items[list->count++] = sample;
    }
    return ERR_OK;
}

enum err late_read(struct late *l, uint32_t ref, int64_t start_ms, int64_t end_ms,
                   size_t max_samples, struct sample_list *list)
{
    const struct late_slot *slot;
    size_t begin = list->count;
    enum err err = ERR_OK;

    pthread_mutex_lock(&l->mutex);
    slot = find_slot(l, ref);
    if (slot)
        err = copy_trees(l, slot->roots, start_ms, end_ms, add_size(begin, max_samples), list);
    pthread_mutex_unlock(&l->mutex);
    if (err)
        list->count = begin;
    return err;
}

/* --- sealing --- */

void late_seal_begin(struct late *l)
{
    for (size_t i = 0; i < l->slot_count; i++) {
        struct late_slot *slot = &l->slots[i];

        if (!slot->roots[LATE_FRESH])
            continue;
        pthread_mutex_lock(&l->mutex); /* anew for each series: readers come in between */
        sample_tree_join(&l->trees, &slot->roots[LATE_SEALING], slot->roots[LATE_FRESH]);
        slot->roots[LATE_FRESH] = 0;
        pthread_mutex_unlock(&l->mutex);
    }
    l->sealing_count = l->trees.used_count;
    l->min_ts_ms[LATE_SEALING] = late_min_ts_ms(l);
    l->min_ts_ms[LATE_FRESH] = INT64_MAX;
}

enum err late_collect(struct late *l, uint32_t ref, struct sample_list *list)
{
    uint32_t roots[LATE_PARTS] = { 0 };
    const struct late_slot *slot;
    size_t begin = list->count;
    enum err err;

    pthread_mutex_lock(&l->mutex);
    slot = find_slot(l, ref);
    if (slot)
        roots[LATE_SEALING] = slot->roots[LATE_SEALING];
    pthread_mutex_unlock(&l->mutex);
    err = copy_trees(l, roots, INT64_MIN, INT64_MAX, SIZE_MAX, list);
    if (err)
        list->count = begin;
    return err;
}

/* Answers whether the series had samples in the seal and has none any more. */
static bool leave_slot(struct late *l, struct late_slot *slot)
{
    uint32_t root = slot->roots[LATE_SEALING];

    if (!root)
        return false;
    pthread_mutex_lock(&l->mutex);
    slot->roots[LATE_SEALING] = 0;
    pthread_mutex_unlock(&l->mutex);
    sample_tree_give_back(&l->trees, root); /* no reader can know its nodes any more */
    return !slot->roots[LATE_FRESH];
}

void late_seal_end(struct late *l, late_on_left *on_left, void *ctx)
{
    for (size_t i = 0; i < l->slot_count; i++)
        if (leave_slot(l, &l->slots[i]))
            on_left(ctx, l->slots[i].ref);
    sample_trees_uncount(&l->trees, l->sealing_count);
    l->sealing_count = 0;
    l->min_ts_ms[LATE_SEALING] = INT64_MAX;
    if (!l->trees.used_count) {
        mem_free(replace_slots(l, NULL, 0));
        l->slot_used_count = 0;
        sample_trees_trim(&l->trees);
    }
    note_bytes(l);
}
