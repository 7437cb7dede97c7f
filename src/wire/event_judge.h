/*
 * What the members of an event mean together: which kind of event it is, what its
 * words say, and whether it has what its kind needs and nothing that has no
 * meaning in it.
 *
 * Threads   Value.
 */
#ifndef FUSEBOX_WIRE_EVENT_JUDGE_H
#define FUSEBOX_WIRE_EVENT_JUDGE_H

#include "wire/event.h"

/* Completes an event whose members were kept. False: *f says why not. */
bool event_judge(struct event *e, struct event_fault *f);

/* Fills field and message, and answers false, so that it can be the return value. */
bool event_fault_at(struct event_fault *f, struct str field, const char *message);

#endif
