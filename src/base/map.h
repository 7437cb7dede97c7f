/*
 * Hash map from text to pointer, with a maximum count.
 *
 * Open addressing with linear probing; at most 3/4 full. Keys are borrowed: the
 * caller keeps them alive and unchanged while they are in the map (usually they
 * live inside the value). Values are never NULL.
 *
 *   struct map m = map_limited(10000);
 *   map_put(&m, key, value)  map_find(&m, key)  map_remove(&m, key)
 *   for (size_t i = 0; (entry = map_next(&m, &i));) ...
 *   map_release(&m)
 *
 * Threads   Single owner.
 */
#ifndef FUSEBOX_BASE_MAP_H
#define FUSEBOX_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

struct map_entry {
    struct str key;
    uint64_t hash;
    void *value; /* NULL: the slot is free */
};

struct map {
    struct map_entry *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
    size_t max_count;
};

struct map map_limited(size_t max_count); /* allocates nothing yet */
void map_release(struct map *m);

void *map_find(const struct map *m, struct str key); /* NULL: not there */

/* Sets or replaces. ERR_LIMIT when full, ERR_NOMEM. */
enum err map_put(struct map *m, struct str key, void *value) MUST_CHECK;

void *map_remove(struct map *m, struct str key); /* the value that was there, or NULL */

/* Walks all entries: start with *cursor = 0; NULL at the end. No put or remove meanwhile. */
struct map_entry *map_next(const struct map *m, size_t *cursor);

#endif
