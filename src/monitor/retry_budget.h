/*
 * The verdict on a retry budget: how much of what a service allows is used now.
 *
 * Two models, from what a person gave or else the default (more: budget_models.h):
 *
 *   absolute   used(60 s) / max_retries_per_minute and used(3600 s) / max_retries_per_hour
 *   ratio      retries(w) / allowed(w),  allowed(w) = share x calls(w) + reserve x w
 *              with w the model's window (10 s unless set), or the next longer one
 *              that holds three readings of a slower source (budget_input.speed_span)
 *
 * The utilisation is the largest of those that apply; risk is low, medium from
 * the warning threshold, high from the critical one, critical from 100 %.
 * Everything is a sliding sum, exact to the second.
 *
 * Source    Ratio with reserve: Finagle's RetryBudget (20 % of calls, 10 a second,
 *           10 s). Absolute limits and thresholds: reference S0.
 * Threads   Value.
 */
#ifndef FUSEBOX_MONITOR_RETRY_BUDGET_H
#define FUSEBOX_MONITOR_RETRY_BUDGET_H

#include "monitor/view.h"
#include "resilience/window.h"

/* Index of a span in the windows of a service. */
enum { SPAN_MODEL, SPAN_MINUTE, SPAN_5_MINUTES, SPAN_HOUR, SPAN_COUNT };

struct budget_limits {
    double per_minute;    /* NaN: none */
    double per_hour;      /* NaN: none */
    double share;         /* retries per call, 0..; NaN: no ratio model */
    double reserve_per_s; /* of the ratio model */
    double warning_percent, critical_percent;
    bool modelled; /* nobody gave a limit: the default ratio model stands in */
};

struct budget_input {
    const struct window *calls;   /* spans as above; NULL: the source tells no calls */
    const struct window *retries; /* NULL: the source tells no retries */
    int64_t now_s;
    int covered_s;  /* seconds for which the source has been heard, >= 1 */
    int speed_span; /* the span that tells the present speed: the shortest that holds three readings
                     */
};

/* Fills all of *ret but `evidence`. */
void retry_budget_judge(const struct budget_limits *limits, const struct budget_input *in,
                        struct budget_view *ret);

/* Adds one more kind: the utilisation is the largest of all, and the risk is that of it; the
 * exhaustion is the soonest. */
void retry_budget_add_kind(struct budget_view *view, const struct budget_kind_view *kind);

#endif
