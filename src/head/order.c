#include "head/order.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/size.h"
#include "base/vec.h"

/* The ranks of the first two pairs decide most comparisons without a look at the series. */
struct ordered {
    uint64_t key;
    uint32_t ref;
};

struct ordering {
    const struct index *index;
    struct ordered *items;
    size_t count;
    uint32_t *ranks; /* by pair number; 0: no series here has the pair */
    uint32_t rank_count;
};

static enum err collect(struct ordering *o, uint32_t last_ref)
{
    o->items = mem_alloc(mul_size((size_t)last_ref + 1, sizeof *o->items));
    if (!o->items)
        return ERR_NOMEM;
    for (uint32_t ref = 1; ref <= last_ref && ref != 0; ref++) {
        const struct series *s = series_find(&o->index->table, ref);

        if (!s)
            continue;
        for (size_t i = 0; i < s->label_count; i++)
            if (s->pairs[i] >= o->rank_count)
                o->rank_count = s->pairs[i] + 1;
        o->items[o->count++].ref = ref;
    }
    return ERR_OK;
}

static int compare_pairs(const void *a, const void *b, void *ctx)
{
    const struct ordering *o = ctx;
    struct label x = symbols_label(&o->index->symbols, *(const uint32_t *)a);
    struct label y = symbols_label(&o->index->symbols, *(const uint32_t *)b);
    int order = str_compare(x.name, y.name);

    return order ? order : str_compare(x.value, y.value);
}

/* Every pair that is used, once; marked by rank 1 meanwhile. */
static enum err list_pairs(struct ordering *o, struct vec *pairs)
{
    for (size_t i = 0; i < o->count; i++) {
        const struct series *s = series_find(&o->index->table, o->items[i].ref);

        for (size_t k = 0; k < s->label_count; k++) {
            uint32_t *slot;

            if (o->ranks[s->pairs[k]])
                continue;
            slot = vec_push(pairs);
            if (!slot)
                return vec_error(pairs);
            *slot = s->pairs[k];
            o->ranks[s->pairs[k]] = 1;
        }
    }
    return ERR_OK;
}

static enum err rank_pairs(struct ordering *o)
{
    struct vec pairs = vec_of(sizeof(uint32_t), UINT32_MAX);
    enum err err = ERR_NOMEM;

    o->ranks = mem_alloc_zero((size_t)o->rank_count + 1, sizeof *o->ranks);
    if (o->ranks)
        err = list_pairs(o, &pairs);
    if (!err && pairs.count)
        qsort_r(pairs.items, pairs.count, sizeof(uint32_t), compare_pairs, o);
    for (size_t i = 0; i < pairs.count && !err; i++)
        o->ranks[*(uint32_t *)vec_at(&pairs, i)] = (uint32_t)i + 1;
    vec_release(&pairs);
    return err;
}

/* A set that ends has rank 0 there, so a shorter prefix is less. */
static uint32_t rank_at(const struct ordering *o, const struct series *s, size_t i)
{
    return i < s->label_count ? o->ranks[s->pairs[i]] : 0;
}

static int compare_series(const void *a, const void *b, void *ctx)
{
    const struct ordered *x = a, *y = b;
    const struct ordering *o = ctx;
    const struct series *s, *t;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    s = series_find(&o->index->table, x->ref);
    t = series_find(&o->index->table, y->ref);
    for (size_t i = 2; i < s->label_count || i < t->label_count; i++) {
        uint32_t p = rank_at(o, s, i), q = rank_at(o, t, i);

        if (p != q)
            return p < q ? -1 : 1;
    }
    return 0;
}

static void sort(struct ordering *o)
{
    for (size_t i = 0; i < o->count; i++) {
        const struct series *s = series_find(&o->index->table, o->items[i].ref);

        o->items[i].key = (uint64_t)rank_at(o, s, 0) << 32 | rank_at(o, s, 1);
    }
    if (o->count)
        qsort_r(o->items, o->count, sizeof o->items[0], compare_series, o);
}

enum err order_series(struct index *x, uint32_t last_ref, uint32_t **ret_refs, size_t *ret_count)
{
    struct ordering o = { .index = x };
    uint32_t *refs = NULL;
    enum err err = collect(&o, last_ref);

    if (!err)
        err = rank_pairs(&o);
    if (!err) {
        refs = mem_alloc(mul_size(o.count + 1, sizeof *refs));
        err = refs ? ERR_OK : ERR_NOMEM;
    }
    if (!err) {
        sort(&o);
        for (size_t i = 0; i < o.count; i++)
            refs[i] = o.items[i].ref;
        *ret_refs = refs;
        *ret_count = o.count;
    }
    mem_free(o.items);
    mem_free(o.ranks);
    return err;
}
