/*
 * Head: the recent samples of every series in memory, as chains of chunks.
 *
 *   series.first -> chunk -> chunk -> chunk <- series.last      (slab numbers)
 *
 *   head_init -> { head_prepare -> head_append | head_cancel }* -> head_release
 *   head_read                     any time, any thread
 *   head_sweep                    drops whole old chunks, some series at a time
 *
 * A commit is prepared (memory is reserved), written to the log, and then
 * appended, which cannot fail. Samples rise in time per series: an older one is
 * dropped and counted, one with the time of the last is a duplicate and the
 * first value stays.
 *
 * Threads   head_read: any thread. All else: the appender. A reader holds `gate`
 *           shared while it follows links; only head_sweep takes it whole, and
 *           gives up at once when a reader is inside, so nobody ever waits.
 * Memory    The index owns the records, the head owns the chunks.
 */
#ifndef FUSEBOX_TSDB_HEAD_H
#define FUSEBOX_TSDB_HEAD_H

#include <pthread.h>

#include "tsdb/series.h"
#include "tsdb/slab.h"

struct head {
    struct slab slab;
    struct series_table *table; /* the index' */
    pthread_rwlock_t gate;
    uint32_t sweep_ref; /* where the sweep goes on; 0: none is under way */
    int64_t sweep_cutoff_ms;
    int64_t sweep_min_ts_ms;
    _Atomic int64_t min_ts_ms; /* no sample is older; INT64_MAX when empty */
    _Atomic int64_t max_ts_ms;
    _Atomic uint64_t appended_count;
    _Atomic uint64_t out_of_order_count;
    _Atomic uint64_t duplicate_count;
};

struct sample_list {
    struct sample *items;
    size_t count;
    size_t capacity_count;
};

enum err head_init(struct head *h, struct series_table *table) MUST_CHECK; /* ERR_NOMEM */
void head_release(struct head *h);

/*
 * Adds what these samples may need at most to *chunks_needed. Their series
 * exist. Call it for all batches of a commit, reserve, and end with head_append
 * or head_cancel for each of them.
 */
void head_prepare(struct head *h, const struct series_sample *items, size_t count,
                  uint64_t *chunks_needed);
enum err head_reserve(struct head *h, uint64_t chunks_needed) MUST_CHECK; /* ERR_NOMEM, ERR_LIMIT */
void head_cancel(struct head *h, const struct series_sample *items, size_t count);

/*
 * Makes the samples readable. `ret_accepted` (room for count, or NULL) takes those that
 * were neither old nor duplicate; returns how many they are.
 */
size_t head_append(struct head *h, const struct series_sample *items, size_t count,
                   struct series_sample *ret_accepted);

/*
 * Replaces *list by the samples of one series in [start_ms, end_ms].
 * ERR_LIMIT: more than max_samples; ERR_NOMEM.
 */
enum err head_read(struct head *h, uint32_t ref, int64_t start_ms, int64_t end_ms,
                   size_t max_samples, struct sample_list *list) MUST_CHECK;

enum sweep {
    SWEEP_DONE, /* all series were visited */
    SWEEP_MORE,
    SWEEP_BUSY, /* a reader is inside: nothing was done */
};

/*
 * Drops chunks whose samples are all older than cutoff_ms, of at most max_series
 * series. A sweep that is under way keeps its own cutoff.
 */
enum sweep head_sweep(struct head *h, int64_t cutoff_ms, uint32_t max_series);

static inline size_t head_bytes(const struct head *h)
{
    return (size_t)slab_used_count(&h->slab) * sizeof(struct chunk);
}

#endif
