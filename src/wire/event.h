/*
 * Events: what an application tells by itself, as JSON.
 *
 * A body is one object, an array of objects, or objects behind one another
 * (NDJSON). Names of fields are taken as snake_case and as camelCase; event_rows()
 * is the table of them. A field that is unknown, has another kind of value, or has
 * no meaning in an event of this type, makes the event a rejected one.
 *
 *   event_reader_init(&r, body, &options, &arena)
 *   while ((found = event_reader_next(&r, &event, &fault)) != EVENT_END)
 *       EVENT_FOUND: event        EVENT_REJECTED: fault says line, field and why
 *
 * Errors    After a rejected event the next one is read. Where text is no JSON,
 *           reading goes on with the next line; within an array nothing more can be
 *           read. A body that is not a sequence of objects is one rejected event.
 * Time      RFC 3339, or Unix milliseconds as a number; without one it is now_ms.
 * Memory    Texts borrow from the body; those with escapes are put into the arena.
 * Threads   Value.
 * Limits    EVENT_DEPTH_MAX levels, EVENT_KEY_MAX_BYTES, EVENT_STRING_MAX_BYTES,
 *           EVENT_MAX_BYTES for one event, EVENT_NAME_MAX_BYTES for what becomes a
 *           label, EVENT_LABELS_MAX labels.
 * Source    The kinds: requirements IN6; the text: RFC 8259, NUL refused.
 */
#ifndef FUSEBOX_WIRE_EVENT_H
#define FUSEBOX_WIRE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "model/signal.h"

enum {
    EVENT_DEPTH_MAX = 4,
    EVENT_KEY_MAX_BYTES = 128,
    EVENT_STRING_MAX_BYTES = 65536,
    EVENT_MAX_BYTES = 131072,
    EVENT_NAME_MAX_BYTES = 512,
    EVENT_LABELS_MAX = 16,
    EVENT_LABELS_MAX_BYTES = 4096,
    EVENT_FAULT_BYTES = 160,
};

enum event_kind {
    EVENT_RETRY, /* a call that needed retries: S0's retry consumption */
    EVENT_CALL,
    EVENT_BREAKER,
    EVENT_ERROR,
    EVENT_HEALTH,
    EVENT_OPERATION,
    EVENT_INSTANCE_UP,
    EVENT_HEARTBEAT,
    EVENT_INSTANCE_FAILED,
    EVENT_METRIC,
    EVENT_KIND_COUNT,
};

enum event_metric { EVENT_COUNTER, EVENT_GAUGE, EVENT_HISTOGRAM, EVENT_TIMER };
enum event_outcome { EVENT_SUCCESS, EVENT_FAILURE, EVENT_BLOCKED, EVENT_OUTCOME_UNKNOWN };
enum event_health { EVENT_HEALTHY, EVENT_DEGRADED, EVENT_UNHEALTHY };

enum event_field {
    EVENT_ID,
    EVENT_TYPE,
    EVENT_SERVICE,
    EVENT_TIME,
    EVENT_CALLER,
    EVENT_ENDPOINT,
    EVENT_BREAKER_NAME,
    EVENT_METRIC_NAME,
    EVENT_INSTANCE,
    EVENT_OPERATION_NAME,
    EVENT_RETRY_COUNT,
    EVENT_RETRIES_DENIED,
    EVENT_DURATION_MS,
    EVENT_OK, /* success: true or false */
    EVENT_OUTCOME,
    EVENT_OLD_STATE,
    EVENT_NEW_STATE,
    EVENT_FAILURE_COUNT,
    EVENT_SUCCESS_COUNT,
    EVENT_ERROR_TYPE,
    EVENT_SEVERITY,
    EVENT_MESSAGE,
    EVENT_STATUS,
    EVENT_STATUS_CODE,
    EVENT_METRIC_TYPE,
    EVENT_VALUE,
    EVENT_UNIT,
    EVENT_LABELS,
    EVENT_TRACE_ID,
    EVENT_METADATA,
    EVENT_FIELD_COUNT,
};

union event_value {
    struct str text;
    double number;
};

struct event {
    enum event_kind kind;
    enum event_metric metric;
    enum event_outcome outcome;
    enum event_health health;
    enum breaker_state old_state, new_state; /* BREAKER_UNKNOWN: not told */
    int64_t at_ms;
    uint64_t given; /* a bit per field */
    int line;       /* from 1: of the object's first byte; in an array its place among the items */
    struct str text;
    union event_value values[EVENT_FIELD_COUNT]; /* only of the fields that are given */
};

struct event_fault {
    int line;
    char field[EVENT_KEY_MAX_BYTES + 1]; /* as it was written; empty: none alone is at fault */
    char message[EVENT_FAULT_BYTES];
};

struct event_options {
    int64_t now_ms;
    int64_t max_future_ms; /* a time later than now + this is refused; 0: none is */
    bool is_ndjson;        /* said so by its type: one line, one object */
};

struct event_reader {
    struct str body;
    const char *at;
    const char *counted; /* lines are counted up to here */
    int line;
    int item;
    bool is_array, ended;
    struct event_options options;
    struct arena *arena;
};

enum event_found { EVENT_FOUND, EVENT_REJECTED, EVENT_END };

void event_reader_init(struct event_reader *r, struct str body, const struct event_options *options,
                       struct arena *arena);
enum event_found event_reader_next(struct event_reader *r, struct event *ret,
                                   struct event_fault *ret_fault);

static inline bool event_has(const struct event *e, enum event_field field)
{
    return e->given >> field & 1;
}

/* Empty when it was not given. */
static inline struct str event_text(const struct event *e, enum event_field field)
{
    return event_has(e, field) ? e->values[field].text : STR("");
}

static inline double event_number(const struct event *e, enum event_field field, double otherwise)
{
    return event_has(e, field) ? e->values[field].number : otherwise;
}

/* The next of EVENT_LABELS, from an all-zero position on; false behind the last. Escapes were
 * refused, so both borrow. */
bool event_next_label(const struct event *e, size_t *position, struct str *ret_name,
                      struct str *ret_value);

/* Of the breaker that it is about; "default" when it does not say. */
struct str event_breaker_name(const struct event *e);

/* What became of a call's first attempt; unknown where no retries are told. */
enum event_outcome event_first_outcome(const struct event *e);

const char *event_kind_name(enum event_kind kind); /* retry_consumption, call, ... */
const char *event_outcome_name(enum event_outcome outcome);
/* A kind by any of its names. */
bool event_kind_parse(struct str name, enum event_kind *ret);

/* RFC 3339 with a zone; fractions are cut to milliseconds. */
bool event_parse_time(struct str text, int64_t *ret_ms);

#endif
