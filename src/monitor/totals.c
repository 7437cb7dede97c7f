#include "monitor/totals.h"

#include <math.h>

#include "base/hash.h"
#include "monitor/breaker.h"

/* 1 - bad / all, not under 0; NaN when either is not known or nothing happened. */
static double share_of_good(double bad, double all)
{
    if (isnan(bad) || isnan(all) || all <= 0)
        return NAN;
    return bad > all ? 0 : 1 - bad / all;
}

static bool is_heard(const struct service_view *s)
{
    return s->evidence == EVIDENCE_OK || s->evidence == EVIDENCE_TOO_LITTLE;
}

static double plus(double sum, double value)
{
    if (isnan(value))
        return sum;
    return isnan(sum) ? value : sum + value;
}

/* A ratio's two parts, summed over the services that tell both. */
struct share {
    double part, whole;
};

static void add_share(struct share *sum, double part, double whole)
{
    if (isnan(part) || isnan(whole))
        return;
    sum->part = plus(sum->part, part);
    sum->whole = plus(sum->whole, whole);
}

static void sum_rates(struct monitor_view *view)
{
    struct totals_view *t = &view->totals;
    struct share failed = { NAN, NAN }, retried = failed, failed_attempts = failed;

    t->calls_per_s = t->errors_per_s = t->retries_per_s = NAN;
    for (size_t i = 0; i < view->service_count; i++) {
        const struct service_view *s = &view->services[i];
        double attempts = s->calls_per_s + s->retries_per_s; /* NaN stays NaN */

        t->services[s->health]++;
        if (!is_heard(s))
            continue;
        t->calls_per_s = plus(t->calls_per_s, s->calls_per_s);
        t->errors_per_s = plus(t->errors_per_s, s->errors_per_s);
        t->retries_per_s = plus(t->retries_per_s, s->retries_per_s);
        add_share(&failed, s->errors_per_s, s->calls_per_s);
        add_share(&retried, s->retries_per_s, attempts);
        add_share(&failed_attempts, s->errors_per_s + s->retries_per_s, attempts);
    }
    t->success_ratio = share_of_good(failed.part, failed.whole);
    t->retry_ratio = retried.whole > 0 ? retried.part / retried.whole : NAN;
    t->attempt_success_ratio = share_of_good(failed_attempts.part, failed_attempts.whole);
}

/* Which services there are, and where their sparks end: these move only with a step. */
static uint64_t sparks_hash(const struct monitor_view *view)
{
    uint64_t sum = 1 + view->service_count;

    for (size_t i = 0; i < view->service_count; i++) {
        const struct service_view *s = &view->services[i];
        uint64_t parts[2] = { hash_str(s->name), (uint64_t)s->calls.end_ms };

        sum += hash_bytes(parts, sizeof parts); /* in any order */
    }
    return sum;
}

static void sum_sparks(const struct monitor_view *view, struct totals_keeper *t)
{
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
        struct share failed = { NAN, NAN };
        double calls = NAN, retries = NAN;

        for (size_t i = 0; i < view->service_count; i++) {
            double of_service = spark_at(&view->services[i].calls, at_ms);

            calls = plus(calls, of_service);
            retries = plus(retries, spark_at(&view->services[i].retries, at_ms));
            add_share(&failed, spark_at(&view->services[i].errors, at_ms), of_service);
        }
        t->calls.points[p] = (float)calls;
        t->retries.points[p] = (float)retries;
        t->success.points[p] = (float)share_of_good(failed.part, failed.whole);
    }
}

static void push(struct spark *spark, float value)
{
    if (spark->count == SPARK_POINTS)
        memmove(spark->points, spark->points + 1, (SPARK_POINTS - 1) * sizeof *spark->points);
    else
        spark->count++;
    spark->points[spark->count - 1] = value;
}

/* The newest point is the step that runs; steps that no view saw repeat the one before. */
static void keep_open(struct spark *open, int64_t now_ms, uint32_t count)
{
    const int64_t step_ms = SPARK_STEP_S * 1000;
    int64_t end_ms = (now_ms / step_ms + 1) * step_ms;
    int64_t missed = open->count ? (end_ms - open->end_ms) / step_ms : 1;

    if (missed > SPARK_POINTS)
        missed = SPARK_POINTS;
    for (; missed > 0; missed--) {
        push(open, open->count ? open->points[open->count - 1] : 0);
        open->end_ms = end_ms;
    }
    open->points[open->count - 1] = (float)count;
}

/* The open breakers at the ends of the same steps as those of the other sparks. */
static void show_open(const struct spark *open, struct totals_view *t)
{
    t->open = (struct spark){ .end_ms = t->calls.end_ms, .count = t->calls.count };
    for (int p = 0; p < t->open.count; p++)
        t->open.points[p] = (float)spark_at(
            open, t->open.end_ms - (int64_t)(t->open.count - 1 - p) * SPARK_STEP_S * 1000);
}

void totals_begin(struct totals_keeper *keeper)
{
    if (keeper->latency)
        latency_begin_sum(keeper->latency);
}

void totals_add_latency(struct totals_keeper *keeper, const struct service_view *row,
                        struct latency_watch *latency)
{
    if (!is_heard(row))
        return;
    if (!keeper->latency) {
        keeper->latency = latency_new_sum();
        totals_begin(keeper);
    }
    if (keeper->latency)
        latency_add_window(keeper->latency, latency);
}

void totals_release(struct totals_keeper *keeper)
{
    latency_free(keeper->latency);
    keeper->latency = NULL;
}

static void show_latency(struct latency_watch *latency, struct totals_view *t)
{
    struct latency_figures figures = { .s = { NAN, NAN, NAN } };

    if (latency)
        figures = latency_figures(latency);
    memcpy(t->latency_s, figures.s, sizeof t->latency_s);
}

void totals_fill(struct totals_keeper *keeper, struct monitor_view *view)
{
    struct breaker_counts *all = &view->totals.breakers;
    uint64_t hash = sparks_hash(view);

    sum_rates(view);
    if (hash != keeper->sparks_hash)
        sum_sparks(view, keeper);
    keeper->sparks_hash = hash;
    view->totals.calls = keeper->calls;
    view->totals.success = keeper->success;
    view->totals.retries = keeper->retries;
    for (size_t i = 0; i < view->service_count; i++) {
        const struct breaker_counts *c = &view->services[i].breakers;

        for (int state = 0; state < BREAKER_STATE_COUNT; state++)
            all->in_state[state] += c->in_state[state];
        if (c->total && (!all->total || breaker_is_worse(c->worst, all->worst)))
            all->worst = c->worst;
        all->total += c->total;
    }
    keep_open(&keeper->open, view->now_ms, all->in_state[BREAKER_OPEN]);
    show_open(&keeper->open, &view->totals);
    show_latency(keeper->latency, &view->totals);
}
