/*
 * When does a retry budget run out, if retries and calls go on at the speed of
 * the last seconds (budget_input.speed_span)?
 *
 * Both limits are sliding windows, so what was used leaves again: the answer is
 * the first second t at which
 *
 *   retries still inside the window + speed x t  >=  limit at t
 *
 * found by walking the window once; no second within it answers "never". A burst
 * that is still inside counts until it leaves. The interval takes the retries of
 * that span as a Poisson count: speed x (1 -/+ 1.2816 / sqrt(n)), 80 %.
 *
 * Threads   Value. Time O(window length) when used + speed x length may reach the
 *           limit, else O(1).
 */
#ifndef FUSEBOX_MONITOR_EXHAUSTION_H
#define FUSEBOX_MONITOR_EXHAUSTION_H

#include "monitor/retry_budget.h"

/* in_s 0: it has run out; negative: it does not run out. */
struct exhaustion exhaustion_of(const struct budget_limits *limits, const struct budget_input *in);

#endif
