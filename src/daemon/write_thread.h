/*
 * The write thread: the only appender of the store.
 *
 * Takes batches, commits all that wait in one transaction, and hands them on to
 * the evaluation. One that comes alone is committed at once; in a dense stream
 * commits keep a small gap, so that one sync serves many. A commit that fails is tried again
 * (repeating is safe) and then given up with a line in the log; the sources see the full queue
 * meanwhile.
 *
 * Limits    WRITE_QUEUE_BATCHES wait; a source that finds it full drops its own
 *           batch and counts it.
 */
#ifndef FUSEBOX_DAEMON_WRITE_THREAD_H
#define FUSEBOX_DAEMON_WRITE_THREAD_H

#include <stdatomic.h>

#include "base/log.h"
#include "base/queue.h"
#include "base/thread.h"
#include "daemon/evaluate_thread.h"
#include "tsdb/tsdb.h"

enum { WRITE_QUEUE_BATCHES = 4096, WRITE_GROUP_BATCHES = 256 };

struct write_thread {
    struct thread thread;
    struct queue queue; /* struct sample_batch, QUEUE_REFUSE */
    struct tsdb *db;
    struct log *log;
    struct clock clock;
    struct evaluate_thread *evaluate;
    struct histogram *commit_duration;
    atomic_bool *store_failing; /* told after each commit */
    atomic_bool stopping;
    int64_t committed_mono_ns; /* when the last commit ended */
};

/* Fill the pointers, then call; the queue may be used from here on. ERR_NOMEM, ERR_UNAVAILABLE. */
enum err write_thread_init(struct write_thread *w) MUST_CHECK;
enum err write_thread_start(struct write_thread *w) MUST_CHECK;
/* Commits what waits, then ends. */
void write_thread_stop(struct write_thread *w);
void write_thread_release(struct write_thread *w);

#endif
