/*
 * Sliding counts: how many events in the last 10 s, minute, hour, exact to the
 * second and in O(1).
 *
 * A ring of one cell per second and, for each span asked for at the start, a
 * running sum. A span of n seconds at second t covers t-n+1 .. t: it slides and
 * never resets at the turn of a minute.
 *
 *   window_init -> { window_advance | window_add | window_sum }* -> window_release
 *
 *      cells   . . 4 0 2 1 | head
 *      span 3        └──┴─┘  sum = 3
 *
 * Time      Callers pass whole seconds of one clock (Unix time). Counts may come
 *           late: they are booked into their second while the ring still holds it.
 *           Seconds ahead of the head move the head.
 * Threads   Single owner.
 * Memory    A byte per second of length; two or four once a second counted more than fits.
 *           window_release frees.
 * Limits    A cell holds 2^32-1 and stays there; without memory to widen the cells, what
 *           they hold as they are.
 */
#ifndef FUSEBOX_RESILIENCE_WINDOW_H
#define FUSEBOX_RESILIENCE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

enum { WINDOW_SPANS_MAX = 4, WINDOW_LENGTH_MAX_S = 3600 };

struct window {
    void *cells;
    int cell_bytes; /* 1, 2 or 4 */
    int length_s;
    int64_t head_s; /* the newest second held; INT64_MIN before the first */
    int span_count;
    int span_s[WINDOW_SPANS_MAX];
    uint64_t sums[WINDOW_SPANS_MAX];
};

/* Spans are 1..length_s. ERR_INVALID, ERR_NOMEM. */
enum err window_init(struct window *w, int length_s, const int *span_s, int span_count) MUST_CHECK;
void window_release(struct window *w); /* all-zero is allowed */

/* Moves to `now_s`; a time before the head changes nothing. */
void window_advance(struct window *w, int64_t now_s);

/* Books `count` events into second at_s. False when that second has left the ring. */
bool window_add(struct window *w, int64_t at_s, uint64_t count);

/* Sum over the idx-th span, ending with the head. */
uint64_t window_sum(const struct window *w, int idx);

/* Sum over from_s .. to_s, both included, of what the ring still holds; O(length). */
uint64_t window_sum_between(const struct window *w, int64_t from_s, int64_t to_s);

/* The cell of one second; 0 outside the ring. */
uint32_t window_at(const struct window *w, int64_t at_s);

#endif
