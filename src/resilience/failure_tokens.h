/*
 * Failure tokens: retries stop while too many attempts fail.
 *
 * An account starts full. Every attempt that fails takes one token, every one
 * that succeeds gives token_ratio back; retries are allowed while more than half
 * of the tokens are there.
 *
 *   failure_tokens_init -> { failure_tokens_on_results | failure_tokens_allow }*
 *
 *      0 ─────────────── half ─────────────── full
 *        retries refused   │   retries allowed
 *                        100 %               0 %    utilisation
 *
 * The order of results within one call of _on_results is not known: what they
 * take and give together is booked, once, and then kept between 0 and full.
 *
 * Time      None: only results move the account.
 * Threads   Single owner.
 * Memory    A plain value.
 * Limits    Thousandths of a token are exact; further decimals of the ratio are cut.
 * Source    gRPC A6, "Throttling Retry Attempts and Hedged RPCs": maxTokens 1 to
 *           1000 per client, tokenRatio above 0. Where several clients are seen as
 *           one, the account is a model: each of them has tokens of its own.
 */
#ifndef FUSEBOX_RESILIENCE_FAILURE_TOKENS_H
#define FUSEBOX_RESILIENCE_FAILURE_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

enum { FAILURE_TOKENS_MAX = 1000, FAILURE_TOKENS_CLIENTS_MAX = 100000 };

struct failure_tokens_options {
    int64_t max_tokens; /* of one client, 1..FAILURE_TOKENS_MAX */
    double token_ratio; /* tokens per success, 0.001..FAILURE_TOKENS_MAX */
    int64_t clients;    /* seen as one, 1..FAILURE_TOKENS_CLIENTS_MAX */
};

struct failure_tokens {
    int64_t level_milli;
    int64_t full_milli;
    int64_t per_success_milli;
};

/* ERR_INVALID: an option is out of range; *t is then left alone. */
enum err failure_tokens_init(struct failure_tokens *t,
                             const struct failure_tokens_options *opt) MUST_CHECK;

void failure_tokens_on_results(struct failure_tokens *t, uint64_t successes, uint64_t failures);

bool failure_tokens_allow(const struct failure_tokens *t);
double failure_tokens_level(const struct failure_tokens *t);
double failure_tokens_capacity(const struct failure_tokens *t);

/* Used share of the upper half in percent: 100 where retries stop, 200 when it is empty. */
double failure_tokens_utilization_percent(const struct failure_tokens *t);

/* The share of failing attempts at which the account neither falls nor rises: ratio / (1 + ratio).
 */
double failure_tokens_sustainable_share(const struct failure_tokens *t);

#endif
