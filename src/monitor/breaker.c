#include "monitor/breaker.h"

#include <math.h>

#include "monitor/breaker_condition.h"

const double recovery_bounds_s[RECOVERY_BOUNDS] = { 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600 };

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
        .counted_since_ms = -1,
        .last_recovery_s = NAN,
        .last_failure_ms = -1,
        .recovered_ms = -1,
        .flapping_ms = -1,
        .failing_ms = -1,
        .consecutive_failures = -1,
        .told_failure_ratio = NAN,
        .forced = -1,
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

static void note_recovery(struct breaker_watch *b, int64_t at_ms)
{
    int bound = 0;

    b->last_recovery_s = (double)(at_ms - b->opened_ms) / 1000;
    b->recovered_ms = at_ms;
    b->opened_ms = -1;
    while (bound < RECOVERY_BOUNDS && b->last_recovery_s > recovery_bounds_s[bound])
        bound++;
    b->recovery.buckets[bound]++;
    b->recovery.sum_s += b->last_recovery_s;
}

bool breaker_watch_flaps(const struct breaker_watch *b, int64_t now_ms)
{
    /* The place of the next flip holds the oldest of the last BREAKER_FLAPPING_AT. */
    return b->flip_count >= BREAKER_FLAPPING_AT &&
           b->flips_ms[b->flip_count % BREAKER_FLAPPING_AT] > now_ms - BREAKER_STRIP_MS;
}

/* Disabled and unknown say nothing about the circuit: a source that restarts is no flapping. */
static void note_flip(struct breaker_watch *b, enum breaker_state to, int64_t at_ms)
{
    if (b->state > BREAKER_OPEN || to > BREAKER_OPEN)
        return;
    if (!breaker_watch_flaps(b, at_ms))
        b->flapping_ms = -1;
    b->flips_ms[b->flip_count++ % BREAKER_FLAPPING_AT] = at_ms;
    if (b->flapping_ms < 0 && breaker_watch_flaps(b, at_ms))
        b->flapping_ms = at_ms;
}

static uint32_t kept_count(bool told, double count)
{
    if (!told)
        return BREAKER_NOT_TOLD;
    return count < BREAKER_NOT_TOLD - 1 ? (uint32_t)llround(count) : BREAKER_NOT_TOLD - 1;
}

static void note_transition(struct breaker_watch *b, enum breaker_state to, int64_t at_ms)
{
    b->history[b->history_count++ % BREAKER_HISTORY] = (struct breaker_transition){
        .at_ms = at_ms,
        .from = (uint8_t)b->state,
        .to = (uint8_t)to,
        .calls = kept_count(b->calls_told, b->calls_in_state),
        .errors = kept_count(b->errors_told, b->errors_in_state),
    };
    b->calls_in_state = b->errors_in_state = 0;
    b->transitions[b->state][to]++;
    note_flip(b, to, at_ms);
    if (to == BREAKER_OPEN && b->opened_ms < 0)
        b->opened_ms = at_ms;
    if (to == BREAKER_CLOSED && b->opened_ms >= 0)
        note_recovery(b, at_ms);
}

bool breaker_watch_state(struct breaker_watch *b, enum breaker_state state, int64_t at_ms)
{
    if (state == b->state || at_ms < b->since_ms)
        return false;
    if (b->since_ms >= 0) {
        count_time(b, at_ms);
        note_transition(b, state, at_ms);
    } else {
        b->told_ms = b->counted_ms = b->counted_since_ms = at_ms;
        b->opened_ms = state == BREAKER_OPEN ? at_ms : -1;
    }
    b->state = state;
    b->since_ms = at_ms;
    return true;
}

void breaker_watch_calls(struct breaker_watch *b, double increase, int64_t at_ms)
{
    b->calls_told = true;
    b->traffic[b->state].requests += increase;
    b->calls_in_state += increase;
    window_add(&b->calls, at_ms / 1000, (uint64_t)llround(increase));
}

void breaker_watch_errors(struct breaker_watch *b, double increase, int64_t at_ms)
{
    b->errors_told = true;
    b->traffic[b->state].failures += increase;
    b->errors_in_state += increase;
    if (increase > 0 && !b->last_failure_told && at_ms > b->last_failure_ms)
        b->last_failure_ms = at_ms;
    window_add(&b->errors, at_ms / 1000, (uint64_t)llround(increase));
}

void breaker_watch_blocked(struct breaker_watch *b, double increase)
{
    b->blocked_told = true;
    b->traffic[b->state].blocked += increase;
}

void breaker_watch_consecutive(struct breaker_watch *b, double failures)
{
    b->consecutive_failures = isnan(failures) ? -1 : llround(failures);
}

void breaker_watch_failure_ratio(struct breaker_watch *b, double ratio)
{
    b->told_failure_ratio = isnan(ratio) ? NAN : fmin(1, ratio);
}

void breaker_watch_forced(struct breaker_watch *b, double forced)
{
    b->forced = isnan(forced) ? -1 : forced > 0;
}

void breaker_watch_last_failure(struct breaker_watch *b, double unix_s, int64_t at_ms)
{
    b->last_failure_told = unix_s > 0 && unix_s * 1000 <= (double)at_ms;
    if (b->last_failure_told)
        b->last_failure_ms = llround(unix_s * 1000);
}

/* Failures per request over the window, else as the source tells it; NaN: nobody tells it. */
static double failure_percent(const struct breaker_watch *b)
{
    double calls = (double)window_sum(&b->calls, 0), errors = (double)window_sum(&b->errors, 0);

    if (!b->calls_told || !b->errors_told)
        return 100 * b->told_failure_ratio;
    return calls + errors > 0 ? 100 * fmin(1, errors / fmax(calls, errors)) : NAN;
}

/* A ratio that the source tells has its own least number of calls. */
static bool has_evidence(const struct breaker_watch *b)
{
    return !b->calls_told || window_sum(&b->calls, 0) >= BREAKER_ENOUGH_CALLS;
}

void breaker_watch_begin_totals(struct breaker_watch *b, int64_t now_ms)
{
    if (b->since_ms >= 0)
        count_time(b, now_ms);
    b->counted_since_ms = b->counted_ms;
    b->replayed_count = b->history_count;
    memset(b->seconds_in_state, 0, sizeof b->seconds_in_state);
    memset(b->transitions, 0, sizeof b->transitions);
    memset(b->traffic, 0, sizeof b->traffic);
    b->recovery = (struct recovery_view){ .sum_s = 0 };
}

void breaker_watch_advance(struct breaker_watch *b, int64_t now_ms)
{
    window_advance(&b->calls, now_ms / 1000);
    window_advance(&b->errors, now_ms / 1000);
    if (b->since_ms >= 0)
        count_time(b, now_ms);
    if (!(failure_percent(b) > BREAKER_FAILING_PERCENT) || !has_evidence(b))
        b->failing_ms = -1;
    else if (b->failing_ms < 0)
        b->failing_ms = now_ms;
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
        before = (enum breaker_state)transition_at(b, first)->from;
    if (begin_ms < b->told_ms)
        begin_ms = b->told_ms;
    if (all_fit && b->told_ms >= 0)
        view->strip[view->strip_count++] = (struct strip_part){ begin_ms, before };
    for (uint64_t i = first; i < b->history_count; i++)
        view->strip[view->strip_count++] = (struct strip_part){
            transition_at(b, i)->at_ms, (enum breaker_state)transition_at(b, i)->to
        };
}

static double told_count(uint32_t kept)
{
    return kept == BREAKER_NOT_TOLD ? (double)NAN : (double)kept;
}

static void fill_recent(const struct breaker_watch *b, struct breaker_view *view)
{
    uint64_t idx = b->history_count;

    view->recent_count = 0;
    while (idx > oldest_kept(b) && view->recent_count < VIEW_RECENT_MAX) {
        const struct breaker_transition *t = transition_at(b, --idx);

        view->recent[view->recent_count++] = (struct transition_view){
            .at_ms = t->at_ms,
            .from = (enum breaker_state)t->from,
            .to = (enum breaker_state)t->to,
            .calls = told_count(t->calls),
            .errors = told_count(t->errors),
        };
    }
}

static struct breaker_traffic sum_of(const struct breaker_traffic traffic[BREAKER_STATE_COUNT])
{
    struct breaker_traffic sum = { 0 };

    for (int state = 0; state < BREAKER_STATE_COUNT; state++) {
        sum.requests += traffic[state].requests;
        sum.failures += traffic[state].failures;
        sum.blocked += traffic[state].blocked;
    }
    return sum;
}

void breaker_watch_view(const struct breaker_watch *b, int64_t now_ms, struct breaker_view *view)
{
    double calls = (double)window_sum(&b->calls, 0), errors = (double)window_sum(&b->errors, 0);
    struct breaker_traffic total = sum_of(b->traffic);

    view->state = b->state;
    view->since_ms = b->since_ms;
    view->counted_since_ms = b->counted_since_ms;
    view->forced = b->forced > 0 ? b->state == BREAKER_OPEN : b->forced;
    view->requests = b->calls_told ? calls : NAN;
    view->failures = b->errors_told ? errors : NAN;
    view->failure_rate_percent = failure_percent(b);
    view->consecutive_failures = b->consecutive_failures;
    view->requests_total = b->calls_told ? total.requests : NAN;
    view->failures_total = b->errors_told ? total.failures : NAN;
    view->blocked_total = b->blocked_told ? total.blocked : NAN;
    memcpy(view->traffic, b->traffic, sizeof view->traffic);
    view->last_failure_ms = b->last_failure_ms;
    memcpy(view->transitions, b->transitions, sizeof view->transitions);
    view->transitions_total = b->history_count - b->replayed_count;
    view->last_recovery_s = b->last_recovery_s;
    view->recovery = b->recovery;
    memcpy(view->seconds_in_state, b->seconds_in_state, sizeof view->seconds_in_state);
    view->strip_count = 0;
    fill_strip(b, now_ms, first_in_strip(b, now_ms), view);
    fill_recent(b, view);
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

static bool is_same_breaker(const struct breaker_view *a, const struct breaker_view *b)
{
    return str_equals(a->name, b->name) && str_equals(a->endpoint, b->endpoint);
}

void breaker_count_instances(struct breaker_view *breakers, size_t count)
{
    for (size_t first = 0, next; first < count; first = next) {
        struct breaker_counts counts = { .total = 0 };

        for (next = first; next < count && is_same_breaker(&breakers[first], &breakers[next]);
             next++)
            breaker_count(&counts, breakers[next].state);
        for (size_t i = first; i < next; i++)
            breakers[i].instances = counts;
    }
}
