/*
 * A batch is applied in two passes, since its samples come in any order. The
 * first binds series that were not seen before and looks for signs that a source
 * began again from 0: its start time changed, or a counter fell that cannot fall
 * alone. The second turns samples into growth and growth into signals. What
 * needs the whole batch (states, retries) is sent at its end.
 *
 * Growth of a counter v after l:
 *   v <  l                          v        it began again
 *   the source has a new start time v
 *   the source's others fell, and v v        as far as v is no more than ten times
 *   is small                                 what it grew by lately; a clearing in
 *                                            the middle of an exposition must not
 *                                            book a long past a second time
 *   otherwise                       v - l
 */
#include "ingest/mapping.h"

#include <math.h>

#include "base/mem.h"
#include "ingest/mapping_core.h"

/* How much more than lately a counter may have grown in one interval. */
enum { FALL_GROWTH_FACTOR = 10 };

enum err mapping_new(struct tsdb *db, struct signal_sink sink, struct config *cfg,
                     struct mapping **ret)
{
    struct mapping *m = mem_alloc_zero(1, sizeof *m);
    enum err err;

    if (!m)
        return ERR_NOMEM;
    m->db = db;
    m->sink = sink;
    m->registry = mapping_registry_empty();
    m->table = mapped_series_none();
    m->config = cfg ? config_ref(cfg) : NULL;
    err = mapping_table_new(cfg, NULL, &m->rows);
    if (err)
        mapping_free(m);
    else
        *ret = m;
    return err;
}

void mapping_free(struct mapping *m)
{
    if (!m)
        return;
    mapping_registry_release(&m->registry);
    mapped_series_release(&m->table);
    lost_counters_release(&m->lost);
    mapping_table_free(m->rows);
    config_unref(m->config);
    mem_free(m);
}

const struct str *mapping_metrics(const struct mapping *m, size_t *ret_count)
{
    return mapping_table_metrics(m->rows, ret_count);
}

/* --- the first pass --- */

static void note_epoch(struct mapping *m, struct mapping_source *source, double epoch)
{
    if (source->epoch_known && source->epoch != epoch)
        source->restart_batch = m->batch;
    source->epoch = epoch;
    source->epoch_known = true;
}

static void look_for_restart(struct mapping *m, struct mapped_series *s,
                             const struct series_sample *sample)
{
    const struct binding *bindings = mapped_series_bindings(&m->table, s);

    if (isnan(sample->value) || sample->ts_ms <= s->last_ts_ms)
        return;
    if (s->is_epoch) {
        note_epoch(m, s->source, sample->value);
        return;
    }
    if (s->is_gauge || !s->has_last || !(sample->value < s->last))
        return;
    if (s->falls_with_all)
        s->source->fall_batch = m->batch;
    for (size_t i = 0; i < s->binding_count; i++)
        mapping_binding_on_fall(&bindings[i], m->batch, sample->ts_ms);
}

static void prepare(struct mapping *m, const struct sample_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct series_sample *sample = &batch->items[i];
        struct mapped_series *s;

        if (!mapped_series_reserve(&m->table, sample->series))
            continue;
        if (mapped_series_is_unseen(&m->table, sample->series))
            s = mapping_bind_series(m, sample->series);
        else
            s = mapped_series_find(&m->table, sample->series);
        if (s)
            look_for_restart(m, s, sample);
    }
}

/* --- the second pass --- */

static double growth(const struct mapping *m, const struct mapped_series *s, double value)
{
    if (!s->has_last)
        return s->born_at_runtime ? value : 0;
    if (value < s->last || s->source->restart_batch == m->batch)
        return value;
    if (s->source->fall_batch == m->batch && value <= FALL_GROWTH_FACTOR * (s->last_growth + 1))
        return value;
    return value - s->last;
}

/* One sample of a series, and what it is after the one before. */
struct reading {
    const struct mapped_series *series;
    const struct series_sample *sample;
    double grown;
    bool was_live;
};

/* Whose the amount is; NULL: a breaker's, but of which one is not told. */
static struct mapping_subject *owner(const struct binding *b)
{
    if (!b->row->of_only_breaker)
        return b->subject;
    return b->subject->breaker_count == 1 ? b->subject->breaker : NULL;
}

static void take_amount(struct mapping *m, const struct binding *b, const struct reading *r,
                        double amount)
{
    struct mapping_subject *subject = b->subject, *of = owner(b);
    unsigned bit = 1U << b->row->signal;

    if (!of || (b->row->stands_in && subject->told_signals & bit))
        return;
    if (r->sample->value > 0)
        subject->spoken_signals |= bit;
    if (b->row->zero_is_silence && !(subject->spoken_signals & bit))
        return;
    if (b->rung) {
        bucket_rung_add(b->rung, amount, m->batch);
        return;
    }
    state_evidence_on_traffic(&of->state, b->row->signal, amount);
    mapping_send(m, of, b->row->signal, r->sample->ts_ms, amount * mapping_row_factor(b->row));
}

static void take_part(struct mapping *m, const struct binding *b, const struct reading *r)
{
    struct mapping_subject *subject = b->subject;

    mapping_subject_add_part(subject, b->row, r->grown, r->sample->value);
    if (mapping_row_is_difference(b->row))
        subject->difference_batch = m->batch;
    else
        subject->parts_batch = m->batch;
}

/* The first value in a process holds every entry since it began, with a closed breaker. */
static double entries(const struct mapping *m, const struct binding *b, const struct reading *r)
{
    bool was_away = !r->was_live && r->series->last_ts_ms <= b->subject->fall_ms;
    bool began = !r->series->has_last || b->subject->fall_batch == m->batch || was_away;

    return began ? r->sample->value : r->grown;
}

static void deliver(struct mapping *m, const struct binding *b, const struct reading *r)
{
    struct mapping_subject *subject = b->subject;

    if (!subject)
        return;
    mapping_touch(m, subject, r->sample->ts_ms);
    switch (b->row->use) {
    case USE_SIGNAL:
        take_amount(m, b, r, r->grown);
        break;
    case USE_AMOUNT:
        take_amount(m, b, r, r->sample->value > 0 ? r->sample->value : 0);
        break;
    case USE_PART:
        take_part(m, b, r);
        break;
    case USE_ENTERED:
        subject->state_batch = m->batch;
        state_evidence_on_growth(&subject->state, b->row->state, entries(m, b, r));
        break;
    case USE_HELD:
        subject->state_batch = m->batch;
        state_evidence_on_growth(&subject->state, b->row->state, r->grown);
        break;
    default:
        mapping_take_gauge(m, b, r->was_live ? r->series->last : NAN, r->sample->value);
        break;
    }
}

static void take_value(struct mapping *m, struct mapped_series *s,
                       const struct series_sample *sample)
{
    const struct binding *bindings = mapped_series_bindings(&m->table, s);
    bool is_counter = !s->is_gauge && !s->is_epoch;
    struct reading r = { s, sample, is_counter ? growth(m, s, sample->value) : 0, s->live };

    mapping_revive_series(m, s);
    for (size_t i = 0; i < s->binding_count; i++)
        deliver(m, &bindings[i], &r);
    s->last = sample->value;
    s->last_growth = r.grown;
    s->has_last = true;
}

static void take_sample(struct mapping *m, const struct series_sample *sample)
{
    struct mapped_series *s = mapped_series_find(&m->table, sample->series);

    if (!s || sample->ts_ms <= s->last_ts_ms)
        return; /* the store keeps the first sample of an instant, too */
    if (sample_is_stale(sample->value))
        mapping_end_series(m, s, sample->ts_ms);
    else if (isfinite(sample->value) || s->is_gauge)
        take_value(m, s, sample);
    else
        return;
    s->last_ts_ms = sample->ts_ms;
}

void mapping_apply(struct mapping *m, const struct sample_batch *batch)
{
    mapping_begin_batch(m);
    if (batch->received_ms > m->received_ms)
        m->received_ms = batch->received_ms;
    prepare(m, batch);
    for (size_t i = 0; i < batch->count; i++)
        take_sample(m, &batch->items[i]);
    mapping_settle(m);
    mapping_retire_when_due(m);
}
