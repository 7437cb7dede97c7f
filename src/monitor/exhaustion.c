#include "monitor/exhaustion.h"

#include <math.h>

static const double Z_80 = 1.2816; /* standard normal quantile of 0.9: an interval of 80 % */

/* A limit over one span: constant, or growing with the calls of the model. */
struct limit {
    int span;
    double constant;
    double share;
    double calls_per_s;
};

/* Seconds until the limit is met at this speed; negative: never. */
static double time_to(const struct limit *l, const struct budget_input *in, double per_s)
{
    int length_s = in->retries->span_s[l->span];
    double used = (double)window_sum(in->retries, l->span);
    double calls = in->calls ? (double)window_sum(in->calls, l->span) : 0;

    if (used > 0 && used >= l->constant + l->share * calls)
        return 0;
    if (per_s <= 0 || used + per_s * length_s < l->constant)
        return -1;
    for (int64_t t = 1; t <= length_s; t++) {
        int64_t leaving = in->now_s - length_s + t;

        used += per_s - window_at(in->retries, leaving);
        calls += l->calls_per_s - (in->calls ? window_at(in->calls, leaving) : 0);
        if (used >= l->constant + l->share * calls)
            return (double)t;
    }
    return -1;
}

/* Seconds over which the present speed is taken. */
static double speed_s(const struct budget_input *in)
{
    int span_s = in->retries->span_s[in->speed_span];

    return in->covered_s < span_s ? in->covered_s : span_s;
}

static struct exhaustion estimate(const struct limit *l, const struct budget_input *in)
{
    double n = (double)window_sum(in->retries, in->speed_span);
    double per_s = n / speed_s(in);
    double spread = n > 0 ? Z_80 / sqrt(n) : 0, slowest;
    struct exhaustion e = { .in_s = time_to(l, in, per_s), .hour = l->span == SPAN_HOUR };

    if (e.in_s < 0)
        return e;
    e.low_s = time_to(l, in, per_s * (1 + spread));
    slowest = time_to(l, in, per_s * (1 - spread));
    e.high_s = slowest < 0 ? INFINITY : slowest;
    return e;
}

static void take_sooner(struct exhaustion *best, struct exhaustion other)
{
    if (other.in_s >= 0 && (best->in_s < 0 || other.in_s < best->in_s))
        *best = other;
}

struct exhaustion exhaustion_of(const struct budget_limits *limits, const struct budget_input *in)
{
    struct exhaustion best = { .in_s = -1 };

    if (!isnan(limits->per_minute))
        take_sooner(&best, estimate(&(struct limit){ SPAN_MINUTE, limits->per_minute, 0, 0 }, in));
    if (!isnan(limits->per_hour))
        take_sooner(&best, estimate(&(struct limit){ SPAN_HOUR, limits->per_hour, 0, 0 }, in));
    if (!isnan(limits->share)) {
        struct limit l = {
            .span = in->speed_span,
            .constant = limits->reserve_per_s * in->retries->span_s[in->speed_span],
            .share = limits->share,
            .calls_per_s = in->calls ? (double)window_sum(in->calls, in->speed_span) / speed_s(in)
                                     : 0,
        };

        take_sooner(&best, estimate(&l, in));
    }
    return best;
}
