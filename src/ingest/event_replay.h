/*
 * What events said before a restart, read from their series: the windows of services
 * and breakers are filled again with what was committed.
 *
 * Growth is booked at the time of its sample, which is when the events came. A
 * counter's first sample in the range books nothing, since what it grew by before is
 * not known; one that began there begins with a 0.
 *
 * Threads   For the opening, when nothing else runs.
 */
#ifndef FUSEBOX_INGEST_EVENT_REPLAY_H
#define FUSEBOX_INGEST_EVENT_REPLAY_H

#include "model/signal.h"
#include "tsdb/tsdb.h"

/* ERR_NOMEM, ERR_IO. */
enum err event_replay(struct tsdb *db, const struct signal_sink *sink, int64_t start_ms,
                      int64_t end_ms) MUST_CHECK;

#endif
