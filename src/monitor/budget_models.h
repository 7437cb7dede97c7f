/*
 * The kinds of retry budget that live inside callers and that nobody exports:
 * concurrency share, failure tokens and quota, modelled from a service's counters.
 *
 *   budget_models_set -> { budget_models_book | budget_models_judge }*
 *
 * From the increases of calls C, errors E and retries R since the last booking:
 *
 *   attempts that failed      E + R     each retry follows an attempt that failed
 *   attempts that succeeded   C - E
 *   retries that succeeded    R x (C - E) / (C + R), rounded: a retry fails as often
 *                             as any attempt
 *
 * Concurrency needs the mean duration of an attempt, and has none without it. When an account
 * is empty at the speed of the last seconds follows from the same shares of what they held.
 *
 * Time      None; what is booked and the rates have theirs.
 * Threads   Value, of the evaluate thread.
 * Limits    Each kind at most once. Accounts start full, also after a restart.
 */
#ifndef FUSEBOX_MONITOR_BUDGET_MODELS_H
#define FUSEBOX_MONITOR_BUDGET_MODELS_H

#include "config/config.h"
#include "monitor/retry_budget.h"
#include "resilience/failure_tokens.h"
#include "resilience/retry_quota.h"

struct budget_models {
    struct config_budgets given;
    struct failure_tokens tokens;
    struct retry_quota quota;
    double calls, errors, retries; /* booked so far */
};

/* Takes over what the configuration says; accounts whose options stay keep their level. NULL: no
 * models. */
void budget_models_set(struct budget_models *m, const struct config_budgets *given);

/* True when there is a kind to model. */
bool budget_models_any(const struct budget_models *m);

/* Books what the totals have grown by; a total that was never told is 0. */
void budget_models_book(struct budget_models *m, double calls, double errors, double retries);

/* What the rates say now; NaN: not known. */
struct budget_load {
    bool results_told; /* calls and errors are told: accounts move */
    double calls_per_s, retries_per_s;
    double call_s; /* mean duration of a call with all its retries */
    int rate_span; /* of the windows: over which all this is */
    double recent_calls, recent_errors, recent_retries; /* at the present speed … */
    double recent_s;                                    /* … counted over so long, > 0 */
};

/* Adds the kinds that are given to a view that retry_budget_judge has filled. */
void budget_models_judge(const struct budget_models *m, const struct budget_load *load,
                         const struct budget_input *in, struct budget_view *view);

#endif
