/*
 * The past of a service as the lines of its charts: from the windows in memory here,
 * and from stored series for longer (api/stored_history.h). All lines have the same
 * steps; a point is the mean over its step, NaN where nothing was heard.
 *
 *   |  step  |  step  |  step  |  step  |        end
 *    └────── stored ──────┘└── memory: the last hour
 *
 * A step is no shorter than the source's resolution, and the last one ends that much
 * before now, so that it is complete.
 *
 * Time      Unix milliseconds, passed in.
 * Threads   Values; service_watch_history on the evaluate thread.
 */
#ifndef FUSEBOX_MONITOR_HISTORY_H
#define FUSEBOX_MONITOR_HISTORY_H

#include "monitor/service.h"

enum history_line {
    HISTORY_CALLS, /* the first five per second */
    HISTORY_ERRORS,
    HISTORY_RETRIES,
    HISTORY_DENIED,
    HISTORY_RETRY_LIMIT, /* what the budget allows */
    HISTORY_UTILIZATION, /* percent */
    HISTORY_SUCCESS,     /* ratios */
    HISTORY_ATTEMPT_SUCCESS,
    HISTORY_FIRST_SUCCESS,
    HISTORY_P50, /* seconds, in the order of enum latency */
    HISTORY_P95,
    HISTORY_P99,
    HISTORY_LINE_COUNT,
};

struct history_line_info {
    const char *name;   /* in JSON */
    const char *column; /* in CSV */
    int decimals;
};
extern const struct history_line_info history_lines[HISTORY_LINE_COUNT];

/* What is asked for. */
struct history_ask {
    int period_s;
    int64_t end_ms; /* of the last step; no later than now */
    int64_t now_ms;
    int64_t stored_ms; /* how far apart stored samples are: what needs them has no shorter steps */
};

/* Points in steps, oldest first; see docs/formats/views.md. */
enum { HISTORY_POINTS_MAX = 360 };
struct service_history {
    int period_s; /* as asked for */
    bool stored;  /* begins before what memory holds */
    int step_s;
    int64_t end_ms; /* of the last step */
    int count;
    float lines[HISTORY_LINE_COUNT][HISTORY_POINTS_MAX];
};

/* The ratios of a point, from its calls, errors and retries. */
void history_fill_ratios(struct service_history *h, int point);

/* Lays out the steps and fills the points that memory knows; the others are NaN. */
void service_watch_history(const struct service_watch *s, const struct history_ask *ask,
                           struct service_history *ret);

#endif
