/*
 * The query threads: answer what needs stored series or events, each one question
 * after the other.
 *
 * They read the store beside everything else, at low priority: neither the evaluation
 * nor the http threads wait for it. A question that waits or works for longer than
 * QUERY_DEADLINE_NS is answered with ERR_TIMEOUT, at stop with ERR_CANCELLED; one whose
 * client has gone is given up.
 *
 *   fill the pointers; query_thread_init -> query_thread_start -> query_thread_stop
 *     -> query_thread_release
 *
 * Threads   ask: any thread.
 * Memory    Takes the parked requests that it accepted, and finishes them.
 * Limits    QUERY_ASKS_MAX questions wait; more are refused (ERR_OVERLOADED).
 */
#ifndef FUSEBOX_DAEMON_QUERY_THREAD_H
#define FUSEBOX_DAEMON_QUERY_THREAD_H

#include <stdatomic.h>

#include "api/api.h"
#include "base/queue.h"
#include "base/thread.h"

enum { QUERY_ASKS_MAX = 64, QUERY_THREADS = 2 };

struct query_thread {
    struct thread threads[QUERY_THREADS];
    struct queue inbox; /* struct question */
    struct clock clock;
    struct api *api;
    atomic_bool stopping;
};

enum err query_thread_init(struct query_thread *q) MUST_CHECK;  /* ERR_NOMEM */
enum err query_thread_start(struct query_thread *q) MUST_CHECK; /* ERR_UNAVAILABLE */
void query_thread_stop(struct query_thread *q);    /* gives up what waits and what it works at */
void query_thread_release(struct query_thread *q); /* all-zero is allowed */

/* Both take the parked request. ERR_OVERLOADED, ERR_CANCELLED (stopping), ERR_NOMEM: they did
 * not. The history is copied. */
enum err query_thread_ask(struct query_thread *q, struct http_parked *parked,
                          api_answer *answer_it) MUST_CHECK;
enum err query_thread_ask_history(struct query_thread *q, struct http_parked *parked,
                                  int64_t stored_ms,
                                  const struct service_history *history) MUST_CHECK;

#endif
