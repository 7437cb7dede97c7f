#include "monitor/breaker.h"

#include <math.h>

enum err breaker_watch_init(struct breaker_watch *b)
{
    static const int span_s[] = { BREAKER_WINDOW_S };
    enum err err;

    *b = (struct breaker_watch){
        .state = BREAKER_UNKNOWN,
        .since_ms = -1,
        .told_ms = -1,
        .opened_ms = -1,
        .counted_ms = -1,
        .last_recovery_s = NAN,
        .last_failure_ms = -1,
    };
    err = window_init(&b->calls, BREAKER_WINDOW_S, span_s, 1);
    if (err)
        return err;
    err = window_init(&b->errors, BREAKER_WINDOW_S, span_s, 1);
    if (err)
        window_release(&b->calls);
    return err;
}

void breaker_watch_release(struct breaker_watch *b)
{
    window_release(&b->calls);
    window_release(&b->errors);
}

static void count_time(struct breaker_watch *b, int64_t until_ms)
{
    if (b->counted_ms >= 0 && until_ms > b->counted_ms)
        b->seconds_in_state[b->state] += (double)(until_ms - b->counted_ms) / 1000;
    if (until_ms > b->counted_ms)
        b->counted_ms = until_ms;
}

static void note_transition(struct breaker_watch *b, enum breaker_state to, int64_t at_ms)
{
    b->history[b->history_count++ % BREAKER_HISTORY] = (struct breaker_transition){ at_ms, b->state,
                                                                                    to };
    b->transitions[b->state][to]++;
    if (to == BREAKER_OPEN && b->opened_ms < 0)
        b->opened_ms = at_ms;
    if (to == BREAKER_CLOSED && b->opened_ms >= 0) {
        b->last_recovery_s = (double)(at_ms - b->opened_ms) / 1000;
        b->opened_ms = -1;
    }
}

bool breaker_watch_state(struct breaker_watch *b, enum breaker_state state, int64_t at_ms)
{
    if (state == b->state || at_ms < b->since_ms)
        return false;
    if (b->since_ms >= 0) {
        count_time(b, at_ms);
        note_transition(b, state, at_ms);
    } else {
        b->told_ms = b->counted_ms = at_ms;
        b->opened_ms = state == BREAKER_OPEN ? at_ms : -1;
    }
    b->state = state;
    b->since_ms = at_ms;
    return true;
}

void breaker_watch_calls(struct breaker_watch *b, double increase, int64_t at_ms)
{
    b->calls_told = true;
    b->calls_total += increase;
    window_add(&b->calls, at_ms / 1000, (uint64_t)llround(increase));
}

void breaker_watch_errors(struct breaker_watch *b, double increase, int64_t at_ms)
{
    b->errors_told = true;
    b->errors_total += increase;
    if (increase > 0 && at_ms > b->last_failure_ms)
        b->last_failure_ms = at_ms;
    window_add(&b->errors, at_ms / 1000, (uint64_t)llround(increase));
}

void breaker_watch_blocked(struct breaker_watch *b, double increase)
{
    b->blocked_told = true;
    b->blocked_total += increase;
}

void breaker_watch_advance(struct breaker_watch *b, int64_t now_ms)
{
    window_advance(&b->calls, now_ms / 1000);
    window_advance(&b->errors, now_ms / 1000);
    if (b->since_ms >= 0)
        count_time(b, now_ms);
}

static const struct breaker_transition *transition_at(const struct breaker_watch *b, uint64_t idx)
{
    return &b->history[idx % BREAKER_HISTORY];
}

static uint64_t oldest_kept(const struct breaker_watch *b)
{
    return b->history_count > BREAKER_HISTORY ? b->history_count - BREAKER_HISTORY : 0;
}

/* The first transition inside the strip; b->history_count when there is none. */
static uint64_t first_in_strip(const struct breaker_watch *b, int64_t now_ms)
{
    uint64_t idx = b->history_count;

    while (idx > oldest_kept(b) && transition_at(b, idx - 1)->at_ms > now_ms - BREAKER_STRIP_MS)
        idx--;
    return idx;
}

static void fill_strip(const struct breaker_watch *b, int64_t now_ms, uint64_t first,
                       struct breaker_view *view)
{
    enum breaker_state before = b->state;
    int64_t begin_ms = now_ms - BREAKER_STRIP_MS;
    bool all_fit = b->history_count - first < VIEW_STRIP_MAX;

    view->transitions_15m = (uint32_t)(b->history_count - first);
    if (!all_fit)
        first = b->history_count - VIEW_STRIP_MAX;
    else if (first < b->history_count)
        before = transition_at(b, first)->from;
    if (begin_ms < b->told_ms)
        begin_ms = b->told_ms;
    if (all_fit && b->told_ms >= 0)
        view->strip[view->strip_count++] = (struct strip_part){ begin_ms, before };
    for (uint64_t i = first; i < b->history_count; i++)
        view->strip[view->strip_count++] = (struct strip_part){ transition_at(b, i)->at_ms,
                                                                transition_at(b, i)->to };
}

void breaker_watch_view(const struct breaker_watch *b, int64_t now_ms, struct breaker_view *view)
{
    double calls = (double)window_sum(&b->calls, 0), errors = (double)window_sum(&b->errors, 0);

    view->state = b->state;
    view->since_ms = b->since_ms;
    view->requests = b->calls_told ? calls : NAN;
    view->failures = b->errors_told ? errors : NAN;
    view->failure_rate_percent = NAN;
    if (b->calls_told && b->errors_told && calls + errors > 0)
        view->failure_rate_percent = 100 * fmin(1, errors / fmax(calls, errors));
    view->requests_total = b->calls_told ? b->calls_total : NAN;
    view->failures_total = b->errors_told ? b->errors_total : NAN;
    view->blocked_total = b->blocked_told ? b->blocked_total : NAN;
    view->last_failure_ms = b->last_failure_ms;
    memcpy(view->transitions, b->transitions, sizeof view->transitions);
    view->transitions_total = b->history_count;
    view->last_recovery_s = b->last_recovery_s;
    memcpy(view->seconds_in_state, b->seconds_in_state, sizeof view->seconds_in_state);
    view->strip_count = 0;
    fill_strip(b, now_ms, first_in_strip(b, now_ms), view);
}

/* How much a state worries: the largest is the worst. */
static int weight(enum breaker_state state)
{
    static const int weights[BREAKER_STATE_COUNT] = {
        [BREAKER_DISABLED] = 0,  [BREAKER_CLOSED] = 1, [BREAKER_UNKNOWN] = 2,
        [BREAKER_HALF_OPEN] = 3, [BREAKER_OPEN] = 4,
    };

    return weights[state];
}

bool breaker_is_worse(enum breaker_state a, enum breaker_state b)
{
    return weight(a) > weight(b);
}

void breaker_count(struct breaker_counts *counts, enum breaker_state state)
{
    if (!counts->total || breaker_is_worse(state, counts->worst))
        counts->worst = state;
    counts->total++;
    counts->in_state[state]++;
}
