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
#include "ingest/lost_counters.h"
#include "ingest/mapped_series.h"

/* How much more than lately a counter may have grown in one interval. */
enum { FALL_GROWTH_FACTOR = 10 };

struct mapping {
    struct tsdb *db;
    struct signal_sink sink;
    struct mapping_registry registry;
    struct mapped_table table;
    struct lost_counters lost;
    struct mapping_subject *touched;
    uint64_t batch;      /* number of the one that is applied, from 1 */
    int64_t received_ms; /* of the newest one */
};

struct mapping *mapping_new(struct tsdb *db, struct signal_sink sink)
{
    struct mapping *m = mem_alloc_zero(1, sizeof *m);

    if (!m)
        return NULL;
    m->db = db;
    m->sink = sink;
    m->registry = mapping_registry_empty();
    m->table = mapped_series_none();
    return m;
}

void mapping_free(struct mapping *m)
{
    if (!m)
        return;
    mapping_registry_release(&m->registry);
    mapped_series_release(&m->table);
    lost_counters_release(&m->lost);
    mem_free(m);
}

/* --- binding --- */

/* `up` and its kin come from failed scrapes too, so they are no sign that the source was heard. */
static bool is_about_scrape(struct labels labels)
{
    struct str name = labels_value(labels, LABEL_METRIC_NAME);

    return str_equals(name, STR("up")) || str_has_prefix(name, STR("scrape_"));
}

/* The rows that accept the series, each with its subject. */
static size_t collect_bindings(struct mapping *m, struct labels labels,
                               struct mapping_source *source,
                               struct binding out[BINDINGS_PER_SERIES_MAX])
{
    size_t row_count, count = 0;
    const struct mapping_row *rows = mapping_rows(&row_count);

    for (size_t i = 0; i < row_count && count < BINDINGS_PER_SERIES_MAX; i++) {
        struct mapping_subject *subject = NULL;

        if (!mapping_row_accepts(&rows[i], labels))
            continue;
        if (rows[i].use != USE_EPOCH) {
            subject = mapping_registry_subject(&m->registry, &rows[i], source, labels);
            if (!subject)
                continue;
        }
        out[count++] = (struct binding){ &rows[i], subject };
    }
    return count;
}

/* Where a series begins that is new here, or comes back. */
static void begin_series(struct mapping *m, struct mapped_series *s)
{
    struct lost_counter before;

    s->born_at_runtime = s->source->heard_batch < m->batch && !s->source->lost_counters;
    if (!lost_counters_take(&m->lost, s->hash, &before))
        return;
    s->has_last = true;
    s->last = before.last;
    s->last_ts_ms = before.last_ts_ms;
}

/* A series that was not seen before. */
static struct mapped_series *bind_series(struct mapping *m, uint32_t ref)
{
    struct label space[LABELS_MAX];
    struct labels labels = tsdb_labels(m->db, ref, space);
    struct binding found[BINDINGS_PER_SERIES_MAX];
    struct mapped_series *s;
    struct mapping_source *source;
    size_t count;

    if (!labels.count || is_about_scrape(labels))
        return NULL;
    source = mapping_registry_source(&m->registry, labels);
    if (!source)
        return NULL;
    if (!source->heard_batch)
        source->heard_batch = m->batch;
    count = collect_bindings(m, labels, source, found);
    s = count ? mapped_series_add(&m->table, ref, found, count) : NULL;
    if (!s)
        return NULL;
    s->source = source;
    s->hash = labels_hash(labels);
    begin_series(m, s);
    return s;
}

/* --- the first pass --- */

static void look_for_restart(struct mapping *m, struct mapped_series *s,
                             const struct series_sample *sample)
{
    struct mapping_source *source = s->source;

    if (isnan(sample->value) || sample->ts_ms <= s->last_ts_ms)
        return;
    if (s->is_epoch) {
        if (source->epoch_known && source->epoch != sample->value)
            source->restart_batch = m->batch;
        source->epoch = sample->value;
        source->epoch_known = true;
    } else if (s->falls_with_all && s->has_last && sample->value < s->last) {
        source->fall_batch = m->batch;
    }
}

static void prepare(struct mapping *m, const struct sample_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct series_sample *sample = &batch->items[i];
        struct mapped_series *s;

        if (!mapped_series_reserve(&m->table, sample->series))
            continue;
        if (mapped_series_is_unseen(&m->table, sample->series) && !bind_series(m, sample->series))
            mapped_series_ignore(&m->table, sample->series);
        s = mapped_series_find(&m->table, sample->series);
        if (s && (s->is_epoch || s->falls_with_all))
            look_for_restart(m, s, sample);
    }
}

/* --- sending --- */

static uint32_t sink_id(struct mapping *m, struct mapping_group *g)
{
    if (!g->sink_id && g->asked_batch != m->batch) {
        g->asked_batch = m->batch;
        g->sink_id = m->sink.subject(
            m->sink.ctx,
            &(struct signal_subject){ .service = g->service,
                                      .breaker = g->breaker,
                                      .endpoint = STR(""),
                                      .caller = str_of(g->row->caller ? g->row->caller : ""),
                                      .source = g->row->source });
    }
    return g->sink_id;
}

static void send(struct mapping *m, const struct mapping_subject *s, enum signal_kind kind,
                 int64_t at_ms, double amount)
{
    uint32_t id;

    if (s->service->needs_breaker && !s->service->has_breaker)
        return;
    id = sink_id(m, s->group);
    if (id)
        m->sink.on_signal(m->sink.ctx, &(struct signal){ id, kind, at_ms, amount });
}

static void touch(struct mapping *m, struct mapping_subject *s, int64_t at_ms)
{
    if (s->touched_batch != m->batch) {
        s->touched_batch = m->batch;
        s->at_ms = at_ms;
        s->next_touched = m->touched;
        m->touched = s;
    }
    if (at_ms > s->at_ms)
        s->at_ms = at_ms;
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

static void add_part(struct mapping *m, struct mapping_subject *s, enum mapping_part part,
                     double grown, double value)
{
    struct retry_estimate *e = &s->retries;

    if (s->restart_batch != s->source->restart_batch) {
        s->restart_batch = s->source->restart_batch;
        retry_estimate_on_restart(e);
    }
    s->parts_batch = m->batch;
    switch (part) {
    case PART_ATTEMPTS:
        e->attempts += grown;
        break;
    case PART_CALLS:
        e->calls += grown;
        break;
    case PART_RETRY_WARNINGS:
        e->retry_warnings += grown;
        break;
    case PART_REDISPATCHES:
        e->redispatches += grown;
        break;
    case PART_UNSERVED:
        e->unserved += grown;
        break;
    case PART_UNSERVED_MINUS:
        e->unserved -= grown;
        break;
    case PART_IN_FLIGHT:
        retry_estimate_set_in_flight(e, value);
        break;
    default:
        break;
    }
}

static void set_state_bit(struct mapping *m, struct mapping_subject *s, unsigned bit, bool on)
{
    s->state_batch = m->batch;
    if (on)
        s->state_bits |= bit;
    else
        s->state_bits &= ~bit;
}

static void revive(struct mapping *m, struct mapped_series *s)
{
    const struct binding *bindings = mapped_series_bindings(&m->table, s);

    for (size_t i = 0; i < s->binding_count && !s->live; i++) {
        struct mapping_subject *subject = bindings[i].subject;

        if (!subject)
            continue;
        subject->live_count++;
        subject->live_state_count += s->is_state;
        subject->group->gone_sent = false;
    }
    s->live = true;
}

static void take_stale(struct mapping *m, struct mapped_series *s, int64_t at_ms)
{
    const struct binding *bindings = mapped_series_bindings(&m->table, s);

    for (size_t i = 0; i < s->binding_count && s->live; i++) {
        const struct binding *b = &bindings[i];

        if (!b->subject)
            continue;
        touch(m, b->subject, at_ms);
        b->subject->live_count--;
        b->subject->live_state_count -= s->is_state;
        if (s->is_state)
            set_state_bit(m, b->subject, (unsigned)b->row->state, false);
    }
    s->live = false;
}

static void deliver(struct mapping *m, const struct binding *b, double grown,
                    const struct series_sample *sample)
{
    if (b->row->use == USE_EPOCH)
        return;
    touch(m, b->subject, sample->ts_ms);
    if (b->row->use == USE_SIGNAL)
        send(m, b->subject, b->row->signal, sample->ts_ms, grown);
    else if (b->row->use == USE_PART)
        add_part(m, b->subject, b->row->part, grown, sample->value);
    else
        set_state_bit(m, b->subject, (unsigned)b->row->state, sample->value == 1);
}

static void take_value(struct mapping *m, struct mapped_series *s,
                       const struct series_sample *sample)
{
    const struct binding *bindings = mapped_series_bindings(&m->table, s);
    double grown = s->is_state || s->is_epoch ? 0 : growth(m, s, sample->value);

    revive(m, s);
    for (size_t i = 0; i < s->binding_count; i++)
        deliver(m, &bindings[i], grown, sample);
    s->last = sample->value;
    s->last_growth = grown;
    s->has_last = true;
}

static void take_sample(struct mapping *m, const struct series_sample *sample)
{
    struct mapped_series *s = mapped_series_find(&m->table, sample->series);

    if (!s || sample->ts_ms <= s->last_ts_ms)
        return; /* the store keeps the first sample of an instant, too */
    if (sample_is_stale(sample->value))
        take_stale(m, s, sample->ts_ms);
    else if (isfinite(sample->value))
        take_value(m, s, sample);
    else
        return;
    s->last_ts_ms = sample->ts_ms;
}

/* --- the end of a batch --- */

static void settle_retries(struct mapping *m, struct mapping_subject *s)
{
    bool is_breaker = s->group->breaker.len > 0;

    if (s->parts_batch == m->batch)
        send(m, s, is_breaker ? SIGNAL_BREAKER_ERRORS : SIGNAL_RETRIES, s->at_ms,
             retry_estimate_take(&s->retries));
}

static void settle_group(struct mapping *m, const struct mapping_subject *s)
{
    struct mapping_group *group = s->group;

    if (group->settled_batch == m->batch)
        return;
    if (!mapping_group_is_live(group)) {
        if (!group->gone_sent)
            send(m, s, SIGNAL_GONE, s->at_ms, 0);
        group->gone_sent = true;
        group->settled_batch = m->batch;
    } else if (s->state_batch == m->batch) {
        send(m, s, SIGNAL_BREAKER_STATE, s->at_ms, mapping_group_state(group));
        group->settled_batch = m->batch;
    }
}

static void begin_batch(struct mapping *m)
{
    m->batch++;
    m->touched = NULL;
}

static void settle(struct mapping *m)
{
    for (struct mapping_subject *s = m->touched; s; s = s->next_touched)
        settle_retries(m, s);
    for (struct mapping_subject *s = m->touched; s; s = s->next_touched)
        settle_group(m, s);
}

void mapping_apply(struct mapping *m, const struct sample_batch *batch)
{
    begin_batch(m);
    if (batch->received_ms > m->received_ms)
        m->received_ms = batch->received_ms;
    prepare(m, batch);
    for (size_t i = 0; i < batch->count; i++)
        take_sample(m, &batch->items[i]);
    settle(m);
}

/* --- series that left --- */

static void forget_series(struct mapping *m, struct mapped_series *s)
{
    struct lost_counter lost = { s->hash, s->source, s->last, s->last_ts_ms };

    take_stale(m, s, m->received_ms);
    if (s->has_last && !s->is_state && !s->is_epoch)
        lost_counters_put(&m->lost, &lost);
}

void mapping_forget(struct mapping *m, const uint32_t *refs, size_t count)
{
    begin_batch(m);
    for (size_t i = 0; i < count; i++) {
        struct mapped_series *s = mapped_series_find(&m->table, refs[i]);

        if (s)
            forget_series(m, s);
        mapped_series_remove(&m->table, refs[i]);
    }
    settle(m);
}
