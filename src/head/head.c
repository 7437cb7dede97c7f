#include "head/head.h"

#include "head/head_record.h"

enum {
    PREFETCH_AHEAD = 8,
    RESERVED_LATE = 0x8000, /* in reserved_bits: its place among the late ones is counted */
};

enum err head_init(struct head *h, struct series_table *table)
{
    enum err err;

    *h = (struct head){
        .table = table,
        .drop_ref = 1,
        .drop_min_ts_ms = INT64_MAX,
        .settle_min_ts_ms = INT64_MAX,
        .min_ts_ms = INT64_MAX,
        .max_ts_ms = INT64_MIN,
    };
    err = slab_init(&h->slab);
    if (!err)
        err = late_init(&h->late);
    if (err) {
        slab_release(&h->slab);
        *h = (struct head){ 0 };
        return err;
    }
    pthread_rwlock_init(&h->gate, NULL);
    return ERR_OK;
}

void head_release(struct head *h)
{
    if (!h->table)
        return;
    slab_release(&h->slab);
    late_release(&h->late);
    pthread_rwlock_destroy(&h->gate);
    *h = (struct head){ 0 };
}

static void prefetch(const struct head *h, const struct series_sample *items, size_t count,
                     size_t i)
{
    if (i + PREFETCH_AHEAD < count)
        __builtin_prefetch(head_record_of(h, items[i + PREFETCH_AHEAD].series), 1);
    if (i + PREFETCH_AHEAD / 2 < count) {
        const struct series *s = head_record_of(h, items[i + PREFETCH_AHEAD / 2].series);

        if (s->last) {
            const struct chunk *c = slab_at(&h->slab, s->last);

            __builtin_prefetch(c, 1);
            __builtin_prefetch(&c->words[s->writer.position_bits / 64u], 1);
        }
    }
}

static void prepare_late(struct series *s, struct head_need *needed)
{
    needed->late++;
    if (!(s->flags & SERIES_LATE) && !(s->reserved_bits & RESERVED_LATE))
        needed->late_series++;
    s->reserved_bits |= RESERVED_LATE;
}

/*
 * Fills the last chunk with samples of the worst size. Smaller samples, put one
 * behind the other in the same order, never need more chunks than larger ones.
 */
static void prepare_chunk(struct series *s, struct head_need *needed)
{
    unsigned full = s->reserved_bits & ~(unsigned)RESERVED_LATE;

    if (!full)
        full = s->last ? s->writer.position_bits : CHUNK_BITS;
    if (full + CHUNK_SAMPLE_BITS_MAX > CHUNK_BITS) {
        needed->chunks++;
        full = CHUNK_FIRST_BITS;
    } else {
        full += CHUNK_SAMPLE_BITS_MAX;
    }
    s->reserved_bits = (uint16_t)(full | (s->reserved_bits & RESERVED_LATE));
}

/* A sample behind the series' last one is late. One before it in the same commit may make it so. */
void head_prepare(struct head *h, const struct series_sample *items, size_t count,
                  struct head_need *needed)
{
    for (size_t i = 0; i < count; i++) {
        struct series *s = head_record_of(h, items[i].series);
        bool behind = s->flags & SERIES_SEEN && items[i].ts_ms <= s->writer.ts_ms;

        if (behind || s->reserved_bits & ~(unsigned)RESERVED_LATE)
            prepare_late(s, needed);
        if (!behind)
            prepare_chunk(s, needed);
    }
}

enum err head_reserve(struct head *h, const struct head_need *needed)
{
    enum err err = slab_reserve(&h->slab, needed->chunks);

    return err ? err : late_reserve(&h->late, needed->late, needed->late_series);
}

void head_cancel(struct head *h, const struct series_sample *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        head_record_of(h, items[i].series)->reserved_bits = 0;
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

enum outcome { APPENDED, LATE, DUPLICATE, OTHER_VALUE, OUTCOME_COUNT };

static bool find_in_chunk(const struct chunk *c, int64_t ts_ms, double *ret_value)
{
    struct sample samples[CHUNK_SAMPLES_MAX];
    uint32_t count = chunk_count(c), at = 0;

    chunk_read(c, count, samples);
    while (at < count && samples[at].ts_ms < ts_ms)
        at++;
    if (at == count || samples[at].ts_ms != ts_ms)
        return false;
    *ret_value = samples[at].value;
    return true;
}

/* Where to look for a time: most late samples come in rising order, one series at a time. */
static uint32_t first_candidate(const struct head *h, const struct series *s, uint32_t ref,
                                int64_t ts_ms)
{
    if (h->found_ref == ref && chunk_first_ts_ms(slab_at(&h->slab, h->found_chunk)) <= ts_ms)
        return h->found_chunk;
    return atomic_load_explicit(&s->first, memory_order_relaxed);
}

static bool find_in_chain(struct head *h, const struct series *s, uint32_t ref, int64_t ts_ms,
                          double *ret_value)
{
    uint32_t number = first_candidate(h, s, ref, ts_ms);

    while (number) {
        const struct chunk *c = slab_at(&h->slab, number);
        uint32_t next = atomic_load_explicit(&c->next, memory_order_relaxed);

        if (chunk_first_ts_ms(c) > ts_ms)
            return false;
        if (!next || chunk_first_ts_ms(slab_at(&h->slab, next)) > ts_ms) {
            h->found_ref = ref;
            h->found_chunk = number;
            return find_in_chunk(c, ts_ms, ret_value);
        }
        number = next;
    }
    return false;
}

bool head_find(struct head *h, uint32_t ref, int64_t ts_ms, double *ret_value)
{
    const struct series *s = head_record_of(h, ref);

    if (!(s->flags & SERIES_SEEN) || ts_ms > s->writer.ts_ms)
        return false;
    if (ts_ms == s->writer.ts_ms) {
        *ret_value = sample_from_bits(s->writer.bits);
        return true;
    }
    return find_in_chain(h, s, ref, ts_ms, ret_value) || late_find(&h->late, ref, ts_ms, ret_value);
}

/* The series has a later sample, or one of that time. */
static enum outcome append_behind(struct head *h, struct series *s,
                                  const struct series_sample *item)
{
    double value;

    if (head_find(h, item->series, item->ts_ms, &value))
        return sample_bits(value) == sample_bits(item->value) ? DUPLICATE : OTHER_VALUE;
    late_insert(&h->late, item->series, (struct sample){ item->ts_ms, item->value });
    s->flags |= SERIES_LATE;
    return LATE;
}

static enum outcome append_one(struct head *h, struct series *s, const struct series_sample *item)
{
    s->reserved_bits = 0;
    if (!(s->flags & SERIES_SEEN)) {
        s->flags |= SERIES_SEEN;
        s->sealed_ms = INT64_MIN;
    } else if (item->ts_ms <= s->writer.ts_ms) {
        return append_behind(h, s, item);
    }
    if (!s->last || !chunk_append(slab_at(&h->slab, s->last), &s->writer, item->ts_ms, item->value))
        begin_chunk(h, s, item->ts_ms, item->value);
    return APPENDED;
}

static void widen_range(struct head *h, int64_t min_ts_ms, int64_t max_ts_ms)
{
    if (min_ts_ms < atomic_load_explicit(&h->min_ts_ms, memory_order_relaxed))
        atomic_store_explicit(&h->min_ts_ms, min_ts_ms, memory_order_relaxed);
    if (max_ts_ms > atomic_load_explicit(&h->max_ts_ms, memory_order_relaxed))
        atomic_store_explicit(&h->max_ts_ms, max_ts_ms, memory_order_relaxed);
    if (min_ts_ms < h->settle_min_ts_ms)
        h->settle_min_ts_ms = min_ts_ms;
    if (min_ts_ms < h->drop_min_ts_ms)
        h->drop_min_ts_ms = min_ts_ms;
}

static void count_outcomes(struct head *h, const uint64_t counts[OUTCOME_COUNT])
{
    uint64_t new_count = counts[APPENDED] + counts[LATE];

    atomic_fetch_add_explicit(&h->appended_count, new_count, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->unsealed_count, new_count, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->late_count, counts[LATE], memory_order_relaxed);
    atomic_fetch_add_explicit(&h->duplicate_count, counts[DUPLICATE] + counts[OTHER_VALUE],
                              memory_order_relaxed);
}

size_t head_append(struct head *h, const struct series_sample *items, size_t count, uint8_t epoch,
                   struct samples_left_out *left_out)
{
    uint64_t counts[OUTCOME_COUNT] = { 0 };
    int64_t min_ts_ms = INT64_MAX;
    int64_t max_ts_ms = INT64_MIN;

    for (size_t i = 0; i < count; i++) {
        struct series *s = head_record_of(h, items[i].series);
        enum outcome outcome;

        prefetch(h, items, count, i);
        atomic_store_explicit(&s->epoch, epoch, memory_order_relaxed);
        outcome = append_one(h, s, &items[i]);
        if (outcome == OTHER_VALUE)
            sample_leave_out(left_out, SAMPLE_OTHER_VALUE, &items[i]);
        if (outcome == APPENDED || outcome == LATE) {
            min_ts_ms = items[i].ts_ms < min_ts_ms ? items[i].ts_ms : min_ts_ms;
            max_ts_ms = items[i].ts_ms > max_ts_ms ? items[i].ts_ms : max_ts_ms;
        }
        counts[outcome]++;
    }
    if (min_ts_ms <= max_ts_ms)
        widen_range(h, min_ts_ms, max_ts_ms);
    count_outcomes(h, counts);
    return (size_t)(counts[APPENDED] + counts[LATE]);
}

bool head_is_late_by(const struct head *h, uint32_t ref, int64_t ts_ms, int64_t window_ms)
{
    const struct series *s = head_record_of(h, ref);

    if (!(s->flags & SERIES_SEEN) || ts_ms >= s->writer.ts_ms)
        return false;
    return (uint64_t)s->writer.ts_ms - (uint64_t)ts_ms > (uint64_t)window_ms;
}

size_t head_late_bytes(const struct head *h)
{
    return late_bytes(&h->late);
}

size_t head_bytes(const struct head *h)
{
    return (size_t)slab_used_count(&h->slab) * sizeof(struct chunk) + late_bytes(&h->late);
}
