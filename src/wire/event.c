/*
 * An object is passed over once: each member is looked up in the table of fields,
 * its value checked against the row's type, and kept. What the members mean
 * together (which kind of event it is, and what that kind needs) is judged at its
 * end, so that they may stand in any order.
 */
#include "wire/event.h"

#include <math.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/number.h"
#include "model/labels.h"
#include "wire/event_field.h"
#include "wire/event_text.h"

static const double AMOUNT_MAX = 1e15; /* doubles are exact whole numbers below it */
static const double COUNT_MAX = 1e9;

void event_reader_init(struct event_reader *r, struct str body, const struct event_options *options,
                       struct arena *arena)
{
    struct event_cursor c = { .at = body.ptr, .end = body.ptr + body.len };

    *r = (struct event_reader){ .body = body,
                                .at = body.ptr,
                                .counted = body.ptr,
                                .line = 1,
                                .options = *options,
                                .arena = arena };
    r->is_array = !options->is_ndjson && event_take(&c, '[');
    if (r->is_array)
        r->at = c.at;
}

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

struct str event_breaker_name(const struct event *e)
{
    if (event_has(e, EVENT_BREAKER_NAME))
        return e->values[EVENT_BREAKER_NAME].text;
    return event_has(e, EVENT_METRIC_NAME) ? e->values[EVENT_METRIC_NAME].text : STR("default");
}

/* --- time --- */

static bool take_digits(const char **at, const char *end, int count, int64_t *ret)
{
    *ret = 0;
    if (end - *at < count)
        return false;
    for (int i = 0; i < count; i++) {
        char c = *(*at)++;

        if (c < '0' || c > '9')
            return false;
        *ret = *ret * 10 + (c - '0');
    }
    return true;
}

static bool take_char(const char **at, const char *end, char a, char b)
{
    if (*at == end || (**at != a && **at != b))
        return false;
    ++*at;
    return true;
}

/* Days since 1970 of a date of the Gregorian calendar: a year begins in March, so that its leap
 * day is its last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool is_date(int64_t year, int64_t month, int64_t day)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month >= 1 && month <= 12 && day >= 1 &&
           day <= lengths[month - 1] + (month == 2 && is_leap);
}

/* Milliseconds of a fraction, whose further digits are passed over. */
static bool take_fraction(const char **at, const char *end, int64_t *ret_ms)
{
    const char *from;
    int64_t scale = 100;

    *ret_ms = 0;
    if (!take_char(at, end, '.', ','))
        return true;
    for (from = *at; *at < end && **at >= '0' && **at <= '9'; ++*at, scale /= 10)
        *ret_ms += (**at - '0') * scale;
    return *at > from;
}

static bool take_zone(const char **at, const char *end, int64_t *ret_minutes)
{
    bool is_west = *at < end && **at == '-';
    int64_t hours, minutes;

    *ret_minutes = 0;
    if (take_char(at, end, 'Z', 'z'))
        return true;
    if (!take_char(at, end, '+', '-') || !take_digits(at, end, 2, &hours) ||
        !take_char(at, end, ':', ':') || !take_digits(at, end, 2, &minutes))
        return false;
    *ret_minutes = (is_west ? -1 : 1) * (hours * 60 + minutes);
    return hours <= 23 && minutes <= 59;
}

bool event_parse_time(struct str text, int64_t *ret_ms)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    int64_t year, month, day, hour, minute, second, ms, zone;

    if (!take_digits(&at, end, 4, &year) || !take_char(&at, end, '-', '-') ||
        !take_digits(&at, end, 2, &month) || !take_char(&at, end, '-', '-') ||
        !take_digits(&at, end, 2, &day) || !take_char(&at, end, 'T', 't') ||
        !take_digits(&at, end, 2, &hour) || !take_char(&at, end, ':', ':') ||
        !take_digits(&at, end, 2, &minute) || !take_char(&at, end, ':', ':') ||
        !take_digits(&at, end, 2, &second) || !take_fraction(&at, end, &ms) ||
        !take_zone(&at, end, &zone) || at != end)
        return false;
    if (!is_date(year, month, day) || hour > 23 || minute > 59 || second > 60)
        return false;
    *ret_ms = ((days_of(year, month, day) * 24 + hour) * 60 + minute - zone) * 60000 +
              second * 1000 + ms;
    return true;
}

/* --- faults --- */

static bool fault_at(struct event_fault *f, struct str field, const char *message)
{
    snprintf(f->field, sizeof f->field, "%.*s", STR_ARG(field));
    snprintf(f->message, sizeof f->message, "%s", message);
    return false;
}

static bool fault_of(struct event_fault *f, enum event_field field, const char *message)
{
    return fault_at(f, str_of(event_field_row(field)->names[0]), message);
}

/* --- members --- */

struct member {
    enum event_field field;
    struct str key;
    enum event_token token;
    struct str raw;
};

static bool read_number(const struct member *m, double *ret)
{
    return m->token == TOKEN_NUMBER && number_parse(m->raw, ret) && isfinite(*ret);
}

static bool keep_number(const struct member *m, double least, double most, bool whole,
                        const char *message, struct event *e, struct event_fault *f)
{
    double value;

    if (!read_number(m, &value) || value < least || value > most ||
        (whole && value != floor(value)))
        return fault_at(f, m->key, message);
    e->values[m->field].number = value;
    return true;
}

static bool keep_time(const struct event_reader *r, const struct member *m, struct event *e,
                      struct event_fault *f)
{
    double number;

    if (m->token == TOKEN_STRING) {
        if (!event_parse_time(m->raw, &e->at_ms))
            return fault_at(f, m->key,
                            "must be RFC 3339, as 2026-11-20T02:41:07.123Z, or Unix "
                            "milliseconds as a number");
    } else if (read_number(m, &number) && number >= 0 && number < 4e12) {
        e->at_ms = (int64_t)number;
    } else {
        return fault_at(f, m->key, "must be RFC 3339 or Unix milliseconds");
    }
    if (r->options.max_future_ms && e->at_ms > r->options.now_ms + r->options.max_future_ms)
        return fault_at(f, m->key, "lies in the future: is the sender's clock right?");
    return true;
}

static bool keep_text(struct event_reader *r, const struct member *m, bool is_name, struct event *e,
                      struct event_fault *f)
{
    struct str *text = &e->values[m->field].text;

    if (m->token != TOKEN_STRING)
        return fault_at(f, m->key, "must be a string");
    if (!event_unescape(m->raw, r->arena, text))
        return fault_at(f, m->key, "there is no memory for it");
    if (is_name && (!text->len || text->len > EVENT_NAME_MAX_BYTES))
        return fault_at(f, m->key, "must have 1 to 512 bytes");
    return true;
}

/* Steps through an object of strings that was found to be one. */
static bool next_label(struct event_cursor *c, struct str *ret_name, struct str *ret_value)
{
    if (!event_take_string(c, EVENT_KEY_MAX_BYTES, ret_name) || !event_take(c, ':') ||
        !event_take_string(c, EVENT_NAME_MAX_BYTES, ret_value))
        return false;
    (void)event_take(c, ',');
    return true;
}

static bool is_label_given(const struct str *names, int count, struct str name)
{
    for (int i = 0; i < count; i++)
        if (str_equals(names[i], name))
            return true;
    return false;
}

/* What a label of a custom metric may not be called: these are ours. */
static bool is_label_taken(struct str name)
{
    return str_has_prefix(name, STR("__")) || str_equals(name, STR("service")) ||
           str_equals(name, STR("job")) || str_equals(name, STR("le"));
}

static bool keep_labels(const struct member *m, struct event *e, struct event_fault *f)
{
    struct event_cursor c = { .at = m->raw.ptr + 1, .end = m->raw.ptr + m->raw.len };
    struct str names[EVENT_LABELS_MAX], name, value;

    if (m->token != TOKEN_OBJECT || m->raw.len > EVENT_LABELS_MAX_BYTES)
        return fault_at(f, m->key, "must be an object of strings, of at most 4096 bytes");
    for (int count = 0; !event_take(&c, '}'); count++) {
        if (!next_label(&c, &name, &value))
            return fault_at(f, m->key, "must be an object of strings of at most 512 bytes");
        if (!label_name_is_valid(name) || is_label_taken(name))
            return fault_at(f, m->key, "holds a name that no label may have");
        if (memchr(value.ptr, '\\', value.len))
            return fault_at(f, m->key, "holds an escape, which no label's value may have");
        if (count == EVENT_LABELS_MAX || is_label_given(names, count, name))
            return fault_at(f, m->key, "may hold 16 labels, each once");
        names[count] = name;
    }
    e->values[m->field].text = m->raw;
    return true;
}

bool event_next_label(const struct event *e, size_t *position, struct str *ret_name,
                      struct str *ret_value)
{
    struct str text = event_text(e, EVENT_LABELS);
    struct event_cursor c;
    size_t from = *position ? *position : 1;

    if (from >= text.len)
        return false;
    c = (struct event_cursor){ .at = text.ptr + from, .end = text.ptr + text.len };
    if (!next_label(&c, ret_name, ret_value))
        return false;
    *position = (size_t)(c.at - text.ptr);
    return true;
}

static bool keep_value(struct event_reader *r, const struct member *m, struct event *e,
                       struct event_fault *f)
{
    switch (event_field_row(m->field)->type) {
    case TYPE_NAME:
        return keep_text(r, m, true, e, f);
    case TYPE_TEXT:
    case TYPE_WORD:
        return keep_text(r, m, false, e, f);
    case TYPE_COUNT:
        return keep_number(m, 0, COUNT_MAX, true, "must be a whole number from 0 on", e, f);
    case TYPE_AMOUNT:
        return keep_number(m, 0, AMOUNT_MAX, false, "must be a number from 0 on", e, f);
    case TYPE_NUMBER:
        return keep_number(m, -AMOUNT_MAX, AMOUNT_MAX, false, "must be a number", e, f);
    case TYPE_BOOL:
        e->values[m->field].number = m->token == TOKEN_TRUE;
        return m->token == TOKEN_TRUE || m->token == TOKEN_FALSE ||
               fault_at(f, m->key, "must be true or false");
    case TYPE_TIME:
        return keep_time(r, m, e, f);
    case TYPE_LABELS:
        return keep_labels(m, e, f);
    case TYPE_ANY:
        e->values[m->field].text = m->raw;
        return true;
    }
    return false;
}

static bool keep_member(struct event_reader *r, struct member *m, struct event *e,
                        struct event_fault *f)
{
    m->field = event_field_find(m->key);
    if (m->field == EVENT_FIELD_COUNT)
        return fault_at(f, m->key, "is no field of an event");
    if (m->token == TOKEN_NULL)
        return true; /* as if it were not there */
    if (event_has(e, m->field))
        return fault_at(f, m->key, "is given twice");
    if (!keep_value(r, m, e, f))
        return false;
    e->given |= UINT64_C(1) << m->field;
    return true;
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

static bool judge(struct event *e, struct event_fault *f)
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

/* --- objects --- */

static bool refuse_text(const struct event_cursor *c, struct event_fault *f)
{
    snprintf(f->message, sizeof f->message, "this is not JSON of the expected shape: %s",
             c->why ? c->why : "a comma or a closing bracket is expected");
    return false;
}

/* The members up to the closing brace. A member that is at fault does not end the reading, so that
 * the next event is found. False with *ret_broken: this is no JSON. */
static bool read_members(struct event_reader *r, struct event_cursor *c, struct event *e,
                         struct event_fault *f, bool *ret_broken)
{
    bool good = true;

    *ret_broken = false;
    if (event_take(c, '}'))
        return true;
    do {
        struct member m = { 0 };

        if (!event_take_string(c, EVENT_KEY_MAX_BYTES, &m.key) || !event_take(c, ':') ||
            !event_take_value(c, EVENT_DEPTH_MAX - 1, &m.token, &m.raw)) {
            *ret_broken = true;
            return refuse_text(c, f);
        }
        good = good && keep_member(r, &m, e, f);
    } while (event_take(c, ','));
    if (!event_take(c, '}')) {
        *ret_broken = true;
        return refuse_text(c, f);
    }
    return good;
}

static void count_lines(struct event_reader *r, const char *until)
{
    while (r->counted < until) {
        const char *feed = memchr(r->counted, '\n', (size_t)(until - r->counted));

        if (!feed)
            break;
        r->counted = feed + 1;
        r->line++;
    }
    r->counted = until;
}

/* Behind text that is no JSON: the next line is the next chance, where lines are objects. */
static void resume(struct event_reader *r, const char *at)
{
    const char *end = r->body.ptr + r->body.len;
    const char *feed = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

    if (r->is_array || !feed || (!r->options.is_ndjson && r->item == 1))
        r->ended = true;
    else
        r->at = feed + 1;
}

/* Over a value that is no object. */
static bool pass_over(struct event_reader *r, struct event_cursor *c, struct event_fault *f)
{
    enum event_token token;
    struct str unused;

    if (event_take_value(c, EVENT_DEPTH_MAX, &token, &unused))
        r->at = c->at;
    else
        resume(r, c->at);
    c->why = "an object is expected";
    return refuse_text(c, f);
}

static bool read_object(struct event_reader *r, struct event_cursor *c, struct event *e,
                        struct event_fault *f)
{
    const char *from = c->at;
    bool broken = false, good;

    if (!event_take(c, '{'))
        return pass_over(r, c, f);
    good = read_members(r, c, e, f, &broken);
    if (broken) {
        resume(r, c->at);
        return false;
    }
    r->at = c->at;
    e->text = (struct str){ from, (size_t)(c->at - from) };
    if (good && e->text.len > EVENT_MAX_BYTES)
        return fault_at(f, STR(""), "an event may have 131072 bytes");
    if (good && !str_is_utf8(e->text))
        return fault_at(f, STR(""), "this is not UTF-8");
    return good && judge(e, f);
}

/* Between the items of an array: a comma, or its end and nothing behind it. */
static bool step_array(struct event_reader *r, struct event_cursor *c, struct event_fault *f)
{
    bool is_first = r->item == 0;

    if (event_take(c, ']')) {
        event_skip_space(c);
        r->ended = true;
        if (c->at == c->end)
            return true;
        return fault_at(f, STR(""), "something stands behind the array");
    }
    if (is_first || event_take(c, ','))
        return true;
    r->ended = true;
    return refuse_text(c, f);
}

/* In lines that are objects, text that is no JSON must not reach into the next one. */
static void end_with_line(const struct event_reader *r, struct event_cursor *c)
{
    const char *feed;

    if (!r->options.is_ndjson || c->at == c->end)
        return;
    feed = memchr(c->at, '\n', (size_t)(c->end - c->at));
    if (feed)
        c->end = feed;
}

enum event_found event_reader_next(struct event_reader *r, struct event *ret,
                                   struct event_fault *ret_fault)
{
    struct event_cursor c = { .at = r->at, .end = r->body.ptr + r->body.len };

    if (r->ended)
        return EVENT_END;
    ret_fault->field[0] = '\0';
    event_skip_space(&c);
    ret_fault->line = r->item + 1;
    if (r->is_array && !step_array(r, &c, ret_fault))
        return EVENT_REJECTED;
    event_skip_space(&c);
    if (r->ended || (!r->is_array && c.at == c.end))
        return EVENT_END;
    count_lines(r, c.at);
    r->item++;
    ret->at_ms = r->options.now_ms;
    ret->given = 0;
    ret->line = ret_fault->line = r->is_array ? r->item : r->line;
    ret->metric = EVENT_GAUGE;
    end_with_line(r, &c);
    return read_object(r, &c, ret, ret_fault) ? EVENT_FOUND : EVENT_REJECTED;
}
