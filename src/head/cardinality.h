/*
 * Cardinality: which metrics, labels and sources the series in memory are made of.
 *
 * Threads   Any: takes the index' lock for one walk over its pairs (some
 *           milliseconds for a hundred thousand of them).
 * Memory    The result borrows from the arena that is passed in.
 * Limits    CARDINALITY_TOP_MAX entries of each kind.
 */
#ifndef FUSEBOX_HEAD_CARDINALITY_H
#define FUSEBOX_HEAD_CARDINALITY_H

#include "base/arena.h"
#include "head/index.h"

enum { CARDINALITY_TOP_MAX = 100 };

struct cardinality_entry {
    struct str name;  /* a metric, a label's name, or the name of a pair */
    struct str value; /* of a pair; else empty */
    uint64_t count;
    uint64_t bytes; /* by_label: of the distinct values' text */
};

struct cardinality_top {
    struct cardinality_entry *items; /* greatest first; equal ones by name, then value */
    size_t count;
    uint64_t total; /* distinct ones, also those that are not among the items */
};

struct cardinality {
    uint64_t series_count;
    struct cardinality_top by_metric;   /* count: series with this __name__ */
    struct cardinality_top by_label;    /* count: distinct values of this label */
    struct cardinality_top by_pair;     /* count: series with this pair, __name__ left out */
    struct cardinality_top by_job;      /* count: series with job="…" */
    struct cardinality_top by_instance; /* count: series with instance="…" */
};

/* ERR_NOMEM, ERR_LIMIT (the arena's). */
enum err cardinality_read(struct index *x, size_t top, struct arena *arena,
                          struct cardinality *ret) MUST_CHECK;

#endif
