#include "daemon/breaker_log.h"

#include <math.h>

enum { FIELDS_MAX = 12 };

static const struct {
    enum breaker_state from, to;
    const char *event_type, *message;
    enum log_level level;
} rows[] = {
    { BREAKER_CLOSED, BREAKER_OPEN, "circuit_opened", "circuit breaker opened", LOG_WARN },
    { BREAKER_HALF_OPEN, BREAKER_CLOSED, "circuit_closed", "circuit breaker closed", LOG_INFO },
    { BREAKER_OPEN, BREAKER_HALF_OPEN, "circuit_half_open", "circuit breaker tries to recover",
      LOG_INFO },
    { BREAKER_HALF_OPEN, BREAKER_OPEN, "circuit_reopened", "circuit breaker opened again",
      LOG_WARN },
    { BREAKER_UNKNOWN, BREAKER_UNKNOWN, "circuit_state_change", "circuit breaker changed its state",
      LOG_INFO },
};

/* The last row stands for all others. */
static size_t row_of(enum breaker_state from, enum breaker_state to)
{
    size_t i = 0;

    while (i + 1 < ARRAY_LEN(rows) && (rows[i].from != from || rows[i].to != to))
        i++;
    return i;
}

const char *breaker_log_event_type(enum breaker_state from, enum breaker_state to)
{
    return rows[row_of(from, to)].event_type;
}

static void add_text(struct log_field *fields, size_t *count, const char *key, struct str text)
{
    if (text.len)
        fields[(*count)++] = LOG_STR(key, text);
}

static void add_count(struct log_field *fields, size_t *count, const char *key, double number)
{
    if (!isnan(number))
        fields[(*count)++] = LOG_INT(key, number < 0 ? 0 : (int64_t)number);
}

void breaker_log_write(void *ctx, const struct monitor_transition *t)
{
    struct log_field fields[FIELDS_MAX + 1];
    char at[CLOCK_RFC3339_BYTES];
    size_t row = row_of(t->from, t->to), count = 0;

    clock_format_rfc3339(t->at_ms, at);
    add_text(fields, &count, "@timestamp", str_of(at));
    add_text(fields, &count, "event_type", str_of(rows[row].event_type));
    add_text(fields, &count, "component", STR("circuit_breaker"));
    add_text(fields, &count, "service", t->service);
    add_text(fields, &count, "name", t->name);
    add_text(fields, &count, "endpoint", t->endpoint);
    add_text(fields, &count, "caller", t->caller);
    add_text(fields, &count, "old_state", str_of(breaker_state_name(t->from)));
    add_text(fields, &count, "new_state", str_of(breaker_state_name(t->to)));
    add_count(fields, &count, "failure_count", t->errors);
    add_count(fields, &count, "success_count", t->calls - t->errors);
    fields[count] = (struct log_field){ .kind = LOG_FIELD_END };
    log_data(ctx, rows[row].level, rows[row].message, fields);
}
