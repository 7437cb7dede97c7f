/*
 * Park: the requests that wait for the answer of another thread.
 *
 * Each is shared by two sides that may move in any order: the connection, which is suspended
 * and will send the answer, and the finisher, which has it. The lock decides who came first:
 *
 *   NEW ----park_suspend----> WAITING --finish--> FINISHED --park_take--> answer is sent
 *    |                           |
 *    +--finish--> FINISHED       +--deadline, stop--> ABANDONED --park_take--> 504, 503
 *
 * A request that was abandoned stays alive until its finisher comes, who then does nothing.
 *
 * Threads   Locks itself. Resuming happens under the lock, so that park_stop can promise that
 *           nobody resumes a connection afterwards.
 * Memory    The park is counted: the server holds a reference, every parked request another.
 * Limits    max_parked; then http_request_park returns NULL.
 */
#ifndef FUSEBOX_HTTP_PARK_H
#define FUSEBOX_HTTP_PARK_H

#include "http/request.h"

enum { HTTP_PARKED_MAX = 1024 };

struct park *park_new(size_t max_parked, int64_t timeout_ms,
                      struct http_stats *stats); /* NULL: no memory */
void park_unref(struct park *park);

/*
 * The connection's side, after the handler has returned: suspends the connection and says true,
 * or says false when the answer is there already (call park_take).
 */
bool park_suspend(struct http_parked *parked, struct http_conn *conn) MUST_CHECK;

/* Gives the answer (err and *ret_reply) and lets go of the parked request. */
enum err park_take(struct http_parked *parked, struct http_reply *ret_reply);

void park_sweep(struct park *park, int64_t mono_ns); /* deadlines */
void park_stop(struct park *park); /* abandons all, refuses new ones, forgets the stats */

#endif
