#include "api/own_cardinality.h"

#include <stdatomic.h>

#include "base/mem.h"

enum { ARENA_BYTES = 1 << 20 };

static const int64_t LOOK_EVERY_NS = INT64_C(60) * 1000000000;

struct cardinality_seen {
    _Atomic unsigned ref_count;
    struct arena arena; /* of value */
    struct cardinality value;
};

void own_cardinality_init(struct own_cardinality *c)
{
    *c = (struct own_cardinality){ 0 };
    lock_init(&c->lock, LOCK_RANK_PUBLISH);
}

static void seen_unref(struct cardinality_seen *seen)
{
    if (!seen || atomic_fetch_sub(&seen->ref_count, 1) > 1)
        return;
    arena_release(&seen->arena);
    mem_free(seen);
}

void own_cardinality_release(struct own_cardinality *c)
{
    seen_unref(c->seen);
    c->seen = NULL;
}

static struct cardinality_seen *seen_new(struct tsdb *db)
{
    struct cardinality_seen *seen = mem_alloc_zero(1, sizeof *seen);

    if (!seen)
        return NULL;
    seen->ref_count = 1;
    seen->arena = arena_limited(ARENA_BYTES);
    if (!tsdb_cardinality(db, OWN_CARDINALITY_TOP, &seen->arena, &seen->value))
        return seen;
    seen_unref(seen);
    return NULL;
}

void own_cardinality_look(struct own_cardinality *c, struct tsdb *db, int64_t mono_ns)
{
    struct cardinality_seen *seen, *before;

    if (c->seen && mono_ns - c->read_mono_ns < LOOK_EVERY_NS)
        return;
    seen = seen_new(db);
    if (!seen)
        return;
    c->read_mono_ns = mono_ns;
    lock_take(&c->lock);
    before = c->seen;
    c->seen = seen;
    lock_drop(&c->lock);
    seen_unref(before);
}

static void export_top(const struct metric_out *out, const char *by,
                       const struct cardinality_top *top)
{
    for (size_t i = 0; i < top->count; i++) {
        struct metric_label labels[] = {
            { "by", str_of(by) },
            { "name", top->items[i].name },
        };

        out->sample(out->ctx, "", labels, 2, (double)top->items[i].count);
    }
}

static void export_totals(const struct metric_out *out, const struct cardinality *c)
{
    const struct {
        const char *by;
        const struct cardinality_top *top;
    } totals[] = { { "metric", &c->by_metric },
                   { "label", &c->by_label },
                   { "job", &c->by_job },
                   { "instance", &c->by_instance } };

    out->family(out->ctx, "fusebox_cardinality_distinct", METRIC_GAUGE,
                "Distinct metrics, label names, jobs and instances of the series in memory.");
    for (size_t i = 0; i < ARRAY_LEN(totals); i++) {
        struct metric_label label = { "by", str_of(totals[i].by) };

        out->sample(out->ctx, "", &label, 1, (double)totals[i].top->total);
    }
}

static void export_all(const struct metric_out *out, const struct cardinality *c)
{
    out->family(out->ctx, "fusebox_cardinality_series", METRIC_GAUGE,
                "Series in memory of the metrics, jobs and instances that have most; as of the "
                "last minute.");
    export_top(out, "metric", &c->by_metric);
    export_top(out, "job", &c->by_job);
    export_top(out, "instance", &c->by_instance);
    out->family(out->ctx, "fusebox_cardinality_values", METRIC_GAUGE,
                "Distinct values of the labels that have most; as of the last minute.");
    export_top(out, "label", &c->by_label);
    export_totals(out, c);
}

void own_cardinality_export(struct own_cardinality *c, const struct metric_out *out)
{
    struct cardinality_seen *seen;

    lock_take(&c->lock);
    seen = c->seen;
    if (seen)
        atomic_fetch_add(&seen->ref_count, 1);
    lock_drop(&c->lock);
    if (seen)
        export_all(out, &seen->value);
    seen_unref(seen);
}
