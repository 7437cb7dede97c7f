#include "wire/event_judge.h"

#include <stdio.h>

#include "base/attr.h"
#include "model/labels.h"
#include "wire/event_field.h"

/* --- words --- */

struct word {
    const char *name;
    int value;
};

/* Cases, '_', '-' and spaces make no difference: halfOpen, HALF_OPEN, half-open. */
static bool is_same_word(struct str text, const char *word)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '_' || c == '-' || c == ' ')
            continue;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != *word++)
            return false;
    }
    return *word == '\0';
}

static bool find_word(struct str text, const struct word *words, size_t count, int *ret)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_same_word(text, words[i].name))
            continue;
        *ret = words[i].value;
        return true;
    }
    return false;
}

static const struct word kind_words[] = {
    { "retryconsumption", EVENT_RETRY },
    { "retry", EVENT_RETRY },
    { "call", EVENT_CALL },
    { "calloutcome", EVENT_CALL },
    { "breakertransition", EVENT_BREAKER },
    { "circuitstatechange", EVENT_BREAKER },
    { "circuitopened", EVENT_BREAKER },
    { "circuitclosed", EVENT_BREAKER },
    { "circuithalfopen", EVENT_BREAKER },
    { "circuitreopened", EVENT_BREAKER },
    { "error", EVENT_ERROR },
    { "health", EVENT_HEALTH },
    { "healthcheck", EVENT_HEALTH },
    { "operation", EVENT_OPERATION },
    { "instanceregistration", EVENT_INSTANCE_UP },
    { "instanceregistered", EVENT_INSTANCE_UP },
    { "heartbeat", EVENT_HEARTBEAT },
    { "instancefailure", EVENT_INSTANCE_FAILED },
    { "metric", EVENT_METRIC },
    { "custommetric", EVENT_METRIC },
    { "businessmetric", EVENT_METRIC },
    { "counter", EVENT_METRIC },
    { "gauge", EVENT_METRIC },
    { "histogram", EVENT_METRIC },
    { "timer", EVENT_METRIC },
};
static const struct word metric_words[] = {
    { "counter", EVENT_COUNTER },
    { "gauge", EVENT_GAUGE },
    { "histogram", EVENT_HISTOGRAM },
    { "timer", EVENT_TIMER },
};
static const struct word state_words[] = {
    { "closed", BREAKER_CLOSED },      { "open", BREAKER_OPEN },
    { "halfopen", BREAKER_HALF_OPEN }, { "forcedopen", BREAKER_OPEN },
    { "disabled", BREAKER_DISABLED },
};
static const struct word type_state_words[] = {
    { "circuitopened", BREAKER_OPEN },
    { "circuitclosed", BREAKER_CLOSED },
    { "circuithalfopen", BREAKER_HALF_OPEN },
    { "circuitreopened", BREAKER_OPEN },
};
static const struct word outcome_words[] = {
    { "success", EVENT_SUCCESS },  { "ok", EVENT_SUCCESS },
    { "failure", EVENT_FAILURE },  { "error", EVENT_FAILURE },
    { "timeout", EVENT_FAILURE },  { "blocked", EVENT_BLOCKED },
    { "rejected", EVENT_BLOCKED }, { "shortcircuited", EVENT_BLOCKED },
};
static const struct word health_words[] = {
    { "healthy", EVENT_HEALTHY },  { "up", EVENT_HEALTHY },          { "degraded", EVENT_DEGRADED },
    { "warning", EVENT_DEGRADED }, { "unhealthy", EVENT_UNHEALTHY }, { "down", EVENT_UNHEALTHY },
};
static const struct word severity_words[] = {
    { "low", 0 },  { "medium", 0 },  { "high", 0 },  { "critical", 0 },
    { "info", 0 }, { "warning", 0 }, { "error", 0 }, { "emergency", 0 },
};

bool event_kind_parse(struct str name, enum event_kind *ret)
{
    int found;

    if (!find_word(name, kind_words, ARRAY_LEN(kind_words), &found))
        return false;
    *ret = (enum event_kind)found;
    return true;
}

const char *event_kind_name(enum event_kind kind)
{
    static const char *const names[EVENT_KIND_COUNT] = {
        "retry_consumption",     "call",      "breaker_transition", "error",  "health", "operation",
        "instance_registration", "heartbeat", "instance_failure",   "metric",
    };

    return names[kind];
}

const char *event_outcome_name(enum event_outcome outcome)
{
    static const char *const names[] = { "success", "failure", "blocked", "unknown" };

    return names[outcome];
}

enum event_outcome event_first_outcome(const struct event *e)
{
    if (!event_has(e, EVENT_RETRY_COUNT))
        return EVENT_OUTCOME_UNKNOWN;
    return e->values[EVENT_RETRY_COUNT].number > 0 ? EVENT_FAILURE : e->outcome;
}

struct str event_breaker_name(const struct event *e)
{
    if (event_has(e, EVENT_BREAKER_NAME))
        return e->values[EVENT_BREAKER_NAME].text;
    return event_has(e, EVENT_METRIC_NAME) ? e->values[EVENT_METRIC_NAME].text : STR("default");
}

/* --- faults --- */

bool event_fault_at(struct event_fault *f, struct str field, const char *message)
{
    snprintf(f->field, sizeof f->field, "%.*s", STR_ARG(field));
    snprintf(f->message, sizeof f->message, "%s", message);
    return false;
}

static bool fault_of(struct event_fault *f, enum event_field field, const char *message)
{
    return event_fault_at(f, str_of(event_field_row(field)->names[0]), message);
}

/* --- what the members say together --- */

static bool judge_word(const struct event *e, enum event_field field, const struct word *words,
                       size_t count, int otherwise, const char *message, int *ret,
                       struct event_fault *f)
{
    *ret = otherwise;
    return !event_has(e, field) || find_word(event_text(e, field), words, count, ret) ||
           fault_of(f, field, message);
}

static bool judge_kind(struct event *e, struct event_fault *f)
{
    int metric = -1;

    if (!event_has(e, EVENT_TYPE)) {
        if (!event_has(e, EVENT_RETRY_COUNT))
            return fault_of(f, EVENT_TYPE, "is needed");
        e->kind = EVENT_RETRY;
        return true;
    }
    if (!event_kind_parse(event_text(e, EVENT_TYPE), &e->kind))
        return fault_of(f, EVENT_TYPE,
                        "must be retry_consumption, call, breaker_transition, error, health, "
                        "operation, instance_registration, heartbeat, instance_failure or metric");
    if (e->kind != EVENT_METRIC)
        return true;
    if (!find_word(event_text(e, EVENT_TYPE), metric_words, ARRAY_LEN(metric_words), &metric) &&
        !judge_word(e, EVENT_METRIC_TYPE, metric_words, ARRAY_LEN(metric_words), EVENT_GAUGE,
                    "must be counter, gauge, histogram or timer", &metric, f))
        return false;
    e->metric = (enum event_metric)metric;
    return true;
}

static bool judge_states(struct event *e, struct event_fault *f)
{
    const char *message = "must be closed, open, half_open, forced_open or disabled";
    int old_state, new_state, told = BREAKER_UNKNOWN;

    if (event_has(e, EVENT_TYPE))
        (void)find_word(event_text(e, EVENT_TYPE), type_state_words, ARRAY_LEN(type_state_words),
                        &told);
    if (!judge_word(e, EVENT_OLD_STATE, state_words, ARRAY_LEN(state_words), BREAKER_UNKNOWN,
                    message, &old_state, f) ||
        !judge_word(e, EVENT_NEW_STATE, state_words, ARRAY_LEN(state_words), told, message,
                    &new_state, f))
        return false;
    e->old_state = (enum breaker_state)old_state;
    e->new_state = (enum breaker_state)new_state;
    if (e->kind == EVENT_BREAKER && new_state == BREAKER_UNKNOWN)
        return fault_of(f, EVENT_NEW_STATE, "is needed");
    return told == BREAKER_UNKNOWN || told == new_state ||
           fault_of(f, EVENT_NEW_STATE, "contradicts event_type");
}

static bool judge_outcome(struct event *e, struct event_fault *f)
{
    int outcome, otherwise = EVENT_OUTCOME_UNKNOWN;

    if (event_has(e, EVENT_OK))
        otherwise = e->values[EVENT_OK].number != 0 ? EVENT_SUCCESS : EVENT_FAILURE;
    if (!judge_word(e, EVENT_OUTCOME, outcome_words, ARRAY_LEN(outcome_words), otherwise,
                    "must be success, failure or blocked", &outcome, f))
        return false;
    e->outcome = (enum event_outcome)outcome;
    if (event_has(e, EVENT_OK) && (outcome == EVENT_SUCCESS) != (otherwise == EVENT_SUCCESS))
        return fault_of(f, EVENT_OUTCOME, "contradicts success");
    if (e->kind == EVENT_CALL && outcome == EVENT_OUTCOME_UNKNOWN)
        return fault_of(f, EVENT_OUTCOME, "is needed, or success");
    return true;
}

static bool judge_rest(struct event *e, struct event_fault *f)
{
    int health, unused;

    if (!judge_word(e, EVENT_STATUS, health_words, ARRAY_LEN(health_words), EVENT_HEALTHY,
                    "must be healthy, degraded or unhealthy", &health, f) ||
        !judge_word(e, EVENT_SEVERITY, severity_words, ARRAY_LEN(severity_words), 0,
                    "must be low, medium, high, critical, info, warning, error or emergency",
                    &unused, f))
        return false;
    e->health = (enum event_health)health;
    if (e->kind == EVENT_HEALTH && !event_has(e, EVENT_STATUS))
        return fault_of(f, EVENT_STATUS, "is needed");
    if (e->kind == EVENT_RETRY && !event_has(e, EVENT_RETRY_COUNT))
        return fault_of(f, EVENT_RETRY_COUNT, "is needed");
    return true;
}

static bool judge_metric(struct event *e, struct event_fault *f)
{
    struct str name = event_text(e, EVENT_METRIC_NAME);
    bool is_timer = e->metric == EVENT_TIMER;

    if (e->kind != EVENT_METRIC)
        return true;
    if (!metric_name_is_valid(name) || name.len > LABEL_NAME_MAX_BYTES ||
        str_has_prefix(name, STR("fusebox_")))
        return fault_of(f, EVENT_METRIC_NAME,
                        "must be a metric's name that does not begin with fusebox_");
    if (event_has(e, EVENT_DURATION_MS) && !is_timer)
        return fault_of(f, EVENT_DURATION_MS, "is a timer's alone; others have a value");
    if (is_timer && event_has(e, EVENT_VALUE))
        return fault_of(f, EVENT_VALUE, "is no timer's; it has duration_ms");
    if (!event_has(e, is_timer ? EVENT_DURATION_MS : EVENT_VALUE))
        return fault_of(f, is_timer ? EVENT_DURATION_MS : EVENT_VALUE, "is needed");
    return is_timer || e->metric == EVENT_GAUGE || e->values[EVENT_VALUE].number >= 0 ||
           fault_of(f, EVENT_VALUE, "must be from 0 on, but for gauges");
}

bool event_judge(struct event *e, struct event_fault *f)
{
    if (!judge_kind(e, f))
        return false;
    for (unsigned i = 0; i < EVENT_FIELD_COUNT; i++) {
        if (event_has(e, (enum event_field)i) &&
            !(event_field_row((enum event_field)i)->kinds >> e->kind & 1))
            return fault_of(f, (enum event_field)i, "has no meaning in this type of event");
    }
    if (!event_has(e, EVENT_SERVICE))
        return fault_of(f, EVENT_SERVICE, "is needed");
    return judge_states(e, f) && judge_outcome(e, f) && judge_rest(e, f) && judge_metric(e, f);
}
