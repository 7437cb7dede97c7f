/*
 * What instances told of themselves before a restart, read from their series. Why they said so
 * is in no series.
 *
 * Threads   For the opening, when nothing else runs.
 */
#ifndef FUSEBOX_INGEST_INSTANCE_REPLAY_H
#define FUSEBOX_INGEST_INSTANCE_REPLAY_H

#include "model/signal.h"
#include "tsdb/tsdb.h"

/* ERR_NOMEM, ERR_IO. */
enum err instance_replay(struct tsdb *db, const struct signal_sink *sink, int64_t start_ms,
                         int64_t end_ms) MUST_CHECK;

#endif
