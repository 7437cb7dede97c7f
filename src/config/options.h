/*
 * The table of options. One row says everything about one option; from it come
 * the parser, the checks, `fusebox config`, the reference page and the names of
 * the environment variables.
 */
#ifndef FUSEBOX_CONFIG_OPTIONS_H
#define FUSEBOX_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/option_ids.h"

enum option_type {
    OPTION_INT,
    OPTION_DOUBLE,
    OPTION_BOOL,
    OPTION_STRING,
    OPTION_ENUM,
    OPTION_DURATION,
    OPTION_SIZE,
    OPTION_SECRET
};

struct option_row {
    const char *name;             /* dotted path in the file and in --set: "storage.retention" */
    const char *environment;      /* "FUSEBOX_STORAGE_RETENTION" */
    const char *environment_also; /* a name that the documents use, or NULL: "METRICS_PORT" */
    enum option_type type;
    const char *preset;  /* the default, as text that the parser takes */
    double min, max;     /* of numbers, in base units (ms, bytes); min == max: no bounds */
    const char *zero;    /* what 0 means where it is allowed beside the bounds, or NULL */
    const char *choices; /* enum values, separated by spaces */
    const char *unit;    /* for people: "connections", "" */
    const char *help;    /* one or two sentences */
    bool reloadable;
};

const struct option_row *option_rows(void); /* OPT_COUNT rows, indexed by id */
const struct option_row *option_find(const char *name, size_t len);
/* Length of what two names have in common up to a dot, with that dot. */
size_t option_common_len(const char *a, const char *b);

#endif
