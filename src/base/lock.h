/*
 * Mutexes with a rank. A thread takes locks in rising rank only; in debug builds
 * (no NDEBUG) taking one of equal or lower rank than one already held aborts,
 * so that a deadlock is found by the first test that walks the path.
 *
 * No callback is called with a lock held.
 */
#ifndef FUSEBOX_BASE_LOCK_H
#define FUSEBOX_BASE_LOCK_H

#include <pthread.h>

enum lock_rank {
    LOCK_RANK_QUEUE = 90, /* innermost: nothing is taken inside */
    LOCK_RANK_LOG = 95,
    LOCK_RANK_TELEMETRY = 80,
    LOCK_RANK_BLOCK_FILES = 78,  /* which files of blocks are open */
    LOCK_RANK_BLOCK = 76,        /* one block's directory */
    LOCK_RANK_PUBLISH = 70,      /* pointer swaps of published snapshots */
    LOCK_RANK_INDEX = 60,        /* tsdb index */
    LOCK_RANK_REMOTE_WRITE = 57, /* references by labels */
    LOCK_RANK_EVENTS = 55,       /* ids and counters of events */
    LOCK_RANK_CATALOG = 50,
    LOCK_RANK_SAMPLES_DB = 45, /* the connection to samples.db */
    LOCK_RANK_HTTP = 40,
    LOCK_RANK_DAEMON = 10,
};

struct lock {
    pthread_mutex_t mutex;
    int rank;
};

void lock_init(struct lock *l, enum lock_rank rank);
void lock_release(struct lock *l); /* destroys it; must be free */
void lock_take(struct lock *l);
void lock_drop(struct lock *l);

#endif
