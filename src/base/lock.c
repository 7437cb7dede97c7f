#include "base/lock.h"

#include <stdio.h>
#include <stdlib.h>

#ifndef NDEBUG
enum { HELD_MAX = 8 };

static _Thread_local int held_ranks[HELD_MAX];
static _Thread_local int held_count;

static void note_taken(int rank)
{
    if (held_count > 0 && held_ranks[held_count - 1] >= rank) {
        fprintf(stderr, "lock rank %d taken while %d is held\n", rank, held_ranks[held_count - 1]);
        abort();
    }
    if (held_count < HELD_MAX)
        held_ranks[held_count] = rank;
    held_count++;
}

static void note_dropped(void)
{
    held_count--;
}
#else
static void note_taken(int rank)
{
    (void)rank;
}

static void note_dropped(void)
{
}
#endif

void lock_init(struct lock *l, enum lock_rank rank)
{
    pthread_mutex_init(&l->mutex, NULL);
    l->rank = (int)rank;
}

void lock_release(struct lock *l)
{
    pthread_mutex_destroy(&l->mutex);
}

void lock_take(struct lock *l)
{
    note_taken(l->rank);
    pthread_mutex_lock(&l->mutex);
}

void lock_drop(struct lock *l)
{
    pthread_mutex_unlock(&l->mutex);
    note_dropped();
}
