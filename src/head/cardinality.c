/*
 * One walk over the pairs fills five heaps of at most `top` candidates each, the
 * least of them on top, and a table of sums per label name. Candidates point to
 * symbols; what is left at the end is copied while the lock is still held.
 */
#include "head/cardinality.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/vec.h"

/* The best so far; items[0] is the one that would go first. */
struct heap {
    struct cardinality_entry items[CARDINALITY_TOP_MAX];
    size_t count;
    size_t max_count;
    uint64_t total;
};

struct name_sum {
    uint32_t name; /* number of a symbol */
    uint64_t count;
    uint64_t bytes;
};

struct walk {
    struct heap by_metric, by_label, by_pair, by_job, by_instance;
    struct slots names; /* places in sums, from 1 */
    struct vec sums;    /* struct name_sum */
};

/* --- the heap --- */

/* Negative: a comes before b in the answer. */
static int compare(const struct cardinality_entry *a, const struct cardinality_entry *b)
{
    int order;

    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    order = str_compare(a->name, b->name);
    return order ? order : str_compare(a->value, b->value);
}

static int compare_entries(const void *a, const void *b)
{
    return compare(a, b);
}

static void swap(struct heap *h, size_t i, size_t k)
{
    struct cardinality_entry kept = h->items[i];

    h->items[i] = h->items[k];
    h->items[k] = kept;
}

static void rise(struct heap *h, size_t at)
{
    for (size_t up = (at - 1) / 2; at && compare(&h->items[at], &h->items[up]) > 0;
         at = up, up = (at - 1) / 2)
        swap(h, at, up);
}

static void sink(struct heap *h)
{
    size_t at = 0;

    for (;;) {
        size_t down = 2 * at + 1;

        if (down >= h->count)
            return;
        if (down + 1 < h->count && compare(&h->items[down + 1], &h->items[down]) > 0)
            down++;
        if (compare(&h->items[at], &h->items[down]) >= 0)
            return;
        swap(h, at, down);
        at = down;
    }
}

static void offer(struct heap *h, const struct cardinality_entry *entry)
{
    h->total++;
    if (h->count < h->max_count) {
        h->items[h->count] = *entry;
        rise(h, h->count++);
    } else if (h->count && compare(entry, &h->items[0]) < 0) {
        h->items[0] = *entry;
        sink(h);
    }
}

/* --- the walk --- */

static struct name_sum *find_sum(struct walk *w, uint32_t name)
{
    uint32_t hash = (uint32_t)(name * UINT64_C(0x9e3779b97f4a7c15) >> 32);
    size_t at = slots_home(&w->names, hash);
    struct name_sum *sum;
    uint32_t place;

    while ((place = slots_next(&w->names, hash, &at))) {
        sum = vec_at(&w->sums, place - 1);
        if (sum->name == name)
            return sum;
    }
    sum = slots_reserve(&w->names) ? vec_push(&w->sums) : NULL;
    if (!sum)
        return NULL;
    sum->name = name;
    slots_add(&w->names, hash, (uint32_t)w->sums.count);
    return sum;
}

static void offer_pair(struct walk *w, struct label label, uint64_t count)
{
    struct cardinality_entry whole = { label.name, label.value, count, 0 };
    struct cardinality_entry value = { label.value, STR(""), count, 0 };

    if (str_equals(label.name, LABEL_METRIC_NAME)) {
        offer(&w->by_metric, &value);
        return;
    }
    offer(&w->by_pair, &whole);
    if (str_equals(label.name, STR("job")))
        offer(&w->by_job, &value);
    else if (str_equals(label.name, STR("instance")))
        offer(&w->by_instance, &value);
}

static enum err walk_pairs(struct walk *w, const struct symbols *s)
{
    for (size_t i = 0; i < s->pairs.slot_count; i++) {
        const struct pair *pair;
        struct name_sum *sum;

        if (!s->pairs.items[i].number)
            continue;
        pair = symbols_pair_at(s, s->pairs.items[i].number);
        sum = find_sum(w, pair->name);
        if (!sum)
            return ERR_NOMEM;
        sum->count++;
        sum->bytes += symbols_text(s, pair->value).len;
        offer_pair(w, symbols_label(s, s->pairs.items[i].number), pair->postings.count);
    }
    return ERR_OK;
}

static void offer_labels(struct walk *w, const struct symbols *s)
{
    for (size_t i = 0; i < w->sums.count; i++) {
        const struct name_sum *sum = vec_at(&w->sums, i);

        offer(&w->by_label, &(struct cardinality_entry){ symbols_text(s, sum->name), STR(""),
                                                         sum->count, sum->bytes });
    }
}

/* --- the answer --- */

static enum err copy_top(struct heap *h, struct arena *arena, struct cardinality_top *ret)
{
    *ret = (struct cardinality_top){ .count = h->count, .total = h->total };
    ret->items = arena_alloc_zero(arena, h->count + 1, sizeof *ret->items);
    if (!ret->items)
        return arena_error(arena);
    qsort(h->items, h->count, sizeof *h->items, compare_entries);
    for (size_t i = 0; i < h->count; i++) {
        ret->items[i] = h->items[i];
        if (!arena_copy_str(arena, h->items[i].name, &ret->items[i].name) ||
            !arena_copy_str(arena, h->items[i].value, &ret->items[i].value))
            return arena_error(arena);
    }
    return ERR_OK;
}

static enum err copy_all(struct walk *w, struct arena *arena, struct cardinality *ret)
{
    enum err err = copy_top(&w->by_metric, arena, &ret->by_metric);

    if (!err)
        err = copy_top(&w->by_label, arena, &ret->by_label);
    if (!err)
        err = copy_top(&w->by_pair, arena, &ret->by_pair);
    if (!err)
        err = copy_top(&w->by_job, arena, &ret->by_job);
    return err ? err : copy_top(&w->by_instance, arena, &ret->by_instance);
}

static enum err read_locked(struct index *x, struct walk *w, struct arena *arena,
                            struct cardinality *ret)
{
    struct cardinality read = { 0 };
    enum err err;

    lock_take(&x->lock);
    read.series_count = x->slots.count;
    err = walk_pairs(w, &x->symbols);
    if (!err) {
        offer_labels(w, &x->symbols);
        err = copy_all(w, arena, &read);
    }
    lock_drop(&x->lock);
    if (!err)
        *ret = read;
    return err;
}

enum err cardinality_read(struct index *x, size_t top, struct arena *arena, struct cardinality *ret)
{
    struct walk *w = mem_alloc_zero(1, sizeof *w);
    enum err err;

    if (!w)
        return ERR_NOMEM;
    if (top > CARDINALITY_TOP_MAX)
        top = CARDINALITY_TOP_MAX;
    w->sums = vec_of(sizeof(struct name_sum), UINT32_MAX - 1);
    w->by_metric.max_count = w->by_label.max_count = w->by_pair.max_count = top;
    w->by_job.max_count = w->by_instance.max_count = top;
    err = read_locked(x, w, arena, ret);
    slots_release(&w->names);
    vec_release(&w->sums);
    mem_free(w);
    return err;
}
