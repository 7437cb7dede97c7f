#include "ingest/mapping_core.h"

#include <math.h>

/* --- a new one --- */

/* `up` and its kin come from failed scrapes too, so they are no sign that the source was heard. */
static bool is_about_scrape(struct labels labels)
{
    struct str name = labels_value(labels, LABEL_METRIC_NAME);

    return str_equals(name, STR("up")) || str_has_prefix(name, STR("scrape_"));
}

/* Where a series begins that is new here, or comes back. */
static void begin_series(struct mapping *m, struct mapped_series *s, bool was_passed_over)
{
    const struct binding *bindings = mapped_series_bindings(&m->table, s);
    struct lost_counter before;

    s->born_at_runtime = s->source->heard_batch < m->batch && !s->source->lost_counters &&
                         !was_passed_over;
    if (!lost_counters_take(&m->lost, s->hash, &before))
        return;
    s->has_last = true;
    s->last = before.last;
    s->last_ts_ms = before.last_ts_ms;
    for (size_t i = 0; i < s->binding_count; i++)
        if (bindings[i].row->use == USE_ENTERED || bindings[i].row->use == USE_HELD)
            state_evidence_on_return(&bindings[i].subject->state);
}

/* NULL: no row is about it, no memory, or a limit. */
static struct mapped_series *bind(struct mapping *m, uint32_t ref, struct labels labels,
                                  struct mapping_source *source)
{
    struct binding found[BINDINGS_PER_SERIES_MAX];
    size_t count;

    if (is_about_scrape(labels))
        return NULL;
    if (!source->heard_batch)
        source->heard_batch = m->batch;
    count = mapping_registry_bind(&m->registry, m->rows, labels, source, found);
    return count ? mapped_series_add(&m->table, ref, found, count) : NULL;
}

struct mapped_series *mapping_bind_series(struct mapping *m, uint32_t ref)
{
    struct label space[LABELS_MAX];
    struct labels labels = tsdb_labels(m->db, ref, space);
    bool was_passed_over = mapped_series_was_passed_over(&m->table, ref);
    struct mapping_source *source = labels.count ? mapping_registry_source(&m->registry, labels)
                                                 : NULL;
    struct mapped_series *s = source ? bind(m, ref, labels, source) : NULL;

    if (!s) {
        mapped_series_ignore(&m->table, ref, source ? source->number : 0);
        return NULL;
    }
    s->source = source;
    s->hash = labels_hash(labels);
    begin_series(m, s, was_passed_over);
    return s;
}

/* --- heard, and heard no longer --- */

void mapping_revive_series(struct mapping *m, struct mapped_series *s)
{
    const struct binding *bindings = mapped_series_bindings(&m->table, s);

    for (size_t i = 0; i < s->binding_count && !s->live; i++) {
        if (!bindings[i].subject)
            continue;
        mapping_binding_set_live(&bindings[i], true);
        bindings[i].subject->group->gone_sent = false;
    }
    s->live = true;
}

static void take_level(struct mapping *m, const struct binding *b, double value)
{
    double factor = mapping_row_factor(b->row);

    mapping_subject_set_level(b->subject, b->row->signal, value >= 0 ? value * factor : NAN,
                              m->batch);
}

void mapping_take_gauge(struct mapping *m, const struct binding *b, double from, double to)
{
    enum state_kind kind;

    if (b->row->use == USE_LEVEL)
        take_level(m, b, to);
    if (!mapping_row_is_about_state(b->row, &kind))
        return;
    b->subject->state_batch = m->batch;
    state_evidence_on_change(&b->subject->state, kind, mapping_row_word(b->row, from),
                             mapping_row_word(b->row, to));
}

void mapping_end_series(struct mapping *m, struct mapped_series *s, int64_t at_ms)
{
    const struct binding *bindings = mapped_series_bindings(&m->table, s);

    for (size_t i = 0; i < s->binding_count && s->live; i++) {
        const struct binding *b = &bindings[i];

        if (!b->subject)
            continue;
        mapping_touch(m, b->subject, at_ms);
        mapping_binding_set_live(b, false);
        if (s->is_gauge)
            mapping_take_gauge(m, b, s->last, NAN);
    }
    s->live = false;
}

/* --- series that left --- */

static void forget_series(struct mapping *m, struct mapped_series *s)
{
    struct lost_counter lost = { s->hash, s->source, s->last, s->last_ts_ms };

    mapping_end_series(m, s, m->received_ms);
    if (s->has_last && !s->is_gauge && !s->is_epoch)
        lost_counters_put(&m->lost, &lost);
}

void mapping_forget(struct mapping *m, const uint32_t *refs, size_t count)
{
    mapping_begin_batch(m);
    for (size_t i = 0; i < count; i++) {
        struct mapped_series *s = mapped_series_find(&m->table, refs[i]);

        if (s)
            forget_series(m, s);
        mapped_series_remove(&m->table, refs[i]);
    }
    mapping_settle(m);
    m->has_forgotten = true;
    mapping_retire_when_due(m);
}
