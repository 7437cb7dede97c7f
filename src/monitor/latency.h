/*
 * How long the calls of one service take: percentiles from buckets, now and over the last hour;
 * and those of several services together, now.
 *
 * A bucket is a count of calls that lasted longer than one bound and up to another. Its calls are
 * taken as spread evenly between the two, as histogram_quantile of Prometheus does; those beyond
 * the last bound as lasting as long as that bound. Buckets of several sources may overlap: what
 * they say adds up, bound by bound.
 *
 *            calls in 10 s slots, the last 5 min
 *   0..0.1   . 4 3 5 ..                    edges 0 0.05 0.1 0.5
 *   0..0.05  . 1 . 2 ..                    calls  7.5  5.5  1
 *   0.1..0.5 . . 1 . ..
 *
 *   latency_new -> { latency_add | latency_figures | latency_point }* -> latency_free
 *
 * Several together are a watch of their own, filled anew each time with what the windows of the
 * others hold, so equal bounds stay exact and others overlap as above:
 *
 *   latency_new_sum -> { latency_begin_sum -> latency_add_window* -> latency_figures }*
 *   -> latency_free
 *
 * Window     The slots that the last `window_s` seconds touch: up to 10 s more than the window.
 *            A point of the past is over the window that ended with its slot.
 * Unknown    NaN: fewer than LATENCY_ENOUGH_CALLS in the window, or calls in it that found no
 *            bucket.
 * Time       Unix milliseconds, passed in.
 * Threads    Owned by the evaluate thread.
 * Memory     160 bytes a bucket, 4.5 KiB for the last hour.
 * Limits     LATENCY_BUCKETS_MAX, of several LATENCY_SUM_BUCKETS_MAX; one that counted nothing for
 *            5 min makes room.
 * Source     Prometheus promql/quantile.go (bucketQuantile).
 */
#ifndef FUSEBOX_MONITOR_LATENCY_H
#define FUSEBOX_MONITOR_LATENCY_H

#include <stdbool.h>

#include "base/attr.h"
#include "monitor/view.h"

enum {
    LATENCY_SLOT_MS = 10000,
    LATENCY_WINDOW_MAX_S = 300,
    LATENCY_BUCKETS_MAX = 128,     /* of one service */
    LATENCY_SUM_BUCKETS_MAX = 512, /* of several: some forty layouts, or the events' and thirty */
    LATENCY_ENOUGH_CALLS = 20,
    LATENCY_POINTS = 360,    /* an hour of slots */
    LATENCY_CLOSE_MS = 2000, /* a reading may be on its way for so long */
};

struct latency_watch;

struct latency_figures {
    double s[LATENCY_COUNT];      /* NaN: not known */
    bool at_least[LATENCY_COUNT]; /* beyond the last bound: it may be more */
};

struct latency_watch *latency_new(void) MUST_CHECK;     /* NULL: no memory */
struct latency_watch *latency_new_sum(void) MUST_CHECK; /* of several; NULL: no memory */
void latency_free(struct latency_watch *l);             /* NULL is allowed */

/* Books `calls` that lasted longer than from_s and up to bound_s (INFINITY is allowed); after
 * latency_advance to at_ms or later. */
void latency_add(struct latency_watch *l, double from_s, double bound_s, double calls,
                 int64_t at_ms);

/* Sets the window (at most LATENCY_WINDOW_MAX_S), and gives the points whose slots have ended their
 * values. Time does not go back. */
void latency_advance(struct latency_watch *l, int64_t now_ms, int window_s);

/* Over the window that ends with the last latency_advance. */
struct latency_figures latency_figures(struct latency_watch *l);

/* Begins anew; `sum` is of latency_new_sum. */
void latency_begin_sum(struct latency_watch *sum);

/* Adds what the window of `l` holds. Where that is not known, the sum is not, either. */
void latency_add_window(struct latency_watch *sum, struct latency_watch *l);

/* Of the window that ended with the slot before whose end to_ms lies; of the slot that runs: the
 * figures of now. */
double latency_point(struct latency_watch *l, enum latency which, int64_t to_ms);

#endif
