#include "monitor/budget_models.h"

#include <math.h>

#include "monitor/retry_budget.h"
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

void budget_models_book(struct budget_models *m, double calls, double errors, double retries)
{
    double c = grown(&m->calls, calls), e = grown(&m->errors, errors);
    double r = grown(&m->retries, retries);
    double good = fmax(0, c - e), retried = c + r > 0 ? floor(r * good / (c + r) + 0.5) : 0;

    if (!(c + e + r > 0))
        return;
    if (m->given.tokens.given)
        failure_tokens_on_results(&m->tokens, (uint64_t)good, (uint64_t)(e + r));
    if (m->given.quota.given)
        retry_quota_on_results(&m->quota, &(struct retry_quota_results){
                                              .first_successes = (uint64_t)fmax(0, good - retried),
                                              .retries = (uint64_t)r,
                                              .retry_successes = (uint64_t)retried,
                                          });
}

static void judge_concurrency(const struct budget_models *m, const struct budget_load *load,
                              struct budget_view *view)
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
        });
}

static void judge_tokens(const struct budget_models *m, bool told, struct budget_view *view)
{
    retry_budget_add_kind(
        view,
        &(struct budget_kind_view){
            .kind = BUDGET_FAILURE_TOKENS,
            .modelled = true,
            .utilization_percent = told ? failure_tokens_utilization_percent(&m->tokens) : NAN,
            .low_percent = NAN,
            .high_percent = NAN,
            .limit = failure_tokens_capacity(&m->tokens),
            .remaining = told ? failure_tokens_level(&m->tokens) : NAN,
        });
}

static void judge_quota(const struct budget_models *m, bool told, struct budget_view *view)
{
    retry_budget_add_kind(
        view, &(struct budget_kind_view){
                  .kind = BUDGET_QUOTA,
                  .modelled = true,
                  .utilization_percent = told ? retry_quota_utilization_percent(&m->quota) : NAN,
                  .low_percent = NAN,
                  .high_percent = NAN,
                  .limit = (double)(m->quota.full / m->quota.cost),
                  .remaining = told ? (double)retry_quota_remaining(&m->quota) : NAN,
              });
}

void budget_models_judge(const struct budget_models *m, const struct budget_load *load,
                         struct budget_view *view)
{
    bool told = load->results_told && !isnan(load->retries_per_s);

    if (m->given.concurrency.given)
        judge_concurrency(m, load, view);
    if (m->given.tokens.given)
        judge_tokens(m, load->results_told, view);
    if (m->given.quota.given)
        judge_quota(m, told, view);
}
