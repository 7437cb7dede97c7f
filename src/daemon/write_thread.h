/*
 * The write thread: the only appender of the store.
 *
 * Takes batches, commits all that wait in one transaction, and hands them on to
 * the evaluation; a batch's cargo is told before what became of it. One that comes alone is
 * committed at once; in a dense stream commits keep a small gap, so that one sync serves many.
 * Between commits it gives the store's long work to the seal thread (store_jobs.h), looks after the
 * store and the machine every few seconds, and tells the evaluation which series
 * have left memory.
 *
 * When the store refuses, store_state.h says what happens: batches are held for a
 * few seconds (the sources see the full queue meanwhile), and then evaluated
 * without being stored, until it takes them again. When a sync fails, nothing is
 * committed any more, and on_lost asks the process to end.
 *
 *   fill the pointers; write_thread_init -> write_thread_start -> write_thread_stop
 *
 * Limits    WRITE_QUEUE_BATCHES wait, and no more bytes than the budget has; a
 *           source that finds no room drops its own batch and counts it.
 */
#ifndef FUSEBOX_DAEMON_WRITE_THREAD_H
#define FUSEBOX_DAEMON_WRITE_THREAD_H

#include <stdatomic.h>

#include "base/log.h"
#include "base/queue.h"
#include "base/thread.h"
#include "daemon/evaluate_thread.h"
#include "daemon/store_jobs.h"
#include "daemon/watch.h"
#include "tsdb/tsdb.h"

enum { WRITE_QUEUE_BATCHES = 4096, WRITE_GROUP_BATCHES = 256 };

struct write_thread {
    struct thread thread;
    struct queue queue; /* struct sample_batch, QUEUE_REFUSE */
    struct queue pause; /* of wakes; waited for while a group is held */
    struct tsdb *db;
    struct log *log;
    struct clock clock;
    struct budget *budget; /* NULL: no limit */
    struct evaluate_thread *evaluate;
    _Atomic(struct exemplars *) exemplars; /* NULL until scrapes have begun */
    struct store_jobs jobs;
    struct watch watch;
    struct own *own;               /* is told of durations, the state and what was not stored */
    void (*on_lost)(void *daemon); /* a sync failed: end the process */
    void *daemon;
    atomic_bool stopping;
    struct store_state state;
    _Atomic int mode;          /* enum store_mode, for others */
    int64_t committed_mono_ns; /* when the last commit ended */
    int64_t maintain_mono_ns;  /* when it is due */
    uint64_t not_stored_told_count;
    struct sample_batch *group[WRITE_GROUP_BATCHES]; /* being committed, or held */
    size_t group_count;
};

/* The queue may be used from here on. ERR_NOMEM. */
enum err write_thread_init(struct write_thread *w) MUST_CHECK;
enum err write_thread_start(struct write_thread *w) MUST_CHECK; /* ERR_UNAVAILABLE */
/* Commits what waits, ends the job that runs, then ends. */
void write_thread_stop(struct write_thread *w);
void write_thread_release(struct write_thread *w);

/* Makes it look for what there is to do. Any thread. */
void write_thread_wake(struct write_thread *w);

/* What becomes of what arrives now. Any thread: a source that acknowledges answers 503 unless it is
 * STORE_HEALTHY. */
enum store_mode write_thread_state(struct write_thread *w);

/* One round, as the thread does them: for tests, which pass the time by their clock. Waits for a
 * batch until something else is due; `wait` false: not at all. False: stopped and empty. */
bool write_thread_step(struct write_thread *w, bool wait);

#endif
