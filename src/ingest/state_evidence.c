/*
 * A way through the states from `start`: closed -> open -> half-open -> closed or
 * open. With O, H and C entries, and D of the openings out of closed, each state
 * is left as often as it is entered, but for the start and the end of the way:
 *
 *     open        O + [start] = H + [end]
 *     closed      C + [start] = D + [end],  0 <= D <= O
 *
 * Half-open follows from both. A way that begins in closed leaves it (D > 0).
 * An end fits when a D fits; it is told when no other end fits as well.
 *
 * Where half-open is not counted, each closing follows an opening: there are no more
 * of them than openings (and the open start). With exactly as many the last change
 * was a closing; with fewer, but any, it may have been either.
 */
#include "ingest/state_evidence.h"

#include <math.h>

enum state_word state_word_of(double value, enum state_encoding encoding)
{
    static const enum state_word words[ENCODING_COUNT][3] = {
        [ENCODING_DEFAULT] = { STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN },
        [ENCODING_CLOSED_HALFOPEN_OPEN] = { STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN },
        [ENCODING_CLOSED_OPEN_HALFOPEN] = { STATE_CLOSED, STATE_OPEN, STATE_HALF_OPEN },
        [ENCODING_OPEN_CLOSED_HALFOPEN] = { STATE_OPEN, STATE_CLOSED, STATE_HALF_OPEN },
        [ENCODING_CLOSED_OPEN] = { STATE_CLOSED, STATE_OPEN, STATE_NOTHING },
    };

    for (int i = 0; i < 3; i++)
        if (value == i)
            return words[encoding][i];
    return STATE_NOTHING;
}

void state_evidence_on_live(struct state_evidence *e, enum state_kind kind, bool live)
{
    if (live)
        e->live[kind]++;
    else
        e->live[kind]--;
}

void state_evidence_on_change(struct state_evidence *e, enum state_kind kind, enum state_word from,
                              enum state_word to)
{
    if (from)
        e->said[kind][from]--;
    if (to)
        e->said[kind][to]++;
}

void state_evidence_on_growth(struct state_evidence *e, enum state_word word, double grown)
{
    e->grown[word] += grown;
    e->half_open_counted |= word == STATE_HALF_OPEN;
}

void state_evidence_on_restart(struct state_evidence *e)
{
    e->counted = STATE_CLOSED;
}

void state_evidence_on_return(struct state_evidence *e)
{
    if (!e->has_counted)
        e->counted = STATE_NOTHING;
    e->has_counted = true;
}

void state_evidence_on_traffic(struct state_evidence *e, enum signal_kind kind, double grown)
{
    if (kind == SIGNAL_BREAKER_CALLS) {
        e->through += grown;
        e->through_told = true;
    } else if (kind == SIGNAL_BREAKER_ERRORS)
        e->failed += grown;
    else if (kind == SIGNAL_BREAKER_BLOCKED)
        e->blocked += grown;
}

/* --- gauges and numbers --- */

static enum breaker_state weigh(const uint32_t said[STATE_WORD_COUNT])
{
    if (said[STATE_DISABLED])
        return BREAKER_DISABLED;
    if (said[STATE_OPEN])
        return said[STATE_CHECK_PASSES] ? BREAKER_HALF_OPEN : BREAKER_OPEN;
    if (said[STATE_HALF_OPEN])
        return BREAKER_HALF_OPEN;
    return said[STATE_CLOSED] ? BREAKER_CLOSED : BREAKER_UNKNOWN;
}

static bool refuses_all(const struct state_evidence *e)
{
    return e->blocked > 0 && e->through_told && !(e->through > 0);
}

static bool succeeds(const struct state_evidence *e)
{
    return e->through > e->failed && !(e->blocked > 0);
}

static void doubt_number(struct state_evidence *e)
{
    enum breaker_state now = weigh(e->said[STATE_NUMBER]);
    bool steady = now == e->number_before && now <= BREAKER_OPEN;

    e->number_before = now;
    if (!steady || (!refuses_all(e) && !succeeds(e)))
        return;
    if (now == BREAKER_OPEN ? succeeds(e) : refuses_all(e))
        e->doubt += e->doubt < STATE_DOUBT_READINGS;
    else
        e->doubt = 0;
}

/* --- counters --- */

static bool way_fits(enum state_word start, enum state_word end, double opened, double half_opened,
                     double closed)
{
    double out_of_closed = closed + (start == STATE_CLOSED) - (end == STATE_CLOSED);

    if (opened + (start == STATE_OPEN) != half_opened + (end == STATE_OPEN))
        return false;
    if (start == STATE_CLOSED && opened + half_opened + closed > 0 && out_of_closed < 1)
        return false;
    return out_of_closed >= 0 && out_of_closed <= opened;
}

enum state_word state_after(enum state_word start, double opened, double half_opened, double closed)
{
    static const enum state_word ends[] = { STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN };
    enum state_word found = STATE_NOTHING;

    for (int i = 0; i < 3 && start; i++) {
        if (!way_fits(start, ends[i], opened, half_opened, closed))
            continue;
        if (found)
            return STATE_NOTHING;
        found = ends[i];
    }
    return found;
}

enum state_word state_after_unseen(enum state_word start, double opened, double closed)
{
    if (!start)
        return STATE_NOTHING;
    if (closed == 0)
        return opened > 0 ? STATE_OPEN : start;
    return closed == opened + (start != STATE_CLOSED) ? STATE_CLOSED : STATE_NOTHING;
}

/* Nothing changed in this reading: what its calls tell. */
static enum state_word state_by_traffic(const struct state_evidence *e)
{
    if (refuses_all(e))
        return STATE_OPEN;
    return succeeds(e) ? STATE_CLOSED : STATE_NOTHING;
}

static enum state_word state_after_entries(const struct state_evidence *e)
{
    if (!e->half_open_counted)
        return state_after_unseen(e->counted, e->grown[STATE_OPEN], e->grown[STATE_CLOSED]);
    return state_after(e->counted, e->grown[STATE_OPEN], e->grown[STATE_HALF_OPEN],
                       e->grown[STATE_CLOSED]);
}

/* Entries are whole numbers; of what was held only that it was is used: one visit each. */
static enum state_word state_after_growth(const struct state_evidence *e)
{
    const double *grown = e->grown;
    int grew = 0;
    enum state_word alone = STATE_NOTHING;

    for (int word = STATE_CLOSED; word <= STATE_OPEN; word++) {
        if (!(grown[word] > 0))
            continue;
        grew++;
        alone = (enum state_word)word;
    }
    if (grew == 0)
        return e->counted || e->live[STATE_HELD] ? e->counted : state_by_traffic(e);
    if (grew == 1)
        return alone;
    if (e->live[STATE_ENTERED])
        return state_after_entries(e);
    if (grew == 2 && e->counted == STATE_CLOSED && grown[STATE_OPEN] > 0)
        return STATE_OPEN;
    if (grew == 2 && e->counted == STATE_HALF_OPEN && grown[STATE_CLOSED] > 0)
        return STATE_CLOSED;
    return STATE_NOTHING;
}

static void settle_counters(struct state_evidence *e)
{
    if (!e->has_counted && e->live[STATE_ENTERED])
        e->counted = STATE_CLOSED;
    e->has_counted = true;
    e->counted = state_after_growth(e);
}

void state_evidence_settle(struct state_evidence *e)
{
    if (e->live[STATE_ENTERED] || e->live[STATE_HELD])
        settle_counters(e);
    if (e->live[STATE_NUMBER])
        doubt_number(e);
    for (int word = 0; word < STATE_WORD_COUNT; word++)
        e->grown[word] = 0;
    e->through = 0;
    e->failed = 0;
    e->blocked = 0;
}

static enum breaker_state state_of_word(enum state_word word)
{
    static const enum breaker_state states[STATE_WORD_COUNT] = {
        [STATE_NOTHING] = BREAKER_UNKNOWN,     [STATE_CLOSED] = BREAKER_CLOSED,
        [STATE_HALF_OPEN] = BREAKER_HALF_OPEN, [STATE_OPEN] = BREAKER_OPEN,
        [STATE_DISABLED] = BREAKER_DISABLED,   [STATE_CHECK_PASSES] = BREAKER_UNKNOWN,
    };

    return states[word];
}

enum breaker_state state_evidence_state(const struct state_evidence *e)
{
    if (e->live[STATE_GAUGE])
        return weigh(e->said[STATE_GAUGE]);
    if (e->live[STATE_NUMBER])
        return e->doubt >= STATE_DOUBT_READINGS ? BREAKER_UNKNOWN : weigh(e->said[STATE_NUMBER]);
    if (e->live[STATE_ENTERED] || e->live[STATE_HELD])
        return state_of_word(e->counted);
    return BREAKER_UNKNOWN;
}
