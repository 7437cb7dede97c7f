#include "monitor/budget_models.h"

#include <math.h>

#include "monitor/exhaustion.h"
#include "resilience/retry_share.h"

static bool same_tokens(const struct config_tokens *a, const struct config_tokens *b)
{
    return a->given && b->given && a->max_tokens == b->max_tokens && a->clients == b->clients &&
           a->token_ratio >= b->token_ratio && a->token_ratio <= b->token_ratio;
}

static bool same_quota(const struct config_quota *a, const struct config_quota *b)
{
    return a->given && b->given && a->capacity == b->capacity && a->cost == b->cost &&
           a->refund == b->refund && a->clients == b->clients;
}

void budget_models_set(struct budget_models *m, const struct config_budgets *given)
{
    struct config_budgets before = m->given;

    m->given = given ? *given : (struct config_budgets){ .reserve_given = false };
    if (m->given.tokens.given && !same_tokens(&before.tokens, &m->given.tokens) &&
        failure_tokens_init(&m->tokens, &(struct failure_tokens_options){
                                            .max_tokens = m->given.tokens.max_tokens,
                                            .token_ratio = m->given.tokens.token_ratio,
                                            .clients = m->given.tokens.clients,
                                        }))
        m->given.tokens.given = false;
    if (m->given.quota.given && !same_quota(&before.quota, &m->given.quota) &&
        retry_quota_init(&m->quota, &(struct retry_quota_options){
                                        .capacity = m->given.quota.capacity,
                                        .cost = m->given.quota.cost,
                                        .refund = m->given.quota.refund,
                                        .clients = m->given.quota.clients,
                                    }))
        m->given.quota.given = false;
}

bool budget_models_any(const struct budget_models *m)
{
    return m->given.concurrency.given || m->given.tokens.given || m->given.quota.given;
}

/* The whole events that a total has grown by; a fraction waits for the rest of it. */
static double grown(double *booked, double total)
{
    double increase = floor(total - *booked + 0.5);

    if (!(increase > 0))
        return 0;
    *booked += increase;
    return increase;
}

/* What became of the attempts of so many calls. */
struct results {
    double good, failed, retries, retries_good;
};

static struct results results_of(double calls, double errors, double retries)
{
    double good = fmax(0, calls - errors), attempts = calls + retries;

    return (struct results){
        .good = good,
        .failed = errors + retries,
        .retries = retries,
        .retries_good = attempts > 0 ? retries * good / attempts : 0,
    };
}

void budget_models_book(struct budget_models *m, double calls, double errors, double retries)
{
    struct results r = results_of(grown(&m->calls, calls), grown(&m->errors, errors),
                                  grown(&m->retries, retries));
    double retries_good = floor(r.retries_good + 0.5);

    if (!(r.good + r.failed > 0))
        return;
    if (m->given.tokens.given)
        failure_tokens_on_results(&m->tokens, (uint64_t)r.good, (uint64_t)r.failed);
    if (m->given.quota.given)
        retry_quota_on_results(&m->quota,
                               &(struct retry_quota_results){
                                   .first_successes = (uint64_t)fmax(0, r.good - retries_good),
                                   .retries = (uint64_t)r.retries,
                                   .retry_successes = (uint64_t)retries_good,
                               });
}

static void judge_concurrency(const struct budget_models *m, const struct budget_load *load,
                              const struct budget_input *in, struct budget_view *view)
{
    const struct config_concurrency *given = &m->given.concurrency;
    double attempts_per_s = load->calls_per_s + load->retries_per_s;
    struct retry_share_load now = {
        .calls_per_s = load->calls_per_s,
        .retries_per_s = load->retries_per_s,
        .attempt_s = given->attempt_ms    ? (double)given->attempt_ms / 1000
                     : attempts_per_s > 0 ? load->call_s * load->calls_per_s / attempts_per_s
                                          : load->call_s,
    };
    struct retry_share share = retry_share_of(
        &(struct retry_share_options){ given->share_percent / 100, (double)given->min_retries },
        &now);

    retry_budget_add_kind(
        view,
        &(struct budget_kind_view){
            .kind = BUDGET_CONCURRENCY,
            .modelled = true,
            .utilization_percent = share.utilization_percent,
            .low_percent = share.low_percent,
            .high_percent = share.high_percent,
            .limit = share.limit,
            .remaining = isnan(share.limit) ? NAN : fmax(0, share.limit - share.active_retries),
            .exhaustion = exhaustion_of_concurrency(
                &(struct exhaustion_concurrency){
                    .share = given->share_percent / 100,
                    .min_retries = (double)given->min_retries,
                    .attempt_s = now.attempt_s,
                    .rate_span = load->rate_span,
                },
                in),
        });
}

/* Empty is half full: from there on retries are refused. */
static struct exhaustion tokens_exhaustion(const struct budget_models *m,
                                           const struct budget_load *load)
{
    struct results recent = results_of(load->recent_calls, load->recent_errors,
                                       load->recent_retries);

    return exhaustion_of_account(
        BUDGET_FAILURE_TOKENS,
        &(struct exhaustion_account){
            .room = failure_tokens_level(&m->tokens) - failure_tokens_capacity(&m->tokens) / 2,
            .taken_count = recent.failed,
            .taken_each = 1,
            .given_count = recent.good,
            .given_each = m->given.tokens.token_ratio,
            .over_s = load->recent_s,
        });
}

/* Empty is less than one more retry costs. */
static struct exhaustion quota_exhaustion(const struct budget_models *m,
                                          const struct budget_load *load)
{
    struct results recent = results_of(load->recent_calls, load->recent_errors,
                                       load->recent_retries);

    return exhaustion_of_account(BUDGET_QUOTA,
                                 &(struct exhaustion_account){
                                     .room = (double)(m->quota.level - m->quota.cost + 1),
                                     .taken_count = recent.retries - recent.retries_good,
                                     .taken_each = (double)m->quota.cost,
                                     .given_count = fmax(0, recent.good - recent.retries_good),
                                     .given_each = (double)m->quota.refund,
                                     .over_s = load->recent_s,
                                 });
}

/* `missing`: why the account does not move; NULL: it does. */
static void judge_tokens(const struct budget_models *m, const struct budget_load *load,
                         const char *missing, struct budget_view *view)
{
    retry_budget_add_kind(
        view,
        &(struct budget_kind_view){
            .kind = BUDGET_FAILURE_TOKENS,
            .modelled = true,
            .utilization_percent = missing ? NAN : failure_tokens_utilization_percent(&m->tokens),
            .low_percent = NAN,
            .high_percent = NAN,
            .limit = failure_tokens_capacity(&m->tokens),
            .remaining = missing ? NAN : failure_tokens_level(&m->tokens),
            .exhaustion = missing ? exhaustion_unknown(missing) : tokens_exhaustion(m, load),
        });
}

static void judge_quota(const struct budget_models *m, const struct budget_load *load,
                        const char *missing, struct budget_view *view)
{
    retry_budget_add_kind(
        view, &(struct budget_kind_view){
                  .kind = BUDGET_QUOTA,
                  .modelled = true,
                  .utilization_percent = missing ? NAN : retry_quota_utilization_percent(&m->quota),
                  .low_percent = NAN,
                  .high_percent = NAN,
                  .limit = (double)(m->quota.full / m->quota.cost),
                  .remaining = missing ? NAN : (double)retry_quota_remaining(&m->quota),
                  .exhaustion = missing ? exhaustion_unknown(missing) : quota_exhaustion(m, load),
              });
}

void budget_models_judge(const struct budget_models *m, const struct budget_load *load,
                         const struct budget_input *in, struct budget_view *view)
{
    const char *no_results = load->results_told ? NULL : EXHAUSTION_NO_RESULTS;
    const char *no_retries = in->retries ? NULL : EXHAUSTION_NO_RETRIES;

    if (m->given.concurrency.given)
        judge_concurrency(m, load, in, view);
    if (m->given.tokens.given)
        judge_tokens(m, load, no_results, view);
    if (m->given.quota.given)
        judge_quota(m, load, no_results ? no_results : no_retries, view);
}
