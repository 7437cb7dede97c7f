#include "monitor/service.h"

#include <math.h>

#include "base/mem.h"
#include "monitor/compliance.h"

enum { HOUR_S = 3600, RARE_S = 300 };  /* lengths of windows */
enum { DURATION_UNITS_PER_S = 10000 }; /* a cell of a second holds 119 h of durations */
enum { PATIENCE_MIN_MS = 5000, PATIENCE_AT_FIRST_MS = 180000 /* three of Prometheus' default */ };

static enum err init_windows(struct service_watch *s, int model_window_s)
{
    const int span_s[SPAN_COUNT] = {
        [SPAN_MODEL] = model_window_s,
        [SPAN_MINUTE] = 60,
        [SPAN_5_MINUTES] = 300,
        [SPAN_HOUR] = 3600,
    };
    struct window *windows[] = { &s->calls, &s->errors, &s->retries, &s->heard };

    for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
        enum err err = window_init(windows[i], WINDOW_LENGTH_MAX_S, span_s, SPAN_COUNT);

        if (err)
            return err;
    }
    return ERR_OK;
}

struct service_watch *service_watch_new(int model_window_s)
{
    struct service_watch *s = mem_alloc_zero(1, sizeof *s);

    if (!s)
        return NULL;
    s->first_ms = s->last_ms = s->health_since_ms = -1;
    s->health = HEALTH_UNKNOWN;
    s->utilization_percent = NAN;
    s->spark_calls.end_ms = s->spark_errors.end_ms = -1;
    s->spark_retries.end_ms = s->spark_utilization.end_ms = -1;
    if (init_windows(s, model_window_s)) {
        service_watch_free(s);
        return NULL;
    }
    return s;
}

void service_watch_free(void *service)
{
    struct service_watch *s = service;

    if (!s)
        return;
    window_release(&s->calls);
    window_release(&s->errors);
    window_release(&s->retries);
    window_release(&s->heard);
    window_release(&s->denied);
    window_release(&s->timed_calls);
    window_release(&s->durations);
    latency_free(s->latency);
    first_attempts_free(s->first_attempts);
    mem_free(s);
}

/* To the nearest second, since scrapes jitter by milliseconds; not beyond what the windows hold. */
static int gap_s(int64_t gap_ms)
{
    if (gap_ms > WINDOW_LENGTH_MAX_S * (int64_t)1000)
        return WINDOW_LENGTH_MAX_S;
    return gap_ms < 1500 ? 1 : (int)((gap_ms + 500) / 1000);
}

static void note_reading(struct service_watch *s, int64_t at_ms)
{
    if (s->first_ms < 0)
        s->first_ms = at_ms;
    if (at_ms <= s->last_ms)
        return;
    if (s->last_ms >= 0)
        s->gaps_s[s->gap_count++ % SERVICE_GAPS] = gap_s(at_ms - s->last_ms);
    s->last_ms = at_ms;
    window_add(&s->heard, at_ms / 1000, 1);
}

static void book(struct window *w, bool *told, double *total, const struct signal *signal)
{
    *told = true;
    *total += signal->amount;
    window_add(w, signal->at_ms / 1000, (uint64_t)llround(signal->amount));
}

/* Into a window that few sources need; without memory the figure stays unknown. */
static void book_rare(struct window *w, int length_s, const struct signal *signal, double units)
{
    static const int span_s[] = { [SPAN_MODEL] = 1, [SPAN_MINUTE] = 60, [SPAN_5_MINUTES] = 300 };

    if (!w->cells && window_init(w, length_s, span_s, ARRAY_LEN(span_s)))
        return;
    window_add(w, signal->at_ms / 1000, (uint64_t)llround(fmin(signal->amount * units, 1e15)));
}

/* The smallest span of a minute or more that holds four readings at this resolution. */
static int rate_span(const struct service_watch *s)
{
    int span = SPAN_MINUTE;

    while (span < SPAN_HOUR && s->calls.span_s[span] < 4 * service_resolution_s(s))
        span++;
    return span;
}

/* As book_rare: without memory it stays unknown. */
static void book_bucket(struct service_watch *s, const struct signal *signal)
{
    if (!s->latency)
        s->latency = latency_new();
    if (!s->latency)
        return;
    latency_advance(s->latency, signal->at_ms, s->calls.span_s[rate_span(s)]);
    latency_add(s->latency, signal->from_s, signal->bound_s, signal->amount, signal->at_ms);
}

static void book_first(struct service_watch *s, double calls, double failed, int64_t at_ms)
{
    if (!s->first_attempts)
        s->first_attempts = first_attempts_new();
    if (s->first_attempts)
        first_attempts_add(s->first_attempts, calls, failed, at_ms);
}

void service_watch_add(struct service_watch *s, const struct signal *signal)
{
    if (signal->at_ms > s->last_ms) /* a new reading: the one before is complete */
        budget_models_book(&s->models, s->calls_total, s->errors_total, s->retries_total);
    switch (signal->kind) {
    case SIGNAL_CALLS:
        book(&s->calls, &s->calls_told, &s->calls_total, signal);
        break;
    case SIGNAL_ERRORS:
        book(&s->errors, &s->errors_told, &s->errors_total, signal);
        break;
    case SIGNAL_RETRIES:
        book(&s->retries, &s->retries_told, &s->retries_total, signal);
        break;
    case SIGNAL_RETRIES_DENIED:
        s->denied_told = true;
        s->denied_total += signal->amount;
        book_rare(&s->denied, HOUR_S, signal, 1);
        break;
    case SIGNAL_TIMED_CALLS:
        book_rare(&s->timed_calls, RARE_S, signal, 1);
        break;
    case SIGNAL_TIMED_SECONDS:
        book_rare(&s->durations, RARE_S, signal, DURATION_UNITS_PER_S);
        break;
    case SIGNAL_TIMED_BUCKET:
        book_bucket(s, signal);
        break;
    case SIGNAL_FIRST_CALLS:
        book_first(s, signal->amount, 0, signal->at_ms);
        break;
    case SIGNAL_FIRST_ERRORS:
        book_first(s, 0, signal->amount, signal->at_ms);
        break;
    default:
        return;
    }
    note_reading(s, signal->at_ms);
}

/* One gap that is out of line is an outage, not the source's pace, so from three on the largest is
 * passed over. */
int service_resolution_s(const struct service_watch *s)
{
    int worst = 0, second = 0;

    for (uint32_t i = 0; i < s->gap_count && i < SERVICE_GAPS; i++) {
        int gap = s->gaps_s[i];

        if (gap > worst) {
            second = worst;
            worst = gap;
        } else if (gap > second) {
            second = gap;
        }
    }
    return s->gap_count < 3 ? worst : second;
}

static void spark_push(struct spark *spark, float value, int64_t end_ms)
{
    if (spark->count == SPARK_POINTS)
        memmove(spark->points, spark->points + 1, (SPARK_POINTS - 1) * sizeof *spark->points);
    else
        spark->count++;
    spark->points[spark->count - 1] = value;
    spark->end_ms = end_ms;
}

/* Whether the last gaps are alike: one source at one pace, not several that take turns. */
static bool is_regular(const struct service_watch *s)
{
    int least = WINDOW_LENGTH_MAX_S;

    for (uint32_t i = 0; i < s->gap_count && i < SERVICE_GAPS; i++)
        if (s->gaps_s[i] < least)
            least = s->gaps_s[i];
    return 2 * least > service_resolution_s(s);
}

float service_watch_mean(const struct service_watch *s, const struct window *w, bool told,
                         int64_t to_s, int step_s)
{
    int resolution_s = service_resolution_s(s);
    int span_s = step_s < resolution_s ? resolution_s : step_s;
    int64_t from_s = to_s - span_s + 1;
    int64_t readings = (int64_t)window_sum_between(&s->heard, from_s, to_s);

    if (!told || readings == 0 || 2 * readings * resolution_s < span_s ||
        from_s <= s->heard.head_s - s->heard.length_s)
        return NAN;
    if (resolution_s >= step_s &&
        is_regular(s)) /* by readings: a second's jitter moves none in or out */
        span_s = (int)readings * resolution_s;
    return (float)((double)window_sum_between(w, from_s, to_s) / span_s);
}

/* A step closes one resolution late, so that a reading that is on its way still counts. */
static void close_steps(struct service_watch *s, int64_t now_ms)
{
    const int64_t step_ms = SPARK_STEP_S * 1000;
    int64_t closed_ms = (now_ms - 1000 * (int64_t)service_resolution_s(s)) / step_ms * step_ms;
    int64_t end_ms = s->spark_calls.end_ms;

    s->spark_moved = false;
    if (s->first_ms < 0)
        return;
    if (end_ms < s->first_ms / step_ms * step_ms)
        end_ms = s->first_ms / step_ms * step_ms;
    if (closed_ms - end_ms > SPARK_POINTS * step_ms)
        end_ms = closed_ms - SPARK_POINTS * step_ms;
    for (end_ms += step_ms; end_ms <= closed_ms; end_ms += step_ms) {
        int64_t to_s = end_ms / 1000 - 1;
        float retries;

        spark_push(&s->spark_calls,
                   service_watch_mean(s, &s->calls, s->calls_told, to_s, SPARK_STEP_S), end_ms);
        spark_push(&s->spark_errors,
                   service_watch_mean(s, &s->errors, s->errors_told, to_s, SPARK_STEP_S), end_ms);
        retries = service_watch_mean(s, &s->retries, s->retries_told, to_s, SPARK_STEP_S);
        spark_push(&s->spark_retries, retries, end_ms);
        spark_push(&s->spark_utilization, isnan(retries) ? NAN : (float)s->utilization_percent,
                   end_ms);
        s->spark_moved = true;
    }
}

void service_watch_begin_totals(struct service_watch *s)
{
    budget_models_book(&s->models, s->calls_total, s->errors_total, s->retries_total);
    s->models.calls = s->models.errors = s->models.retries = 0;
    s->calls_total = s->errors_total = s->retries_total = s->denied_total = 0;
}

static void advance_rare(struct window *w, int64_t now_s)
{
    if (w->cells)
        window_advance(w, now_s);
}

void service_watch_advance(struct service_watch *s, int64_t now_ms)
{
    int64_t now_s = now_ms / 1000;

    if (s->heard.head_s > now_s)
        now_s = s->heard.head_s; /* a source's clock is ahead: all windows end together */
    window_advance(&s->calls, now_s);
    window_advance(&s->errors, now_s);
    window_advance(&s->retries, now_s);
    window_advance(&s->heard, now_s);
    advance_rare(&s->denied, now_s);
    advance_rare(&s->timed_calls, now_s);
    advance_rare(&s->durations, now_s);
    if (s->latency)
        latency_advance(s->latency, now_s * 1000, s->calls.span_s[rate_span(s)]);
    budget_models_book(&s->models, s->calls_total, s->errors_total, s->retries_total);
    close_steps(s, now_ms);
}

/* The shortest span that holds at least three readings. */
static int speed_span(const struct service_watch *s)
{
    int span = SPAN_MODEL;

    while (span < SPAN_HOUR && s->calls.span_s[span] < 3 * service_resolution_s(s))
        span++;
    return span;
}

static int covered_s(const struct service_watch *s, int64_t now_ms, int span_s)
{
    int64_t since_s = (now_ms - s->first_ms) / 1000;

    return since_s < 1 ? 1 : since_s < span_s ? (int)since_s : span_s;
}

/* Three of the source's gaps; before a second reading nobody knows how long one is. */
static int64_t patience_ms(const struct service_watch *s)
{
    int64_t three_gaps_ms = 3000 * (int64_t)service_resolution_s(s);

    if (s->gap_count == 0)
        return PATIENCE_AT_FIRST_MS;
    return three_gaps_ms < PATIENCE_MIN_MS ? PATIENCE_MIN_MS : three_gaps_ms;
}

static enum evidence judge_evidence(const struct service_watch *s, int64_t now_ms, int span,
                                    const struct catalog_service *known)
{
    if (s->first_ms < 0)
        return known->config && !known->heard ? EVIDENCE_NO_DATA : EVIDENCE_UNKNOWN;
    if (now_ms - s->last_ms > patience_ms(s))
        return EVIDENCE_STALE;
    if (window_sum(&s->heard, span) < 2)
        return EVIDENCE_TOO_LITTLE;
    if (s->calls_told && window_sum(&s->calls, span) < SERVICE_ENOUGH_CALLS)
        return EVIDENCE_TOO_LITTLE;
    return EVIDENCE_OK;
}

/* Mean duration of a call in milliseconds; NaN: no call was timed. */
static double response_ms(const struct service_watch *s, int span)
{
    int at = span > SPAN_5_MINUTES ? SPAN_5_MINUTES : span;
    double calls;

    if (!s->timed_calls.cells || !s->durations.cells)
        return NAN;
    calls = (double)window_sum(&s->timed_calls, at);
    return calls > 0 ? (double)window_sum(&s->durations, at) * 1000 / DURATION_UNITS_PER_S / calls
                     : NAN;
}

static void fill_rates(const struct service_watch *s, int span, int seconds,
                       struct service_view *view)
{
    double calls = (double)window_sum(&s->calls, span);
    double errors = (double)window_sum(&s->errors, span);
    double retries = (double)window_sum(&s->retries, span);

    view->calls_in_window = s->calls_told ? calls : NAN;
    view->calls_per_s = s->calls_told ? calls / seconds : NAN;
    view->errors_per_s = s->errors_told ? errors / seconds : NAN;
    view->retries_per_s = s->retries_told ? retries / seconds : NAN;
    view->denied_per_s = NAN;
    if (s->denied.cells && span <= SPAN_5_MINUTES)
        view->denied_per_s = (double)window_sum(&s->denied, span) / seconds;
    view->response_ms = response_ms(s, span);
    view->success_ratio = view->attempt_success_ratio = NAN;
    if (s->calls_told && s->errors_told && calls > 0)
        view->success_ratio = fmax(0, 1 - errors / calls);
    if (s->calls_told && s->errors_told && s->retries_told && calls + retries > 0)
        view->attempt_success_ratio = fmax(0, 1 - (errors + retries) / (calls + retries));
}

/* By slots of 10 s: the window, and what its first and last slot hold beside it. */
static void fill_first_attempts(const struct service_watch *s, struct service_view *view)
{
    int64_t now_ms = (s->calls.head_s + 1) * 1000;

    view->first_success_ratio = NAN;
    if (s->first_attempts)
        view->first_success_ratio = first_attempts_ratio(
            s->first_attempts, now_ms - view->window_s * INT64_C(1000), now_ms);
}

static struct latency_figures fill_latency(struct service_watch *s, struct service_view *view)
{
    struct latency_figures figures = { .s = { NAN, NAN, NAN } };

    if (s->latency)
        figures = latency_figures(s->latency);
    memcpy(view->latency_s, figures.s, sizeof view->latency_s);
    return figures;
}

static void fill_budget(struct service_watch *s, int64_t now_ms, struct service_view *view)
{
    struct budget_input in = {
        .calls = s->calls_told ? &s->calls : NULL,
        .retries = s->retries_told ? &s->retries : NULL,
        .now_s = s->calls.head_s,
        .covered_s = s->first_ms < 0 ? 1 : covered_s(s, now_ms, 3600),
        .speed_span = speed_span(s),
    };
    struct budget_load load = {
        .results_told = s->calls_told && s->errors_told,
        .calls_per_s = view->calls_per_s,
        .retries_per_s = view->retries_per_s,
        .call_s = view->response_ms / 1000,
        .rate_span = rate_span(s),
        .recent_calls = (double)window_sum(&s->calls, in.speed_span),
        .recent_errors = (double)window_sum(&s->errors, in.speed_span),
        .recent_retries = (double)window_sum(&s->retries, in.speed_span),
        .recent_s = fmin(in.covered_s, s->calls.span_s[in.speed_span]),
    };

    retry_budget_judge(&s->limits, &in, &view->budget);
    budget_models_judge(&s->models, &load, &in, &view->budget);
    view->budget.evidence = view->budget.kind == BUDGET_UNKNOWN ? EVIDENCE_UNKNOWN : view->evidence;
    if (view->budget.evidence == EVIDENCE_TOO_LITTLE && window_sum(&s->heard, SPAN_MINUTE) >= 2)
        view->budget.evidence =
            EVIDENCE_OK; /* few calls are no lack of knowledge about a count of retries */
    s->utilization_percent = view->budget.utilization_percent;
}

void service_watch_view(struct service_watch *s, const struct catalog_service *known,
                        int64_t now_ms, struct service_view *view)
{
    struct latency_figures latency;
    int span = rate_span(s);

    view->source = known->source;
    view->last_data_ms = s->last_ms;
    view->resolution_s = service_resolution_s(s);
    view->window_s = s->calls.span_s[span];
    view->evidence = judge_evidence(s, now_ms, span, known);
    fill_rates(s, span, s->first_ms < 0 ? 1 : covered_s(s, now_ms, view->window_s), view);
    view->calls_total = s->calls_told ? s->calls_total : NAN;
    view->errors_total = s->errors_told ? s->errors_total : NAN;
    view->retries_total = s->retries_told ? s->retries_total : NAN;
    view->denied_total = s->denied_told ? s->denied_total : NAN;
    fill_budget(s, now_ms, view);
    fill_first_attempts(s, view);
    latency = fill_latency(s, view);
    compliance_judge(known, &latency, view);
    view->calls = s->spark_calls;
    view->errors = s->spark_errors;
    view->retries = s->spark_retries;
    view->utilization = s->spark_utilization;
    view->spark_moved = s->spark_moved;
}
