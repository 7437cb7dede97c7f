#include "ingest/mapping_subject.h"

#include <math.h>

void mapping_binding_set_live(const struct binding *b, bool live)
{
    enum state_kind kind;

    if (live)
        b->subject->live_count++;
    else
        b->subject->live_count--;
    if (mapping_row_is_about_state(b->row, &kind))
        state_evidence_on_live(&b->subject->state, kind, live);
}

static void on_fall(const struct binding *b)
{
    if (b->row->use == USE_ENTERED)
        state_evidence_on_restart(&b->subject->state);
    else
        retry_difference_on_restart(&b->subject->difference);
}

void mapping_binding_on_fall(const struct binding *b, uint64_t batch, int64_t at_ms)
{
    bool concerns = b->row->use == USE_ENTERED || mapping_row_is_difference(b->row);

    if (!concerns || b->subject->fall_batch == batch)
        return;
    on_fall(b);
    b->subject->fall_batch = batch;
    b->subject->fall_ms = at_ms;
}

/* --- retries --- */

static void add_to_difference(struct mapping_subject *s, enum mapping_part part, double grown)
{
    struct retry_difference *d = &s->difference;

    if (part == PART_DIFFERENCE_ATTEMPTS) {
        d->attempts += grown;
        d->attempts_told = true;
    } else {
        d->calls += grown;
        d->calls_told = true;
    }
}

static void add_to_estimate(struct retry_estimate *e, enum mapping_part part, double grown,
                            double value)
{
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

void mapping_subject_add_part(struct mapping_subject *s, const struct mapping_row *row,
                              double grown, double value)
{
    if (mapping_row_is_difference(row)) {
        add_to_difference(s, row->part, grown);
        return;
    }
    if (s->restart_batch != s->source->restart_batch) {
        s->restart_batch = s->source->restart_batch;
        retry_estimate_on_restart(&s->retries);
    }
    add_to_estimate(&s->retries, row->part, grown, value);
}

/* --- levels and states --- */

void mapping_subject_set_level(struct mapping_subject *s, enum signal_kind kind, double level,
                               uint64_t batch)
{
    s->levels[kind - SIGNAL_LEVEL_FIRST] = (struct mapping_level){ !isnan(level), level, batch };
}

double mapping_group_level(const struct mapping_group *group, enum signal_kind kind)
{
    int idx = (int)kind - SIGNAL_LEVEL_FIRST;
    double largest = NAN;

    for (const struct mapping_subject *s = group->first; s; s = s->next)
        if (s->levels[idx].told)
            largest = fmax(largest, s->levels[idx].value);
    return largest;
}

enum breaker_state mapping_group_state(const struct mapping_group *group)
{
    static const int badness[BREAKER_STATE_COUNT] = {
        [BREAKER_UNKNOWN] = 0,   [BREAKER_DISABLED] = 1, [BREAKER_CLOSED] = 2,
        [BREAKER_HALF_OPEN] = 3, [BREAKER_OPEN] = 4,
    };
    enum breaker_state worst = BREAKER_UNKNOWN;

    for (const struct mapping_subject *s = group->first; s; s = s->next) {
        enum breaker_state state = state_evidence_state(&s->state);

        if (badness[state] > badness[worst])
            worst = state;
    }
    return worst;
}

bool mapping_group_is_live(const struct mapping_group *group)
{
    for (const struct mapping_subject *s = group->first; s; s = s->next)
        if (s->live_count)
            return true;
    return false;
}
