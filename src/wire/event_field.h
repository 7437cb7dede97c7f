/*
 * The table of the fields that events have: their names, what they hold, and in
 * which kinds of event they have a meaning.
 *
 * Threads   Immutable.
 */
#ifndef FUSEBOX_WIRE_EVENT_FIELD_H
#define FUSEBOX_WIRE_EVENT_FIELD_H

#include "wire/event.h"

enum event_type {
    TYPE_NAME,   /* a string that becomes a label: EVENT_NAME_MAX_BYTES, not empty */
    TYPE_TEXT,   /* any string */
    TYPE_COUNT,  /* a whole number from 0 on */
    TYPE_AMOUNT, /* a number from 0 on */
    TYPE_NUMBER,
    TYPE_BOOL,   /* 1 or 0 */
    TYPE_TIME,   /* Unix milliseconds */
    TYPE_WORD,   /* a string that is one of few */
    TYPE_LABELS, /* an object of strings without escapes: its text */
    TYPE_ANY,    /* its text */
};

enum { EVENT_FIELD_NAMES_MAX = 5 };

struct event_field_row {
    const char *names[EVENT_FIELD_NAMES_MAX]; /* the first is the one that we write */
    enum event_type type;
    unsigned kinds; /* a bit per enum event_kind */
};

const struct event_field_row *event_field_row(enum event_field field);

/* By a name as it was written, snake_case or camelCase; EVENT_FIELD_COUNT: there is none. */
enum event_field event_field_find(struct str name);

#endif
