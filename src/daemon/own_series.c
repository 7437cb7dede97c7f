#include "daemon/own_series.h"

#include <stdio.h>

#include "api/export.h"
#include "base/mem.h"

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
    if (queue_push(o->batches, o->batch))
        sample_batch_free(o->batch); /* the gap shows in the series themselves */
    o->batch = NULL;
    arena_release(&o->arena);
    view_unref(view);
}
