/*
 * Mapping: turns committed samples of known exporters into signals.
 *
 * A table of rows (mapping_table.h; ours and the configuration's) says which metric,
 * under which label conditions, is which signal of which service or breaker. The first time a
 * series is seen it is bound to a row (or to none); afterwards a sample costs
 * one array access.
 *
 *   mapping_new(db, sink, cfg, &m) -> { mapping_apply(batch) | mapping_forget(refs) |
 *                                       mapping_configure(cfg) }* -> mapping_free
 *
 * Counters  The increase since the series' sample before. A lower value is a
 *           reset: the new value itself is the increase. The first sample of a
 *           series books 0, unless the same scrape job was already heard before
 *           the series appeared (a series born at runtime starts from 0: then
 *           its first value is the increase).
 *           When a source (job, instance) began again, as its start time or the
 *           fall of another of its counters says, a value that has grown past the
 *           one before is the increase, too.
 * Staleness A stale marker ends the series; SIGNAL_GONE once when none is left of
 *           a service or a breaker. A counter that comes back after it goes on
 *           from its last value, with reset detection.
 * Leases    mapping_forget unbinds series that left the store's memory, for their references
 *           may come back as other series. One that comes back itself goes on from its
 *           last value, as far as that is remembered (lost_counters.h). A source, service or
 *           breaker without any series is forgotten within a minute or two, and begins anew when it
 *           comes back.
 * Reload    mapping_configure binds every series anew. A counter goes on from its last
 *           value; one that no row was about until then books nothing for its next sample.
 * States    state_evidence.h weighs what several series say of one breaker.
 * Buckets   A histogram's totals become calls between two of its bounds (bucket_ladder.h); its
 *           series are to come in one batch.
 * Retries   Where no counter tells them: retry_estimate.h, retry_difference.h.
 *           docs/decisions names the rules for HAProxy (calls, retries, half-open).
 * Limits    MAPPING_SUBJECTS_MAX services and breakers at a time, a million mapped series;
 *           a series beyond them, or that found no memory when it was first seen,
 *           stays unmapped.
 * Threads   Owned by the evaluate thread.
 */
#ifndef FUSEBOX_INGEST_MAPPING_H
#define FUSEBOX_INGEST_MAPPING_H

#include "config/config.h"
#include "model/sample.h"
#include "model/signal.h"
#include "tsdb/tsdb.h"

struct mapping;

/* With the rows of the configuration, of which it takes a reference; NULL: ours alone. ERR_NOMEM,
 * ERR_LIMIT. */
enum err mapping_new(struct tsdb *db, struct signal_sink sink, struct config *cfg,
                     struct mapping **ret) MUST_CHECK;
void mapping_free(struct mapping *m); /* NULL is allowed */

/* Takes over the rows of another configuration (a reference of it); does nothing where they are the
 * same. On an error (ERR_NOMEM, ERR_LIMIT) those before stay. */
enum err mapping_configure(struct mapping *m, struct config *cfg) MUST_CHECK;

/* The names of all metrics that have a row of their own, each once. */
const struct str *mapping_metrics(const struct mapping *m, size_t *ret_count);

/* Sends the signals of one committed batch, in the order of its samples; breaker states once per
 * batch. */
void mapping_apply(struct mapping *m, const struct sample_batch *batch);

/*
 * The references left the store's memory. What still counted as live ends as with a stale marker,
 * at the time of the newest batch. References that are not known are passed over.
 */
void mapping_forget(struct mapping *m, const uint32_t *refs, size_t count);

#endif
