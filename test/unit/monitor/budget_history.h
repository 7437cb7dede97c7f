/*
 * A random history of calls and retries, kept twice: in the windows under test and
 * as plain arrays that an oracle sums and runs on second by second.
 */
#ifndef FUSEBOX_TEST_BUDGET_HISTORY_H
#define FUSEBOX_TEST_BUDGET_HISTORY_H

#include "unit.h"

#include <math.h>

#include "base/rng.h"
#include "monitor/retry_budget.h"

enum { HISTORY_S = 8000, HISTORY_MODEL_S = 10 };

struct history {
    struct window calls, retries;
    double calls_at[HISTORY_S], retries_at[HISTORY_S];
    int now_s; /* index of the newest second */
};

static inline void history_init(struct history *h)
{
    static const int span_s[SPAN_COUNT] = { HISTORY_MODEL_S, 60, 300, 3600 };

    *h = (struct history){ .now_s = -1 };
    assert_int_equal(window_init(&h->calls, 3600, span_s, SPAN_COUNT), ERR_OK);
    assert_int_equal(window_init(&h->retries, 3600, span_s, SPAN_COUNT), ERR_OK);
}

static inline void history_release(struct history *h)
{
    window_release(&h->calls);
    window_release(&h->retries);
}

static inline void history_add(struct history *h, unsigned calls, unsigned retries)
{
    h->now_s++;
    assert_true(h->now_s < HISTORY_S);
    h->calls_at[h->now_s] = calls;
    h->retries_at[h->now_s] = retries;
    window_add(&h->calls, h->now_s, calls);
    window_add(&h->retries, h->now_s, retries);
}

/* Some seconds of one mood: quiet, steady, storm, or silence. */
static inline void history_live(struct history *h, struct rng *r)
{
    static const unsigned calls_most[] = { 3, 50, 200, 0 }, retries_most[] = { 2, 8, 60, 0 };
    size_t mood = rng_below(r, 4);

    for (uint64_t s = 1 + rng_below(r, 200); s > 0; s--)
        history_add(h, (unsigned)rng_below(r, calls_most[mood] + 1),
                    (unsigned)rng_below(r, retries_most[mood] + 1));
}

/* Sum of `at` over the span_s seconds that end with to_s. */
static inline double history_sum(const double *at, int to_s, int span_s)
{
    double sum = 0;

    for (int s = to_s - span_s + 1; s <= to_s; s++)
        sum += s < 0 ? 0 : at[s];
    return sum;
}

static inline struct budget_input history_input(const struct history *h, int speed_span)
{
    return (struct budget_input){
        .calls = &h->calls,
        .retries = &h->retries,
        .now_s = h->now_s,
        .covered_s = h->now_s + 1,
        .speed_span = speed_span,
    };
}

static inline struct budget_limits limits_none(void)
{
    return (struct budget_limits){
        .per_minute = NAN,
        .per_hour = NAN,
        .share = NAN,
        .reserve_per_s = 10,
        .warning_percent = 70,
        .critical_percent = 85,
    };
}

/* Limits of every kind, about as large as what history_live makes. */
static inline struct budget_limits limits_random(struct rng *r)
{
    struct budget_limits l = limits_none();

    if (rng_below(r, 2))
        l.per_minute = (double)rng_below(r, 2000);
    if (rng_below(r, 2))
        l.per_hour = (double)rng_below(r, 40000);
    if ((isnan(l.per_minute) && isnan(l.per_hour)) || rng_below(r, 2))
        l.share = (double)rng_below(r, 50) / 100;
    l.reserve_per_s = (double)rng_below(r, 20);
    return l;
}

#endif
