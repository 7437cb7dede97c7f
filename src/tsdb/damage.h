/*
 * The places that were found damaged since the start, for whoever asks.
 *
 * Threads   Locks itself.
 * Limits    TSDB_DAMAGES_MAX places are remembered, each once; all are counted.
 */
#ifndef FUSEBOX_TSDB_DAMAGE_H
#define FUSEBOX_TSDB_DAMAGE_H

#include "base/lock.h"
#include "base/vec.h"
#include "tsdb/tsdb.h"

struct damages {
    struct lock lock;
    struct vec items; /* struct damage_note */
    _Atomic uint64_t count;
};

void damages_init(struct damages *d);
void damages_release(struct damages *d);

/* `what` is cut to a line. The same path and offset count once as long as they are remembered. */
void damages_note(struct damages *d, int64_t now_ms, const char *path, uint64_t offset_bytes,
                  const char *what);
bool damages_has(struct damages *d, const char *path);
enum err damages_list(struct damages *d, struct arena *arena, struct tsdb_damage **ret,
                      size_t *ret_count) MUST_CHECK;

#endif
