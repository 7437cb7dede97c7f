#include "monitor/history.h"

#include <math.h>

const struct history_line_info history_lines[HISTORY_LINE_COUNT] = {
    [HISTORY_CALLS] = { "calls", "calls_per_s", 3 },
    [HISTORY_ERRORS] = { "errors", "errors_per_s", 3 },
    [HISTORY_RETRIES] = { "retries", "retries_per_s", 3 },
    [HISTORY_DENIED] = { "retries_denied", "retries_denied_per_s", 3 },
    [HISTORY_RETRY_LIMIT] = { "retry_limit", "retry_limit_per_s", 3 },
    [HISTORY_UTILIZATION] = { "utilization_percent", "utilization_percent", 1 },
    [HISTORY_SUCCESS] = { "success_ratio", "success_ratio", 6 },
    [HISTORY_ATTEMPT_SUCCESS] = { "attempt_success_ratio", "attempt_success_ratio", 6 },
    [HISTORY_FIRST_SUCCESS] = { "first_attempt_success_ratio", "first_attempt_success_ratio", 6 },
    [HISTORY_P50] = { "latency_p50_s", "latency_p50_s", 6 },
    [HISTORY_P95] = { "latency_p95_s", "latency_p95_s", 6 },
    [HISTORY_P99] = { "latency_p99_s", "latency_p99_s", 6 },
};

/* A failed part that is not told leaves it unknown. */
static float success(float failed, float all)
{
    float ratio = all > 0 ? 1 - failed / all : NAN;

    return ratio < 0 ? 0 : ratio;
}

void history_fill_ratios(struct service_history *h, int point)
{
    float calls = h->lines[HISTORY_CALLS][point], errors = h->lines[HISTORY_ERRORS][point];
    float retries = h->lines[HISTORY_RETRIES][point];

    h->lines[HISTORY_SUCCESS][point] = success(errors, calls);
    h->lines[HISTORY_ATTEMPT_SUCCESS][point] = success(errors + retries, calls + retries);
}

/* Utilisation as it was at `to_s`, by the limit that is constant; NaN for the ratio model's past
 * beyond a minute. */
static float utilization_at(const struct service_watch *s, int64_t to_s)
{
    double minute = (double)window_sum_between(&s->retries, to_s - 59, to_s), percent = NAN;

    if (!isnan(s->limits.per_minute))
        return (float)(100 * minute / s->limits.per_minute);
    if (!isnan(s->limits.share)) {
        int w = s->retries.span_s[SPAN_MODEL];
        double calls = (double)window_sum_between(&s->calls, to_s - w + 1, to_s);
        double allowed = s->limits.share * calls + s->limits.reserve_per_s * w;

        if (allowed > 0)
            percent = 100 * (double)window_sum_between(&s->retries, to_s - w + 1, to_s) / allowed;
    }
    return (float)percent;
}

/* What the budget allowed at `to_s`, per second; NaN: no such limit. */
static float limit_at(const struct service_watch *s, int64_t to_s)
{
    int w = s->retries.span_s[SPAN_MODEL];

    if (!isnan(s->limits.per_minute))
        return (float)(s->limits.per_minute / 60);
    if (isnan(s->limits.share))
        return (float)(s->limits.per_hour / 3600);
    if (!s->calls_told)
        return NAN;
    return (float)(s->limits.share * (double)window_sum_between(&s->calls, to_s - w + 1, to_s) / w +
                   s->limits.reserve_per_s);
}

/* Of kinds that are modelled only the spark tells; it is behind by a reading. NaN: none. */
static double modelled_at(const struct service_watch *s, int64_t to_s)
{
    int64_t end_ms = (to_s / SPARK_STEP_S + 1) * SPARK_STEP_S * 1000;

    if (!budget_models_any(&s->models))
        return NAN;
    return end_ms > s->spark_utilization.end_ms ? s->utilization_percent
                                                : spark_at(&s->spark_utilization, end_ms);
}

/* What is kept by 10 s. */
static void fill_slots(const struct service_watch *s, struct service_history *h, int i,
                       int64_t to_s)
{
    int64_t end_ms = (to_s + 1) * 1000;

    if (s->first_attempts)
        h->lines[HISTORY_FIRST_SUCCESS][i] = (float)first_attempts_ratio(
            s->first_attempts, end_ms - h->step_s * INT64_C(1000), end_ms);
    for (int q = 0; q < LATENCY_COUNT && s->latency; q++)
        h->lines[HISTORY_P50 + q][i] = (float)latency_point(s->latency, (enum latency)q, end_ms);
}

static void fill_point(const struct service_watch *s, struct service_history *h, int i,
                       int64_t to_s)
{
    float retries = service_watch_mean(s, &s->retries, s->retries_told, to_s, h->step_s);

    h->lines[HISTORY_CALLS][i] = service_watch_mean(s, &s->calls, s->calls_told, to_s, h->step_s);
    h->lines[HISTORY_ERRORS][i] = service_watch_mean(s, &s->errors, s->errors_told, to_s,
                                                     h->step_s);
    h->lines[HISTORY_RETRIES][i] = retries;
    h->lines[HISTORY_DENIED][i] = service_watch_mean(
        s, &s->denied, s->denied_told && s->denied.cells, to_s, h->step_s);
    fill_slots(s, h, i, to_s);
    if (isnan(retries))
        return;
    h->lines[HISTORY_RETRY_LIMIT][i] = limit_at(s, to_s);
    h->lines[HISTORY_UTILIZATION][i] = (float)fmax((double)utilization_at(s, to_s),
                                                   modelled_at(s, to_s));
}

static int at_least(int64_t a, int64_t b)
{
    return (int)(a > b ? a : b);
}

/* Steps end at multiples of their length, the last one where the source's last reading is in. */
static void lay_out(struct service_history *h, const struct history_ask *ask, int resolution_s)
{
    int64_t ready_s = ask->now_ms / 1000 - resolution_s, end_s = ask->end_ms / 1000;
    int64_t held_s = ask->now_ms / 1000 - WINDOW_LENGTH_MAX_S - resolution_s;
    int step_s = (ask->period_s + HISTORY_POINTS_MAX - 1) / HISTORY_POINTS_MAX;

    step_s = at_least(at_least(step_s, resolution_s), 1);
    if (end_s > ready_s)
        end_s = ready_s;
    h->stored = end_s - ask->period_s < held_s;
    if (h->stored)
        step_s = at_least(step_s, (ask->stored_ms + 999) / 1000);
    h->period_s = ask->period_s;
    h->step_s = step_s;
    h->end_ms = end_s / step_s * step_s * 1000;
    h->count = at_least(ask->period_s / step_s, 1);
}

void service_watch_history(const struct service_watch *s, const struct history_ask *ask,
                           struct service_history *ret)
{
    lay_out(ret, ask, service_resolution_s(s));
    for (int i = 0; i < ret->count; i++) {
        for (int line = 0; line < HISTORY_LINE_COUNT; line++)
            ret->lines[line][i] = NAN;
        fill_point(s, ret, i, ret->end_ms / 1000 - (int64_t)(ret->count - 1 - i) * ret->step_s - 1);
        history_fill_ratios(ret, i);
    }
}
