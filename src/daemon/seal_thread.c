#include "daemon/seal_thread.h"

#include "base/mem.h"

/* Jobs are never left behind in a queue: who gives one takes it back. */
static void drop_nothing(void *job)
{
    (void)job;
}

enum err seal_thread_init(struct seal_thread *s)
{
    enum err err = queue_init(&s->jobs, 1, QUEUE_REFUSE, drop_nothing);

    return err ? err : queue_init(&s->finished, 1, QUEUE_REFUSE, drop_nothing);
}

static void *run(void *arg)
{
    struct seal_thread *s = arg;
    void *job;

    thread_lower_priority();
    while (!queue_pop(&s->jobs, -1, &job)) {
        tsdb_job_run(job);
        mem_trim();
        if (!queue_push(&s->finished, job) && s->wake)
            s->wake(s->ctx);
    }
    return NULL;
}

enum err seal_thread_start(struct seal_thread *s)
{
    return thread_start(&s->thread, "seal", run, s);
}

void seal_thread_stop(struct seal_thread *s)
{
    if (s->jobs.items)
        queue_close(&s->jobs);
    thread_stop(&s->thread);
}

void seal_thread_release(struct seal_thread *s)
{
    queue_release(&s->jobs);
    queue_release(&s->finished);
}

bool seal_thread_give(struct seal_thread *s, struct tsdb_job *job)
{
    return !queue_push(&s->jobs, job);
}

struct tsdb_job *seal_thread_take(struct seal_thread *s, bool wait)
{
    void *job;

    return queue_pop(&s->finished, wait ? -1 : 0, &job) ? NULL : job;
}
