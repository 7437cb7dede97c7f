#include "ingest/exemplars.h"

#include "base/hash.h"
#include "base/lock.h"
#include "base/map.h"
#include "base/mem.h"
#include "model/sample.h"

enum { SCRATCH_MAX_BYTES = 256 << 10 }; /* one line is at most 64 KiB */

struct kept {
    uint32_t series;
    bool has_ts; /* it told its time */
    int64_t ts_ms;
    double value;
    uint64_t hash; /* of the labels as they were written */
    char *labels;  /* as labels_encode writes them; NULL: the place is free */
    size_t labels_bytes;
    struct kept *older; /* of the same series, or NULL */
    struct kept *newer;
};

struct exemplars {
    struct lock lock;
    struct kept *ring; /* NULL until the first one */
    size_t next;
    struct map newest; /* by the bytes of the series' reference, which live in the entry */
    struct exemplar_counts counts;
};

enum err exemplars_new(struct exemplars **ret)
{
    struct exemplars *x = mem_alloc_zero(1, sizeof *x);

    if (!x)
        return ERR_NOMEM;
    lock_init(&x->lock, LOCK_RANK_PUBLISH);
    x->newest = map_limited(EXEMPLARS_MAX_COUNT);
    *ret = x;
    return ERR_OK;
}

void exemplars_free(struct exemplars *x)
{
    if (!x)
        return;
    for (size_t i = 0; x->ring && i < EXEMPLARS_MAX_COUNT; i++)
        mem_free(x->ring[i].labels);
    mem_free(x->ring);
    map_release(&x->newest);
    lock_release(&x->lock);
    mem_free(x);
}

static struct str key_of(const uint32_t *series)
{
    return (struct str){ (const char *)series, sizeof *series };
}

static void clear(struct exemplars *x, struct kept *k)
{
    mem_free(k->labels);
    *k = (struct kept){ 0 };
    x->counts.kept--;
    x->counts.evicted++;
}

/* Frees a place of the ring. Its series' older ones have left before it. */
static void leave(struct exemplars *x, struct kept *k)
{
    if (!k->labels)
        return;
    if (k->newer)
        k->newer->older = NULL;
    else
        map_remove(&x->newest, key_of(&k->series));
    clear(x, k);
}

/* All of one series, that is in no map any more. */
static void clear_chain(struct exemplars *x, struct kept *newest)
{
    while (newest) {
        struct kept *older = newest->older;

        clear(x, newest);
        newest = older;
    }
}

/* --- adding --- */

static size_t char_count(struct labels labels)
{
    size_t count = 0;

    for (size_t i = 0; i < labels.count; i++) {
        struct str parts[] = { labels.items[i].name, labels.items[i].value };

        for (size_t p = 0; p < 2; p++)
            for (size_t k = 0; k < parts[p].len; k++)
                count += ((unsigned char)parts[p].ptr[k] & 0xc0) != 0x80;
    }
    return count;
}

/* The labels in their one byte form. ERR_INVALID, ERR_LIMIT, ERR_NOMEM. */
static enum err encode(struct str written, struct kept *k)
{
    struct arena scratch = arena_limited(SCRATCH_MAX_BYTES);
    struct buf bytes = buf_limited(LABELS_MAX_BYTES * 2);
    struct labels_builder builder;
    struct labels labels;
    enum err err;

    labels_builder_init(&builder, &scratch);
    err = exposition_parse_labels(written, &builder, NULL);
    if (!err)
        err = labels_builder_finish(&builder, &labels, NULL);
    if (!err && char_count(labels) > EXEMPLAR_LABELS_MAX_CHARS)
        err = ERR_LIMIT;
    if (!err) {
        labels_encode(labels, &bytes);
        err = buf_error(&bytes);
    }
    if (!err) {
        k->labels = mem_copy(bytes.len ? bytes.data : "", bytes.len);
        k->labels_bytes = bytes.len;
        err = k->labels ? ERR_OK : ERR_NOMEM;
    }
    buf_release(&bytes);
    arena_release(&scratch);
    return err;
}

static bool is_repeated(const struct kept *newest, const struct kept *k)
{
    return newest->hash == k->hash && sample_bits(newest->value) == sample_bits(k->value) &&
           newest->has_ts == k->has_ts && (!k->has_ts || newest->ts_ms == k->ts_ms);
}

/* Puts it into the place that the oldest one leaves. */
static void put(struct exemplars *x, const struct kept *k)
{
    struct kept *place = &x->ring[x->next], *newest;

    leave(x, place);
    newest = map_remove(&x->newest, key_of(&k->series));
    *place = *k;
    place->older = newest;
    if (newest)
        newest->newer = place;
    x->next = (x->next + 1) % EXEMPLARS_MAX_COUNT;
    x->counts.kept++;
    if (map_put(&x->newest, key_of(&place->series), place) != ERR_OK)
        clear_chain(x, place); /* nobody would find them */
}

/* Under the lock; the ring is there. */
static void add(struct exemplars *x, const struct exemplar_scraped *s)
{
    struct kept k = { .series = s->series,
                      .has_ts = s->from.has_ts,
                      .ts_ms = s->from.has_ts ? s->from.ts_ms : s->ts_ms,
                      .value = s->from.value,
                      .hash = hash_str(s->from.labels) };
    const struct kept *newest = map_find(&x->newest, key_of(&k.series));

    if (newest && is_repeated(newest, &k))
        return;
    if ((newest && k.ts_ms < newest->ts_ms) || encode(s->from.labels, &k) != ERR_OK) {
        x->counts.refused++;
        return;
    }
    put(x, &k);
}

void exemplars_add(struct exemplars *x, const struct exemplar_scraped *items, size_t count)
{
    if (!count)
        return;
    lock_take(&x->lock);
    if (!x->ring)
        x->ring = mem_alloc_zero(EXEMPLARS_MAX_COUNT, sizeof *x->ring);
    for (size_t i = 0; x->ring && i < count; i++)
        add(x, &items[i]);
    lock_drop(&x->lock);
}

void exemplars_forget(struct exemplars *x, const uint32_t *refs, size_t count)
{
    lock_take(&x->lock);
    for (size_t i = 0; i < count; i++)
        clear_chain(x, map_remove(&x->newest, key_of(&refs[i])));
    lock_drop(&x->lock);
}

/* --- reading --- */

static enum err copy(const struct kept *k, struct arena *arena, struct exemplar *ret)
{
    struct str bytes;

    if (!arena_copy_str(arena, (struct str){ k->labels, k->labels_bytes }, &bytes))
        return arena_error(arena);
    ret->ts_ms = k->ts_ms;
    ret->value = k->value;
    return labels_decode(bytes, arena, &ret->labels);
}

/* Under the lock. Fills from behind, for the newest is found first. */
static enum err copy_range(const struct kept *newest, int64_t from_ms, int64_t to_ms,
                           struct arena *arena, struct exemplar **ret, size_t *ret_count)
{
    struct exemplar *items;
    size_t count = 0;
    enum err err = ERR_OK;

    for (const struct kept *k = newest; k; k = k->older)
        count += k->ts_ms >= from_ms && k->ts_ms <= to_ms;
    items = arena_alloc_zero(arena, count + 1, sizeof *items);
    if (!items)
        return arena_error(arena);
    *ret = items;
    *ret_count = count;
    for (const struct kept *k = newest; k && !err; k = k->older)
        if (k->ts_ms >= from_ms && k->ts_ms <= to_ms)
            err = copy(k, arena, &items[--count]);
    return err;
}

enum err exemplars_read(struct exemplars *x, uint32_t series, int64_t from_ms, int64_t to_ms,
                        struct arena *arena, struct exemplar **ret, size_t *ret_count)
{
    enum err err;

    lock_take(&x->lock);
    err = copy_range(map_find(&x->newest, key_of(&series)), from_ms, to_ms, arena, ret, ret_count);
    lock_drop(&x->lock);
    return err;
}

struct exemplar_counts exemplars_count(struct exemplars *x)
{
    struct exemplar_counts counts;

    lock_take(&x->lock);
    counts = x->counts;
    lock_drop(&x->lock);
    return counts;
}
