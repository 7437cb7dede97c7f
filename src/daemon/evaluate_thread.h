/*
 * The evaluate thread: the single owner of mapping, monitor and frames.
 *
 * It follows what was committed, publishes a new view when something happened that
 * people must hear of (at once, but at most ten times a second), else with new
 * figures once in http.stream_interval, and stores Fusebox's own and derived series.
 * Where there is so much that views take long, they come less often.
 *
 * Never sheds: when its inbox is full the write thread waits, and with it the
 * sources, whose own queue then refuses.
 */
#ifndef FUSEBOX_DAEMON_EVALUATE_THREAD_H
#define FUSEBOX_DAEMON_EVALUATE_THREAD_H

#include "api/api.h"
#include "api/frames.h"
#include "base/log.h"
#include "base/thread.h"
#include "daemon/own_series.h"
#include "ingest/mapping.h"
#include "monitor/monitor.h"

enum { EVALUATE_INBOX_ITEMS = 4096, EVALUATE_FRESH_MAX = 64 };

struct evaluate_thread {
    struct thread thread;
    struct queue inbox;
    struct log *log;
    struct clock clock;
    struct api *api;
    struct monitor *monitor;
    struct mapping *mapping;
    struct frames *frames;
    struct own_series own_series;
    int64_t stream_interval_ns;
    int64_t self_interval_ns;
    int64_t oldest_batch_mono_ns; /* received, not shown yet; -1 */
    int64_t published_mono_ns;    /* the newest view … */
    int64_t figures_mono_ns;      /* … and the newest frames with new figures */
    int64_t publish_cost_ns;      /* of the newest view with its frames */
    int64_t stored_mono_ns;
    bool figures_wait; /* a batch came since those */
    bool alarm;        /* something changed that people must hear of at once */
    struct http_parked *fresh[EVALUATE_FRESH_MAX]; /* answered behind the next view */
    size_t fresh_count;
};

/* Fill the pointers, then call. ERR_NOMEM. */
enum err evaluate_thread_init(struct evaluate_thread *e) MUST_CHECK;
enum err evaluate_thread_start(struct evaluate_thread *e) MUST_CHECK;
void evaluate_thread_stop(struct evaluate_thread *e); /* works off the inbox first */
void evaluate_thread_release(struct evaluate_thread *e);

/*
 * One turn of the thread's loop: waits for work, no longer than so many nanoseconds, takes what is
 * there, publishes and stores what is due. ERR_CANCELLED: stopped, and all is taken. Called by the
 * thread, or in its place by who holds its clock.
 */
enum err evaluate_thread_turn(struct evaluate_thread *e, int64_t longest_wait_ns) MUST_CHECK;

/* Publishes the first view; before the thread runs. */
enum err evaluate_thread_publish(struct evaluate_thread *e) MUST_CHECK;

/* Takes the batch; on an error (stopped) the caller keeps it. Waits while the inbox is full. */
enum err evaluate_thread_push_batch(struct evaluate_thread *e,
                                    struct sample_batch *batch) MUST_CHECK;
enum err evaluate_thread_push_question(struct evaluate_thread *e,
                                       struct http_parked *parked) MUST_CHECK;
enum err evaluate_thread_push_config(struct evaluate_thread *e, struct config *cfg)
    MUST_CHECK; /* takes a reference of its own */
/* A service was defined through the API, or is `gone`; takes a reference of its own. */
enum err evaluate_thread_push_definition(struct evaluate_thread *e, struct definition *d,
                                         bool gone) MUST_CHECK;
/* Answered by api_answer_service when a view that is newer than this call was published. */
enum err evaluate_thread_push_fresh(struct evaluate_thread *e,
                                    struct http_parked *parked) MUST_CHECK;
/* These references are free from now on: behind the batches that were pushed before. */
enum err evaluate_thread_push_forget(struct evaluate_thread *e, const uint32_t *refs,
                                     size_t count) MUST_CHECK;

#endif
