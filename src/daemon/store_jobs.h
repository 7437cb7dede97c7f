/*
 * The store's long work, as the write thread sees it: asks what is due, gives it
 * to the seal thread, takes over what it did, and answers those who asked for it.
 *
 *   any thread:    store_jobs_ask(parked, dir)        -> the write thread is woken
 *   write thread:  { store_jobs_step }*               often; it waits for nothing
 *                  store_jobs_end                     before it ends
 *
 * A request for a seal is answered when a seal that began after it has ended, or
 * at once when there is nothing to seal. A job that failed is tried again 5 s
 * later, then less and less often; a request tries at once.
 *
 * Time      Passed in.
 * Threads   store_jobs_ask: any. The rest: the write thread.
 * Memory    Takes the parked requests that it accepted, and finishes them.
 * Limits    STORE_ASKS_MAX requests wait.
 */
#ifndef FUSEBOX_DAEMON_STORE_JOBS_H
#define FUSEBOX_DAEMON_STORE_JOBS_H

#include "base/log.h"
#include "daemon/seal_thread.h"
#include "http/server.h"

enum { STORE_ASKS_MAX = 16 };

/* Takes the parked request. `result` is NULL when there is none. */
typedef void store_answer(struct http_parked *parked, enum err err, const struct diag *diag,
                          const struct tsdb_job_result *result, const char *dir);

struct store_ask {
    store_answer *answer;
    struct http_parked *parked;
    const char *dir; /* of a backup; NULL: a seal */
    bool begun;      /* it was there when the job that runs was planned */
};

struct store_jobs {
    struct tsdb *db;
    struct log *log;
    struct seal_thread *seal;
    store_answer *answer;
    struct queue asked; /* struct store_ask */
    struct store_ask waiting[STORE_ASKS_MAX];
    size_t waiting_count;
    struct tsdb_job *running;
    bool again;          /* more may be due at once */
    int64_t due_mono_ns; /* when to ask the store next */
    int64_t patience_ns; /* behind a job that failed; 0: the last one did not */
};

enum err store_jobs_init(struct store_jobs *s) MUST_CHECK; /* ERR_NOMEM */
void store_jobs_release(struct store_jobs *s);             /* all-zero is allowed */

/* Takes the parked request. ERR_OVERLOADED, ERR_CANCELLED (stopping), ERR_NOMEM: it did not. */
enum err store_jobs_ask(struct store_jobs *s, struct http_parked *parked,
                        const char *dir) MUST_CHECK;

void store_jobs_step(struct store_jobs *s, int64_t now_ms, int64_t mono_ns);
/* Takes no more requests, cancels the job that runs, takes over what it did, answers all. */
void store_jobs_end(struct store_jobs *s);

#endif
