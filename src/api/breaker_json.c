/* Breakers as JSON: one with its conditions and transitions, and what they sum up to. */
#include "api/view_json.h"

#include <math.h>

#include "monitor/breaker_condition.h"

static void states(struct json *j, const char *key, const struct breaker_counts *counts)
{
    json_key(j, key);
    json_open_object(j);
    json_member_int(j, "total", counts->total);
    for (int state = 0; state < BREAKER_STATE_COUNT; state++) {
        json_member_int(j, breaker_state_name((enum breaker_state)state), counts->in_state[state]);
    }
    json_member_cstr(j, "worst", counts->total ? breaker_state_name(counts->worst) : NULL);
    json_close_object(j);
}

void view_json_breaker_counts(struct json *j, const struct breaker_counts *counts)
{
    states(j, "breakers", counts);
}

static void condition(struct json *j, enum breaker_condition c, int64_t since_ms, const char *text)
{
    json_member_cstr(j, "condition", breaker_condition_name(c));
    json_member_cstr(j, "severity", severity_name(breaker_condition_severity(c)));
    json_member_time(j, "since", since_ms);
    json_member_cstr(j, "text", text);
}

void view_json_conditions(struct json *j, const struct service_view *s)
{
    json_key(j, "conditions");
    json_open_array(j);
    for (int c = 0; c < BREAKER_CONDITION_COUNT; c++) {
        if (!s->conditions[c].breakers)
            continue;
        json_open_object(j);
        condition(j, (enum breaker_condition)c, s->conditions[c].since_ms, s->conditions[c].text);
        json_member_int(j, "breakers", s->conditions[c].breakers);
        json_close_object(j);
    }
    json_close_array(j);
}

static void breaker_conditions(struct json *j, const struct breaker_view *b)
{
    json_key(j, "conditions");
    json_open_array(j);
    for (int c = 0; c < BREAKER_CONDITION_COUNT; c++) {
        if (b->conditions[c].holds != 1)
            continue;
        json_open_object(j);
        condition(j, (enum breaker_condition)c, b->conditions[c].since_ms, b->conditions[c].text);
        json_close_object(j);
    }
    json_close_array(j);
}

static void transitions(struct json *j, const struct breaker_view *b)
{
    json_key(j, "transitions");
    json_open_array(j);
    for (int i = 0; i < b->recent_count; i++) {
        const struct transition_view *t = &b->recent[i];

        json_open_object(j);
        json_member_time(j, "time", t->at_ms);
        json_member_cstr(j, "from", breaker_state_name(t->from));
        json_member_cstr(j, "to", breaker_state_name(t->to));
        json_member_rounded(j, "calls", t->calls, 0);
        json_member_rounded(j, "errors", t->errors, 0);
        json_close_object(j);
    }
    json_close_array(j);
}

static void breaker_rates(struct json *j, const struct breaker_view *b)
{
    json_member_rounded(j, "requests", b->requests, 0);
    json_member_rounded(j, "failures", b->failures, 0);
    json_member_rounded(j, "failure_rate_percent", b->failure_rate_percent, 2);
    json_member_rounded(j, "success_rate_percent", 100 - b->failure_rate_percent, 2);
    json_key(j, "consecutive_failures");
    if (b->consecutive_failures < 0)
        json_null(j); /* counters that are scraped do not tell the order of results */
    else
        json_int(j, b->consecutive_failures);
    json_member_time(j, "last_failure_time", b->last_failure_ms);
    json_member_int(j, "transitions_total", (int64_t)b->transitions_total);
    json_member_int(j, "transitions_15m", b->transitions_15m);
    json_member_rounded(j, "last_recovery_s", b->last_recovery_s, 1);
}

void view_json_breaker(struct json *j, const struct breaker_view *b)
{
    json_open_object(j);
    json_member_string(j, "service", b->service);
    json_member_string(j, "name", b->name);
    json_member_string(j, "endpoint", b->endpoint);
    json_member_string(j, "caller", b->caller);
    json_member_cstr(j, "source", b->source);
    json_member_cstr(j, "state", breaker_state_name(b->state));
    json_key(j, "state_code");
    if (b->state <= BREAKER_OPEN)
        json_int(j, b->state);
    else
        json_null(j);
    json_member_cstr(j, "evidence",
                     b->state == BREAKER_UNKNOWN ? (b->since_ms < 0 ? "unknown" : "stale") : "ok");
    json_member_time(j, "since", b->since_ms);
    json_member_time(j, "counted_since", b->counted_since_ms);
    json_key(j, "forced");
    if (b->forced < 0)
        json_null(j);
    else
        json_bool(j, b->forced);
    json_key(j, "healthy");
    if (b->state <= BREAKER_OPEN)
        json_bool(j, b->state != BREAKER_OPEN);
    else
        json_null(j);
    breaker_rates(j, b);
    json_key(j, "seconds_in_state");
    json_open_object(j);
    for (int state = 0; state < BREAKER_STATE_COUNT; state++)
        json_member_rounded(j, breaker_state_name((enum breaker_state)state),
                            b->seconds_in_state[state], 3);
    json_close_object(j);
    states(j, "instances", &b->instances);
    breaker_conditions(j, b);
    transitions(j, b);
    json_key(j, "strip");
    json_open_array(j);
    for (int i = 0; i < b->strip_count; i++) {
        json_open_array(j);
        json_int(j, b->strip[i].at_ms);
        json_cstr(j, breaker_state_name(b->strip[i].state));
        json_close_array(j);
    }
    json_close_array(j);
    json_close_object(j);
}
