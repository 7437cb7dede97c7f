/*
 * Replay: gives the evaluation what was stored before a restart, so that its
 * windows are as they were.
 *
 * Threads   At the start, when nothing else runs.
 */
#ifndef FUSEBOX_DAEMON_REPLAY_H
#define FUSEBOX_DAEMON_REPLAY_H

#include "ingest/mapping.h"
#include "tsdb/tsdb.h"

/* The samples of the metrics that the mapping knows, over the longest window. ERR_NOMEM, ERR_IO. */
enum err replay_windows(struct tsdb *db, struct mapping *mapping, int64_t now_ms) MUST_CHECK;

/* The same for what events said. */
enum err replay_events(struct tsdb *db, const struct signal_sink *sink, int64_t now_ms) MUST_CHECK;

#endif
