/*
 * The table of mapping rows: which metric of which exporter is which signal.
 *
 * A row accepts a series by its name and label conditions. One series may be
 * accepted by several rows. A new exporter is new rows; a new kind of evidence is
 * a new enum mapping_use.
 *
 * The rows of the configuration stand before ours. Where one of them accepts a
 * series for a signal, ours of the same signal do not: so a job may have its own
 * encoding of states.
 *
 *   mapping_table_new(cfg, NULL, &t) -> { mapping_table_first(name) -> entry->next }* -> free
 *
 * Memory    Owns copies of all that a configuration gave; rows do not move.
 * Threads   Immutable after it was made.
 */
#ifndef FUSEBOX_INGEST_MAPPING_TABLE_H
#define FUSEBOX_INGEST_MAPPING_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/map.h"
#include "config/config.h"
#include "ingest/state_evidence.h"
#include "model/labels.h"
#include "model/signal.h"

enum mapping_use {
    USE_SIGNAL,  /* a counter: its increase is `signal` */
    USE_STATE,   /* a gauge that is 1 while `state` holds */
    USE_NUMBER,  /* a gauge whose number is the state, by `encoding` */
    USE_ENTERED, /* a counter of how often `state` was entered; NOTHING: says only that the breaker
                    is there, and falls when its process begins again */
    USE_HELD,    /* a counter of the time for which `state` held, in any unit */
    USE_LEVEL,   /* a gauge that is `signal` as it stands; below 0 it says nothing */
    USE_AMOUNT,  /* a gauge of which each sample is an amount of `signal` by itself */
    USE_PART,    /* a number that the retries are reckoned from: `part` */
    USE_EPOCH,   /* a gauge whose change says: every counter of this source began again from 0 */
};

enum mapping_part {
    PART_ATTEMPTS, /* these go into retry_estimate.h … */
    PART_CALLS,
    PART_RETRY_WARNINGS,
    PART_REDISPATCHES,
    PART_UNSERVED,            /* calls that ended in an error before any attempt … */
    PART_UNSERVED_MINUS,      /* … and what to subtract from it */
    PART_IN_FLIGHT,           /* a gauge */
    PART_DIFFERENCE_ATTEMPTS, /* … and these into retry_difference.h */
    PART_DIFFERENCE_CALLS,
    PART_COUNT,
};

enum mapping_match {
    MATCH_ANY,  /* the value is one of `values`; one that ends in * is the beginning of it */
    MATCH_NONE, /* it is none of them; an absent label is the empty value */
    MATCH_PART, /* one of its comma-separated parts is one of them */
};

struct mapping_condition {
    const char *label; /* NULL: no condition */
    enum mapping_match match;
    const char *const *values; /* ends with NULL */
};

#define MAPPING_ANY_METRIC "*"

enum { MAPPING_CONDITIONS_MAX = CONFIG_MAPPING_CONDITIONS_MAX };

struct mapping_row {
    const char *metric; /* MAPPING_ANY_METRIC: any that no other row is about */
    struct mapping_condition when[MAPPING_CONDITIONS_MAX];
    enum mapping_use use;
    enum signal_kind signal;
    double factor; /* from the unit of the metric, of a bucket its bound, to the signal's; 0: 1 */
    enum state_word state;
    enum state_encoding encoding;
    enum mapping_part part;
    const char *source;        /* its name in signals; static */
    const char *service;       /* the service's name … */
    const char *service_label; /* … or the label that has it */
    const char *breaker;       /* the breaker's name … */
    const char *breaker_label; /* … or the label that has it; both NULL: the row is about the
                                  service */
    const char *endpoint_label;
    const char *caller;       /* the caller's name … */
    const char *caller_label; /* … or the label that has it */
    bool is_own;              /* of the configuration */
    bool breaker_or_service;  /* a breaker whose label is absent is called as its service */
    bool of_only_breaker; /* what a service's row counts belongs to its breaker, where it has one
                             alone */
    bool needs_breaker; /* the service counts only when it has a breaker: HAProxy's backends without
                           servers */
    bool stands_in;     /* counts only as long as no other row told this signal of the service */
    bool zero_is_silence; /* a counter that was always 0 may be one that nobody counts: it tells
                             nothing */
    bool falls_with_all;  /* a fall of this counter says that the source's other counters began
                             again, too */
};

struct mapping_entry {
    struct mapping_row row;
    struct mapping_entry *next; /* of the same metric, in the order of the table */
};

struct mapping_table;

/*
 * `cfg` NULL: our rows alone. Numbers of states without an order of their own have the one of
 * `before`, else the configuration's: it takes a restart to change. ERR_NOMEM, ERR_LIMIT.
 */
enum err mapping_table_new(const struct config *cfg, const struct mapping_table *before,
                           struct mapping_table **ret) MUST_CHECK;
void mapping_table_free(struct mapping_table *t); /* NULL is allowed */

/* The first row about a metric; NULL: there is none. */
const struct mapping_entry *mapping_table_first(const struct mapping_table *t, struct str metric);
/* The names of all metrics that have a row of their own, each once. */
const struct str *mapping_table_metrics(const struct mapping_table *t, size_t *ret_count);

/* True when the labels are as the row's conditions want them; its name is not looked at. */
bool mapping_row_accepts(const struct mapping_row *row, struct labels labels);
/* What the row tells: one signal, or a breaker's state. */
enum signal_kind mapping_row_signal(const struct mapping_row *row);
/* True for what only grows, but for processes that begin again. */
bool mapping_row_is_counter(const struct mapping_row *row);
double mapping_row_factor(const struct mapping_row *row);
/* True for attempts and calls whose difference is the retries. */
bool mapping_row_is_difference(const struct mapping_row *row);
/* The kind of evidence that the row is about a breaker's state; false: it is none. */
bool mapping_row_is_about_state(const struct mapping_row *row, enum state_kind *ret);
/* What a gauge of the row says with this value; STATE_NOTHING where it is about
 * none. */
enum state_word mapping_row_word(const struct mapping_row *row, double value);

/* Our rows: proxies and meshes, then libraries. */
const struct mapping_row *mapping_rows_of_proxies(size_t *ret_count);
const struct mapping_row *mapping_rows_of_libraries(size_t *ret_count);

#endif
