/*
 * The past of a service from Fusebox's own stored series (job="fusebox"), as the
 * lines of its charts: what lies behind the hour that is kept in memory.
 *
 *   t0 ─────────── t1      What came between two samples is spread over the steps that
 *   |  step  |  step  |    the time between them lies in, in equal parts.
 *
 *   rate   = increase of the counter / increase of OWN_SERIES_LAST_DATA
 *   gauge  = mean, a sample holding since the one before it
 *
 * OWN_SERIES_LAST_DATA is the time up to which a service's source has been heard, so that its
 * increase is the time in which the counters' increases came: a source that stopped leaves
 * a gap and not a 0, and what was caught up on after a restart is a rate and not a spike. A
 * counter that falls began again at 0. A stale marker ends a series; samples further
 * apart than the patience (5 min, or three times stored_ms) are nothing's ends. Of several
 * instances (Fusebox listened elsewhere before) increases and times add up.
 *
 * Samples are read a day at once, one series after the other.
 *
 * Threads   Any: tsdb_select is.
 * Memory    The steps' sums, 75 KiB, and what tsdb_select needs; both booked as BUDGET_QUERY.
 * Errors    ERR_OVERLOADED: no room in the budget, or more than STORED_SAMPLES_MAX samples of a
 *           series in a day; ERR_NOMEM; ERR_IO; what go_on answers.
 */
#ifndef FUSEBOX_API_STORED_HISTORY_H
#define FUSEBOX_API_STORED_HISTORY_H

#include "monitor/history.h"
#include "tsdb/tsdb.h"

enum { STORED_SAMPLES_MAX = 2 << 20 };

struct stored_ask {
    struct tsdb *db;
    struct budget *budget;
    struct str service;
    int64_t stored_ms;            /* own series are stored this often */
    enum err (*go_on)(void *ctx); /* asked between series: ERR_OK, or why to give up */
    void *ctx;
};

/* Fills the points that are NaN and known to the store. On an error *h is as it was. */
enum err stored_history_fill(const struct stored_ask *ask, struct service_history *h,
                             struct diag *diag) MUST_CHECK;

#endif
