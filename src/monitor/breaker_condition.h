/*
 * Conditions of a breaker that are reported without any rule.
 *
 *   open           open for 1 min or longer                              warning
 *   flapping       more than 6 changes among closed, half-open and open  critical
 *                  within 15 min
 *   failure_rate   more than 10 % of requests failed over 5 min, and     warning
 *                  that for 2 min; at least BREAKER_ENOUGH_CALLS requests
 *   stuck_open     open for more than 15 min without a single attempt    critical
 *                  to recover
 *   slow_recovery  not closed again for more than 5 min; or it took so   warning
 *                  long, until 5 min after it closed
 *
 * Each is 1, 0, or not known: the first, the fourth and the fifth of a breaker whose
 * state is unknown or disabled, flapping of one that was never told, the failure
 * rate of one whose requests or failures nobody tells. `since` is when it began to
 * hold.
 *
 * Threads   Value.
 * Source    Reference S1, alert rules, as requirements CB3 corrects them.
 */
#ifndef FUSEBOX_MONITOR_BREAKER_CONDITION_H
#define FUSEBOX_MONITOR_BREAKER_CONDITION_H

#include "monitor/breaker.h"

enum {
    BREAKER_LONG_OPEN_MS = 60000,
    BREAKER_FAILING_PERCENT = 10,
    BREAKER_FAILING_MS = 2 * 60000,
    BREAKER_ENOUGH_CALLS = 20, /* as for a service's ratios */
    BREAKER_STUCK_MS = 15 * 60000,
    BREAKER_SLOW_MS = 5 * 60000,
};

const char *breaker_condition_name(enum breaker_condition c);
enum severity breaker_condition_severity(enum breaker_condition c);

/*
 * Fills view->conditions of a breaker whose figures are complete; sentences are made
 * in the arena. Call after breaker_watch_view with the same now.
 */
void breaker_conditions_judge(const struct breaker_watch *b, int64_t now_ms, struct arena *arena,
                              struct breaker_view *view);

/* Sums up what holds for the breakers of one service. */
void breaker_conditions_count(const struct breaker_view *b, struct service_view *service);

/* The gravest condition that holds, BREAKER_CONDITION_COUNT when none does. */
enum breaker_condition breaker_conditions_worst(const struct service_view *service);

#endif
