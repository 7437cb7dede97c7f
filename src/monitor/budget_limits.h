/*
 * The limits of a service's retry budget, from what a person gave for it or else
 * from the options: absolute limits, a share of calls, or both. The default share
 * stands in only where nothing was given, and is then marked as modelled.
 *
 * Threads   Value.
 */
#ifndef FUSEBOX_MONITOR_BUDGET_LIMITS_H
#define FUSEBOX_MONITOR_BUDGET_LIMITS_H

#include "config/config.h"
#include "monitor/retry_budget.h"

/* `service` NULL: discovered, nobody said anything about it. */
struct budget_limits budget_limits_of(const struct config *cfg,
                                      const struct config_service *service);

#endif
