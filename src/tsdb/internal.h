/*
 * What the files of the store's facade share: tsdb.c (open, commit, look),
 * select.c, maintain.c, job.c. Nobody else includes it.
 */
#ifndef FUSEBOX_TSDB_INTERNAL_H
#define FUSEBOX_TSDB_INTERNAL_H

#include "base/clock.h"
#include "base/vec.h"
#include "head/head.h"
#include "head/index.h"
#include "tsdb/block_set.h"
#include "tsdb/damage.h"
#include "tsdb/event_rows.h"
#include "tsdb/log.h"
#include "tsdb/manifest.h"
#include "tsdb/retain.h"
#include "tsdb/tsdb.h"

enum { TSDB_PATH_BYTES = 1024 };

/* A seal whose block counts already, while its chunks leave memory bit by bit. */
struct settling {
    int64_t *marks_ms; /* by reference; NULL: nothing is settling */
    uint32_t last_ref;
    uint32_t next_ref;
};

struct tsdb {
    struct tsdb_options options;
    char dir[TSDB_PATH_BYTES];
    char blocks_dir[TSDB_PATH_BYTES];
    struct index index;
    struct head head;
    struct log_store log;
    struct manifest manifest;
    struct event_rows events;
    struct block_sets sets;
    struct damages damages;
    struct budget own_budget; /* without a limit, when the caller has none */
    struct budget *budget;

    /* The write thread's. */
    struct arena commit_arena;
    struct vec defining; /* references that the commit under way defines */
    struct retain retain;
    struct retain events_clock;
    bool retain_known;
    struct settling settling;
    struct tsdb_job *job; /* the one that is out */
    bool timing;          /* last_seal_mono_ns is known */
    int64_t last_seal_mono_ns;
    bool memory_short;     /* a seal may help */
    bool merge_first;      /* before the next seal that only time or memory asks for */
    uint32_t evict_ref;    /* where the walk over idle series goes on; 0: none is under way */
    int64_t epoch_mono_ns; /* when the epoch began */
    bool epoch_began;      /* in this round of maintenance */
    struct vec doomed;     /* struct doomed_file: names to be struck off, once their file is gone */
    bool backup_sealed;    /* the seal that the backup asked for has begun */
    uint64_t replayed_orphans;

    /* Anybody's. */
    struct lock request_lock;
    char backup_dir[TSDB_PATH_BYTES]; /* under request_lock; empty: none is wanted */
    atomic_bool seal_wanted;
    atomic_bool backup_wanted;
    atomic_bool refuse_new;
    _Atomic int64_t now_ms; /* as last told */
    _Atomic int64_t retention_ms;
    _Atomic uint64_t retention_bytes;
    _Atomic int64_t events_retention_ms;
    _Atomic uint64_t events_max_bytes;
    _Atomic uint64_t future_count;
    _Atomic uint64_t too_old_count;
    _Atomic uint64_t out_of_order_count;
    _Atomic uint64_t orphaned_count;
    _Atomic uint64_t refused_count;
    _Atomic uint64_t evicted_count;
    _Atomic uint64_t commits_count;
    _Atomic uint64_t commit_failures_count;
    _Atomic uint64_t seals_count, seal_failures_count;
    _Atomic uint64_t merges_count, merge_failures_count;
    _Atomic uint64_t dropped_count;
    _Atomic uint64_t replayed_samples_count;
    _Atomic int64_t replay_duration_ns;
    _Atomic int64_t last_commit_duration_ns;
    _Atomic int64_t last_seal_duration_ns;
    _Atomic int64_t last_seal_ms;
    _Atomic int64_t clock_behind_ms;
};

struct doomed_file {
    char name[MANIFEST_NAME_BYTES]; /* or the beginning of names */
};

int64_t tsdb_mono_ns(void); /* for durations that are only shown */
static inline void tsdb_count(_Atomic uint64_t *counter, uint64_t more)
{
    atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

/* Writes dir/name; false: too long. */
bool tsdb_path(const char *dir, const char *name, char ret[TSDB_PATH_BYTES]);

/* Notes damage that `diag` describes, or `what` without it. */
void tsdb_note_damage(void *db, const char *path, uint64_t offset_bytes, const char *what);

/* Tells the budget what index and head hold. */
void tsdb_book_memory(struct tsdb *db);

/* --- files.c: samples.db and the block files when the store opens --- */

/* samples.db, which is not open, gets another name, and that is noted as a damage. */
enum err tsdb_set_samples_aside(struct tsdb *db, const struct diag *why,
                                struct diag *diag) MUST_CHECK;
enum err tsdb_open_files(struct tsdb *db, struct diag *diag) MUST_CHECK;

/* --- maintain.c --- */

/* A block that does not count any more: its file goes with its last reader, or, when it is known to
 * be damaged, to blocks/damaged/ for a person to look at. db->doomed has room. */
void tsdb_retire(struct tsdb *db, const struct block_entry *entry);

/* Notes the time that retention trusts, in the transaction that is under way. */
enum err tsdb_put_clock(struct tsdb *db) MUST_CHECK;

/* Moves a settling seal on by some series; true: none is settling any more. */
bool tsdb_settle(struct tsdb *db);

#endif
