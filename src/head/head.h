/*
 * Head: the recent samples of every series in memory, as chains of chunks, and
 * late samples beside them.
 *
 *   series.first -> chunk -> chunk -> chunk <- series.last      (slab numbers)
 *                   |sealed_ms ........|
 *   late: series -> samples that came behind a later one, those that are being sealed apart
 *
 *   head_init -> { head_prepare -> head_append | head_cancel }* -> head_release
 *   head_read                     any time, any thread
 *   head_seal_begin -> head_collect for every series -> head_settle* -> head_seal_end
 *   head_drop_sealed              when memory is short
 *
 * A commit is prepared (memory is reserved), written to the log, and then
 * appended, which cannot fail. A sample with the time of one that the series
 * already has in memory is a duplicate: the first value stays, and one with another
 * value is told to have been left out.
 *
 * A seal copies to a block what is in memory and not in one yet: the chain behind
 * sealed_ms, and the late samples that had come when it began. Once the block
 * counts, head_settle moves sealed_ms on and lets go of what was sealed before:
 * so the chunks of the last seal stay for readers, and nothing that is only in
 * memory and log is ever dropped here.
 *
 * Threads   head_read and head_collect: any thread. All else: the appender. A
 *           reader holds `gate` shared while it follows links; only dropping
 *           takes it whole, and gives up at once when a reader is inside, so
 *           nobody ever waits long. Who holds it shared already may read. Late
 *           samples have a mutex of their own, held for one insert or one copy.
 * Memory    The index owns the records, the head owns chunks and late samples.
 */
#ifndef FUSEBOX_HEAD_HEAD_H
#define FUSEBOX_HEAD_HEAD_H

#include <pthread.h>

#include "head/late.h"
#include "head/series.h"
#include "head/slab.h"

struct head {
    struct slab slab;
    struct series_table *table; /* the index' */
    pthread_rwlock_t gate;
    struct late late;
    uint32_t found_ref; /* of the last late sample, 0: none; and the chunk that was before it */
    uint32_t found_chunk;
    uint32_t settle_ref;       /* where head_settle goes on */
    uint32_t settle_end_ref;   /* the last reference of this seal */
    int64_t settle_min_ts_ms;  /* the oldest sample that was met or appended since the seal began */
    uint32_t drop_ref;         /* where head_drop_sealed goes on */
    int64_t drop_min_ts_ms;    /* the same since its round began */
    _Atomic int64_t min_ts_ms; /* no sample in memory is older; INT64_MAX when empty */
    _Atomic int64_t max_ts_ms; /* the latest ever appended; INT64_MIN when none was */
    _Atomic uint64_t unsealed_count; /* samples appended and not yet settled */
    uint64_t sealing_count;          /* of those, appended before the seal that is under way */
    _Atomic uint64_t appended_count;
    _Atomic uint64_t late_count; /* of those, behind a later sample of their series */
    _Atomic uint64_t duplicate_count;
};

enum err head_init(struct head *h, struct series_table *table) MUST_CHECK; /* ERR_NOMEM */
void head_release(struct head *h);                                         /* all-zero is allowed */

/*
 * Adds what these samples may need at most to *needed. Their series
 * exist. Call it for all batches of a commit, reserve, and end with head_append
 * or head_cancel for each of them.
 */
struct head_need {
    uint64_t chunks;
    uint64_t late;        /* samples */
    uint64_t late_series; /* of series that have no late samples yet */
};

void head_prepare(struct head *h, const struct series_sample *items, size_t count,
                  struct head_need *needed);
enum err head_reserve(struct head *h, const struct head_need *needed) MUST_CHECK; /* ERR_NOMEM,
                                                                                     ERR_LIMIT */
void head_cancel(struct head *h, const struct series_sample *items, size_t count);

/* Makes the samples readable; answers how many were not duplicates. `epoch` is noted at each
 * series; *left_out is added to.
 */
size_t head_append(struct head *h, const struct series_sample *items, size_t count, uint8_t epoch,
                   struct samples_left_out *left_out);

/* The appender's own look for a sample in memory. False: there is none of that time. */
bool head_find(struct head *h, uint32_t ref, int64_t ts_ms, double *ret_value);

/* Is the sample behind the latest of its series by more than window_ms? */
bool head_is_late_by(const struct head *h, uint32_t ref, int64_t ts_ms, int64_t window_ms);

/*
 * Appends the samples of one series in [start_ms, end_ms] to the list, rising.
 * ERR_LIMIT: more than max_samples; ERR_NOMEM.
 */
enum err head_read(struct head *h, uint32_t ref, int64_t start_ms, int64_t end_ms,
                   size_t max_samples, struct sample_list *list) MUST_CHECK;

/* What is appended from now on belongs to the next seal. */
void head_seal_begin(struct head *h);
/*
 * Appends what the seal takes of a series, rising. *ret_mark_ms: time of the last sample of the
 * chain that was taken (late samples do not count), INT64_MIN when none was. Any thread. ERR_NOMEM.
 */
enum err head_collect(struct head *h, uint32_t ref, struct sample_list *list,
                      int64_t *ret_mark_ms) MUST_CHECK;

/*
 * The block counts: for references from first_ref on, at most max_series of them, the chain up
 * to marks_ms[ref] is sealed (INT64_MIN: none of it), and what was sealed before leaves memory. A
 * series of which the seal took late samples and whose chain is sealed whole begins a new chain
 * behind the latest late sample. References rise from 1, call by call. False: a
 * reader was inside and nothing was done.
 */
bool head_settle(struct head *h, const int64_t *marks_ms, uint32_t first_ref, uint32_t max_series);
/* done: the late samples of the seal leave memory; else they wait for the next one. */
void head_seal_end(struct head *h, bool done);

/* Drops all sealed chunks of the next max_series series, round and round. False: a reader was
 * inside.
 */
bool head_drop_sealed(struct head *h, uint32_t max_series);

/* Has the series nothing in memory that is not sealed? */
bool head_is_sealed(const struct head *h, uint32_t ref);

/* Drops the chunks of a series that is sealed whole. The caller holds the gate whole. */
void head_forget(struct head *h, uint32_t ref);

size_t head_bytes(const struct head *h);      /* chunks in use and late samples */
size_t head_late_bytes(const struct head *h); /* of those, late samples */

#endif
