/*
 * Eviction in three steps: what goes is written down and the memory for that is taken;
 * slots and records go; every pair that one of them had is visited once, and
 * loses them all (a bit per reference says which).
 */
#include "base/mem.h"
#include "base/size.h"
#include "head/index_parts.h"

struct eviction {
    uint32_t *refs; /* that go */
    size_t count;
    size_t label_count; /* of all of them */
    struct ref_set gone;
    uint32_t *pairs; /* that lose references, each once */
    size_t pair_count;
};

static void release(struct eviction *e)
{
    mem_free(e->refs);
    mem_free(e->gone.words);
    mem_free(e->pairs);
}

/* Those that nobody looked up lately. */
static enum err choose(const struct index *x, struct eviction *e, const uint32_t *refs,
                       size_t count)
{
    uint8_t epoch = atomic_load_explicit(&x->epoch, memory_order_relaxed);

    e->refs = mem_alloc(mul_size(count, sizeof *e->refs));
    if (!e->refs)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct series *s = series_find(&x->table, refs[i]);

        if (!s || atomic_load_explicit(&s->epoch, memory_order_relaxed) == epoch)
            continue;
        e->label_count += s->label_count;
        e->refs[e->count++] = refs[i];
    }
    return ERR_OK;
}

/* Enters them behind the free ones. ERR_NOMEM: none is. */
static enum err add_free(struct vec *free_refs, const uint32_t *refs, size_t count)
{
    size_t before = free_refs->count;

    for (size_t i = 0; i < count; i++) {
        uint32_t *slot = vec_push(free_refs);

        if (!slot) {
            free_refs->count = before;
            return ERR_NOMEM;
        }
        *slot = refs[i];
    }
    return ERR_OK;
}

static enum err prepare(struct index *x, struct eviction *e)
{
    e->gone.first = e->refs[0];
    e->gone.last = e->refs[e->count - 1];
    e->gone.words = mem_alloc_zero(ref_set_word(&e->gone, e->gone.last) + 1, sizeof *e->gone.words);
    e->pairs = mem_alloc(mul_size(e->label_count, sizeof *e->pairs));
    if (!e->gone.words || !e->pairs)
        return ERR_NOMEM;
    return add_free(&x->free_refs, e->refs, e->count);
}

/* The hash is the labels', so these must be there still. */
static void remove_record(struct index *x, struct eviction *e, uint32_t ref)
{
    const struct series *s = series_find(&x->table, ref);
    const uint32_t *pairs = atomic_load_explicit(&s->pairs, memory_order_relaxed);
    struct label space[LABELS_MAX];
    size_t count = s->label_count;

    slots_remove(&x->slots, index_hash(index_labels_of(x, s, space)), ref);
    e->gone.words[ref_set_word(&e->gone, ref)] |= UINT64_C(1) << ref % 64;
    for (size_t i = 0; i < count; i++) {
        struct postings *p = &symbols_pair_at(&x->symbols, pairs[i])->postings;

        if (!p->is_marked)
            e->pairs[e->pair_count++] = pairs[i];
        p->is_marked = 1;
    }
    series_table_remove(&x->table, ref);
    index_free_pair_list(x, pairs, count);
}

static void clean_pair(struct symbols *s, uint32_t number, const struct ref_set *gone)
{
    struct postings *p = &symbols_pair_at(s, number)->postings;

    p->is_marked = 0;
    postings_remove(p, &s->pool, gone);
    if (!p->count)
        symbols_drop_pair(s, number);
}

static void carry_out(struct index *x, struct eviction *e)
{
    for (size_t i = 0; i < e->count; i++)
        remove_record(x, e, e->refs[i]);
    for (size_t i = 0; i < e->pair_count; i++)
        clean_pair(&x->symbols, e->pairs[i], &e->gone);
    slots_trim(&x->slots);
    symbols_trim(&x->symbols);
}

enum err index_evict(struct index *x, const uint32_t *refs, size_t count, size_t *ret_evicted)
{
    struct eviction e = { 0 };
    enum err err;

    lock_take(&x->lock);
    err = choose(x, &e, refs, count);
    if (!err && e.count)
        err = prepare(x, &e);
    if (!err) {
        carry_out(x, &e);
        *ret_evicted = e.count;
    }
    index_count_bytes(x);
    lock_drop(&x->lock);
    release(&e);
    return err;
}
