/*
 * Bounded queue of pointers between threads.
 *
 * What happens when it is full is said at the constructor:
 *   QUEUE_REFUSE       queue_push returns ERR_OVERLOADED; the caller keeps the item
 *   QUEUE_DROP_OLDEST  the oldest item is handed to `drop` and makes room
 *   QUEUE_BLOCK        queue_push waits for room
 *
 * queue_close makes every later push fail with ERR_CANCELLED; what is inside can
 * still be popped, and after that queue_pop answers ERR_CANCELLED.
 *
 * Threads   Locks itself; any number of producers and consumers.
 * Memory    Takes pushed items; on a failed push the caller keeps the item.
 *           queue_release hands what is left to `drop`.
 */
#ifndef FUSEBOX_BASE_QUEUE_H
#define FUSEBOX_BASE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/lock.h"

enum queue_when_full { QUEUE_REFUSE, QUEUE_DROP_OLDEST, QUEUE_BLOCK };

struct queue {
    struct lock lock;
    pthread_cond_t not_empty;
    pthread_cond_t not_full;
    void **items;
    size_t capacity_count;
    size_t first;
    size_t count;
    uint64_t dropped_count;
    enum queue_when_full when_full;
    void (*drop)(void *item);
    bool closed;
};

/* `drop` releases one item. ERR_NOMEM. */
enum err queue_init(struct queue *q, size_t capacity_count, enum queue_when_full when_full,
                    void (*drop)(void *item)) MUST_CHECK;
void queue_release(struct queue *q); /* no thread uses it any more */
void queue_close(struct queue *q);

enum err queue_push(struct queue *q, void *item) MUST_CHECK;

/*
 * Takes the oldest item. wait_ns: 0 polls, negative waits for ever.
 * ERR_TIMEOUT when none came, ERR_CANCELLED when closed and empty.
 */
enum err queue_pop(struct queue *q, int64_t wait_ns, void **ret_item) MUST_CHECK;

size_t queue_count(struct queue *q);

#endif
