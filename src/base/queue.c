#include "base/queue.h"

#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

enum err queue_init(struct queue *q, size_t capacity_count, enum queue_when_full when_full,
                    void (*drop)(void *item))
{
    pthread_condattr_t attr;

    *q = (struct queue){ .capacity_count = capacity_count, .when_full = when_full, .drop = drop };
    q->items = mem_alloc_zero(capacity_count, sizeof *q->items);
    if (!q->items)
        return ERR_NOMEM;
    lock_init(&q->lock, LOCK_RANK_QUEUE);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&q->not_empty, &attr);
    pthread_cond_init(&q->not_full, &attr);
    pthread_condattr_destroy(&attr);
    return ERR_OK;
}

static void *take_first(struct queue *q)
{
    void *item = q->items[q->first];

    q->first = (q->first + 1) % q->capacity_count;
    q->count--;
    return item;
}

void queue_release(struct queue *q)
{
    if (!q->items)
        return;
    while (q->count)
        q->drop(take_first(q));
    pthread_cond_destroy(&q->not_empty);
    pthread_cond_destroy(&q->not_full);
    lock_release(&q->lock);
    mem_free(q->items);
    q->items = NULL;
}

void queue_close(struct queue *q)
{
    lock_take(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->not_empty);
    pthread_cond_broadcast(&q->not_full);
    lock_drop(&q->lock);
}

/* With the lock held: finds room as the queue's rule says. *ret_old is what had to go. */
static enum err make_room(struct queue *q, void **ret_old)
{
    while (q->when_full == QUEUE_BLOCK && q->count == q->capacity_count && !q->closed)
        pthread_cond_wait(&q->not_full, &q->lock.mutex);
    if (q->closed)
        return ERR_CANCELLED;
    if (q->count < q->capacity_count)
        return ERR_OK;
    if (q->when_full == QUEUE_REFUSE)
        return ERR_OVERLOADED;
    *ret_old = take_first(q);
    q->dropped_count++;
    return ERR_OK;
}

enum err queue_push(struct queue *q, void *item)
{
    void *old = NULL;
    enum err err;

    lock_take(&q->lock);
    err = make_room(q, &old);
    if (!err) {
        q->items[(q->first + q->count) % q->capacity_count] = item;
        q->count++;
        pthread_cond_signal(&q->not_empty);
    }
    lock_drop(&q->lock);
    if (old)
        q->drop(old);
    return err;
}

static struct timespec deadline_after(int64_t wait_ns)
{
    struct clock clock = clock_system();
    int64_t now = clock_mono_ns(&clock);
    int64_t at = wait_ns < INT64_MAX - now ? now + wait_ns : INT64_MAX;

    return (struct timespec){ .tv_sec = (time_t)(at / 1000000000),
                              .tv_nsec = (long)(at % 1000000000) };
}

enum err queue_pop(struct queue *q, int64_t wait_ns, void **ret_item)
{
    struct timespec deadline = deadline_after(wait_ns < 0 ? 0 : wait_ns);
    enum err err = ERR_OK;

    lock_take(&q->lock);
    while (!q->count && !q->closed && !err) {
        if (wait_ns < 0)
            pthread_cond_wait(&q->not_empty, &q->lock.mutex);
        else if (pthread_cond_timedwait(&q->not_empty, &q->lock.mutex, &deadline))
            err = ERR_TIMEOUT;
    }
    if (q->count) {
        *ret_item = take_first(q);
        pthread_cond_signal(&q->not_full);
        err = ERR_OK;
    } else if (q->closed) {
        err = ERR_CANCELLED;
    }
    lock_drop(&q->lock);
    return err;
}

size_t queue_count(struct queue *q)
{
    size_t count;

    lock_take(&q->lock);
    count = q->count;
    lock_drop(&q->lock);
    return count;
}
