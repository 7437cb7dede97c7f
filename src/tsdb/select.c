/*
 * Reading: memory and blocks as one.
 *
 * Blocks have their series in the order of labels, so that a walk over all of
 * them at once meets every label set once:
 *
 *   block 1   a   c d        the least of the heads is next; every block that has
 *   block 2     b c          it gives its samples; the series in memory is found by
 *   memory    a   c   e      its labels, and those that no block has come last
 *
 * Of two values of one sample the one that was committed first wins: an earlier
 * block's before a later one's, a block's before memory's.
 */
#include "base/mem.h"
#include "base/size.h"
#include "block/merge.h"
#include "tsdb/internal.h"

enum { TEXT_MAX_BYTES = LABELS_MAX_BYTES + 64 };

/* One block's part of a walk. */
struct source {
    struct block *block;
    struct block_cursor *cursor;
    uint32_t *series;
    size_t count, next;
    struct labels labels; /* of series[next] */
};

struct walk {
    struct tsdb *db;
    const struct matcher *matchers;
    size_t matcher_count;
    int64_t start_ms, end_ms;
    size_t max_samples;
    tsdb_visit *visit;
    void *ctx;
    struct block_reader reader;
    struct source *sources;
    size_t source_count;
    uint32_t *refs; /* in memory; 0: met already */
    size_t ref_count;
    uint32_t *slots; /* by hash of the labels: index into refs + 1 */
    size_t slot_count;
    struct sample_list samples, part, merged;
    struct arena text; /* of the labels that are visited */
    size_t booked_bytes;
    bool stopped;
};

/* --- memory that it takes --- */

static enum err book(struct walk *w)
{
    size_t bytes = (w->samples.capacity_count + w->part.capacity_count + w->merged.capacity_count) *
                   sizeof(struct sample);

    bytes += w->ref_count * sizeof *w->refs + w->slot_count * sizeof *w->slots;
    for (size_t i = 0; i < w->source_count; i++) {
        bytes += w->sources[i].count * sizeof(uint32_t);
        if (w->sources[i].cursor)
            bytes += block_cursor_bytes(w->sources[i].cursor);
    }
    if (bytes <= w->booked_bytes)
        return ERR_OK;
    if (!budget_take(w->db->budget, BUDGET_QUERY, bytes - w->booked_bytes))
        return ERR_LIMIT;
    w->booked_bytes = bytes;
    return ERR_OK;
}

/* --- what is in memory --- */

static bool all_accept(const struct walk *w, struct labels labels)
{
    for (size_t i = 0; i < w->matcher_count; i++)
        if (!matcher_matches(&w->matchers[i], labels))
            return false;
    return true;
}

/* The matchers that the postings have not answered. */
static bool others_accept(const struct walk *w, struct labels labels)
{
    for (size_t i = 0; i < w->matcher_count; i++)
        if (!index_answers(&w->matchers[i]) && !matcher_matches(&w->matchers[i], labels))
            return false;
    return true;
}

static enum err find_in_memory(struct walk *w)
{
    struct label space[LABELS_MAX];
    size_t kept = 0;
    enum err err = index_select(&w->db->index, w->matchers, w->matcher_count, &w->refs,
                                &w->ref_count);

    pthread_rwlock_rdlock(&w->db->head.gate);
    for (size_t i = 0; i < w->ref_count && !err; i++) {
        struct labels labels = index_labels(&w->db->index, w->refs[i], space);

        if (labels.count && others_accept(w, labels))
            w->refs[kept++] = w->refs[i];
    }
    pthread_rwlock_unlock(&w->db->head.gate);
    w->ref_count = kept;
    return err;
}

/* So that a label set of a block finds its series in memory. */
static enum err hash_memory(struct walk *w)
{
    struct label space[LABELS_MAX];

    w->slot_count = 16;
    while (w->slot_count < w->ref_count * 2)
        w->slot_count *= 2;
    w->slots = mem_alloc_zero(w->slot_count, sizeof *w->slots);
    if (!w->slots)
        return ERR_NOMEM;
    pthread_rwlock_rdlock(&w->db->head.gate);
    for (size_t i = 0; i < w->ref_count; i++) {
        uint64_t hash = labels_hash(index_labels(&w->db->index, w->refs[i], space));
        size_t at = hash & (w->slot_count - 1);

        while (w->slots[at])
            at = (at + 1) & (w->slot_count - 1);
        w->slots[at] = (uint32_t)i + 1;
    }
    pthread_rwlock_unlock(&w->db->head.gate);
    return ERR_OK;
}

/* The reference of a label set, once; 0: it is not in memory. */
static uint32_t take_from_memory(struct walk *w, struct labels labels)
{
    struct label space[LABELS_MAX];
    size_t at = labels_hash(labels) & (w->slot_count - 1);

    for (; w->slots[at]; at = (at + 1) & (w->slot_count - 1)) {
        uint32_t *slot = &w->refs[w->slots[at] - 1];
        uint32_t ref = *slot;

        if (ref && labels_equals(index_labels(&w->db->index, ref, space), labels)) {
            *slot = 0;
            return ref;
        }
    }
    return 0;
}

/* --- what is in blocks --- */

/* Damage is noted, and the rest is read. */
static enum err judge(struct walk *w, const struct source *source, enum err err,
                      const struct diag *why)
{
    if (err != ERR_CORRUPT)
        return err;
    tsdb_note_damage(w->db, block_path(source->block), why->position_bytes, diag_text(why));
    return ERR_OK;
}

/* Moves on to the next series whose labels can be read; behind the last one the cursor goes. */
static enum err load_labels(struct walk *w, struct source *source)
{
    for (; source->next < source->count; source->next++) {
        struct diag why = { 0 };
        enum err err = block_labels(source->cursor, source->series[source->next], &source->labels,
                                    &why);

        if (!err)
            return ERR_OK;
        err = judge(w, source, err, &why);
        if (err)
            return err;
    }
    block_cursor_free(source->cursor);
    source->cursor = NULL;
    return ERR_OK;
}

static enum err open_source(struct walk *w, struct block *block)
{
    struct source *source = &w->sources[w->source_count];
    struct diag why = { 0 };
    enum err err;

    *source = (struct source){ .block = block };
    err = block_cursor_new(block, &source->cursor);
    if (err)
        return err;
    w->source_count++;
    err = block_salvage_select(source->cursor, w->matchers, w->matcher_count, &source->series,
                               &source->count, tsdb_note_damage, w->db, &why);
    err = judge(w, source, err, &why);
    return err ? err : load_labels(w, source);
}

static enum err open_sources(struct walk *w)
{
    enum err err = ERR_OK;

    w->sources = mem_alloc_zero(w->reader.set->count + 1, sizeof *w->sources);
    if (!w->sources)
        return ERR_NOMEM;
    for (size_t i = 0; i < w->reader.set->count && !err; i++) {
        struct block *block = w->reader.set->entries[i].block;
        const struct block_info *info = block_info(block);

        if (info->min_ts_ms <= w->end_ms && info->max_ts_ms >= w->start_ms)
            err = open_source(w, block);
        if (!err)
            err = book(w);
    }
    return err;
}

static struct source *least(struct walk *w)
{
    struct source *best = NULL;

    for (size_t i = 0; i < w->source_count; i++) {
        struct source *source = &w->sources[i];

        if (source->next < source->count &&
            (!best || labels_compare(source->labels, best->labels) < 0))
            best = source;
    }
    return best;
}

/* --- one series --- */

/* Adds the samples of `part`, where those that are there win. */
static enum err add_part(struct walk *w)
{
    struct sample_list before = w->samples;
    bool apart = before.count == 0 || w->part.count == 0 ||
                 w->part.items[0].ts_ms > before.items[before.count - 1].ts_ms;
    size_t count = add_size(before.count, w->part.count);
    struct sample_list *target = apart ? &w->samples : &w->merged;

    target->count = apart ? before.count : 0;
    if (!sample_list_room(target, count - target->count))
        return ERR_NOMEM;
    if (apart) {
        if (w->part.count)
            memcpy(w->samples.items + before.count, w->part.items,
                   w->part.count * sizeof *w->part.items);
        w->samples.count = count;
    } else {
        w->merged.count = merge_samples(before.items, before.count, w->part.items, w->part.count,
                                        w->merged.items);
        w->samples = w->merged;
        w->merged = before;
    }
    w->part.count = 0;
    return w->samples.count > w->max_samples ? ERR_LIMIT : ERR_OK;
}

static enum err add_from_block(struct walk *w, struct source *source)
{
    struct diag why = { 0 };
    enum err err;

    w->part.count = 0;
    err = block_salvage(source->cursor, source->series[source->next], w->start_ms, w->end_ms,
                        &w->part, tsdb_note_damage, w->db, &why);
    err = judge(w, source, err, &why);
    return err ? err : add_part(w);
}

/* The gate keeps the reference the same series' between the two steps. */
static enum err add_from_memory(struct walk *w, struct labels labels)
{
    uint32_t ref;
    enum err err = ERR_OK;

    w->part.count = 0;
    pthread_rwlock_rdlock(&w->db->head.gate);
    ref = take_from_memory(w, labels);
    if (ref)
        err = head_read(&w->db->head, ref, w->start_ms, w->end_ms, w->max_samples, &w->part);
    pthread_rwlock_unlock(&w->db->head.gate);
    return err ? err : add_part(w);
}

static void show(struct walk *w, struct labels labels)
{
    struct tsdb_series_data data = { .labels = labels,
                                     .samples = w->samples.items,
                                     .count = w->samples.count };

    if (w->samples.count)
        w->stopped = !w->visit(w->ctx, &data);
}

/* The labels of a source end with its next call, so they are kept. */
static enum err copy_labels(struct walk *w, struct labels labels, struct labels *ret)
{
    struct label *items;

    arena_reset(&w->text);
    items = arena_alloc(&w->text, labels.count * sizeof *items);
    if (!items)
        return arena_error(&w->text);
    for (size_t i = 0; i < labels.count; i++)
        if (!arena_copy_str(&w->text, labels.items[i].name, &items[i].name) ||
            !arena_copy_str(&w->text, labels.items[i].value, &items[i].value))
            return arena_error(&w->text);
    *ret = (struct labels){ items, labels.count };
    return ERR_OK;
}

static enum err visit_next(struct walk *w, const struct source *first)
{
    struct labels labels;
    enum err err = copy_labels(w, first->labels, &labels);

    w->samples.count = 0;
    for (size_t i = 0; i < w->source_count && !err; i++) {
        struct source *source = &w->sources[i];

        if (source->next == source->count || labels_compare(source->labels, labels) != 0)
            continue;
        err = add_from_block(w, source);
        source->next++;
        if (!err)
            err = load_labels(w, source);
    }
    if (!err)
        err = add_from_memory(w, labels);
    if (!err)
        err = book(w);
    if (!err)
        show(w, labels);
    return err;
}

/* Labels and samples of one moment: meanwhile the number may have become another series'. */
static enum err read_memory(struct walk *w, uint32_t ref, struct labels *ret_labels)
{
    struct label space[LABELS_MAX];
    struct labels labels;
    enum err err = ERR_OK;

    pthread_rwlock_rdlock(&w->db->head.gate);
    labels = index_labels(&w->db->index, ref, space);
    if (labels.count && all_accept(w, labels)) {
        err = head_read(&w->db->head, ref, w->start_ms, w->end_ms, w->max_samples, &w->samples);
        if (!err)
            err = copy_labels(w, labels, ret_labels);
    }
    pthread_rwlock_unlock(&w->db->head.gate);
    return err;
}

static enum err visit_memory(struct walk *w)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < w->ref_count && !err && !w->stopped; i++) {
        struct labels labels = { 0 };

        if (w->refs[i] == 0)
            continue;
        w->samples.count = 0;
        err = read_memory(w, w->refs[i], &labels);
        if (!err)
            err = book(w);
        if (!err)
            show(w, labels);
    }
    return err;
}

static void release(struct walk *w)
{
    for (size_t i = 0; i < w->source_count; i++) {
        mem_free(w->sources[i].series);
        block_cursor_free(w->sources[i].cursor);
    }
    mem_free(w->sources);
    block_sets_leave(&w->db->sets, w->reader);
    mem_free(w->refs);
    mem_free(w->slots);
    mem_free(w->samples.items);
    mem_free(w->part.items);
    mem_free(w->merged.items);
    arena_release(&w->text);
    budget_give(w->db->budget, BUDGET_QUERY, w->booked_bytes);
}

enum err tsdb_select(struct tsdb *db, const struct matcher *matchers, size_t matcher_count,
                     int64_t start_ms, int64_t end_ms, size_t max_samples, tsdb_visit *visit,
                     void *ctx)
{
    struct walk w = {
        .db = db,
        .matchers = matchers,
        .matcher_count = matcher_count,
        .start_ms = start_ms,
        .end_ms = end_ms,
        .max_samples = max_samples,
        .visit = visit,
        .ctx = ctx,
        .text = arena_limited(4 * TEXT_MAX_BYTES),
        .reader = block_sets_enter(&db->sets),
    };
    struct source *first;
    enum err err = find_in_memory(&w);

    if (!err)
        err = hash_memory(&w);
    if (!err)
        err = open_sources(&w);
    while (!err && !w.stopped && (first = least(&w)))
        err = visit_next(&w, first);
    if (!err && !w.stopped)
        err = visit_memory(&w);
    release(&w);
    return err;
}
