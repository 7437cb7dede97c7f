/*
 * One circuit breaker as seen from outside: its state, how it got there, how
 * long it was in each state, and what went through it.
 *
 *   breaker_watch_init -> { breaker_watch_state | _calls | _errors | _advance }* -> _release
 *
 * A transition keeps what went through in the state that ended, to the reading: what
 * a scrape tells beside a new state counts for the state that its line follows. So do the
 * counts by state.
 *
 * The first state that is told is no transition, and UNKNOWN is no state that can
 * be told first. Time in each state is counted to the millisecond from the times
 * of the samples, so it survives any rate of scraping; a state shorter than a
 * scrape is seen only if the source tells it. What was counted is never taken
 * back: a change that is heard after its time counts from what was counted last,
 * so that the seconds add up and their counters only rise.
 *
 * Time      Unix milliseconds, passed in; a state older than the present one is
 *           ignored.
 * Threads   Owned by the evaluate thread.
 * Limits    BREAKER_HISTORY transitions are remembered: transitions_15m says no
 *           more than that; the strip shows the newest VIEW_STRIP_MAX states.
 */
#ifndef FUSEBOX_MONITOR_BREAKER_H
#define FUSEBOX_MONITOR_BREAKER_H

#include "base/attr.h"
#include "base/err.h"
#include "monitor/view.h"
#include "resilience/window.h"

enum {
    BREAKER_HISTORY = 96,
    BREAKER_WINDOW_S = 300,        /* failure rate over 5 min, as S1's rule */
    BREAKER_STRIP_MS = 15 * 60000, /* also the flapping window of S1's rule */
    BREAKER_FLAPPING_AT = 7,       /* changes within it: more than 6, as S1's rule */
};

/* Upper bounds of the histogram of recoveries in seconds; S1 asks for 300. */
extern const double recovery_bounds_s[RECOVERY_BOUNDS];

struct breaker_transition {
    int64_t at_ms;
    uint32_t calls, errors; /* of the state that ended; BREAKER_NOT_TOLD */
    uint8_t from, to;       /* enum breaker_state */
};

#define BREAKER_NOT_TOLD UINT32_MAX

struct breaker_watch {
    enum breaker_state state;
    int64_t since_ms;         /* -1: never told */
    int64_t told_ms;          /* when the first state was told; -1 */
    int64_t opened_ms;        /* when it left closed; -1: it is not on its way back */
    int64_t counted_ms;       /* seconds_in_state are complete up to here */
    int64_t counted_since_ms; /* they and the other counts began here; -1 */
    double seconds_in_state[BREAKER_STATE_COUNT];
    uint64_t transitions[BREAKER_STATE_COUNT][BREAKER_STATE_COUNT];
    struct breaker_transition history[BREAKER_HISTORY]; /* ring */
    uint64_t history_count;                             /* ever */
    uint64_t replayed_count;                            /* of them before the counts began */
    double last_recovery_s;
    int64_t recovered_ms; /* when it closed again the last time; -1 */
    struct recovery_view recovery;
    int64_t
        flips_ms[BREAKER_FLAPPING_AT]; /* ring: the newest changes among closed, half-open, open */
    uint64_t flip_count;               /* ever */
    int64_t flapping_ms;               /* since when there are too many; -1 */
    int64_t failing_ms;                /* since when too many requests fail; -1 */
    double calls_in_state, errors_in_state; /* since the newest transition */
    int64_t consecutive_failures;           /* -1: not told */
    double told_failure_ratio;              /* NaN: not told */
    int forced;                             /* open by hand: 1, 0; -1 not told */
    struct window calls, errors;
    bool calls_told, errors_told, blocked_told;
    struct breaker_traffic traffic[BREAKER_STATE_COUNT];
    int64_t last_failure_ms;
    bool last_failure_told; /* by the source; else it is when a failure was heard of */
};

enum err breaker_watch_init(struct breaker_watch *b) MUST_CHECK;
void breaker_watch_release(struct breaker_watch *b);

/* True when the state changed (the first one told counts as a change, not as a transition). */
bool breaker_watch_state(struct breaker_watch *b, enum breaker_state state, int64_t at_ms);
void breaker_watch_calls(struct breaker_watch *b, double increase, int64_t at_ms);
void breaker_watch_errors(struct breaker_watch *b, double increase, int64_t at_ms);
void breaker_watch_blocked(struct breaker_watch *b, double increase);
/* Levels; NaN: no longer told. */
void breaker_watch_consecutive(struct breaker_watch *b, double failures);
void breaker_watch_failure_ratio(struct breaker_watch *b, double ratio);
void breaker_watch_forced(struct breaker_watch *b, double forced);
/* In Unix seconds; what is after the sample is not believed. */
void breaker_watch_last_failure(struct breaker_watch *b, double unix_s, int64_t at_ms);

/* Counts (seconds, transitions by state, traffic, recoveries) begin from 0 now: what was replayed
 * has been told before. State, strip and history stay. */
void breaker_watch_begin_totals(struct breaker_watch *b, int64_t now_ms);

/* Slides the windows and counts the time in the present state up to now. */
void breaker_watch_advance(struct breaker_watch *b, int64_t now_ms);

/* Whether more than 6 changes fell into the 15 min that end with now. */
bool breaker_watch_flaps(const struct breaker_watch *b, int64_t now_ms);

/* Fills the figures of *view but `conditions`; names are the caller's. Call after _advance. */
void breaker_watch_view(const struct breaker_watch *b, int64_t now_ms, struct breaker_view *view);

bool breaker_is_worse(enum breaker_state a, enum breaker_state b);

/* Adds one breaker to the counts of its service. */
void breaker_count(struct breaker_counts *counts, enum breaker_state state);

/* Fills `instances` of one service's breakers, sorted by name and endpoint. */
void breaker_count_instances(struct breaker_view *breakers, size_t count);

#endif
