/*
 * What events are found and counted by: their type, service, breaker and so on, as text.
 *
 * Words that have several spellings (types, outcomes, states) have one text, that of
 * docs/formats/events.md; an event that says nothing has the empty text.
 *
 * Threads   Value.
 */
#ifndef FUSEBOX_INGEST_EVENT_KEY_H
#define FUSEBOX_INGEST_EVENT_KEY_H

#include "wire/event.h"

enum event_key {
    EVENT_KEY_TYPE,
    EVENT_KEY_SERVICE,
    EVENT_KEY_BREAKER,
    EVENT_KEY_ENDPOINT,
    EVENT_KEY_CALLER,
    EVENT_KEY_OUTCOME,
    EVENT_KEY_ERROR_TYPE,
    EVENT_KEY_SEVERITY,
    EVENT_KEY_NEW_STATE,
    EVENT_KEY_COUNT,
};

const char *event_key_name(enum event_key key);
bool event_key_find(struct str name, enum event_key *ret);

/* Borrows from the event. */
struct str event_key_text(enum event_key key, const struct event *e);

#endif
