/*
 * Concurrency share: how many retries may run at once beside the calls that run.
 *
 *   limit   = max(share x active attempts, min_concurrency)
 *   active  = attempts a second x mean seconds of one attempt
 *
 * Proxies that limit retries so export neither the number of active retries nor
 * the limit: both follow from rates and the mean duration by Little's law. The
 * number that runs at an instant is then about Poisson distributed with that mean,
 * which gives the interval: mean -/+ 1.2816 x sqrt(mean), 80 %.
 *
 * Threads   Value; a pure function.
 * Source    Envoy, retry_budget of a circuit breaker's thresholds: budget_percent
 *           20 of active and pending requests, min_retry_concurrency 3; without a
 *           budget max_retries 3 (share 0 here). Retries count as active requests.
 *           Little's law: Little, A Proof for the Queuing Formula L = λW (1961).
 */
#ifndef FUSEBOX_RESILIENCE_RETRY_SHARE_H
#define FUSEBOX_RESILIENCE_RETRY_SHARE_H

struct retry_share_options {
    double share;           /* of active attempts, 0..1 */
    double min_concurrency; /* retries that may always run, >= 0 */
};

struct retry_share_load {
    double calls_per_s;
    double retries_per_s;
    double attempt_s; /* mean duration of one attempt */
};

/* In percent of the limit; NaN for a load that is not known, INFINITY for retries against a limit
 * of 0. */
struct retry_share {
    double active_retries, limit;
    double utilization_percent, low_percent, high_percent;
};

struct retry_share retry_share_of(const struct retry_share_options *opt,
                                  const struct retry_share_load *load);

#endif
