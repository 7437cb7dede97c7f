/* Breakers as JSON: one with its conditions and transitions, and what they sum up to. */
#include "api/view_json.h"

#include <math.h>

#include "monitor/breaker_condition.h"

static void figure(struct json *j, const char *key, double value, int decimals)
{
    json_key(j, key);
    json_rounded(j, value, decimals);
}

static void time_of(struct json *j, const char *key, int64_t wall_ms)
{
    json_key(j, key);
    json_time(j, wall_ms);
}

static void states(struct json *j, const char *key, const struct breaker_counts *counts)
{
    json_key(j, key);
    json_open_object(j);
    json_key(j, "total");
    json_int(j, counts->total);
    for (int state = 0; state < BREAKER_STATE_COUNT; state++) {
        json_key(j, breaker_state_name((enum breaker_state)state));
        json_int(j, counts->in_state[state]);
    }
    json_key(j, "worst");
    json_cstr(j, counts->total ? breaker_state_name(counts->worst) : NULL);
    json_close_object(j);
}

void view_json_breaker_counts(struct json *j, const struct breaker_counts *counts)
{
    states(j, "breakers", counts);
}

static void condition(struct json *j, enum breaker_condition c, int64_t since_ms, const char *text)
{
    json_key(j, "condition");
    json_cstr(j, breaker_condition_name(c));
    json_key(j, "severity");
    json_cstr(j, severity_name(breaker_condition_severity(c)));
    time_of(j, "since", since_ms);
    json_key(j, "text");
    json_cstr(j, text);
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
        json_key(j, "breakers");
        json_int(j, s->conditions[c].breakers);
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
        time_of(j, "time", t->at_ms);
        json_key(j, "from");
        json_cstr(j, breaker_state_name(t->from));
        json_key(j, "to");
        json_cstr(j, breaker_state_name(t->to));
        figure(j, "calls", t->calls, 0);
        figure(j, "errors", t->errors, 0);
        json_close_object(j);
    }
    json_close_array(j);
}

static void breaker_rates(struct json *j, const struct breaker_view *b)
{
    figure(j, "requests", b->requests, 0);
    figure(j, "failures", b->failures, 0);
    figure(j, "failure_rate_percent", b->failure_rate_percent, 2);
    figure(j, "success_rate_percent", 100 - b->failure_rate_percent, 2);
    json_key(j, "consecutive_failures");
    if (b->consecutive_failures < 0)
        json_null(j); /* counters that are scraped do not tell the order of results */
    else
        json_int(j, b->consecutive_failures);
    time_of(j, "last_failure_time", b->last_failure_ms);
    json_key(j, "transitions_total");
    json_int(j, (int64_t)b->transitions_total);
    json_key(j, "transitions_15m");
    json_int(j, b->transitions_15m);
    figure(j, "last_recovery_s", b->last_recovery_s, 1);
}

void view_json_breaker(struct json *j, const struct breaker_view *b)
{
    json_open_object(j);
    json_key(j, "service");
    json_string(j, b->service);
    json_key(j, "name");
    json_string(j, b->name);
    json_key(j, "endpoint");
    json_string(j, b->endpoint);
    json_key(j, "caller");
    json_string(j, b->caller);
    json_key(j, "source");
    json_cstr(j, b->source);
    json_key(j, "state");
    json_cstr(j, breaker_state_name(b->state));
    json_key(j, "state_code");
    if (b->state <= BREAKER_OPEN)
        json_int(j, b->state);
    else
        json_null(j);
    json_key(j, "evidence");
    json_cstr(j, b->state == BREAKER_UNKNOWN ? (b->since_ms < 0 ? "unknown" : "stale") : "ok");
    time_of(j, "since", b->since_ms);
    json_key(j, "healthy");
    if (b->state <= BREAKER_OPEN)
        json_bool(j, b->state != BREAKER_OPEN);
    else
        json_null(j);
    breaker_rates(j, b);
    json_key(j, "seconds_in_state");
    json_open_object(j);
    for (int state = 0; state < BREAKER_STATE_COUNT; state++)
        figure(j, breaker_state_name((enum breaker_state)state), b->seconds_in_state[state], 3);
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
