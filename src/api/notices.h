/*
 * Notices: conditions of Fusebox itself that a person should know, each with a
 * sentence that says what is, and what to do.
 *
 *   notices_init -> { notices_raise | notices_clear | notices_write }* -> notices_release
 *
 * The list of conditions is fixed; each is raised or not. They are shown in every
 * document of the dashboard and as a bar on its pages, by /health, by
 * GET /api/v1/storage, and as the metric fusebox_condition.
 *
 * Time      Passed in; a condition that is raised again keeps its beginning.
 * Threads   Locks itself.
 */
#ifndef FUSEBOX_API_NOTICES_H
#define FUSEBOX_API_NOTICES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/lock.h"

/* clang-format off */
/*    id            name             severity */
#define NOTICE_TABLE(X) \
    X(DISK_FULL,    "disk_full",     "critical") \
    X(READ_ONLY,    "read_only",     "critical") \
    X(STORE_IO,     "store_io",      "critical") \
    X(DAMAGED,      "damaged",       "critical") \
    X(MEMORY,       "memory",        "warning")  \
    X(SAFE_MODE,    "safe_mode",     "warning")  \
    X(CLOCK_JUMP,   "clock_jump",    "warning")
/* clang-format on */

enum notice_id {
#define X(id, name, severity) NOTICE_##id,
    NOTICE_TABLE(X)
#undef X
        NOTICE_COUNT
};

enum { NOTICE_TEXT_BYTES = 320 };

struct notice {
    bool is_raised;
    int64_t since_ms;
    char text[NOTICE_TEXT_BYTES];
};

struct notices {
    struct lock lock;
    struct notice rows[NOTICE_COUNT];
};

void notices_init(struct notices *n);
void notices_release(struct notices *n);

/* True when it was not raised before. The newest text counts. */
bool notices_raise(struct notices *n, enum notice_id id, int64_t now_ms, const char *format, ...)
    PRINTF_LIKE(4, 5);
bool notices_clear(struct notices *n, enum notice_id id); /* true when it was raised */
bool notices_is_raised(struct notices *n, enum notice_id id);

/* The member "notices": [{name, severity, text, since}], worst first. NULL: none are raised. */
void notices_write(struct notices *n, struct json *j);

const char *notice_name(enum notice_id id);

#endif
