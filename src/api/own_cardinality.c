#include "api/own_cardinality.h"

enum { ARENA_BYTES = 1 << 20 };

static const int64_t LOOK_EVERY_NS = INT64_C(60) * 1000000000;

void own_cardinality_init(struct own_cardinality *c)
{
    *c = (struct own_cardinality){ .arena = arena_limited(ARENA_BYTES) };
    lock_init(&c->lock, LOCK_RANK_PUBLISH);
}

void own_cardinality_release(struct own_cardinality *c)
{
    arena_release(&c->arena);
    *c = (struct own_cardinality){ 0 };
}

void own_cardinality_look(struct own_cardinality *c, struct tsdb *db, int64_t mono_ns)
{
    struct arena arena = arena_limited(ARENA_BYTES), before;
    struct cardinality value;

    if (c->known && mono_ns - c->read_mono_ns < LOOK_EVERY_NS)
        return;
    if (tsdb_cardinality(db, OWN_CARDINALITY_TOP, &arena, &value)) {
        arena_release(&arena);
        return;
    }
    lock_take(&c->lock);
    before = c->arena;
    c->arena = arena;
    c->value = value;
    c->known = true;
    c->read_mono_ns = mono_ns;
    lock_drop(&c->lock);
    arena_release(&before);
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

void own_cardinality_export(struct own_cardinality *c, const struct metric_out *out)
{
    lock_take(&c->lock);
    if (c->known) {
        out->family(out->ctx, "fusebox_cardinality_series", METRIC_GAUGE,
                    "Series in memory of the metrics, jobs and instances that have most; as of the "
                    "last minute.");
        export_top(out, "metric", &c->value.by_metric);
        export_top(out, "job", &c->value.by_job);
        export_top(out, "instance", &c->value.by_instance);
        out->family(out->ctx, "fusebox_cardinality_values", METRIC_GAUGE,
                    "Distinct values of the labels that have most; as of the last minute.");
        export_top(out, "label", &c->value.by_label);
        export_totals(out, &c->value);
    }
    lock_drop(&c->lock);
}
