/*
 * The libraries that the process runs with, by their run-time versions, and what
 * is known against a version.
 */
#ifndef FUSEBOX_DAEMON_LIBRARIES_H
#define FUSEBOX_DAEMON_LIBRARIES_H

#include <stddef.h>

enum { LIBRARIES_COUNT = 7 };

struct library {
    const char *name;
    const char *version;
    const char *known_defect; /* and what Fusebox does about it; NULL: none known */
};

void libraries_list(struct library ret[LIBRARIES_COUNT]);

#endif
