/*
 * Events told to a real store, for tests of what reads them again.
 *
 *   event_world_open -> { event_world_tell }* -> event_world_close       all assert inside
 */
#ifndef FUSEBOX_TEST_EVENT_WORLD_H
#define FUSEBOX_TEST_EVENT_WORLD_H

#include "base/queue.h"
#include "batch_text.h"
#include "ingest/events.h"

struct event_world {
    struct test_store store;
    struct queue queue;
    struct events events;
    struct event_counts counts; /* of the body that was told last */
};

void event_world_open(struct event_world *w);
void event_world_close(struct event_world *w);

/* As after a restart: what is in memory alone is forgotten, ids are recalled. */
void event_world_restart(struct event_world *w, int64_t now_ms);

/* One body, committed. */
void event_world_tell(struct event_world *w, const char *body, int64_t now_ms);

#endif
