/* What readers and the seal take from the head. */
#include "base/mem.h"
#include "base/size.h"
#include "head/head_record.h"

/* The samples of one chunk in range. *ret_done: a later one was met. */
static enum err read_chunk(const struct chunk *c, int64_t start_ms, int64_t end_ms,
                           size_t count_max, struct sample_list *list, bool *ret_done)
{
    uint32_t count = chunk_count(c), from = 0, to = count;
    struct sample *samples;

    if (!sample_list_room(list, count))
        return ERR_NOMEM;
    samples = list->items + list->count;
    chunk_read(c, count, samples);
    while (from < count && samples[from].ts_ms < start_ms)
        from++;
    while (to > from && samples[to - 1].ts_ms > end_ms)
        to--;
    if (from && to > from)
        memmove(samples, samples + from, (to - from) * sizeof *samples);
    list->count += to - from;
    *ret_done = to < count;
    return list->count > count_max ? ERR_LIMIT : ERR_OK;
}

static enum err read_chain(const struct head *h, uint32_t number, int64_t start_ms, int64_t end_ms,
                           size_t count_max, struct sample_list *list)
{
    bool done = false;
    enum err err = ERR_OK;

    while (number && !done && !err) {
        const struct chunk *c = slab_at(&h->slab, number);
        uint32_t next = atomic_load_explicit(&c->next, memory_order_acquire);

        /* When the next chunk begins at or before the start, this one ends before it. */
        if (!next || chunk_first_ts_ms(slab_at(&h->slab, next)) > start_ms)
            err = read_chunk(c, start_ms, end_ms, count_max, list, &done);
        number = next;
    }
    return err;
}

/* Puts late samples among those of the list behind `begin`; no time is in both. */
static enum err merge_late(struct sample_list *list, size_t begin, const struct sample_list *late)
{
    size_t chain = list->count;
    size_t left = late->count;
    size_t at;

    for (size_t i = 0; i < late->count; i++) {
        if (!sample_list_reserve(list))
            return ERR_NOMEM;
        list->items[list->count++] = late->items[i];
    }
    at = list->count;
    while (left) {
        bool keep = chain > begin && list->items[chain - 1].ts_ms > late->items[left - 1].ts_ms;

        list->items[--at] = keep ? list->items[--chain] : late->items[--left];
    }
    return ERR_OK;
}

enum err head_read(struct head *h, uint32_t ref, int64_t start_ms, int64_t end_ms,
                   size_t max_samples, struct sample_list *list)
{
    const struct series *s = head_record_at(h, ref);
    struct sample_list late = { 0 };
    size_t begin = list->count;
    enum err err;

    if (!s)
        return ERR_OK;
    pthread_rwlock_rdlock(&h->gate);
    err = read_chain(h, atomic_load_explicit(&s->first, memory_order_acquire), start_ms, end_ms,
                     add_size(begin, max_samples), list);
    if (!err && !late_is_empty(&h->late))
        err = late_read(&h->late, ref, start_ms, end_ms, max_samples - (list->count - begin),
                        &late);
    pthread_rwlock_unlock(&h->gate);
    if (!err)
        err = merge_late(list, begin, &late);
    if (err)
        list->count = begin;
    mem_free(late.items);
    return err;
}

/* sealed_ms is of this chain only when there is one: the acquiring load of `first` shows it. */
static enum err collect_chain(const struct head *h, const struct series *s,
                              struct sample_list *list)
{
    uint32_t first = atomic_load_explicit(&s->first, memory_order_acquire);
    int64_t start_ms = INT64_MIN;

    if (!first || s->sealed_ms == INT64_MAX)
        return ERR_OK;
    if (s->sealed_ms != INT64_MIN)
        start_ms = s->sealed_ms + 1;
    return read_chain(h, first, start_ms, INT64_MAX, SIZE_MAX, list);
}

enum err head_collect(struct head *h, uint32_t ref, struct sample_list *list, int64_t *ret_mark_ms)
{
    const struct series *s = head_record_at(h, ref);
    struct sample_list late = { 0 };
    size_t begin = list->count;
    int64_t mark_ms = INT64_MIN;
    enum err err = ERR_OK;

    if (s) {
        pthread_rwlock_rdlock(&h->gate);
        err = collect_chain(h, s, list);
        pthread_rwlock_unlock(&h->gate);
    }
    if (list->count > begin)
        mark_ms = list->items[list->count - 1].ts_ms;
    if (!err && !late_is_empty(&h->late))
        err = late_collect(&h->late, ref, &late);
    if (!err)
        err = merge_late(list, begin, &late);
    if (err)
        list->count = begin;
    else
        *ret_mark_ms = mark_ms;
    mem_free(late.items);
    return err;
}
