/*
 * Series of events: where their counters stand, and the samples in which a body's
 * changes travel to the store.
 *
 * A counter's sample bears the time at which its body came, however old the events
 * are, so that its values rise with time; a gauge's bears the event's own. A
 * counter that is new here begins with a sample of 0, which also tells a restart
 * of Fusebox from growth.
 *
 *   event_series_draft(s, tally, now_ms, &batch) -> event_series_keep | event_series_undo
 *
 * Threads   Single owner: whoever holds the lock of struct events.
 * Memory    One record per series; those idle for an hour go when there is no room.
 *           event_series_release.
 * Limits    EVENT_SERIES_MAX.
 */
#ifndef FUSEBOX_INGEST_EVENT_SERIES_H
#define FUSEBOX_INGEST_EVENT_SERIES_H

#include "ingest/event_tally.h"
#include "model/sample.h"
#include "tsdb/tsdb.h"

enum { EVENT_SERIES_MAX = 200000 };

struct event_record;

struct event_series {
    struct tsdb *db;
    struct map records; /* by the byte form of their labels */
    struct event_record *touched;
    int64_t swept_ms;
};

void event_series_init(struct event_series *s, struct tsdb *db);
void event_series_release(struct event_series *s); /* all-zero is allowed */

/*
 * Gives the batch that holds all of a tally. Nothing counts until event_series_keep.
 * ERR_NOMEM; ERR_LIMIT: no room for more series; ERR_OVERLOADED: the store has none. Then there is
 * nothing to undo.
 */
enum err event_series_draft(struct event_series *s, const struct event_tally *tally, int64_t now_ms,
                            struct sample_batch **ret) MUST_CHECK;
void event_series_keep(struct event_series *s);
void event_series_undo(struct event_series *s);

#endif
