/*
 * The clock of retention: follows the wall clock, but not its jumps.
 *
 * A wall clock that runs with the monotonic one is trusted. When it is suddenly
 * more than RETAIN_JUMP_MS ahead (a bad time server, or a machine that slept),
 * retention goes on from the time that it trusted, and beyond that it may take one
 * step (one block) an hour; when nothing is left to take, the new time is trusted.
 * So one bad clock cannot delete the history. A step backwards is trusted at
 * once: it only keeps more.
 *
 *   retain_init -> { retain_advance -> (retain_may_step -> retain_stepped)? |
 *                    retain_caught_up }*
 *
 * Time      Passed in.
 * Threads   Value.
 * Source    research: T1 to T3 of the fault matrix.
 */
#ifndef FUSEBOX_TSDB_RETAIN_H
#define FUSEBOX_TSDB_RETAIN_H

#include <stdbool.h>
#include <stdint.h>

enum { RETAIN_JUMP_MS = 5 * 60 * 1000 };

struct retain {
    int64_t trusted_ms;
    int64_t mono_ns;      /* of the last advance */
    int64_t step_mono_ns; /* when the next step may be taken */
    bool behind;
};

/* stored_ms: what was trusted when the process before ended; INT64_MIN: nothing was. */
void retain_init(struct retain *r, int64_t stored_ms, int64_t now_ms, int64_t mono_ns);
/* The time that retention may count with now. */
int64_t retain_advance(struct retain *r, int64_t now_ms, int64_t mono_ns);
bool retain_may_step(const struct retain *r, int64_t mono_ns);
void retain_stepped(struct retain *r, int64_t mono_ns);
/* Nothing between the trusted time and now would be deleted: trust it. */
void retain_caught_up(struct retain *r, int64_t now_ms);

#endif
