/*
 * The state thread: the only one that touches the store of the state.
 *
 * It takes parked requests that change a definition, has them checked, saved and
 * synced, tells the evaluation, and answers. A sync takes as long as the disk
 * takes, and holds up nobody else: neither the evaluation nor the samples.
 *
 * A backup begins here: the state is copied into its directory, and the request goes on to the
 * samples' store, which ends it with the MANIFEST.
 *
 * A new configuration is read against every definition again, since limits that
 * a definition does not give are the options'.
 *
 *   fill the pointers; state_thread_open -> state_thread_start -> state_thread_stop
 *     -> state_thread_close
 *
 * Threads   ask and set_config: any thread.
 * Memory    Takes the parked requests that it accepted, and finishes them.
 * Limits    STATE_ASKS_MAX requests wait; more are refused (ERR_OVERLOADED).
 */
#ifndef FUSEBOX_DAEMON_STATE_THREAD_H
#define FUSEBOX_DAEMON_STATE_THREAD_H

#include <stdatomic.h>

#include "api/api.h"
#include "base/log.h"
#include "base/queue.h"
#include "base/thread.h"
#include "store/store.h"

enum { STATE_ASKS_MAX = 256 };

struct state_thread {
    struct thread thread;
    struct queue inbox; /* struct state_ask, or the token that wakes */
    _Atomic(struct config *) next_config;
    struct registry registry;
    bool has_registry;
    struct store *store;
    struct log *log;
    struct api *api;
    void (*on_lost)(void *daemon); /* a sync failed: end the process */
    /* Takes the parked request of a backup whose state is copied, or says why not. */
    enum err (*go_on)(void *daemon, struct http_parked *parked, const char *dir);
    void *daemon;
};

/*
 * Opens state.db in `dir` and enters its definitions; api->registry and the queue may be used from
 * here on. Those that cannot be read are logged and left as they are. Errors of the store.
 */
enum err state_thread_open(struct state_thread *s, const char *dir, struct config *cfg,
                           struct diag *diag) MUST_CHECK;
enum err state_thread_start(struct state_thread *s) MUST_CHECK; /* ERR_UNAVAILABLE */
void state_thread_stop(struct state_thread *s);                 /* works off the inbox first */
void state_thread_close(struct state_thread *s);                /* all-zero is allowed */

/* Tells the monitor of all definitions; api->tell_definition is called for each. ERR_NOMEM. */
enum err state_thread_tell_all(struct state_thread *s) MUST_CHECK;

/* Takes the parked request: of a definition, or (`dir`, which lives as long) of a backup.
 * ERR_OVERLOADED, ERR_CANCELLED (stopping), ERR_NOMEM: it did not. */
enum err state_thread_ask(struct state_thread *s, struct http_parked *parked,
                          const char *dir) MUST_CHECK;
/* Of a backup that came to nothing: its copy of the state, and its directory. */
void state_thread_drop_copy(const char *dir);
/* Takes a reference of its own. */
void state_thread_set_config(struct state_thread *s, struct config *cfg);

#endif
