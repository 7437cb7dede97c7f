/*
 * Watch: looks every few seconds at what may trouble Fusebox itself (space on the
 * disk, jumps of the clock, the memory budget, damaged data, safe mode), and
 * keeps the notices that people see.
 *
 *   fill the pointers; watch_init -> { watch_look | watch_tell_store }*
 *
 * Time      Passed in.
 * Threads   Owned by the write thread.
 */
#ifndef FUSEBOX_DAEMON_WATCH_H
#define FUSEBOX_DAEMON_WATCH_H

#include "api/notices.h"
#include "api/own.h"
#include "base/log.h"
#include "daemon/clock_watch.h"
#include "daemon/disk.h"
#include "tsdb/tsdb.h"

struct watch {
    struct log *log;
    struct tsdb *db;
    struct budget *budget;
    struct notices *notices;
    struct own *own;
    struct disk disk;
    struct clock_watch clock;
    bool is_safe;                /* safe mode, … */
    int64_t safe_until_ns;       /* … which ends then */
    uint64_t safe_refused_count; /* series that it refused */
    uint64_t refused_count;      /* what found no room in the budget, at the look before */
    int64_t refused_mono_ns;     /* when that last rose */
};

void watch_init(struct watch *w, const char *dir, uint64_t min_free_bytes); /* dir lives as long */

/* Takes no new series until SAFE_MODE_LASTS_MS have passed. */
void watch_enter_safe_mode(struct watch *w, int64_t now_ms, int64_t mono_ns);

/* True while space on the disk is short. */
bool watch_look(struct watch *w, int64_t now_ms, int64_t mono_ns);

/* What the write thread knows of the store. */
void watch_tell_store(struct watch *w, enum store_mode mode, enum store_trouble trouble,
                      int64_t now_ms);

#endif
