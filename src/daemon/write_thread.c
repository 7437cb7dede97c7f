#include "daemon/write_thread.h"

static const int64_t MAINTAIN_EVERY_NS = 5000000000;
static const int64_t RETRY_AFTER_NS = 1000000000;
static const int64_t COMMIT_GAP_NS =
    25000000; /* a sync costs the same for one batch and for fifty */
enum { COMMIT_TRIES = 5 };

static void drop_batch(void *batch)
{
    sample_batch_free(batch);
}

enum err write_thread_init(struct write_thread *w)
{
    return queue_init(&w->queue, WRITE_QUEUE_BATCHES, QUEUE_REFUSE, drop_batch);
}

static enum err commit_once(struct write_thread *w, struct sample_batch **batches, size_t count)
{
    int64_t begin_ns = clock_mono_ns(&w->clock);
    enum err err = tsdb_commit(w->db, batches, count, clock_wall_ms(&w->clock));

    histogram_observe(w->commit_duration, clock_mono_ns(&w->clock) - begin_ns);
    atomic_store(w->store_failing, err != ERR_OK);
    return err;
}

/* Waits a moment unless the daemon stops; false: it stops. */
static bool wait_to_retry(struct write_thread *w, struct queue *pause)
{
    void *nothing;

    return queue_pop(pause, RETRY_AFTER_NS, &nothing) == ERR_TIMEOUT && !atomic_load(&w->stopping);
}

static enum err commit_with_retries(struct write_thread *w, struct sample_batch **batches,
                                    size_t count)
{
    struct queue pause; /* nobody pushes: a timed wait */
    enum err err = commit_once(w, batches, count);

    if (!err || queue_init(&pause, 1, QUEUE_REFUSE, drop_batch))
        return err;
    for (int tried = 1; err && tried < COMMIT_TRIES; tried++) {
        log_write(w->log, LOG_WARN, "commit failed, trying again", LOG_CSTR("error", err_text(err)),
                  LOG_INT("batches", (int64_t)count));
        if (!wait_to_retry(w, &pause))
            break;
        err = commit_once(w, batches, count);
    }
    queue_release(&pause);
    return err;
}

static void commit_group(struct write_thread *w, struct sample_batch **batches, size_t count)
{
    enum err err = commit_with_retries(w, batches, count);

    if (err)
        log_write(w->log, LOG_ERROR, "samples lost: the store refuses them",
                  LOG_CSTR("error", err_text(err)), LOG_INT("batches", (int64_t)count));
    for (size_t i = 0; i < count; i++)
        if (err || evaluate_thread_push_batch(w->evaluate, batches[i]))
            sample_batch_free(batches[i]);
}

/* Gathers what waits, and what comes until COMMIT_GAP_NS after the commit before: none of it when
 * that is long ago. */
static size_t take_group(struct write_thread *w, struct sample_batch **batches)
{
    size_t count = 1;
    void *item;

    while (count < WRITE_GROUP_BATCHES) {
        int64_t wait_ns = w->committed_mono_ns + COMMIT_GAP_NS - clock_mono_ns(&w->clock);

        if (queue_pop(&w->queue, wait_ns > 0 ? wait_ns : 0, &item))
            break;
        batches[count++] = item;
    }
    return count;
}

static void *run(void *arg)
{
    struct write_thread *w = arg;
    struct sample_batch *batches[WRITE_GROUP_BATCHES];
    int64_t maintain_ns = clock_mono_ns(&w->clock) + MAINTAIN_EVERY_NS;
    enum err err;

    do {
        int64_t wait_ns = maintain_ns - clock_mono_ns(&w->clock);
        void *item;

        err = queue_pop(&w->queue, wait_ns > 0 ? wait_ns : 0, &item);
        if (!err) {
            batches[0] = item;
            commit_group(w, batches, take_group(w, batches));
            w->committed_mono_ns = clock_mono_ns(&w->clock);
        }
        if (clock_mono_ns(&w->clock) < maintain_ns)
            continue;
        if (tsdb_maintain(w->db, clock_wall_ms(&w->clock)))
            log_message(w->log, LOG_WARN, "maintenance of the store failed, it is tried again");
        maintain_ns = clock_mono_ns(&w->clock) + MAINTAIN_EVERY_NS;
    } while (err != ERR_CANCELLED);
    return NULL;
}

enum err write_thread_start(struct write_thread *w)
{
    return thread_start(&w->thread, "write", run, w);
}

void write_thread_stop(struct write_thread *w)
{
    atomic_store(&w->stopping, true);
    if (w->queue.items)
        queue_close(&w->queue);
    thread_stop(&w->thread);
}

void write_thread_release(struct write_thread *w)
{
    queue_release(&w->queue);
}
