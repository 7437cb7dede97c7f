/*
 * A named thread.
 *
 * thread_start blocks all signals in the new thread (main alone handles them).
 * thread_stop joins; the owner has told the loop to end before.
 */
#ifndef FUSEBOX_BASE_THREAD_H
#define FUSEBOX_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

struct thread {
    pthread_t id;
    bool running;
};

/* `name` has at most 15 bytes. ERR_UNAVAILABLE when the system gives no thread. */
enum err thread_start(struct thread *t, const char *name, void *(*run)(void *),
                      void *arg) MUST_CHECK;

/* The calling thread yields to others from now on, as far as the system lets it. */
void thread_lower_priority(void);

/* Waits for the end of the thread; all-zero and already stopped threads are allowed. */
void thread_stop(struct thread *t);

#endif
