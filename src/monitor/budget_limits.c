#include "monitor/budget_limits.h"

#include <math.h>

static double given_or_nan(int64_t count)
{
    return count > 0 ? (double)count : NAN;
}

struct budget_limits budget_limits_of(const struct config *cfg,
                                      const struct config_service *service)
{
    struct budget_limits l = {
        .per_minute = NAN,
        .per_hour = NAN,
        .share = config_double(cfg, OPT_BUDGET_RATIO_PERCENT) / 100,
        .reserve_per_s = config_double(cfg, OPT_BUDGET_RESERVE_PER_S),
        .warning_percent = config_double(cfg, OPT_BUDGET_WARNING_PERCENT),
        .critical_percent = config_double(cfg, OPT_BUDGET_CRITICAL_PERCENT),
        .modelled = true,
    };

    if (!service)
        return l;
    if (!isnan(service->warning_threshold_percent))
        l.warning_percent = service->warning_threshold_percent;
    if (!isnan(service->critical_threshold_percent))
        l.critical_percent = service->critical_threshold_percent;
    l.per_minute = given_or_nan(service->max_retries_per_minute);
    l.per_hour = given_or_nan(service->max_retries_per_hour);
    if (service->budgets.reserve_given)
        l.reserve_per_s = service->budgets.reserve_per_s;
    l.modelled = isnan(l.per_minute) && isnan(l.per_hour) &&
                 isnan(service->max_retry_rate_percent) && !service->budgets.concurrency.given &&
                 !service->budgets.tokens.given && !service->budgets.quota.given;
    if (!isnan(service->max_retry_rate_percent))
        l.share = service->max_retry_rate_percent / 100;
    else if (!l.modelled)
        l.share = NAN; /* another kind was given, so the default share does not stand in */
    return l;
}
