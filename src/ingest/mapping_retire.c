/*
 * What nobody speaks of any longer leaves the mapping.
 *
 * Sources, groups and subjects are there for the sake of series. Since several series
 * share them, they are swept: all that a series still leads to is marked, the rest
 * goes, and the lists among those that stay are made anew.
 *
 *   series ──bindings──► subject ──► group, service
 *      └──────────────────────────► source ◄── series that no row is about, lost counters
 */
#include "ingest/mapping_core.h"

static const int64_t RETIRE_EVERY_MS = 60000;

static void use_subject(struct mapping_subject *s)
{
    s->entry.is_used = s->group->entry.is_used = true;
    s->service->entry.is_used = s->service->group->entry.is_used = true;
}

static void use_series(const struct mapping *m, const struct mapped_series *s)
{
    const struct binding *bindings = mapped_series_bindings(&m->table, s);

    s->source->entry.is_used = true;
    for (size_t i = 0; i < s->binding_count; i++)
        if (bindings[i].subject)
            use_subject(bindings[i].subject);
}

static void use_reference(struct mapping *m, uint32_t ref)
{
    const struct mapped_series *s = mapped_series_find(&m->table, ref);
    struct mapping_source *source;

    if (s) {
        use_series(m, s);
        return;
    }
    source = mapping_registry_numbered(&m->registry, mapped_series_unmapped_source(&m->table, ref));
    if (source)
        source->entry.is_used = true;
}

void mapping_retire_when_due(struct mapping *m)
{
    if (!m->has_forgotten || m->received_ms - m->retired_ms < RETIRE_EVERY_MS)
        return;
    m->has_forgotten = false;
    m->retired_ms = m->received_ms;
    for (uint32_t ref = 0; ref < m->table.slot_count; ref++)
        use_reference(m, ref);
    for (size_t i = 0; m->lost.places && i < LOST_COUNTERS_MAX; i++)
        if (m->lost.places[i].source)
            m->lost.places[i].source->entry.is_used = true;
    mapping_registry_sweep(&m->registry);
    m->touched = NULL;
}
