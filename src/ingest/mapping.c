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
#include "base/vec.h"
#include "ingest/mapping_subject.h"

enum {
    SERIES_MAX = 1 << 20,
    BINDINGS_MAX = 1 << 21,
    BINDINGS_PER_SERIES_MAX = 8,
    SLOT_UNSEEN = 0,
    SLOT_NOT_MAPPED = 1,
    SLOT_FIRST = 2,
    FALL_GROWTH_FACTOR =
        10, /* how much more than lately a counter may have grown in one interval */
};

struct binding {
    const struct mapping_row *row;
    struct mapping_subject *subject;
};

struct mapped_series {
    struct mapping_source *source;
    uint32_t first_binding;
    uint32_t binding_count;
    double last;
    double last_growth;
    int64_t last_ts_ms;
    bool is_epoch;
    bool is_state;
    bool falls_with_all;
    bool born_at_runtime; /* the source was heard before it: it began at 0 */
    bool has_last;
    bool live;
};

struct mapping {
    struct tsdb *db;
    struct signal_sink sink;
    struct mapping_registry registry;
    uint32_t *slots; /* by series reference: SLOT_*, or SLOT_FIRST + index into `series` */
    size_t slot_count;
    struct vec series;   /* struct mapped_series */
    struct vec bindings; /* struct binding */
    struct mapping_subject *touched;
    uint64_t batch; /* number of the one that is applied, from 1 */
};

struct mapping *mapping_new(struct tsdb *db, struct signal_sink sink)
{
    struct mapping *m = mem_alloc_zero(1, sizeof *m);

    if (!m)
        return NULL;
    m->db = db;
    m->sink = sink;
    m->registry = mapping_registry_empty();
    m->series = vec_of(sizeof(struct mapped_series), SERIES_MAX);
    m->bindings = vec_of(sizeof(struct binding), BINDINGS_MAX);
    return m;
}

void mapping_free(struct mapping *m)
{
    if (!m)
        return;
    mapping_registry_release(&m->registry);
    vec_release(&m->series);
    vec_release(&m->bindings);
    mem_free(m->slots);
    mem_free(m);
}

/* --- binding --- */

static bool grow_slots(struct mapping *m, uint32_t ref)
{
    size_t count = m->slot_count ? m->slot_count : 1024;
    uint32_t *slots;

    while (count <= ref)
        count *= 2;
    slots = mem_realloc(m->slots, count * sizeof *slots);
    if (!slots)
        return false;
    memset(slots + m->slot_count, 0, (count - m->slot_count) * sizeof *slots);
    m->slots = slots;
    m->slot_count = count;
    return true;
}

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

static bool store_bindings(struct mapping *m, struct mapped_series *s, const struct binding *from,
                           size_t count)
{
    s->first_binding = (uint32_t)m->bindings.count;
    s->binding_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        struct binding *b = vec_push(&m->bindings);

        if (!b)
            return false;
        *b = from[i];
        s->is_epoch |= from[i].row->use == USE_EPOCH;
        s->is_state |= from[i].row->use == USE_STATE;
        s->falls_with_all |= from[i].row->falls_with_all;
    }
    return true;
}

/* What the slot of a series that was not seen before shall say. */
static uint32_t bind_series(struct mapping *m, uint32_t ref)
{
    struct labels labels = tsdb_labels(m->db, ref);
    struct binding found[BINDINGS_PER_SERIES_MAX];
    struct mapped_series *s;
    struct mapping_source *source;
    size_t count;

    if (!labels.count || is_about_scrape(labels))
        return SLOT_NOT_MAPPED;
    source = mapping_registry_source(&m->registry, labels);
    if (!source)
        return SLOT_NOT_MAPPED;
    if (!source->heard_batch)
        source->heard_batch = m->batch;
    count = collect_bindings(m, labels, source, found);
    if (!count)
        return SLOT_NOT_MAPPED;
    s = vec_push(&m->series);
    if (!s)
        return SLOT_NOT_MAPPED;
    s->source = source;
    s->born_at_runtime = source->heard_batch < m->batch;
    s->last_ts_ms = INT64_MIN;
    if (!store_bindings(m, s, found, count))
        return SLOT_NOT_MAPPED;
    return SLOT_FIRST + (uint32_t)m->series.count - 1;
}

/* NULL: no row is about it. */
static struct mapped_series *find_series(const struct mapping *m, uint32_t ref)
{
    if (ref >= m->slot_count || m->slots[ref] < SLOT_FIRST)
        return NULL;
    return (struct mapped_series *)m->series.items + (m->slots[ref] - SLOT_FIRST);
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

        if (sample->series >= m->slot_count && !grow_slots(m, sample->series))
            continue;
        if (m->slots[sample->series] == SLOT_UNSEEN)
            m->slots[sample->series] = bind_series(m, sample->series);
        s = find_series(m, sample->series);
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
    const struct binding *bindings = m->bindings.items;

    for (size_t i = 0; i < s->binding_count && !s->live; i++) {
        struct mapping_subject *subject = bindings[s->first_binding + i].subject;

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
    const struct binding *bindings = m->bindings.items;

    for (size_t i = 0; i < s->binding_count && s->live; i++) {
        const struct binding *b = &bindings[s->first_binding + i];

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
    const struct binding *bindings = m->bindings.items;
    double grown = s->is_state || s->is_epoch ? 0 : growth(m, s, sample->value);

    revive(m, s);
    for (size_t i = 0; i < s->binding_count; i++)
        deliver(m, &bindings[s->first_binding + i], grown, sample);
    s->last = sample->value;
    s->last_growth = grown;
    s->has_last = true;
}

static void take_sample(struct mapping *m, const struct series_sample *sample)
{
    struct mapped_series *s = find_series(m, sample->series);

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

void mapping_apply(struct mapping *m, const struct sample_batch *batch)
{
    m->batch++;
    m->touched = NULL;
    prepare(m, batch);
    for (size_t i = 0; i < batch->count; i++)
        take_sample(m, &batch->items[i]);
    for (struct mapping_subject *s = m->touched; s; s = s->next_touched)
        settle_retries(m, s);
    for (struct mapping_subject *s = m->touched; s; s = s->next_touched)
        settle_group(m, s);
}
