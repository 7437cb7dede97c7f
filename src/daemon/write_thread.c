#include "daemon/write_thread.h"

#include "ingest/batch_queue.h"
#include "ingest/exemplars.h"

static const int64_t MAINTAIN_EVERY_NS = 5000000000;
static const int64_t COMMIT_GAP_NS =
    40000000; /* a sync costs the same for one batch and for fifty */

static const char wake_place; /* its address in a queue is a wake */
static void *const wake = (void *)(uintptr_t)&wake_place;

static void drop_batch(void *batch)
{
    if (batch != wake)
        sample_batch_free(batch);
}

enum err write_thread_init(struct write_thread *w)
{
    enum err err = queue_init(&w->queue, WRITE_QUEUE_BATCHES, QUEUE_REFUSE, drop_batch);

    if (!err)
        err = queue_init(&w->pause, 1, QUEUE_REFUSE, drop_batch);
    return err ? err : store_jobs_init(&w->jobs);
}

/* When both are full the thread is awake, or will be at once. */
void write_thread_wake(struct write_thread *w)
{
    enum err full = queue_push(&w->queue, wake);

    full = queue_push(&w->pause, wake);
    (void)full;
}

enum store_mode write_thread_state(struct write_thread *w)
{
    return (enum store_mode)atomic_load(&w->mode);
}

/* --- the state, and who is told of it --- */

static void tell_change(struct write_thread *w, enum store_mode before, enum store_mode now)
{
    const char *trouble = store_trouble_name(store_state_trouble(&w->state));

    if (now == STORE_LOST)
        log_write(w->log, LOG_ERROR,
                  "a sync of the store failed: what the disk holds is not known. Fusebox stops; "
                  "check the disk, then start it again: it reads what is there",
                  LOG_CSTR("data", w->watch.disk.dir));
    else if (now == STORE_DEGRADED)
        log_write(w->log, LOG_ERROR,
                  "samples are evaluated but not stored: the store does not take them",
                  LOG_CSTR("reason", trouble));
    else if (now == STORE_TRYING)
        log_write(w->log, LOG_WARN, "commit failed, it is tried again",
                  LOG_CSTR("reason", trouble));
    else if (before == STORE_DEGRADED)
        log_write(w->log, LOG_INFO, "samples are stored again",
                  LOG_INT("not_stored",
                          (int64_t)(w->own->samples_not_stored - w->not_stored_told_count)));
    if (now == STORE_HEALTHY)
        w->not_stored_told_count = w->own->samples_not_stored;
}

static void note_state(struct write_thread *w)
{
    enum store_mode before = write_thread_state(w), now = store_state_mode(&w->state);

    watch_tell_store(&w->watch, now, store_state_trouble(&w->state), clock_wall_ms(&w->clock));
    atomic_store(&w->own->store_failing, now != STORE_HEALTHY);
    atomic_store(&w->mode, now);
    if (before == now)
        return;
    tell_change(w, before, now);
    if (now == STORE_LOST)
        w->on_lost(w->daemon);
}

/* After whatever may have synced. */
static void check_syncs(struct write_thread *w)
{
    if (!tsdb_sync_failed(w->db))
        return;
    store_state_on_sync_failure(&w->state);
    note_state(w);
}

static enum store_trouble trouble_of(struct write_thread *w, enum err err)
{
    enum store_trouble trouble = disk_find_trouble(&w->watch.disk);

    if (err == ERR_LIMIT)
        trouble = TROUBLE_DISK_FULL;
    if (trouble == TROUBLE_DISK_FULL)
        disk_release_reserve(&w->watch.disk);
    return trouble;
}

/* --- batches --- */

/* The group leaves this thread: to the evaluation, or to nowhere. `err` is what became of its
 * commit. */
static void let_go(struct write_thread *w, bool evaluate, enum err err)
{
    for (size_t i = 0; i < w->group_count; i++) {
        struct sample_batch *batch = w->group[i];

        batch_queue_note_gone(w->budget, batch);
        if (batch->cargo)
            batch->cargo->settle(batch->cargo, &batch->left_out, err);
        if (!evaluate || evaluate_thread_push_batch(w->evaluate, batch))
            sample_batch_free(batch);
    }
    w->group_count = 0;
}

static void let_go_unstored(struct write_thread *w)
{
    uint64_t samples = 0;

    for (size_t i = 0; i < w->group_count; i++)
        samples += w->group[i]->count;
    atomic_fetch_add(&w->own->samples_not_stored, samples);
    let_go(w, store_state_mode(&w->state) != STORE_LOST, ERR_UNAVAILABLE);
}

static enum err commit_once(struct write_thread *w)
{
    int64_t begin_ns = clock_mono_ns(&w->clock);
    enum err err = tsdb_commit(w->db, w->group, w->group_count, clock_wall_ms(&w->clock));

    w->committed_mono_ns = clock_mono_ns(&w->clock);
    histogram_observe(&w->own->commit_duration, w->committed_mono_ns - begin_ns);
    return err;
}

/* Commits the group when that may be tried, and lets go of it unless it is held for another try. */
static void settle_group(struct write_thread *w)
{
    enum err err = ERR_UNAVAILABLE;

    if (store_state_may_commit(&w->state, clock_mono_ns(&w->clock))) {
        err = commit_once(w);
        if (err)
            store_state_on_failure(&w->state, trouble_of(w, err), w->committed_mono_ns);
        else
            store_state_on_success(&w->state);
        if (err && atomic_load(&w->stopping))
            store_state_give_up(&w->state);
        note_state(w);
        check_syncs(w);
    }
    if (!err)
        let_go(w, true, ERR_OK);
    else if (store_state_mode(&w->state) != STORE_TRYING)
        let_go_unstored(w);
}

static void add_to_group(struct write_thread *w, void *item)
{
    if (item != wake)
        w->group[w->group_count++] = item;
}

/* Sleeps until COMMIT_GAP_NS after the commit before, or until a wake; not at all when that is long
 * ago. What comes meanwhile wakes nobody. */
static void wait_for_gap(struct write_thread *w)
{
    int64_t wait_ns = w->committed_mono_ns + COMMIT_GAP_NS - clock_mono_ns(&w->clock);
    void *item;
    enum err ignored; /* how the sleep ended does not matter */

    if (wait_ns <= 0)
        return;
    ignored = queue_pop(&w->pause, wait_ns, &item);
    (void)ignored;
}

/* Gathers what has come. */
static void gather_group(struct write_thread *w)
{
    void *item;

    if (!w->group_count)
        return;
    wait_for_gap(w);
    while (w->group_count < WRITE_GROUP_BATCHES && !queue_pop(&w->queue, 0, &item))
        add_to_group(w, item);
}

/* --- the round --- */

/* Everybody who keeps references longer than their lease. */
static bool on_evicted(void *ctx, const uint32_t *refs, size_t count)
{
    struct write_thread *w = ctx;
    struct exemplars *exemplars = atomic_load(&w->exemplars);

    if (evaluate_thread_push_forget(w->evaluate, refs, count) == ERR_NOMEM)
        return false;
    if (exemplars)
        exemplars_forget(exemplars, refs, count);
    return true;
}

static void maintain(struct write_thread *w)
{
    int64_t now_ms = clock_wall_ms(&w->clock), mono_ns = clock_mono_ns(&w->clock);

    store_state_on_space(&w->state, watch_look(&w->watch, now_ms, mono_ns));
    note_state(w);
    if (tsdb_maintain(w->db, now_ms, mono_ns, on_evicted, w))
        log_message(w->log, LOG_WARN, "maintenance of the store failed, it is tried again");
    w->maintain_mono_ns = clock_mono_ns(&w->clock) + MAINTAIN_EVERY_NS;
}

static void look_after(struct write_thread *w)
{
    if (store_state_mode(&w->state) == STORE_LOST) {
        w->maintain_mono_ns = clock_mono_ns(&w->clock) + MAINTAIN_EVERY_NS;
        return;
    }
    if (clock_mono_ns(&w->clock) >= w->maintain_mono_ns)
        maintain(w);
    store_jobs_step(&w->jobs, clock_wall_ms(&w->clock), clock_mono_ns(&w->clock));
    check_syncs(w);
}

/* Waits for a batch or a wake until the next thing is due. ERR_CANCELLED: stopped and empty. */
static enum err wait_for_work(struct write_thread *w, bool wait)
{
    int64_t now_ns = clock_mono_ns(&w->clock), due_ns = w->maintain_mono_ns;
    struct queue *queue = w->group_count ? &w->pause : &w->queue;
    void *item;
    enum err err;

    if (w->group_count && w->state.try_mono_ns < due_ns)
        due_ns = w->state.try_mono_ns;
    if (!w->jobs.running && w->jobs.due_mono_ns < due_ns)
        due_ns = w->jobs.due_mono_ns;
    err = queue_pop(queue, wait && due_ns > now_ns ? due_ns - now_ns : 0, &item);
    if (!err)
        add_to_group(w, item);
    return err;
}

bool write_thread_step(struct write_thread *w, bool wait)
{
    bool held = w->group_count > 0;
    enum err err = wait_for_work(w, wait);

    if (held && err == ERR_CANCELLED)
        store_state_give_up(&w->state);
    if (!held)
        gather_group(w);
    if (w->group_count)
        settle_group(w);
    look_after(w);
    return err != ERR_CANCELLED || queue_count(&w->queue);
}

static void *run(void *arg)
{
    struct write_thread *w = arg;

    while (write_thread_step(w, true))
        ;
    store_jobs_end(&w->jobs);
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
    if (w->pause.items)
        queue_close(&w->pause);
    thread_stop(&w->thread);
}

void write_thread_release(struct write_thread *w)
{
    store_jobs_release(&w->jobs);
    queue_release(&w->queue);
    queue_release(&w->pause);
}
