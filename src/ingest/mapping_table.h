/*
 * The table of mapping rows: which metric of which exporter is which signal.
 *
 * A row accepts a series by its name and at most two label values. One series
 * may be accepted by several rows. A new exporter is new rows; a new kind of
 * evidence is a new enum mapping_use.
 *
 * Threads   Immutable.
 */
#ifndef FUSEBOX_INGEST_MAPPING_TABLE_H
#define FUSEBOX_INGEST_MAPPING_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/labels.h"
#include "model/signal.h"

enum mapping_use {
    USE_SIGNAL, /* a counter: its increase is `signal` */
    USE_STATE,  /* a gauge that is 1 while the breaker's condition `state` holds */
    USE_PART,   /* a number that the retries are reckoned from: `part` */
    USE_EPOCH,  /* a gauge whose change says: every counter of this source began again from 0 */
};

/* Conditions of a breaker, as bits: one per series, since each series of a set that excludes one
 * another (UP, DOWN, MAINT, ...) tells its own bit alone. Half-open is a condition on a second
 * metric: open while its check passes. */
enum mapping_state {
    STATE_CLOSED = 1 << 0,
    STATE_OPEN = 1 << 1,
    STATE_MAINT = 1 << 2,
    STATE_DRAIN = 1 << 3,
    STATE_NOLB = 1 << 4,
    STATE_DISABLED = STATE_MAINT | STATE_DRAIN | STATE_NOLB,
    STATE_L4OK = 1 << 5,
    STATE_L6OK = 1 << 6,
    STATE_L7OK = 1 << 7,
    STATE_L7OKC = 1 << 8,
    STATE_CHECK_PASSES = STATE_L4OK | STATE_L6OK | STATE_L7OK | STATE_L7OKC,
};

enum mapping_part {
    PART_ATTEMPTS,
    PART_CALLS,
    PART_RETRY_WARNINGS,
    PART_REDISPATCHES,
    PART_UNSERVED,       /* calls that ended in an error before any attempt … */
    PART_UNSERVED_MINUS, /* … and what to subtract from it */
    PART_IN_FLIGHT,      /* a gauge */
    PART_COUNT,
};

struct mapping_condition {
    const char *label; /* NULL: no condition */
    const char *value;
};

struct mapping_row {
    const char *metric;
    struct mapping_condition when[2];
    enum mapping_use use;
    enum signal_kind signal;
    enum mapping_state state;
    enum mapping_part part;
    const char *source;        /* its name in signals */
    const char *service;       /* the service's name … */
    const char *service_label; /* … or the label that has it */
    const char *breaker_label; /* NULL: the row is about the service */
    const char *caller;
    bool needs_breaker; /* the service counts only when it has a breaker: HAProxy's backends without
                           servers */
    bool falls_with_all; /* a fall of this counter says that the source's other counters began
                            again, too */
};

const struct mapping_row *mapping_rows(size_t *ret_count);

/* True when the series is the row's. */
bool mapping_row_accepts(const struct mapping_row *row, struct labels labels);

#endif
