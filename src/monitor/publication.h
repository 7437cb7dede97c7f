/*
 * Where the newest view stands for every thread to take: a pointer that is
 * swapped under a lock, so a reader holds the lock for two instructions.
 *
 * Threads   Locks itself.
 */
#ifndef FUSEBOX_MONITOR_PUBLICATION_H
#define FUSEBOX_MONITOR_PUBLICATION_H

#include "base/lock.h"
#include "monitor/view.h"

struct publication {
    struct lock lock;
    struct monitor_view *view;
};

void publication_init(struct publication *p);
void publication_release(struct publication *p);

/* Takes `view`. */
void publication_set(struct publication *p, struct monitor_view *view);

/* The newest view with a reference for the caller (view_unref it); NULL before the first. */
struct monitor_view *publication_get(struct publication *p);

#endif
