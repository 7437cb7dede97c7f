#include "monitor/totals.h"

#include <math.h>

/* 1 - bad / all, not under 0; NaN when either is not known or nothing happened. */
static double share_of_good(double bad, double all)
{
    if (isnan(bad) || isnan(all) || all <= 0)
        return NAN;
    return bad > all ? 0 : 1 - bad / all;
}

static double plus(double sum, double value)
{
    if (isnan(value))
        return sum;
    return isnan(sum) ? value : sum + value;
}

static void sum_rates(struct monitor_view *view)
{
    struct totals_view *t = &view->totals;
    double calls_with_retries = NAN, errors_with_retries = NAN;

    t->calls_per_s = t->errors_per_s = t->retries_per_s = NAN;
    for (size_t i = 0; i < view->service_count; i++) {
        const struct service_view *s = &view->services[i];

        t->services[s->health]++;
        if (s->evidence != EVIDENCE_OK && s->evidence != EVIDENCE_TOO_LITTLE)
            continue;
        t->calls_per_s = plus(t->calls_per_s, s->calls_per_s);
        t->errors_per_s = plus(t->errors_per_s, s->errors_per_s);
        t->retries_per_s = plus(t->retries_per_s, s->retries_per_s);
        if (isnan(s->retries_per_s))
            continue;
        calls_with_retries = plus(calls_with_retries, s->calls_per_s);
        errors_with_retries = plus(errors_with_retries, s->errors_per_s);
    }
    t->success_ratio = share_of_good(t->errors_per_s, t->calls_per_s);
    t->retry_ratio = t->attempt_success_ratio = NAN;
    if (calls_with_retries + t->retries_per_s > 0) {
        double attempts = calls_with_retries + t->retries_per_s;

        t->retry_ratio = t->retries_per_s / attempts;
        t->attempt_success_ratio =
            share_of_good(errors_with_retries + t->retries_per_s, attempts);
    }
}

/* The point of a spark that ends at end_ms; NaN when it has none. */
static double point_at(const struct spark *spark, int64_t end_ms)
{
    int64_t back = (spark->end_ms - end_ms) / (SPARK_STEP_S * 1000);

    if (spark->end_ms < 0 || back < 0 || back >= spark->count)
        return NAN;
    return (double)spark->points[spark->count - 1 - back];
}

static void sum_sparks(struct monitor_view *view)
{
    struct totals_view *t = &view->totals;
    int64_t end_ms = -1;
    int count = 0;

    for (size_t i = 0; i < view->service_count; i++) {
        const struct spark *s = &view->services[i].calls;

        end_ms = s->end_ms > end_ms ? s->end_ms : end_ms;
        count = s->count > count ? s->count : count;
    }
    t->calls = t->success = t->retries = (struct spark){ .end_ms = end_ms, .count = count };
    for (int p = 0; p < count; p++) {
        int64_t at_ms = end_ms - (int64_t)(count - 1 - p) * SPARK_STEP_S * 1000;
        double calls = NAN, errors = NAN, retries = NAN;

        for (size_t i = 0; i < view->service_count; i++) {
            calls = plus(calls, point_at(&view->services[i].calls, at_ms));
            errors = plus(errors, point_at(&view->services[i].errors, at_ms));
            retries = plus(retries, point_at(&view->services[i].retries, at_ms));
        }
        t->calls.points[p] = (float)calls;
        t->retries.points[p] = (float)retries;
        t->success.points[p] = (float)share_of_good(errors, calls);
    }
}

/* One point more when the other sparks got one. */
static void keep_open(struct totals_keeper *keeper, struct monitor_view *view)
{
    const int64_t step_ms = SPARK_STEP_S * 1000;
    struct spark *open = &keeper->open;
    int64_t end_ms = view->now_ms / step_ms * step_ms;

    if (open->count == 0 || end_ms > open->end_ms) {
        if (open->count == SPARK_POINTS)
            memmove(open->points, open->points + 1, (SPARK_POINTS - 1) * sizeof *open->points);
        else
            open->count++;
        open->points[open->count - 1] = 0;
        open->end_ms = end_ms;
    }
    open->points[open->count - 1] = (float)view->totals.breakers.in_state[BREAKER_OPEN];
    view->totals.open = *open;
}

void totals_fill(struct totals_keeper *keeper, struct monitor_view *view)
{
    struct breaker_counts *all = &view->totals.breakers;

    sum_rates(view);
    sum_sparks(view);
    for (size_t i = 0; i < view->service_count; i++) {
        const struct breaker_counts *c = &view->services[i].breakers;

        for (int state = 0; state < BREAKER_STATE_COUNT; state++)
            all->in_state[state] += c->in_state[state];
        all->total += c->total;
    }
    keep_open(keeper, view);
}
