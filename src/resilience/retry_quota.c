#include "resilience/retry_quota.h"

static const uint64_t RESULTS_MAX = UINT64_C(1) << 40; /* in one call: products stay below 2^63 */

enum err retry_quota_init(struct retry_quota *q, const struct retry_quota_options *opt)
{
    if (opt->capacity < 1 || opt->capacity > RETRY_QUOTA_UNITS_MAX || opt->clients < 1 ||
        opt->clients > RETRY_QUOTA_CLIENTS_MAX)
        return ERR_INVALID;
    if (opt->cost < 1 || opt->cost > opt->capacity || opt->refund < 0 ||
        opt->refund > opt->capacity)
        return ERR_INVALID;
    *q = (struct retry_quota){
        .level = opt->capacity * opt->clients,
        .full = opt->capacity * opt->clients,
        .cost = opt->cost,
        .refund = opt->refund,
    };
    return ERR_OK;
}

static int64_t at_most(uint64_t count)
{
    return (int64_t)(count < RESULTS_MAX ? count : RESULTS_MAX);
}

void retry_quota_on_results(struct retry_quota *q, const struct retry_quota_results *results)
{
    int64_t taken = at_most(results->retries) - at_most(results->retry_successes);
    int64_t level = q->level + at_most(results->first_successes) * q->refund - taken * q->cost;

    if (level > q->full)
        level = q->full;
    q->level = level < 0 ? 0 : level;
}

bool retry_quota_allow(const struct retry_quota *q)
{
    return q->level >= q->cost;
}

int64_t retry_quota_remaining(const struct retry_quota *q)
{
    return q->level / q->cost;
}

double retry_quota_utilization_percent(const struct retry_quota *q)
{
    int64_t payable = q->full / q->cost;

    return 100.0 * (double)(payable - retry_quota_remaining(q)) / (double)payable;
}
