/*
 * What a body of events adds to series, before any of it counts.
 *
 * Each event becomes a few changes: counters that grow, gauges that are set. Equal
 * series of one body are added up here, so that a thousand events of one service
 * cost a handful of samples. event_series.h makes them count.
 *
 *   event_tally_init(&t, &arena) -> { event_tally_add(&t, &event) }* -> event_tally_finish
 *
 *   fusebox_event_calls_total{service,caller,outcome}         retries, calls
 *   fusebox_event_retries_total{service,caller}               and _retries_denied_total
 *   fusebox_event_first_attempts_total{service,caller,outcome} of calls with a count of retries
 *   fusebox_event_errors_total{service,type,severity}         error, failed instances
 *   fusebox_event_operations_total{service,operation,outcome}
 *   fusebox_event_duration_seconds{service,operation}         a histogram
 *   fusebox_event_breaker_calls_total{service,name,endpoint,caller,outcome}
 *   fusebox_event_breaker_state{service,name,endpoint,caller} at the event's own time
 *   fusebox_event_health{service,instance}                    1, 0.5 degraded, 0 unhealthy
 *   fusebox_event_instance_up{service,instance}               1, 0
 *   fusebox_event_heartbeat_time_seconds{service,instance}
 *   NAME{service, own labels}                                 custom metrics
 *
 * All of them have job="events".
 *
 * Memory    The arena's, which lives as long as the tally; event_tally_release.
 * Threads   Single owner.
 * Limits    EVENT_CHANGES_MAX series and settings a body.
 */
#ifndef FUSEBOX_INGEST_EVENT_TALLY_H
#define FUSEBOX_INGEST_EVENT_TALLY_H

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "wire/event.h"

enum { EVENT_CHANGES_MAX = 50000 };

struct event_histogram;

struct event_change {
    struct str labels; /* the byte form: labels_encode */
    double grown;      /* of a counter */
    bool is_gauge;
};

/* One setting of a gauge. */
struct event_setting {
    struct event_change *change;
    int64_t at_ms;
    double value;
};

struct event_tally {
    struct arena *arena;
    struct map by_key;
    struct vec changes;  /* struct event_change * */
    struct vec settings; /* struct event_setting */
    struct event_histogram *histograms;
    enum err failed;
};

void event_tally_init(struct event_tally *t, struct arena *arena);
void event_tally_release(struct event_tally *t); /* all-zero is allowed */

/* A failure sticks; event_tally_finish tells it. */
void event_tally_add(struct event_tally *t, const struct event *e);

/* The changes are complete. ERR_NOMEM, ERR_LIMIT. */
enum err event_tally_finish(struct event_tally *t) MUST_CHECK;

/* Names that other modules read. */
#define EVENT_SERIES_CALLS         "fusebox_event_calls_total"
#define EVENT_SERIES_FIRST         "fusebox_event_first_attempts_total"
#define EVENT_SERIES_RETRIES       "fusebox_event_retries_total"
#define EVENT_SERIES_DENIED        "fusebox_event_retries_denied_total"
#define EVENT_SERIES_ERRORS        "fusebox_event_errors_total"
#define EVENT_SERIES_OPERATIONS    "fusebox_event_operations_total"
#define EVENT_SERIES_DURATION      "fusebox_event_duration_seconds"
#define EVENT_SERIES_BREAKER_CALLS "fusebox_event_breaker_calls_total"
#define EVENT_SERIES_BREAKER_STATE "fusebox_event_breaker_state"
#define EVENT_SERIES_HEALTH        "fusebox_event_health"
#define EVENT_SERIES_INSTANCE_UP   "fusebox_event_instance_up"
#define EVENT_SERIES_HEARTBEAT     "fusebox_event_heartbeat_time_seconds"

#endif
