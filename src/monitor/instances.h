/*
 * The instances of one service, as they tell of themselves: their health, that they
 * live, that they failed.
 *
 *   instances_init -> { instances_hear | instances_view }* -> instances_release
 *
 * What an instance said last holds until it says something else; a failure until it is
 * heard again. An instance that was heard at a pace (three times at least) and then not
 * for three of its gaps, and 30 s at least, is silent. Who is silent for an hour is
 * forgotten: it was taken away. What nobody listened to is no silence: it counts from the first
 * view on.
 *
 * Time      Unix milliseconds, passed in.
 * Threads   Owned by the evaluate thread.
 * Memory    Some 250 bytes per instance.
 * Limits    INSTANCES_MAX; the one that was not heard for longest makes room.
 */
#ifndef FUSEBOX_MONITOR_INSTANCES_H
#define FUSEBOX_MONITOR_INSTANCES_H

#include "base/vec.h"
#include "monitor/view.h"

enum { INSTANCES_MAX = 256 };

struct instances {
    struct vec items;   /* struct instance */
    int64_t watched_ms; /* the first view; -1: none yet */
};

void instances_init(struct instances *set);
void instances_release(struct instances *set); /* all-zero is allowed */

/* Without memory it is as if it had not been told. */
void instances_hear(struct instances *set, const struct instance_told *told);

/* Counts and judges them; words are put into the arena. */
void instances_view(struct instances *set, struct str service, int64_t now_ms, struct arena *arena,
                    struct instances_view *ret);

#endif
