/*
 * When does a retry budget run out, if calls, errors and retries go on at the speed
 * of the last seconds (budget_input.speed_span)?
 *
 * Limits over a sliding window (absolute, ratio, concurrency): what was used leaves
 * again, so the answer is the first second t at which
 *
 *   retries still inside the window + speed x t  >=  limit at t
 *
 * found by walking the window once; no second within it answers "never". A burst
 * that is still inside counts until it leaves. Concurrency is that over the window
 * of the rates: retries(w) x a / w, with a the seconds of an attempt, against its limit.
 *
 * Accounts (failure tokens, quota): what is left above the mark at which retries
 * stop / (taken - given in a second); never while as much is given as taken.
 *
 * The interval takes counts of the span that tells the speed as Poisson counts, 80 %:
 * speed x (1 -/+ 1.2816 / sqrt(n)) for windows; for accounts
 * taken - given -/+ 1.2816 x sqrt(sum of n x weight^2).
 *
 * Threads   Value. Time O(window length) when used + speed x length may reach the
 *           limit, else O(1).
 */
#ifndef FUSEBOX_MONITOR_EXHAUSTION_H
#define FUSEBOX_MONITOR_EXHAUSTION_H

#include "monitor/retry_budget.h"

/* Why there is no time to tell; static texts. */
extern const char EXHAUSTION_LASTS[], EXHAUSTION_NO_CALLS[], EXHAUSTION_NO_RETRIES[],
    EXHAUSTION_NO_RESULTS[], EXHAUSTION_NO_DURATION[];

struct exhaustion exhaustion_of_absolute(const struct budget_limits *limits,
                                         const struct budget_input *in);
struct exhaustion exhaustion_of_share(const struct budget_limits *limits,
                                      const struct budget_input *in);

/* Retries that run at once: at most `share` of the attempts that run, and min_retries always. */
struct exhaustion_concurrency {
    double share, min_retries;
    double attempt_s; /* NaN: not known */
    int rate_span;    /* over which the load is judged */
};

struct exhaustion exhaustion_of_concurrency(const struct exhaustion_concurrency *c,
                                            const struct budget_input *in);

/* An account: what it holds above the mark at which retries stop, and what moved it in the span
 * that tells the speed: counts, and what each of them takes or gives. */
struct exhaustion_account {
    double room; /* <= 0: spent */
    double taken_count, taken_each;
    double given_count, given_each;
    double over_s;
};

struct exhaustion exhaustion_of_account(enum budget_kind kind, const struct exhaustion_account *a);

/* Nothing to tell. */
struct exhaustion exhaustion_unknown(const char *reason);

/* The one that comes first; where neither comes, that one lasts is told before what is not known.
 */
struct exhaustion exhaustion_sooner(struct exhaustion a, struct exhaustion b);

#endif
