/*
 * The seal thread: runs the long jobs of the store (seals, merges, backups), one
 * at a time, at low priority, so that the write thread goes on meanwhile.
 *
 *   seal_thread_init -> seal_thread_start
 *     -> { seal_thread_give(job) -> (wake is called) -> seal_thread_take }* -> seal_thread_stop
 *
 * Threads   give, take and stop: the write thread's owner; `wake` is called on the
 *           seal thread.
 * Memory    A job is the write thread's again when it was taken back; it finishes it.
 * Limits    One job; give another one when the one before was taken back.
 */
#ifndef FUSEBOX_DAEMON_SEAL_THREAD_H
#define FUSEBOX_DAEMON_SEAL_THREAD_H

#include "base/queue.h"
#include "base/thread.h"
#include "tsdb/tsdb.h"

struct seal_thread {
    struct thread thread;
    struct queue jobs; /* struct tsdb_job, as is `finished` */
    struct queue finished;
    void (*wake)(void *ctx); /* a job waits in `finished`; may be NULL */
    void *ctx;
};

enum err seal_thread_init(struct seal_thread *s) MUST_CHECK;  /* ERR_NOMEM */
enum err seal_thread_start(struct seal_thread *s) MUST_CHECK; /* ERR_UNAVAILABLE */
/* Every job was taken back, or was never given. */
void seal_thread_stop(struct seal_thread *s);
void seal_thread_release(struct seal_thread *s); /* all-zero is allowed */

/* False: there is one already, or the thread was stopped; the caller keeps the job. */
bool seal_thread_give(struct seal_thread *s, struct tsdb_job *job) MUST_CHECK;
/* The job that has run, or NULL; `wait`: until the one that was given has run. */
struct tsdb_job *seal_thread_take(struct seal_thread *s, bool wait);

#endif
