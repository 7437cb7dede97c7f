/*
 * Exemplars: the single measurements that stand beside counters and buckets, kept in
 * memory apart from the samples.
 *
 * A ring of EXEMPLARS_MAX_COUNT holds the newest ones of all series; each series
 * finds its newest, and each exemplar the one before it of its series.
 *
 *   ring  [ a1 | b1 | a2 | b2 | a3 | .. ]     a3 -> a2 -> a1, b2 -> b1
 *
 * A target repeats an exemplar until it has a newer one, so one that equals its
 * series' newest is passed over.
 *
 *   exemplars_new -> { exemplars_add | exemplars_read | exemplars_forget }* -> exemplars_free
 *
 * Threads   Locks itself.
 * Memory    exemplars_new gives the store; the ring is made with the first exemplar.
 * Limits    EXEMPLARS_MAX_COUNT, the oldest make room; one whose names and values
 *           have more than EXEMPLAR_LABELS_MAX_CHARS characters, or whose time is
 *           before its series' newest, is refused. Both are counted.
 * Source    OpenMetrics 1.0.0, Exemplars; Prometheus, tsdb/exemplar.go.
 */
#ifndef FUSEBOX_INGEST_EXEMPLARS_H
#define FUSEBOX_INGEST_EXEMPLARS_H

#include "model/labels.h"
#include "wire/openmetrics.h"

enum {
    EXEMPLARS_MAX_COUNT = 10000, /* some 2 MiB with a trace's id each */
    EXEMPLAR_LABELS_MAX_CHARS = 128,
};

struct exemplars;

/* As it was scraped; labels borrow the body. */
struct exemplar_scraped {
    uint32_t series;
    int64_t ts_ms; /* its sample's, for one that tells no time */
    struct openmetrics_exemplar from;
};

struct exemplar {
    struct labels labels;
    int64_t ts_ms;
    double value;
};

struct exemplar_counts {
    size_t kept;
    uint64_t evicted; /* made room for newer ones */
    uint64_t refused;
};

enum err exemplars_new(struct exemplars **ret) MUST_CHECK;
void exemplars_free(struct exemplars *x); /* NULL is allowed */

/* What cannot be kept is counted; without memory nothing is. */
void exemplars_add(struct exemplars *x, const struct exemplar_scraped *items, size_t count);

/* Those of one series from_ms <= time <= to_ms, oldest first; in the arena. ERR_NOMEM, ERR_LIMIT.
 */
enum err exemplars_read(struct exemplars *x, uint32_t series, int64_t from_ms, int64_t to_ms,
                        struct arena *arena, struct exemplar **ret, size_t *ret_count) MUST_CHECK;

/* The series left memory, and their references may come back as others. */
void exemplars_forget(struct exemplars *x, const uint32_t *refs, size_t count);

struct exemplar_counts exemplars_count(struct exemplars *x);

#endif
