/*
 * The demonstration's traffic: GET requests to each service at a constant rate,
 * whether or not the answers come (open loop), over kept-alive connections.
 *
 *   demo_driver_open -> { poll demo_driver_fd | demo_driver_run }* -> demo_driver_close
 *
 * Time      Callers pass monotonic nanoseconds; nothing here waits.
 * Threads   Owned by the main thread.
 * Limits    At most DEMO_CALLS_MAX calls are under way; a call that would be one
 *           more is not made and counted as skipped. A call without an answer
 *           within DEMO_CALL_WAIT_MS fails. Answers up to DEMO_ANSWER_MAX_BYTES.
 */
#ifndef FUSEBOX_CLI_DEMO_DRIVER_H
#define FUSEBOX_CLI_DEMO_DRIVER_H

#include <stdint.h>

#include "base/attr.h"
#include "base/diag.h"
#include "cli/demo_scene.h"

enum { DEMO_CALLS_MAX = 128, DEMO_CALL_WAIT_MS = 5000, DEMO_ANSWER_MAX_BYTES = 4096 };

struct demo_counts {
    uint64_t good;    /* answers below 500 */
    uint64_t errors;  /* answers from 500 on, and calls without any */
    uint64_t skipped; /* not made: too many under way */
};

struct demo_driver;

/* `port` of 127.0.0.1; the first part of the path is the service's name. ERR_NOMEM, ERR_IO. */
enum err demo_driver_open(int port, int rate_per_s, int64_t mono_ns, struct demo_driver **ret,
                          struct diag *diag) MUST_CHECK;
void demo_driver_close(struct demo_driver *d);

/* Readable when demo_driver_run has something to do before its time. */
int demo_driver_fd(const struct demo_driver *d);

/* Makes the calls that are due, takes the answers that came. Returns when to call again (mono ns).
 */
int64_t demo_driver_run(struct demo_driver *d, int64_t mono_ns);

struct demo_counts demo_driver_counts(const struct demo_driver *d, int service);

#endif
