/*
 * Time as a value passed in: wall time in Unix milliseconds, monotonic time in
 * nanoseconds. Logic takes `now_ms` or `mono_ns`; only thread loops hold a clock.
 *
 * Threads   clock_system() may be used from any thread; a manual clock is a
 *           test's and atomic.
 */
#ifndef FUSEBOX_BASE_CLOCK_H
#define FUSEBOX_BASE_CLOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/str.h"

struct clock {
    int64_t (*wall_ms)(void *ctx);
    int64_t (*mono_ns)(void *ctx);
    void *ctx;
};

struct clock clock_system(void);

struct manual_clock {
    _Atomic int64_t wall_ms;
    _Atomic int64_t mono_ns;
};

struct clock clock_manual(struct manual_clock *hands);
void manual_clock_advance(struct manual_clock *hands, int64_t ms); /* moves both */

static inline int64_t clock_wall_ms(const struct clock *c)
{
    return c->wall_ms(c->ctx);
}

static inline int64_t clock_mono_ns(const struct clock *c)
{
    return c->mono_ns(c->ctx);
}

/* A time so much later, or earlier when more_ms is negative; saturates, since clocks may say
 * anything.
 */
static inline int64_t clock_add_ms(int64_t ms, int64_t more_ms)
{
    int64_t sum;

    if (__builtin_add_overflow(ms, more_ms, &sum))
        return more_ms < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

/* CPU time that the process has used, in nanoseconds. */
int64_t clock_process_cpu_ns(void);

enum { CLOCK_RFC3339_BYTES = 32 };

/* Writes "2026-11-20T02:41:07.123Z" with a NUL and returns `out`. Years 0 to 9999; others are
 * clamped. */
char *clock_format_rfc3339(int64_t wall_ms, char out[CLOCK_RFC3339_BYTES]);

/* "2026-11-20T02:39:12.5+01:00"; false: the text is no moment. */
bool clock_parse_rfc3339(struct str text, int64_t *ret_ms);

#endif
