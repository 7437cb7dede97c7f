/*
 * Late samples: those that came behind a later sample of their series, by series
 * and time, until they are sealed.
 *
 *   slot: ref ─┬─ LATE_FRESH    tree of samples by time: takes what comes
 *              └─ LATE_SEALING  tree of samples by time: what the seal under way takes
 *
 *   late_init -> { late_reserve -> late_insert* }* -> late_release
 *   late_seal_begin -> { late_collect }* -> late_seal_end
 *
 * Samples may come in any order: inserting costs the logarithm of what the
 * series has here. A time of a series is here once at most, in both trees together. A
 * seal that failed is not ended: the next late_seal_begin adds to what it took.
 *
 * Threads   late_read, late_bytes, late_is_empty: any. late_collect: any,
 *           behind late_seal_begin; it holds the mutex to find the tree, which
 *           nobody changes then, and copies it without. All else: the appender, who alone
 *           changes anything, reads without the mutex, and takes it for each change.
 * Memory    A tree node a sample (sample_tree.h) and 12 bytes a slot. Behind
 *           late_reserve insertion cannot fail; a seal needs no memory. When the last
 *           sample leaves, all of it is freed.
 */
#ifndef FUSEBOX_HEAD_LATE_H
#define FUSEBOX_HEAD_LATE_H

#include <pthread.h>

#include "head/sample_tree.h"

enum late_part { LATE_FRESH, LATE_SEALING, LATE_PARTS };

struct late_slot {
    uint32_t ref; /* 0: free */
    uint32_t roots[LATE_PARTS];
};

struct late {
    pthread_mutex_t mutex;
    struct sample_trees trees;
    struct late_slot *slots;
    size_t slot_count;      /* a power of two, or 0 */
    size_t slot_used_count; /* also those whose samples have left */
    uint64_t sealing_count;
    int64_t min_ts_ms[LATE_PARTS]; /* INT64_MAX when empty */
    _Atomic size_t bytes;
};

enum err late_init(struct late *l) MUST_CHECK; /* ERR_NOMEM */
void late_release(struct late *l);             /* only if that succeeded */

/*
 * Room for `count` more samples, of at most series_count series that have none here. ERR_NOMEM,
 * ERR_LIMIT; what is here stays as it was.
 */
enum err late_reserve(struct late *l, uint64_t count, uint64_t series_count) MUST_CHECK;

/* Has the series a sample of that time here? Then *ret_value is its value. */
bool late_find(const struct late *l, uint32_t ref, int64_t ts_ms, double *ret_value);
/* It has none. Only what was reserved. */
void late_insert(struct late *l, uint32_t ref, struct sample sample);

/* Has the series samples that are being sealed? */
bool late_is_sealing(const struct late *l, uint32_t ref);
/* The latest sample of a series; INT64_MIN when it has none. */
int64_t late_max_ts_ms(const struct late *l, uint32_t ref);
/* The oldest of all; INT64_MAX when there is none. */
int64_t late_min_ts_ms(const struct late *l);

/*
 * Appends the samples of a series in [start_ms, end_ms] to the list, rising. ERR_LIMIT: more than
 * max_samples; ERR_NOMEM.
 */
enum err late_read(struct late *l, uint32_t ref, int64_t start_ms, int64_t end_ms,
                   size_t max_samples, struct sample_list *list) MUST_CHECK;

/* What is here now belongs to the seal. */
void late_seal_begin(struct late *l);
/* Appends what the seal takes of a series, rising. ERR_NOMEM. */
enum err late_collect(struct late *l, uint32_t ref, struct sample_list *list) MUST_CHECK;
/* What belongs to the seal leaves; on_left is told of the series that have nothing here any more.
 */
typedef void late_on_left(void *ctx, uint32_t ref);
void late_seal_end(struct late *l, late_on_left *on_left, void *ctx);

/* What samples and slots take. */
static inline size_t late_bytes(const struct late *l)
{
    return atomic_load_explicit(&l->bytes, memory_order_relaxed);
}

/* Has no series anything here? */
static inline bool late_is_empty(const struct late *l)
{
    return late_bytes(l) == 0;
}

#endif
