/*
 * One value as a row of a table describes it: from text to a typed value, with
 * the sentence that says what to write instead.
 *
 * Threads   Value. Memory: a text value borrows what was parsed.
 */
#ifndef FUSEBOX_CONFIG_OPTION_VALUE_H
#define FUSEBOX_CONFIG_OPTION_VALUE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/str.h"
#include "config/options.h"

enum { OPTION_TEXT_MAX_BYTES = 4096 };

struct option_value {
    int64_t integer; /* OPTION_INT, OPTION_DURATION (ms), OPTION_SIZE (bytes) */
    double real;     /* OPTION_DOUBLE */
    bool flag;       /* OPTION_BOOL */
    struct str text; /* OPTION_STRING, OPTION_ENUM, OPTION_SECRET */
};

/* False: diag holds the reason, without the option's name and never with a secret. */
bool option_value_parse(const struct option_row *row, struct str text, struct option_value *ret,
                        struct diag *diag) MUST_CHECK;

/* The value as the parser takes it; a secret is "<secret>", or nothing when it is not set. */
void option_value_print(const struct option_row *row, const struct option_value *value,
                        struct buf *out);

const char *option_type_name(enum option_type type); /* "duration" */

/* "1 to 64", "at least 100ms", "one of debug, info"; nothing when there are no bounds. */
void option_bounds_print(const struct option_row *row, struct buf *out);

#endif
