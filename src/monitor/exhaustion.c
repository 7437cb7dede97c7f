#include "monitor/exhaustion.h"

#include <math.h>

static const double Z_80 = 1.2816; /* standard normal quantile of 0.9: an interval of 80 % */

const char EXHAUSTION_LASTS[] = "it lasts at the present speed";
const char EXHAUSTION_NO_CALLS[] = "no source tells calls";
const char EXHAUSTION_NO_RETRIES[] = "no source tells retries";
const char EXHAUSTION_NO_RESULTS[] = "no source tells calls and errors";
const char EXHAUSTION_NO_DURATION[] = "no source tells how long an attempt takes";

/* A limit over one span: the sum of constant and shares, or the larger of both. */
struct limit {
    int span;
    double constant;     /* over the whole span … */
    bool constant_grows; /* … of which only what has been heard counts */
    bool larger;
    double share_of_calls, share_of_retries;
    double calls_per_s;
};

static double limit_at(const struct limit *l, double heard, double calls, double retries)
{
    double constant = l->constant * (l->constant_grows ? fmin(heard, 1) : 1);
    double share = l->share_of_calls * calls + l->share_of_retries * retries;

    return l->larger ? fmax(constant, share) : constant + share;
}

/* Seconds until the limit is met at this speed; negative: never. */
static double time_to(const struct limit *l, const struct budget_input *in, double per_s)
{
    int length_s = in->retries->span_s[l->span];
    double used = (double)window_sum(in->retries, l->span);
    double calls = in->calls ? (double)window_sum(in->calls, l->span) : 0;

    if (used > 0 && used >= limit_at(l, (double)in->covered_s / length_s, calls, used))
        return 0;
    if (per_s <= 0 || used + per_s * length_s < limit_at(l, (double)in->covered_s / length_s, 0, 0))
        return -1;
    for (int64_t t = 1; t <= length_s; t++) {
        int64_t leaving = in->now_s - length_s + t;

        used += per_s - window_at(in->retries, leaving);
        calls += l->calls_per_s - (in->calls ? window_at(in->calls, leaving) : 0);
        if (used >= limit_at(l, (double)(in->covered_s + t) / length_s, calls, used))
            return (double)t;
    }
    return -1;
}

/* Over which the present speed is taken: less than the span right after the start. */
static double speed_s(const struct budget_input *in)
{
    int span_s = in->retries->span_s[in->speed_span];

    return in->covered_s < span_s ? in->covered_s : span_s;
}

static double calls_per_s(const struct budget_input *in)
{
    return in->calls ? (double)window_sum(in->calls, in->speed_span) / speed_s(in) : 0;
}

struct exhaustion exhaustion_unknown(const char *reason)
{
    return (struct exhaustion){ .in_s = -1, .reason = reason };
}

struct exhaustion exhaustion_sooner(struct exhaustion a, struct exhaustion b)
{
    if (a.in_s >= 0 && b.in_s >= 0)
        return b.in_s < a.in_s ? b : a;
    if (a.in_s >= 0 || b.in_s >= 0)
        return a.in_s >= 0 ? a : b;
    return b.reason == EXHAUSTION_LASTS ? b : a;
}

static struct exhaustion estimate(const struct limit *l, const struct budget_input *in)
{
    double n = (double)window_sum(in->retries, in->speed_span);
    double per_s = n / speed_s(in);
    double spread = n > 0 ? Z_80 / sqrt(n) : 0, slowest;
    struct exhaustion e = { .in_s = time_to(l, in, per_s) };

    if (e.in_s < 0)
        return exhaustion_unknown(EXHAUSTION_LASTS);
    e.low_s = time_to(l, in, per_s * (1 + spread));
    slowest = time_to(l, in, per_s * (1 - spread));
    e.high_s = slowest < 0 ? INFINITY : slowest;
    return e;
}

struct exhaustion exhaustion_of_absolute(const struct budget_limits *limits,
                                         const struct budget_input *in)
{
    struct exhaustion best = exhaustion_unknown(EXHAUSTION_LASTS), hour;

    if (!isnan(limits->per_minute))
        best = estimate(&(struct limit){ .span = SPAN_MINUTE, .constant = limits->per_minute }, in);
    if (isnan(limits->per_hour))
        return best;
    hour = estimate(&(struct limit){ .span = SPAN_HOUR, .constant = limits->per_hour }, in);
    hour.hour = true;
    return exhaustion_sooner(best, hour);
}

struct exhaustion exhaustion_of_share(const struct budget_limits *limits,
                                      const struct budget_input *in)
{
    struct limit l = {
        .span = in->speed_span,
        .constant = limits->reserve_per_s * in->retries->span_s[in->speed_span],
        .share_of_calls = limits->share,
        .calls_per_s = calls_per_s(in),
    };
    struct exhaustion e = estimate(&l, in);

    e.kind = BUDGET_RATIO;
    return e;
}

/* In retries of the window: n x attempt_s / window against min_retries is n against this. */
struct exhaustion exhaustion_of_concurrency(const struct exhaustion_concurrency *c,
                                            const struct budget_input *in)
{
    struct limit l = {
        .span = c->rate_span,
        .larger = true,
        .constant_grows = true,
        .share_of_calls = c->share,
        .share_of_retries = c->share,
    };
    struct exhaustion e;

    if (!in->retries)
        return exhaustion_unknown(EXHAUSTION_NO_RETRIES);
    if (!in->calls)
        return exhaustion_unknown(EXHAUSTION_NO_CALLS);
    if (isnan(c->attempt_s))
        return exhaustion_unknown(EXHAUSTION_NO_DURATION);
    if (!(c->attempt_s > 0))
        return exhaustion_unknown(EXHAUSTION_LASTS);
    l.constant = c->min_retries * in->retries->span_s[c->rate_span] / c->attempt_s;
    l.calls_per_s = calls_per_s(in);
    e = estimate(&l, in);
    e.kind = BUDGET_CONCURRENCY;
    return e;
}

static double time_to_empty(double room, double net)
{
    if (room <= 0)
        return 0;
    return net > 0 ? room / net : INFINITY;
}

struct exhaustion exhaustion_of_account(enum budget_kind kind, const struct exhaustion_account *a)
{
    double net = a->taken_count * a->taken_each - a->given_count * a->given_each;
    double spread = Z_80 * sqrt(a->taken_count * a->taken_each * a->taken_each +
                                a->given_count * a->given_each * a->given_each);
    struct exhaustion e = { .kind = kind };

    e.in_s = time_to_empty(a->room, net / a->over_s);
    if (isinf(e.in_s))
        return exhaustion_unknown(EXHAUSTION_LASTS);
    e.low_s = time_to_empty(a->room, (net + spread) / a->over_s);
    e.high_s = time_to_empty(a->room, (net - spread) / a->over_s);
    return e;
}
