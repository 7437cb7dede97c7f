#include "tsdb/head.h"

#include "base/mem.h"
#include "base/size.h"

enum {
    PREFETCH_AHEAD = 8,
    LIST_FIRST_COUNT = 128,
};

enum err head_init(struct head *h, struct series_table *table)
{
    *h = (struct head){ .table = table, .min_ts_ms = INT64_MAX, .max_ts_ms = INT64_MIN };
    pthread_rwlock_init(&h->gate, NULL);
    return slab_init(&h->slab);
}

void head_release(struct head *h)
{
    slab_release(&h->slab);
    pthread_rwlock_destroy(&h->gate);
}

/* The record of a reference that exists. */
static struct series *record_of(const struct head *h, uint32_t ref)
{
    struct series *page = atomic_load_explicit(&h->table->pages[ref / SERIES_PAGE_COUNT],
                                               memory_order_relaxed);

    return &page[ref % SERIES_PAGE_COUNT];
}

static void prefetch(const struct head *h, const struct series_sample *items, size_t count,
                     size_t i)
{
    if (i + PREFETCH_AHEAD < count)
        __builtin_prefetch(record_of(h, items[i + PREFETCH_AHEAD].series), 1);
    if (i + PREFETCH_AHEAD / 2 < count) {
        const struct series *s = record_of(h, items[i + PREFETCH_AHEAD / 2].series);

        if (s->last) {
            const struct chunk *c = slab_at(&h->slab, s->last);

            __builtin_prefetch(c, 1);
            __builtin_prefetch(&c->words[s->writer.position_bits / 64u], 1);
        }
    }
}

/*
 * Fills the last chunk with samples of the worst size. Smaller samples, put one
 * behind the other in the same order, never need more chunks than larger ones.
 */
void head_prepare(struct head *h, const struct series_sample *items, size_t count,
                  uint64_t *chunks_needed)
{
    for (size_t i = 0; i < count; i++) {
        struct series *s = record_of(h, items[i].series);
        unsigned full = s->reserved_bits;

        if (!full)
            full = s->last ? s->writer.position_bits : CHUNK_BITS;
        if (full + CHUNK_SAMPLE_BITS_MAX > CHUNK_BITS) {
            ++*chunks_needed;
            full = CHUNK_FIRST_BITS;
        } else {
            full += CHUNK_SAMPLE_BITS_MAX;
        }
        s->reserved_bits = (uint16_t)full;
    }
}

enum err head_reserve(struct head *h, uint64_t chunks_needed)
{
    return slab_reserve(&h->slab, chunks_needed);
}

void head_cancel(struct head *h, const struct series_sample *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        record_of(h, items[i].series)->reserved_bits = 0;
}

static void begin_chunk(struct head *h, struct series *s, int64_t ts_ms, double value)
{
    uint32_t number = slab_take(&h->slab);

    chunk_begin(slab_at(&h->slab, number), &s->writer, ts_ms, value);
    if (s->last)
        atomic_store_explicit(&slab_at(&h->slab, s->last)->next, number, memory_order_release);
    else
        atomic_store_explicit(&s->first, number, memory_order_release);
    s->last = number;
}

enum outcome { APPENDED, OUT_OF_ORDER, DUPLICATE, OUTCOME_COUNT };

static enum outcome append_one(struct head *h, struct series *s, int64_t ts_ms, double value)
{
    s->reserved_bits = 0;
    if (s->flags & SERIES_SEEN && ts_ms <= s->writer.ts_ms)
        return ts_ms == s->writer.ts_ms ? DUPLICATE : OUT_OF_ORDER;
    if (!s->last || !chunk_append(slab_at(&h->slab, s->last), &s->writer, ts_ms, value))
        begin_chunk(h, s, ts_ms, value);
    s->flags |= SERIES_SEEN;
    return APPENDED;
}

static void widen_range(struct head *h, int64_t min_ts_ms, int64_t max_ts_ms)
{
    if (min_ts_ms < atomic_load_explicit(&h->min_ts_ms, memory_order_relaxed))
        atomic_store_explicit(&h->min_ts_ms, min_ts_ms, memory_order_relaxed);
    if (max_ts_ms > atomic_load_explicit(&h->max_ts_ms, memory_order_relaxed))
        atomic_store_explicit(&h->max_ts_ms, max_ts_ms, memory_order_relaxed);
    if (min_ts_ms < h->sweep_min_ts_ms)
        h->sweep_min_ts_ms = min_ts_ms;
}

size_t head_append(struct head *h, const struct series_sample *items, size_t count,
                   struct series_sample *ret_accepted)
{
    uint64_t counts[OUTCOME_COUNT] = { 0 };
    int64_t min_ts_ms = INT64_MAX;
    int64_t max_ts_ms = INT64_MIN;

    for (size_t i = 0; i < count; i++) {
        struct series_sample item = items[i];
        enum outcome outcome;

        prefetch(h, items, count, i);
        outcome = append_one(h, record_of(h, item.series), item.ts_ms, item.value);
        if (outcome == APPENDED) {
            if (ret_accepted)
                ret_accepted[counts[APPENDED]] = item;
            min_ts_ms = item.ts_ms < min_ts_ms ? item.ts_ms : min_ts_ms;
            max_ts_ms = item.ts_ms > max_ts_ms ? item.ts_ms : max_ts_ms;
        }
        counts[outcome]++;
    }
    if (counts[APPENDED])
        widen_range(h, min_ts_ms, max_ts_ms);
    atomic_fetch_add_explicit(&h->appended_count, counts[APPENDED], memory_order_relaxed);
    atomic_fetch_add_explicit(&h->out_of_order_count, counts[OUT_OF_ORDER], memory_order_relaxed);
    atomic_fetch_add_explicit(&h->duplicate_count, counts[DUPLICATE], memory_order_relaxed);
    return (size_t)counts[APPENDED];
}

static bool list_reserve(struct sample_list *list)
{
    size_t capacity = list->capacity_count ? list->capacity_count * 2 : LIST_FIRST_COUNT;
    struct sample *items;

    if (list->count < list->capacity_count)
        return true;
    items = mem_realloc(list->items, mul_size(capacity, sizeof *items));
    if (!items)
        return false;
    list->items = items;
    list->capacity_count = capacity;
    return true;
}

/* The samples of one chunk in range. *ret_done: a later one was met. */
static enum err read_chunk(const struct chunk *c, int64_t start_ms, int64_t end_ms,
                           size_t max_samples, struct sample_list *list, bool *ret_done)
{
    struct chunk_reader reader = chunk_reader_of(c);
    struct sample sample;

    while (chunk_reader_next(&reader, &sample)) {
        if (sample.ts_ms < start_ms)
            continue;
        *ret_done = sample.ts_ms > end_ms;
        if (*ret_done)
            return ERR_OK;
        if (list->count == max_samples)
            return ERR_LIMIT;
        if (!list_reserve(list))
            return ERR_NOMEM;
        list->items[list->count++] = sample;
    }
    return ERR_OK;
}

static enum err read_chain(const struct head *h, const struct series *s, int64_t start_ms,
                           int64_t end_ms, size_t max_samples, struct sample_list *list)
{
    uint32_t number = atomic_load_explicit(&s->first, memory_order_acquire);
    bool done = false;
    enum err err = ERR_OK;

    while (number && !done && !err) {
        const struct chunk *c = slab_at(&h->slab, number);
        uint32_t next = atomic_load_explicit(&c->next, memory_order_acquire);

        /* When the next chunk begins at or before the start, this one ends before it. */
        if (!next || chunk_first_ts_ms(slab_at(&h->slab, next)) > start_ms)
            err = read_chunk(c, start_ms, end_ms, max_samples, list, &done);
        number = next;
    }
    return err;
}

enum err head_read(struct head *h, uint32_t ref, int64_t start_ms, int64_t end_ms,
                   size_t max_samples, struct sample_list *list)
{
    const struct series *s = series_find(h->table, ref);
    enum err err;

    list->count = 0;
    if (!s)
        return ERR_OK;
    pthread_rwlock_rdlock(&h->gate);
    err = read_chain(h, s, start_ms, end_ms, max_samples, list);
    pthread_rwlock_unlock(&h->gate);
    return err;
}

/* Drops the chunks in front that end before the cutoff, the open one too when nothing is left. */
static void drop_old(struct head *h, struct series *s, int64_t cutoff_ms)
{
    uint32_t number = atomic_load_explicit(&s->first, memory_order_relaxed);

    while (number) {
        const struct chunk *c = slab_at(&h->slab, number);
        uint32_t next = atomic_load_explicit(&c->next, memory_order_relaxed);
        bool old = next ? chunk_first_ts_ms(slab_at(&h->slab, next)) <= cutoff_ms
                        : s->writer.ts_ms < cutoff_ms;

        if (!old)
            break;
        slab_give_back(&h->slab, number);
        number = next;
    }
    atomic_store_explicit(&s->first, number, memory_order_relaxed);
    if (!number)
        s->last = 0;
}

static void sweep_one(struct head *h, struct series *s)
{
    uint32_t first;

    drop_old(h, s, h->sweep_cutoff_ms);
    first = atomic_load_explicit(&s->first, memory_order_relaxed);
    if (first) {
        int64_t ts_ms = chunk_first_ts_ms(slab_at(&h->slab, first));

        if (ts_ms < h->sweep_min_ts_ms)
            h->sweep_min_ts_ms = ts_ms;
    }
}

static void finish_sweep(struct head *h)
{
    h->sweep_ref = 0;
    atomic_store_explicit(&h->min_ts_ms, h->sweep_min_ts_ms, memory_order_relaxed);
    if (h->sweep_min_ts_ms == INT64_MAX)
        atomic_store_explicit(&h->max_ts_ms, INT64_MIN, memory_order_relaxed);
}

enum sweep head_sweep(struct head *h, int64_t cutoff_ms, uint32_t max_series)
{
    uint32_t last = series_count(h->table);
    uint32_t visited = 0;

    if (pthread_rwlock_trywrlock(&h->gate) != 0)
        return SWEEP_BUSY;
    if (h->sweep_ref == 0) {
        h->sweep_ref = 1;
        h->sweep_cutoff_ms = cutoff_ms;
        h->sweep_min_ts_ms = INT64_MAX;
    }
    while (h->sweep_ref <= last && visited < max_series) {
        struct series *s = series_find(h->table, h->sweep_ref++);

        visited++;
        if (s)
            sweep_one(h, s);
    }
    if (h->sweep_ref > last)
        finish_sweep(h);
    pthread_rwlock_unlock(&h->gate);
    return h->sweep_ref == 0 ? SWEEP_DONE : SWEEP_MORE;
}
