/*
 * Who is heard and about whom: the objects behind the mapping.
 *
 *   source    one scraped target (job, instance): what begins again together
 *   group     a service or a breaker as the sink knows it, over all sources and exporters
 *   subject   a group within one source: HAProxy's server as one instance sees it
 *
 *         group ──first──► subject ──next──► subject
 *                             │  └─service─► subject (of the breaker's service)
 *                             └─source─► source
 *
 * Threads   Owned by the mapping.
 * Memory    Objects do not move and stay until a sweep finds them unmarked
 *           (mapping_retire.c). Texts are copied, for labels of the store may go.
 * Limits    MAPPING_SUBJECTS_MAX of each kind; of what a subject has, see its parts.
 */
#ifndef FUSEBOX_INGEST_MAPPING_SUBJECT_H
#define FUSEBOX_INGEST_MAPPING_SUBJECT_H

#include "base/map.h"
#include "base/vec.h"
#include "ingest/bucket_ladder.h"
#include "ingest/mapping_table.h"
#include "ingest/retry_difference.h"
#include "ingest/retry_estimate.h"
#include "ingest/state_evidence.h"

enum {
    MAPPING_SUBJECTS_MAX = 200000,
    BINDINGS_PER_SERIES_MAX = 8,
};

/* What each object begins with. */
struct registry_entry {
    struct str key;                     /* in its map; kept behind the object */
    bool is_used;                       /* marked for the sweep that comes */
    struct registry_entry *next_unused; /* within the sweep */
};

struct mapping_source {
    struct registry_entry entry;
    uint32_t number;        /* from 1 */
    uint64_t heard_batch;   /* number of the batch in which its first series came */
    uint64_t restart_batch; /* the newest batch in which its counters began again */
    uint64_t fall_batch;    /* … in which a counter fell that speaks for all */
    double epoch;
    bool epoch_known;
    bool lost_counters; /* a counter left that is not remembered: lost_counters.h */
};

struct mapping_subject;

struct mapping_group {
    struct registry_entry entry;
    const char *source; /* in signals: of the row that saw it first */
    struct str service;
    struct str breaker;
    struct str endpoint;
    struct str caller;
    struct mapping_subject *first;
    uint32_t sink_id; /* 0: not known, or refused */
    uint64_t sink_epoch;
    uint64_t asked_batch;
    uint64_t settled_batch;
    bool gone_sent;
};

struct mapping_level {
    bool told;
    double value;
    uint64_t said_batch; /* the newest in which it was told, or no longer */
};

/* A histogram of a subject: the buckets of one metric. */
struct mapping_ladder {
    struct str metric; /* kept behind it */
    struct bucket_ladder ladder;
    struct mapping_ladder *next;
};

struct mapping_subject {
    struct registry_entry entry;
    struct mapping_group *group;
    struct mapping_source *source;
    struct mapping_subject *service; /* itself when it is one … */
    struct mapping_subject *breaker; /* … of which this breaker came first */
    size_t breaker_count;
    struct mapping_subject *next;         /* the group in other sources */
    struct mapping_subject *next_touched; /* in the batch that is applied */
    uint64_t touched_batch;
    uint64_t state_batch;      /* the newest batch with a sample of its state … */
    uint64_t parts_batch;      /* … and with one that `retries` is reckoned from … */
    uint64_t difference_batch; /* … or `difference` */
    uint64_t restart_batch;    /* the source's, as far as `retries` knows */
    uint64_t fall_batch;   /* the newest batch in which a counter of this subject began again … */
    int64_t fall_ms;       /* … and the time of its sample */
    int64_t at_ms;         /* newest sample of the batch */
    bool counts_alone;     /* as a service without any breaker */
    unsigned told_signals; /* bits of enum signal_kind that a row tells which does not stand in */
    unsigned spoken_signals; /* … of which a counter was more than 0 */
    size_t live_count;       /* series without a stale marker */
    struct mapping_level levels[SIGNAL_LEVEL_COUNT];
    struct state_evidence state;
    struct retry_estimate retries;
    struct retry_difference difference;
    struct mapping_ladder *ladders;
};

struct binding {
    const struct mapping_row *row;
    struct mapping_subject *subject; /* NULL: the row is about the source */
    struct bucket_rung *rung;        /* of a bucket; else NULL */
};

struct mapping_registry {
    struct map sources;
    struct map groups;
    struct map subjects;
    struct vec numbered; /* struct mapping_source *, by number - 1; NULL: free */
    size_t first_free;   /* no place below it is */
};

struct mapping_registry mapping_registry_empty(void);
void mapping_registry_release(struct mapping_registry *r);

/* The source of a series, new or known; NULL: no memory, or a limit. */
struct mapping_source *mapping_registry_source(struct mapping_registry *r, struct labels labels);

/* By its number; 0: NULL. */
struct mapping_source *mapping_registry_numbered(const struct mapping_registry *r, uint32_t number);

/* Lets go of what is not marked as used, and takes the marks off. Who is used has a group, a
 * service and a source that are. */
void mapping_registry_sweep(struct mapping_registry *r);

/* The subject that a row sees in a series, new or known; NULL: no memory, a limit, or the labels do
 * not name it. */
struct mapping_subject *mapping_registry_subject(struct mapping_registry *r,
                                                 const struct mapping_row *row,
                                                 struct mapping_source *source,
                                                 struct labels labels);

/* The rows that accept a series, each with its subject; the count of them. */
size_t mapping_registry_bind(struct mapping_registry *r, const struct mapping_table *table,
                             struct labels labels, struct mapping_source *source,
                             struct binding out[BINDINGS_PER_SERIES_MAX]);

/* A sample of a number that retries are reckoned from. */
void mapping_subject_add_part(struct mapping_subject *s, const struct mapping_row *row,
                              double grown, double value);

/* A series of it came to life, or ended. */
void mapping_binding_set_live(const struct binding *b, bool live);
/* A counter of it fell: a breaker that began again is closed, and calls in flight are forgotten.
 * Once per batch. */
void mapping_binding_on_fall(const struct binding *b, uint64_t batch, int64_t at_ms);

/* What a gauge says of a level; NaN: nothing. */
void mapping_subject_set_level(struct mapping_subject *s, enum signal_kind kind, double level,
                               uint64_t batch);
/* The largest level over the group's sources; NaN: nobody tells it. */
double mapping_group_level(const struct mapping_group *group, enum signal_kind kind);
/* The worst state over the group's sources: open, half-open, closed, disabled, unknown. */
enum breaker_state mapping_group_state(const struct mapping_group *group);
bool mapping_group_is_live(const struct mapping_group *group);

#endif
