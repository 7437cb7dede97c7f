#include "resilience/failure_tokens.h"

enum { MILLI = 1000 };
static const uint64_t RESULTS_MAX = UINT64_C(1) << 40; /* in one call: products stay below 2^63 */

enum err failure_tokens_init(struct failure_tokens *t, const struct failure_tokens_options *opt)
{
    if (opt->max_tokens < 1 || opt->max_tokens > FAILURE_TOKENS_MAX || opt->clients < 1 ||
        opt->clients > FAILURE_TOKENS_CLIENTS_MAX)
        return ERR_INVALID;
    if (!(opt->token_ratio >= 0.001 && opt->token_ratio <= FAILURE_TOKENS_MAX))
        return ERR_INVALID;
    t->full_milli = opt->max_tokens * opt->clients * MILLI;
    t->level_milli = t->full_milli;
    /* The half of a millionth is for ratios such as 0.007, whose double lies below them. */
    t->per_success_milli = (int64_t)(opt->token_ratio * MILLI + 5e-7);
    return ERR_OK;
}

static int64_t at_most(uint64_t count)
{
    return (int64_t)(count < RESULTS_MAX ? count : RESULTS_MAX);
}

void failure_tokens_on_results(struct failure_tokens *t, uint64_t successes, uint64_t failures)
{
    int64_t level = t->level_milli + at_most(successes) * t->per_success_milli -
                    at_most(failures) * MILLI;

    if (level > t->full_milli)
        level = t->full_milli;
    t->level_milli = level < 0 ? 0 : level;
}

bool failure_tokens_allow(const struct failure_tokens *t)
{
    return 2 * t->level_milli > t->full_milli;
}

double failure_tokens_level(const struct failure_tokens *t)
{
    return (double)t->level_milli / MILLI;
}

double failure_tokens_capacity(const struct failure_tokens *t)
{
    return (double)t->full_milli / MILLI;
}

double failure_tokens_utilization_percent(const struct failure_tokens *t)
{
    return 200.0 * (double)(t->full_milli - t->level_milli) / (double)t->full_milli;
}

double failure_tokens_sustainable_share(const struct failure_tokens *t)
{
    return (double)t->per_success_milli / (double)(MILLI + t->per_success_milli);
}
