#include "daemon/own_series.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/export.h"
#include "base/mem.h"
#include "base/size.h"
#include "ingest/batch_queue.h"

enum { FIRST_CAPACITY = 1024 };

static void on_family(void *ctx, const char *name, enum metric_kind kind, const char *help)
{
    struct own_series *o = ctx;

    (void)kind;
    (void)help;
    o->family = name;
}

/* Room for one more sample; the batch moves when it grows. */
static bool make_room(struct own_series *o)
{
    struct sample_batch *bigger;

    if (o->batch->count < o->batch->capacity_count)
        return true;
    if (o->batch->capacity_count >= OWN_SERIES_MAX)
        return false;
    bigger = sample_batch_new(o->batch->capacity_count * 2);
    if (!bigger)
        return false;
    bigger->received_ms = o->batch->received_ms;
    bigger->received_mono_ns = o->batch->received_mono_ns;
    bigger->count = o->batch->count;
    memcpy(bigger->items, o->batch->items, o->batch->count * sizeof o->batch->items[0]);
    sample_batch_free(o->batch);
    o->batch = bigger;
    return true;
}

static bool find_series(struct own_series *o, const char *suffix, const struct metric_label *labels,
                        size_t count, uint32_t *ret_ref)
{
    struct labels_builder builder;
    struct labels set;
    char name[256];

    snprintf(name, sizeof name, "%s%s", o->family, suffix);
    labels_builder_init(&builder, &o->arena);
    labels_builder_add(&builder, LABEL_METRIC_NAME, str_of(name));
    labels_builder_add(&builder, STR("job"), STR("fusebox"));
    labels_builder_add(&builder, STR("instance"), o->instance);
    for (size_t i = 0; i < count; i++)
        labels_builder_add(&builder, str_of(labels[i].name), labels[i].value);
    return !labels_builder_finish(&builder, &set, NULL) && !tsdb_series(o->db, set, ret_ref);
}

static void on_sample(void *ctx, const char *suffix, const struct metric_label *labels,
                      size_t count, double value)
{
    struct own_series *o = ctx;
    uint32_t ref;

    arena_reset(&o->arena);
    if (!make_room(o) || !find_series(o, suffix, labels, count, &ref)) {
        o->left_out_count++;
        return;
    }
    o->batch->items[o->batch->count++] = (struct series_sample){ ref, o->batch->received_ms,
                                                                 value };
}

static int compare_refs(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* The batch's references, sorted; NULL without memory (then nothing is called stale next time). */
static uint32_t *sorted_refs(const struct sample_batch *batch)
{
    uint32_t *refs = mem_alloc(mul_size(batch->count + 1, sizeof *refs));

    if (!refs)
        return NULL;
    for (size_t i = 0; i < batch->count; i++)
        refs[i] = batch->items[i].series;
    qsort(refs, batch->count, sizeof *refs, compare_refs);
    return refs;
}

/* Marks what was stored before and is not among `refs`. */
static void mark_stale(struct own_series *o, const uint32_t *refs, size_t count)
{
    size_t now = 0;

    for (size_t i = 0; i < o->stored_count; i++) {
        while (now < count && refs[now] < o->stored[i])
            now++;
        if ((now < count && refs[now] == o->stored[i]) || !make_room(o))
            continue;
        o->batch->items[o->batch->count++] = (struct series_sample){
            o->stored[i], o->batch->received_ms, sample_from_bits(SAMPLE_STALE_BITS)
        };
    }
}

/* Hands the batch over; what counts as stored changes only when the queue took it. */
static void hand_over(struct own_series *o)
{
    size_t count = o->batch->count;
    uint32_t *refs = sorted_refs(o->batch);

    if (refs)
        mark_stale(o, refs, count);
    if (batch_queue_push(o->batches, o->budget, o->batch)) {
        sample_batch_free(o->batch); /* the gap shows in the series themselves */
        mem_free(refs);
        return;
    }
    mem_free(o->stored);
    o->stored = refs;
    o->stored_count = refs ? count : 0;
}

void own_series_store(struct own_series *o, struct api *api)
{
    struct metric_out out = { on_family, on_sample, o };
    struct monitor_view *view = publication_get(&api->views);

    o->batch = view ? sample_batch_new(FIRST_CAPACITY) : NULL;
    if (!o->batch) {
        view_unref(view);
        return;
    }
    o->arena = arena_limited(4 * LABELS_MAX_BYTES);
    o->batch->received_ms = clock_wall_ms(&o->clock);
    o->batch->received_mono_ns = clock_mono_ns(&o->clock);
    export_view(view, api->open_is_one, &out);
    own_export(&api->own, &out);
    hand_over(o);
    o->batch = NULL;
    arena_release(&o->arena);
    view_unref(view);
}

void own_series_forget(struct own_series *o, const uint32_t *refs, size_t count)
{
    for (size_t i = 0; i < count && o->stored_count; i++) {
        uint32_t *found = bsearch(&refs[i], o->stored, o->stored_count, sizeof *found,
                                  compare_refs);
        size_t behind = found ? (size_t)(o->stored + o->stored_count - found) - 1 : 0;

        if (!found)
            continue;
        memmove(found, found + 1, behind * sizeof *found);
        o->stored_count--;
    }
}

void own_series_release(struct own_series *o)
{
    mem_free(o->stored);
    o->stored = NULL;
    o->stored_count = 0;
}
