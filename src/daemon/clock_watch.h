/*
 * Clock watch: finds steps of the wall clock, by the monotonic clock beside it.
 *
 *   { clock_watch_look }*        every few seconds
 *
 * A clock that is pulled slowly, or a little, is none of its business.
 *
 * Time      Passed in. A sleep of the machine is a step forward.
 * Threads   Value; owned by the write thread.
 */
#ifndef FUSEBOX_DAEMON_CLOCK_WATCH_H
#define FUSEBOX_DAEMON_CLOCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

enum { CLOCK_STEP_MS = 5 * 60 * 1000, CLOCK_STEP_TOLD_MS = 60 * 60 * 1000 };

struct clock_watch {
    bool started;
    bool stepped;
    int64_t wall_ms, mono_ns; /* of the look before */
    int64_t stepped_mono_ns;  /* when the last step was found */
};

/* The step since the look before in ms, negative backwards; 0: none beyond CLOCK_STEP_MS. */
int64_t clock_watch_look(struct clock_watch *c, int64_t wall_ms, int64_t mono_ns);
/* Was the last step less than CLOCK_STEP_TOLD_MS ago? */
bool clock_watch_is_recent(const struct clock_watch *c, int64_t mono_ns);

/* "1 h", "3 d", "10 y": a step for people, rounded down, without its sign. */
enum { CLOCK_STEP_TEXT_BYTES = 32 };
char *clock_step_text(int64_t step_ms, char out[CLOCK_STEP_TEXT_BYTES]);

#endif
