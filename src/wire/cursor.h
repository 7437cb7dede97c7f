/*
 * A place inside one line of an exposition, and what both text formats read there.
 *
 *   struct cursor c = { .start = line, .at = line, .end = line + len, .line = 7 };
 *   name = cursor_take_name(&c, true)
 *   return cursor_refuse(&c, diag, "a number is expected")      ..., not "x"
 *
 * Memory    Borrows the line.
 * Threads   Value.
 */
#ifndef FUSEBOX_WIRE_CURSOR_H
#define FUSEBOX_WIRE_CURSOR_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/str.h"

struct cursor {
    const char *start;
    const char *at;
    const char *end;
    int line; /* from 1; 0: not known here */
};

enum char_class { CHAR_OTHER, CHAR_LETTER, CHAR_COLON, CHAR_DIGIT };

static inline enum char_class char_classify(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
        return CHAR_LETTER;
    if (c >= '0' && c <= '9')
        return CHAR_DIGIT;
    return c == ':' ? CHAR_COLON : CHAR_OTHER;
}

static inline int cursor_column(const struct cursor *c)
{
    return (int)(c->at - c->start) + 1;
}

static inline bool cursor_is_at(const struct cursor *c, char byte)
{
    return c->at < c->end && *c->at == byte;
}

static inline struct str cursor_rest(const struct cursor *c)
{
    return (struct str){ c->at, (size_t)(c->end - c->at) };
}

/* Cuts the next line off *rest, without its line feed; false at the end. *ret_fed: it had one. */
bool cursor_take_line(struct str *rest, int line, struct cursor *ret, bool *ret_fed);

/* A metric's or a label's name; empty when none stands here. */
struct str cursor_take_name(struct cursor *c, bool colons);

/* ERR_INVALID with the place: `what`, and what stands there instead. */
enum err cursor_refuse(const struct cursor *c, struct diag *diag, const char *what);

/* As Go before 1.13: no hexadecimal floats; and as strconv, nothing that overflows, no sign before
 * NaN. */
bool cursor_parse_value(struct str text, double *ret);

#endif
