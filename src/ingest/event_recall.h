/*
 * Ids that were taken before a restart, read back from the events that are stored, so
 * that one that is sent again still changes nothing.
 *
 * Threads   For the opening, when nothing else runs.
 * Limits    The newest EVENT_IDS_MAX of the last EVENT_IDS_MS; rows without ids are not read.
 */
#ifndef FUSEBOX_INGEST_EVENT_RECALL_H
#define FUSEBOX_INGEST_EVENT_RECALL_H

#include "ingest/event_ids.h"
#include "tsdb/tsdb.h"

enum err event_recall(struct event_ids *ids, struct tsdb *db, int64_t now_ms) MUST_CHECK;

#endif
