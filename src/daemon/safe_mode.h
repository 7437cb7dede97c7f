/*
 * Safe mode: after three starts within ten minutes that no clean stop followed,
 * Fusebox starts without taking new series, so that what made it crash (too
 * many of them, most often) does not make it crash again.
 *
 *   safe_mode_begin    at the start, before the store is opened; notes this start
 *   safe_mode_end      at a clean stop; forgets them
 *
 * The file `starts` in the data directory has a line "start UNIX_MS" for each
 * start since the last clean stop, the newest SAFE_MODE_STARTS_KEPT of them.
 *
 * Time      Passed in; wall time, so a start from the future does not count.
 * Threads   Value.
 */
#ifndef FUSEBOX_DAEMON_SAFE_MODE_H
#define FUSEBOX_DAEMON_SAFE_MODE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/str.h"

enum {
    SAFE_MODE_STARTS = 3,
    SAFE_MODE_WINDOW_MS = 10 * 60 * 1000, /* in which those starts lie … */
    SAFE_MODE_LASTS_MS = 10 * 60 * 1000,  /* … and when safe mode ends by itself */
    SAFE_MODE_STARTS_KEPT = 8,
};

struct starts {
    int64_t at_ms[SAFE_MODE_STARTS_KEPT]; /* the oldest first */
    size_t count;
};

/* False when a line is not a start: then there are none. */
bool starts_parse(struct str text, struct starts *ret);
void starts_format(const struct starts *s, struct buf *out);
void starts_note(struct starts *s, int64_t now_ms);
bool starts_ask_for_safe_mode(const struct starts *s, int64_t now_ms);

struct safe_mode_start {
    bool is_safe;    /* start in safe mode */
    bool is_damaged; /* the file was, and counts as empty */
};

/* *ret is filled whatever the result, which says whether this start was noted. ERR_IO, ERR_NOMEM.
 */
enum err safe_mode_begin(const char *dir, int64_t now_ms, struct safe_mode_start *ret,
                         struct diag *diag) MUST_CHECK;
void safe_mode_end(const char *dir);

#endif
