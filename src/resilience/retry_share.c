#include "resilience/retry_share.h"

#include <math.h>

static const double Z_80 = 1.2816; /* standard normal quantile of 0.9: an interval of 80 % */

static double percent_of(double used, double limit)
{
    if (isnan(used) || isnan(limit))
        return NAN;
    if (limit > 0)
        return 100 * used / limit;
    return used > 0 ? INFINITY : 0;
}

struct retry_share retry_share_of(const struct retry_share_options *opt,
                                  const struct retry_share_load *load)
{
    double active = (load->calls_per_s + load->retries_per_s) * load->attempt_s;
    struct retry_share r = { .active_retries = load->retries_per_s * load->attempt_s };
    double spread = Z_80 * sqrt(r.active_retries), low = r.active_retries - spread;

    r.limit = isnan(active) ? NAN : fmax(opt->share * active, opt->min_concurrency);
    r.utilization_percent = percent_of(r.active_retries, r.limit);
    r.low_percent = percent_of(low < 0 ? 0 : low, r.limit);
    r.high_percent = percent_of(r.active_retries + spread, r.limit);
    return r;
}
