#include "ingest/mapping_core.h"

void mapping_begin_batch(struct mapping *m)
{
    m->batch++;
    m->touched = NULL;
}

static uint32_t sink_id(struct mapping *m, struct mapping_group *g)
{
    uint64_t epoch = m->sink.epoch ? *m->sink.epoch : 0;

    if (g->sink_epoch != epoch)
        g->sink_id = 0;
    g->sink_epoch = epoch;
    if (!g->sink_id && g->asked_batch != m->batch) {
        g->asked_batch = m->batch;
        g->sink_id = m->sink.subject(m->sink.ctx, &(struct signal_subject){ .service = g->service,
                                                                            .breaker = g->breaker,
                                                                            .endpoint = g->endpoint,
                                                                            .caller = g->caller,
                                                                            .source = g->source });
    }
    return g->sink_id;
}

static void send_signal(struct mapping *m, const struct mapping_subject *s, struct signal signal)
{
    if (!s->service->counts_alone && !s->service->breaker_count)
        return;
    signal.subject = sink_id(m, s->group);
    if (signal.subject)
        m->sink.on_signal(m->sink.ctx, &signal);
}

void mapping_send(struct mapping *m, const struct mapping_subject *s, enum signal_kind kind,
                  int64_t at_ms, double amount)
{
    send_signal(m, s, (struct signal){ .kind = kind, .at_ms = at_ms, .amount = amount });
}

void mapping_touch(struct mapping *m, struct mapping_subject *s, int64_t at_ms)
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

/* --- the end of a batch --- */

static void settle_retries(struct mapping *m, struct mapping_subject *s)
{
    bool is_breaker = s->group->breaker.len > 0;
    double retries;

    if (s->parts_batch == m->batch)
        mapping_send(m, s, is_breaker ? SIGNAL_BREAKER_ERRORS : SIGNAL_RETRIES, s->at_ms,
                     retry_estimate_take(&s->retries));
    if (s->difference_batch == m->batch && retry_difference_take(&s->difference, &retries))
        mapping_send(m, s, SIGNAL_RETRIES, s->at_ms, retries);
}

static void settle_levels(struct mapping *m, const struct mapping_subject *s)
{
    for (int i = 0; i < SIGNAL_LEVEL_COUNT; i++) {
        enum signal_kind kind = (enum signal_kind)(SIGNAL_LEVEL_FIRST + i);

        if (s->levels[i].said_batch == m->batch)
            mapping_send(m, s, kind, s->at_ms, mapping_group_level(s->group, kind));
    }
}

/* Whose buckets are sent. */
struct settling {
    struct mapping *mapping;
    const struct mapping_subject *subject;
};

static void send_bucket(void *ctx, double from_s, double bound_s, double calls)
{
    const struct settling *s = ctx;

    send_signal(s->mapping, s->subject,
                (struct signal){ .kind = SIGNAL_TIMED_BUCKET,
                                 .at_ms = s->subject->at_ms,
                                 .amount = calls,
                                 .from_s = from_s,
                                 .bound_s = bound_s });
}

static void settle_buckets(struct mapping *m, const struct mapping_subject *s)
{
    struct settling settling = { m, s };

    for (const struct mapping_ladder *l = s->ladders; l; l = l->next)
        bucket_ladder_settle(&l->ladder, m->batch, send_bucket, &settling);
}

static void settle_group(struct mapping *m, const struct mapping_subject *s)
{
    struct mapping_group *group = s->group;

    if (group->settled_batch == m->batch)
        return;
    if (!mapping_group_is_live(group)) {
        if (!group->gone_sent && group->sink_id)
            mapping_send(m, s, SIGNAL_GONE, s->at_ms, 0);
        group->gone_sent = true;
        group->settled_batch = m->batch;
    } else if (s->state_batch == m->batch) {
        mapping_send(m, s, SIGNAL_BREAKER_STATE, s->at_ms, mapping_group_state(group));
        group->settled_batch = m->batch;
    }
}

void mapping_settle(struct mapping *m)
{
    for (struct mapping_subject *s = m->touched; s; s = s->next_touched) {
        settle_retries(m, s);
        settle_levels(m, s);
        settle_buckets(m, s);
        if (s->state_batch == m->batch)
            state_evidence_settle(&s->state);
    }
    for (struct mapping_subject *s = m->touched; s; s = s->next_touched)
        settle_group(m, s);
}
