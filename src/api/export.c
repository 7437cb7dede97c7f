#include "api/export.h"

#include <assert.h>
#include <math.h>

#include "api/map_json.h"
#include "base/attr.h"
#include "monitor/breaker.h"
#include "monitor/breaker_condition.h"

/* One row per family over the services: its name, help and value. */
struct service_family {
    const char *name;
    enum metric_kind kind;
    const char *help;
    double (*value)(const struct service_view *s);
};

static double utilization(const struct service_view *s)
{
    return s->budget.utilization_percent;
}

static double remaining_minute(const struct service_view *s)
{
    return s->budget.remaining_minute;
}

static double remaining_hour(const struct service_view *s)
{
    return s->budget.remaining_hour;
}

static double retry_rate(const struct service_view *s)
{
    return s->budget.retry_rate_percent;
}

static double risk_level(const struct service_view *s)
{
    return s->budget.risk == RISK_UNKNOWN ? NAN : (double)s->budget.risk;
}

static double slo_success(const struct service_view *s)
{
    return s->slo_success_compliant < 0 ? NAN : (double)s->slo_success_compliant;
}

static double slo_response(const struct service_view *s)
{
    return s->slo_response_compliant < 0 ? NAN : (double)s->slo_response_compliant;
}

static double calls(const struct service_view *s)
{
    return s->calls_total;
}

static double errors(const struct service_view *s)
{
    return s->errors_total;
}

static double retries(const struct service_view *s)
{
    return s->retries_total;
}

static double denied(const struct service_view *s)
{
    return s->denied_total;
}

static double retry_limit(const struct service_view *s)
{
    const struct budget_view *b = &s->budget;

    return isnan(b->limit_minute) ? b->limit_hour / 3600 : b->limit_minute / 60;
}

static double first_success(const struct service_view *s)
{
    return s->first_success_ratio;
}

static double last_data(const struct service_view *s)
{
    return s->last_data_ms < 0 ? NAN : (double)s->last_data_ms / 1000;
}

static const struct service_family service_families[] = {
    { OWN_SERIES_UTILIZATION, METRIC_GAUGE,
      "Share of the retry budget that is used now, 0 to 100 and beyond.", utilization },
    { "retry_budget_remaining_retries_minute", METRIC_GAUGE,
      "Retries that the budget still allows in the sliding minute.", remaining_minute },
    { "retry_budget_remaining_retries_hour", METRIC_GAUGE,
      "Retries that the budget still allows in the sliding hour.", remaining_hour },
    { "retry_rate_percent", METRIC_GAUGE, "Retries per call over the last minute, in percent.",
      retry_rate },
    { "retry_budget_risk_level", METRIC_GAUGE,
      "Risk of the retry budget: 0 low, 1 medium, 2 high, 3 critical.", risk_level },
    { "slo_success_rate_compliance", METRIC_GAUGE,
      "Whether the success rate meets its target now: 1 or 0.", slo_success },
    { "slo_response_time_compliance", METRIC_GAUGE,
      "Whether the mean response time meets its target now: 1 or 0.", slo_response },
    { OWN_SERIES_CALLS, METRIC_COUNTER,
      "Calls booked for the service, retries not counted, since Fusebox started.", calls },
    { OWN_SERIES_ERRORS, METRIC_COUNTER,
      "Calls booked for the service whose final result was a failure, since Fusebox started.",
      errors },
    { OWN_SERIES_RETRIES, METRIC_COUNTER,
      "Retries towards the service booked since Fusebox started.", retries },
    { OWN_SERIES_DENIED, METRIC_COUNTER,
      "Retries towards the service that were refused, booked since Fusebox started.", denied },
    { OWN_SERIES_RETRY_LIMIT, METRIC_GAUGE,
      "Retries per second that the service's budget allows, its limits or what its share of calls "
      "makes over the last minute.",
      retry_limit },
    { OWN_SERIES_FIRST_SUCCESS, METRIC_GAUGE,
      "Share of first attempts that succeeded, 0 to 1, over the last minute.", first_success },
    { OWN_SERIES_LAST_DATA, METRIC_GAUGE, "When the service was last heard of, Unix seconds.",
      last_data },
};

static void export_services(const struct monitor_view *view, const struct service_family *family,
                            const struct metric_out *out)
{
    bool named = false;

    for (size_t i = 0; i < view->service_count; i++) {
        const struct service_view *s = &view->services[i];
        struct metric_label label = { "service", s->name };
        double value = family->value(s);

        if (isnan(value))
            continue;
        if (!named)
            out->family(out->ctx, family->name, family->kind, family->help);
        named = true;
        out->sample(out->ctx, "", &label, 1, value);
    }
}

static void export_latencies(const struct monitor_view *view, const struct metric_out *out)
{
    static const char *const quantiles[LATENCY_COUNT] = { "0.5", "0.95", "0.99" };
    bool named = false;

    for (size_t i = 0; i < view->service_count; i++)
        for (int q = 0; q < LATENCY_COUNT; q++) {
            const struct service_view *s = &view->services[i];
            struct metric_label labels[] = { { "service", s->name },
                                             { "quantile", str_of(quantiles[q]) } };

            if (isnan(s->latency_s[q]))
                continue;
            if (!named)
                out->family(out->ctx, OWN_SERIES_LATENCY, METRIC_GAUGE,
                            "Quantiles of the duration of calls to the service, from its buckets.");
            named = true;
            out->sample(out->ctx, "", labels, ARRAY_LEN(labels), s->latency_s[q]);
        }
}

static double kind_utilization(const struct budget_kind_view *kind)
{
    return kind->utilization_percent;
}

static double kind_exhaustion(const struct budget_kind_view *kind)
{
    return kind->exhaustion.in_s < 0 ? NAN : kind->exhaustion.in_s;
}

struct kind_family {
    const char *name, *help;
    double (*value)(const struct budget_kind_view *kind);
};

static const struct kind_family kind_families[] = {
    { "fusebox_retry_budget_kind_utilization_percent",
      "Share of one kind of a service's retry budget that is used now.", kind_utilization },
    { "fusebox_retry_budget_exhaustion_seconds",
      "When one kind of a service's retry budget runs out at the present speed; absent while it "
      "lasts.",
      kind_exhaustion },
};

/* Every kind of budget that a service has. */
static void export_budget_kinds(const struct monitor_view *view, const struct kind_family *family,
                                const struct metric_out *out)
{
    bool named = false;

    for (size_t i = 0; i < view->service_count; i++) {
        const struct service_view *s = &view->services[i];

        for (int k = 0; k < s->budget.kind_count; k++) {
            const struct budget_kind_view *kind = &s->budget.kinds[k];
            struct metric_label labels[] = {
                { "service", s->name },
                { "kind", str_of(budget_kind_name(kind->kind)) },
                { "modelled", kind->modelled ? STR("true") : STR("false") },
            };

            if (isnan(family->value(kind)))
                continue;
            if (!named)
                out->family(out->ctx, family->name, METRIC_GAUGE, family->help);
            named = true;
            out->sample(out->ctx, "", labels, ARRAY_LEN(labels), family->value(kind));
        }
    }
}

enum { BREAKER_LABELS = 4, BREAKER_LABELS_MORE = 3 };

/* A breaker's sample with its own labels and up to BREAKER_LABELS_MORE. */
static void breaker_part(const struct metric_out *out, const struct breaker_view *b,
                         const char *suffix, const struct metric_label *more, size_t more_count,
                         double value)
{
    struct metric_label labels[BREAKER_LABELS + BREAKER_LABELS_MORE] = {
        { "service", b->service },
        { "name", b->name },
        { "endpoint", b->endpoint },
        { "caller", b->caller },
    };

    if (isnan(value))
        return;
    for (size_t i = 0; i < more_count; i++)
        labels[BREAKER_LABELS + i] = more[i];
    out->sample(out->ctx, suffix, labels, BREAKER_LABELS + more_count, value);
}

static void breaker_sample(const struct metric_out *out, const struct breaker_view *b,
                           const struct metric_label *more, size_t more_count, double value)
{
    breaker_part(out, b, "", more, more_count, value);
}

struct breaker_family {
    const char *name;
    const char *help;
    double (*value)(const struct breaker_view *b);
};

static double failure_rate(const struct breaker_view *b)
{
    return b->failure_rate_percent;
}

static double success_rate(const struct breaker_view *b)
{
    return 100 - b->failure_rate_percent;
}

static double failures_current(const struct breaker_view *b)
{
    return b->failures;
}

static double last_failure(const struct breaker_view *b)
{
    return b->last_failure_ms < 0 ? NAN : (double)b->last_failure_ms / 1000;
}

static double consecutive_failures(const struct breaker_view *b)
{
    return b->consecutive_failures < 0 ? NAN : (double)b->consecutive_failures;
}

static double forced(const struct breaker_view *b)
{
    return b->forced < 0 ? (double)NAN : (double)b->forced;
}

static const struct breaker_family breaker_families[] = {
    { "circuit_breaker_consecutive_failures", "Failures in a row up to now.",
      consecutive_failures },
    { "circuit_breaker_failure_rate", "Failures per request over 5 minutes, in percent.",
      failure_rate },
    { "circuit_breaker_success_rate", "Successes per request over 5 minutes, in percent.",
      success_rate },
    { "circuit_breaker_failures_current", "Failures over the last 5 minutes.", failures_current },
    { "circuit_breaker_last_failure_time", "When the last failure was seen, Unix seconds.",
      last_failure },
    { "fusebox_breaker_forced", "1 while the breaker is open because somebody forced it, else 0.",
      forced },
};

static void export_states(const struct monitor_view *view, bool open_is_one,
                          const struct metric_out *out)
{
    static const double s1_codes[] = { 0, 1, 2 }, s0_codes[] = { 0, 2, 1 };

    out->family(out->ctx, "circuit_breaker_state", METRIC_GAUGE,
                open_is_one ? "State of the breaker: 0 closed, 1 open, 2 half-open."
                            : "State of the breaker: 0 closed, 1 half-open, 2 open.");
    for (size_t i = 0; i < view->breaker_count; i++) {
        const struct breaker_view *b = &view->breakers[i];

        if (b->state <= BREAKER_OPEN)
            breaker_sample(out, b, NULL, 0, (open_is_one ? s0_codes : s1_codes)[b->state]);
    }
    out->family(out->ctx, "circuit_breaker_state_info", METRIC_GAUGE,
                "1 for the state that the breaker is in, 0 for the others.");
    for (size_t i = 0; i < view->breaker_count; i++)
        for (int state = 0; state < BREAKER_STATE_COUNT; state++) {
            struct metric_label label = { "state",
                                          str_of(breaker_state_name((enum breaker_state)state)) };

            breaker_sample(out, &view->breakers[i], &label, 1,
                           (int)view->breakers[i].state == state);
        }
}

static void export_transitions_of(const struct breaker_view *b, const struct metric_out *out)
{
    for (int from = 0; from < BREAKER_STATE_COUNT; from++)
        for (int to = 0; to < BREAKER_STATE_COUNT; to++) {
            struct metric_label labels[] = {
                { "from_state", str_of(breaker_state_name((enum breaker_state)from)) },
                { "to_state", str_of(breaker_state_name((enum breaker_state)to)) },
            };

            if (b->transitions[from][to])
                breaker_sample(out, b, labels, 2, (double)b->transitions[from][to]);
        }
}

static void export_transitions(const struct monitor_view *view, const struct metric_out *out)
{
    static const char *const names[] = { "circuit_breaker_transitions_total",
                                         "circuit_breaker_state_changes_total" };

    for (size_t n = 0; n < ARRAY_LEN(names); n++) {
        out->family(out->ctx, names[n], METRIC_COUNTER, "Changes of the breaker's state.");
        for (size_t i = 0; i < view->breaker_count; i++)
            export_transitions_of(&view->breakers[i], out);
    }
    out->family(out->ctx, "fusebox_breaker_state_seconds_total", METRIC_COUNTER,
                "Seconds that the breaker spent in each state.");
    for (size_t i = 0; i < view->breaker_count; i++)
        for (int state = 0; state < BREAKER_STATE_COUNT; state++) {
            struct metric_label label = { "state",
                                          str_of(breaker_state_name((enum breaker_state)state)) };

            breaker_sample(out, &view->breakers[i], &label, 1,
                           view->breakers[i].seconds_in_state[state]);
        }
}

static void requests_of(const struct breaker_view *b, enum breaker_state state, const char *outcome,
                        double value, const struct metric_out *out)
{
    struct metric_label labels[] = { { "state", str_of(breaker_state_name(state)) },
                                     { "outcome", str_of(outcome) },
                                     { "result", str_of(outcome) } };

    breaker_sample(out, b, labels, ARRAY_LEN(labels), value);
}

/* States in which it never was have no series: most breakers are always closed. */
static bool was_in(const struct breaker_view *b, enum breaker_state state)
{
    const struct breaker_traffic *t = &b->traffic[state];

    return b->state == state || b->seconds_in_state[state] > 0 ||
           t->requests + t->failures + t->blocked > 0;
}

static void requests_in(const struct breaker_view *b, enum breaker_state state,
                        const struct metric_out *out)
{
    const struct breaker_traffic *t = &b->traffic[state];
    double successes = fmax(0, t->requests - t->failures);

    if (!was_in(b, state))
        return;
    if (!isnan(b->requests_total) && !isnan(b->failures_total))
        requests_of(b, state, "success", successes, out);
    if (!isnan(b->failures_total))
        requests_of(b, state, "failure", t->failures, out);
    if (!isnan(b->blocked_total))
        requests_of(b, state, "blocked", t->blocked, out);
}

static void export_requests(const struct monitor_view *view, const struct metric_out *out)
{
    out->family(out->ctx, "circuit_breaker_requests_total", METRIC_COUNTER,
                "Requests through the breaker by its state and the outcome: success, failure, or "
                "blocked by it.");
    for (size_t i = 0; i < view->breaker_count; i++)
        for (int state = 0; state < BREAKER_STATE_COUNT; state++)
            requests_in(&view->breakers[i], (enum breaker_state)state, out);
}

static void export_conditions(const struct monitor_view *view, const struct metric_out *out)
{
    out->family(out->ctx, "fusebox_breaker_condition", METRIC_GAUGE,
                "1 while a condition of the breaker holds, 0 while it does not.");
    for (size_t i = 0; i < view->breaker_count; i++)
        for (int c = 0; c < BREAKER_CONDITION_COUNT; c++) {
            enum breaker_condition condition = (enum breaker_condition)c;
            struct metric_label labels[] = {
                { "condition", str_of(breaker_condition_name(condition)) },
                { "severity", str_of(severity_name(breaker_condition_severity(condition))) },
            };

            if (view->breakers[i].conditions[c].holds >= 0)
                breaker_sample(out, &view->breakers[i], labels, ARRAY_LEN(labels),
                               view->breakers[i].conditions[c].holds);
        }
}

/* One sample set per name and endpoint, whatever the number of callers. */
static void export_instances(const struct monitor_view *view, const struct metric_out *out)
{
    out->family(out->ctx, "fusebox_breaker_instances", METRIC_GAUGE,
                "Instances of the breaker, one per caller, in each state.");
    for (size_t i = 0; i < view->breaker_count; i++) {
        const struct breaker_view *b = &view->breakers[i], *before = i ? b - 1 : NULL;

        if (before && str_equals(before->service, b->service) &&
            str_equals(before->name, b->name) && str_equals(before->endpoint, b->endpoint))
            continue;
        for (int state = 0; state < BREAKER_STATE_COUNT; state++) {
            struct metric_label labels[] = {
                { "service", b->service },
                { "name", b->name },
                { "endpoint", b->endpoint },
                { "state", str_of(breaker_state_name((enum breaker_state)state)) },
            };

            out->sample(out->ctx, "", labels, ARRAY_LEN(labels), b->instances.in_state[state]);
        }
    }
}

static void export_recoveries_of(const struct breaker_view *b, const struct metric_out *out)
{
    static const char *const bounds[] = { "1",   "5",   "10",  "30",   "60",
                                          "120", "300", "600", "1800", "3600" };
    double total = 0;

    static_assert(ARRAY_LEN(bounds) == RECOVERY_BOUNDS, "as recovery_bounds_s");
    for (int i = 0; i <= RECOVERY_BOUNDS; i++) {
        struct metric_label le = { "le", i < RECOVERY_BOUNDS ? str_of(bounds[i]) : STR("+Inf") };

        total += (double)b->recovery.buckets[i];
        breaker_part(out, b, "_bucket", &le, 1, total);
    }
    breaker_part(out, b, "_sum", NULL, 0, b->recovery.sum_s);
    breaker_part(out, b, "_count", NULL, 0, total);
}

/* From the first opening on, so that the first recovery is an increase. */
static void export_recoveries(const struct monitor_view *view, const struct metric_out *out)
{
    out->family(out->ctx, "circuit_breaker_recovery_duration_seconds", METRIC_HISTOGRAM,
                "Seconds from leaving closed to closing again.");
    for (size_t i = 0; i < view->breaker_count; i++)
        if (view->breakers[i].transitions_total || view->breakers[i].state == BREAKER_OPEN)
            export_recoveries_of(&view->breakers[i], out);
}

static void export_breakers(const struct monitor_view *view, bool open_is_one,
                            const struct metric_out *out)
{
    export_states(view, open_is_one, out);
    for (size_t f = 0; f < ARRAY_LEN(breaker_families); f++) {
        out->family(out->ctx, breaker_families[f].name, METRIC_GAUGE, breaker_families[f].help);
        for (size_t i = 0; i < view->breaker_count; i++)
            breaker_sample(out, &view->breakers[i], NULL, 0,
                           breaker_families[f].value(&view->breakers[i]));
    }
    export_transitions(view, out);
    export_requests(view, out);
    export_instances(view, out);
    export_conditions(view, out);
    export_recoveries(view, out);
}

void export_view(const struct monitor_view *view, bool open_is_one, const struct metric_out *out)
{
    for (size_t f = 0; f < ARRAY_LEN(service_families); f++)
        export_services(view, &service_families[f], out);
    export_latencies(view, out);
    for (size_t i = 0; i < ARRAY_LEN(kind_families); i++)
        export_budget_kinds(view, &kind_families[i], out);
    if (view->breaker_count)
        export_breakers(view, open_is_one, out);
    if (view->map)
        map_export(view, out);
}
