/*
 * What a body of events says as signals: sums per service or breaker and second,
 * and each state of a breaker at its own time.
 *
 *   event_signals_init -> { event_signals_add }* -> event_signals_finish
 *   event_signals_send(&s, sink)            by the evaluate thread, once it is committed
 *
 * A call of which a breaker's name is told also counts at the breaker. An operation
 * is a call of its service. An error event is an error of the service; so a failed
 * call is told either as a call that failed or as an error, not as both.
 *
 * Memory    Texts are copied into the arena; event_signals_release.
 * Threads   One at a time.
 * Limits    EVENT_SIGNALS_MAX.
 */
#ifndef FUSEBOX_INGEST_EVENT_SIGNALS_H
#define FUSEBOX_INGEST_EVENT_SIGNALS_H

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "wire/event.h"

enum { EVENT_SIGNALS_MAX = 200000 };

/* The name of the source in signals, as a mapping has one. */
#define EVENT_SOURCE "events"

struct event_subject;

struct event_signals {
    struct arena *arena;
    struct map by_key;
    struct event_subject *subjects;
    struct event_subject *latest; /* events of one service often come in a row */
    struct vec signals;           /* struct event_signal */
    struct vec states;            /* struct event_signal */
    struct vec instances;         /* struct instance_told */
    enum err failed;
};

void event_signals_init(struct event_signals *s, struct arena *arena);
void event_signals_release(struct event_signals *s); /* all-zero is allowed */

/* A failure sticks; event_signals_finish tells it. */
void event_signals_add(struct event_signals *s, const struct event *e);
enum err event_signals_finish(struct event_signals *s) MUST_CHECK; /* ERR_NOMEM, ERR_LIMIT */

void event_signals_send(struct event_signals *s, const struct signal_sink *sink);

#endif
