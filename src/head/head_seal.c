/* What becomes of samples that stand in a block. */
#include "head/head_record.h"

void head_seal_begin(struct head *h)
{
    late_seal_begin(&h->late);
    h->sealing_count = atomic_load_explicit(&h->unsealed_count, memory_order_relaxed);
    h->settle_ref = 1;
    h->settle_end_ref = series_count(h->table);
    h->settle_min_ts_ms = INT64_MAX;
}

static bool chain_is_sealed(const struct series *s)
{
    if (!atomic_load_explicit(&s->first, memory_order_relaxed))
        return true;
    return s->sealed_ms != INT64_MIN && s->writer.ts_ms <= s->sealed_ms;
}

/*
 * Drops the chunks in front that end at or before sealed_ms, the open one too when nothing is left
 * behind it. One that ends there while the next begins later stays: to know it would have to be
 * decoded.
 */
static void drop_chunks(struct head *h, struct series *s)
{
    uint32_t number = atomic_load_explicit(&s->first, memory_order_relaxed);
    bool all = chain_is_sealed(s);

    while (number) {
        uint32_t next = atomic_load_explicit(&slab_at(&h->slab, number)->next,
                                             memory_order_relaxed);

        if (!all && (!next || chunk_first_ts_ms(slab_at(&h->slab, next)) > s->sealed_ms))
            break;
        slab_give_back(&h->slab, number);
        h->found_ref = 0;
        number = next;
    }
    atomic_store_explicit(&s->first, number, memory_order_relaxed);
    if (!number)
        s->last = 0;
}

/*
 * The series' late samples stand in a block, and its chain too: what comes next is in order when it
 * is behind the latest late sample. So a clock that stepped back makes late samples until the next
 * seal only.
 */
static void begin_new_chain(struct head *h, struct series *s, uint32_t ref)
{
    double value = 0;

    drop_chunks(h, s);
    s->writer.ts_ms = late_max_ts_ms(&h->late, ref);
    if (late_find(&h->late, ref, s->writer.ts_ms, &value))
        s->writer.bits = sample_bits(value);
    s->sealed_ms = INT64_MIN;
}

static void settle_one(struct head *h, struct series *s, uint32_t ref, int64_t mark_ms)
{
    drop_chunks(h, s);
    if (mark_ms > s->sealed_ms)
        s->sealed_ms = mark_ms;
    if (s->flags & SERIES_LATE && late_is_sealing(&h->late, ref) && chain_is_sealed(s))
        begin_new_chain(h, s, ref);
}

static void note_oldest(const struct head *h, const struct series *s, int64_t *min_ts_ms)
{
    uint32_t first = atomic_load_explicit(&s->first, memory_order_relaxed);

    if (first && chunk_first_ts_ms(slab_at(&h->slab, first)) < *min_ts_ms)
        *min_ts_ms = chunk_first_ts_ms(slab_at(&h->slab, first));
}

/* Every series was visited since min_ts_ms was INT64_MAX. */
static void publish_oldest(struct head *h, int64_t min_ts_ms)
{
    int64_t late_ms = late_min_ts_ms(&h->late);

    atomic_store_explicit(&h->min_ts_ms, late_ms < min_ts_ms ? late_ms : min_ts_ms,
                          memory_order_relaxed);
}

bool head_settle(struct head *h, const int64_t *marks_ms, uint32_t first_ref, uint32_t max_series)
{
    uint64_t end = (uint64_t)first_ref + max_series;
    uint32_t last = series_count(h->table);

    if (pthread_rwlock_trywrlock(&h->gate) != 0)
        return false;
    for (uint64_t ref = first_ref; ref < end && ref <= last; ref++) {
        struct series *s = head_record_at(h, (uint32_t)ref);

        if (!s || !(s->flags & SERIES_SEEN))
            continue;
        settle_one(h, s, (uint32_t)ref, marks_ms[ref]);
        note_oldest(h, s, &h->settle_min_ts_ms);
    }
    pthread_rwlock_unlock(&h->gate);
    if (first_ref == h->settle_ref)
        h->settle_ref = end > last ? last + 1 : (uint32_t)end;
    return true;
}

static void on_left(void *ctx, uint32_t ref)
{
    struct head *h = ctx;

    head_record_of(h, ref)->flags &= (uint8_t)~SERIES_LATE;
}

void head_seal_end(struct head *h, bool done)
{
    if (!done)
        return;
    late_seal_end(&h->late, on_left, h);
    atomic_fetch_sub_explicit(&h->unsealed_count, h->sealing_count, memory_order_relaxed);
    h->sealing_count = 0;
    if (h->settle_ref > h->settle_end_ref)
        publish_oldest(h, h->settle_min_ts_ms);
}

bool head_drop_sealed(struct head *h, uint32_t max_series)
{
    uint32_t last = series_count(h->table);

    if (pthread_rwlock_trywrlock(&h->gate) != 0)
        return false;
    for (uint32_t i = 0; i < max_series && h->drop_ref <= last; i++) {
        struct series *s = head_record_at(h, h->drop_ref++);

        if (!s || !(s->flags & SERIES_SEEN))
            continue;
        drop_chunks(h, s);
        note_oldest(h, s, &h->drop_min_ts_ms);
    }
    pthread_rwlock_unlock(&h->gate);
    if (h->drop_ref > last) {
        publish_oldest(h, h->drop_min_ts_ms);
        h->drop_ref = 1;
        h->drop_min_ts_ms = INT64_MAX;
    }
    return true;
}

void head_forget(struct head *h, uint32_t ref)
{
    drop_chunks(h, head_record_of(h, ref));
}

bool head_is_sealed(const struct head *h, uint32_t ref)
{
    const struct series *s = head_record_of(h, ref);

    return !(s->flags & SERIES_LATE) && chain_is_sealed(s);
}
