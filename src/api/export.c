#include "api/export.h"

#include <math.h>

#include "base/attr.h"

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

static const struct service_family service_families[] = {
    { "retry_budget_utilization_percent", METRIC_GAUGE,
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
    { "fusebox_calls_total", METRIC_COUNTER,
      "Calls booked for the service, retries not counted, since Fusebox started.", calls },
    { "fusebox_errors_total", METRIC_COUNTER,
      "Calls booked for the service whose final result was a failure, since Fusebox started.",
      errors },
    { "fusebox_retries_total", METRIC_COUNTER,
      "Retries towards the service booked since Fusebox started.", retries },
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

/* A breaker's sample with its four labels and up to two more. */
static void breaker_sample(const struct metric_out *out, const struct breaker_view *b,
                           const struct metric_label *more, size_t more_count, double value)
{
    struct metric_label labels[6] = {
        { "service", b->service },
        { "name", b->name },
        { "endpoint", b->endpoint },
        { "caller", b->caller },
    };

    if (isnan(value))
        return;
    for (size_t i = 0; i < more_count; i++)
        labels[4 + i] = more[i];
    out->sample(out->ctx, "", labels, 4 + more_count, value);
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

static const struct breaker_family breaker_families[] = {
    { "circuit_breaker_failure_rate", "Failures per request over 5 minutes, in percent.",
      failure_rate },
    { "circuit_breaker_success_rate", "Successes per request over 5 minutes, in percent.",
      success_rate },
    { "circuit_breaker_failures_current", "Failures over the last 5 minutes.", failures_current },
    { "circuit_breaker_last_failure_time", "When the last failure was seen, Unix seconds.",
      last_failure },
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

static void requests_of(const struct breaker_view *b, const char *outcome, double value,
                        const struct metric_out *out)
{
    struct metric_label labels[] = { { "outcome", str_of(outcome) },
                                     { "result", str_of(outcome) } };

    breaker_sample(out, b, labels, 2, value);
}

static void export_requests(const struct monitor_view *view, const struct metric_out *out)
{
    out->family(out->ctx, "circuit_breaker_requests_total", METRIC_COUNTER,
                "Requests through the breaker by outcome: success, failure, or blocked by it.");
    for (size_t i = 0; i < view->breaker_count; i++) {
        const struct breaker_view *b = &view->breakers[i];
        double successes = b->requests_total - b->failures_total; /* NaN stays NaN */

        requests_of(b, "success", successes < 0 ? 0 : successes, out);
        requests_of(b, "failure", b->failures_total, out);
        requests_of(b, "blocked", b->blocked_total, out);
    }
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
}

void export_view(const struct monitor_view *view, bool open_is_one, const struct metric_out *out)
{
    for (size_t f = 0; f < ARRAY_LEN(service_families); f++)
        export_services(view, &service_families[f], out);
    if (view->breaker_count)
        export_breakers(view, open_is_one, out);
}
