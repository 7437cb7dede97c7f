/*
 * The inside of the mapping, which its files share: mapping.c applies batches,
 * mapping_series.c knows when a series begins and ends, mapping_reload.c binds all of them
 * anew, mapping_retire.c lets go of what has no series any longer, mapping_send.c hands signals
 * to the sink. Nobody else includes this.
 *
 *   mapping_begin_batch -> { _touch | _send }* -> mapping_settle      one batch
 */
#ifndef FUSEBOX_INGEST_MAPPING_CORE_H
#define FUSEBOX_INGEST_MAPPING_CORE_H

#include "ingest/lost_counters.h"
#include "ingest/mapped_series.h"
#include "ingest/mapping.h"

struct mapping {
    struct tsdb *db;
    struct signal_sink sink;
    struct config *config; /* that `rows` has; NULL: ours alone */
    struct mapping_table *rows;
    struct mapping_registry registry;
    struct mapped_table table;
    struct lost_counters lost;
    struct mapping_subject *touched;
    uint64_t batch;      /* number of the one that is applied, from 1 */
    int64_t received_ms; /* of the newest one */
    int64_t retired_ms;  /* the same when it was swept last */
    bool has_forgotten;  /* series since then */
};

/* --- mapping_send.c --- */

void mapping_begin_batch(struct mapping *m);
/* Something is said of the subject in this batch. */
void mapping_touch(struct mapping *m, struct mapping_subject *s, int64_t at_ms);
void mapping_send(struct mapping *m, const struct mapping_subject *s, enum signal_kind kind,
                  int64_t at_ms, double amount);
/* Ends the batch: sends what needs the whole of it. */
void mapping_settle(struct mapping *m);

/* --- mapping_series.c --- */

/* A series that was not seen before; NULL: no row is about it, no memory, or a limit; then it is
 * ignored. */
struct mapped_series *mapping_bind_series(struct mapping *m, uint32_t ref);
/* It is heard (again). */
void mapping_revive_series(struct mapping *m, struct mapped_series *s);
/* It is heard no longer, as a stale marker says. */
void mapping_end_series(struct mapping *m, struct mapped_series *s, int64_t at_ms);
/* A gauge that said `from` says `to`; NaN: nothing. */
void mapping_take_gauge(struct mapping *m, const struct binding *b, double from, double to);

/* --- mapping_retire.c --- */

/* Between batches, after series were forgotten: lets sources, groups and subjects go that no series
 * leads to. Once a minute at most, for it looks at all of them. */
void mapping_retire_when_due(struct mapping *m);

#endif
