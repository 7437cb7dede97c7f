/*
 * JSON as events need it: a place in a text, and what stands there.
 *
 * Values are checked while they are passed over; a string without escapes borrows.
 *
 * Threads   Value.
 * Limits    As in wire/event.h; what is beyond them is refused like bad text, with
 *           `why` saying so.
 */
#ifndef FUSEBOX_WIRE_EVENT_TEXT_H
#define FUSEBOX_WIRE_EVENT_TEXT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

struct event_cursor {
    const char *at, *end;
    const char *why; /* of the first refusal: a clause, static */
};

enum event_token {
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_NULL,
    TOKEN_OBJECT,
    TOKEN_ARRAY
};

void event_skip_space(struct event_cursor *c);
bool event_take(struct event_cursor *c, char byte); /* behind spaces */

/* Passes over one value: *ret is its text, a string's without its quotes and with its escapes. */
bool event_take_value(struct event_cursor *c, int depth_max, enum event_token *ret_token,
                      struct str *ret);
/* A string's inside as `event_take_value` gave it, without escapes; borrows when it has none. */
bool event_unescape(struct str raw, struct arena *arena, struct str *ret);

/* Any string, up to max_bytes as it is written. */
bool event_take_string(struct event_cursor *c, size_t max_bytes, struct str *ret);

#endif
