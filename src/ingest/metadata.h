/*
 * Metadata: the type, help and unit that targets tell of their metrics.
 *
 * What targets say alike is kept once and counted; two targets that say different
 * things of one metric make two entries. Each target holds the list of its entries;
 * when it says something new, the list is replaced, and when it leaves, released.
 *
 *   metadata_new -> { metadata_replace | metadata_read }* -> metadata_drop -> metadata_free
 *
 *   list of target a  [ . . ] ──> "up" gauge ×2 <── [ . ]  list of target b
 *
 * Threads   Locks itself. A list has a single owner.
 * Memory    metadata_new gives the store; lists are dropped before it is freed.
 * Limits    METADATA_MAX_COUNT entries: what comes then is refused and counted.
 *           A help is cut at METADATA_HELP_MAX_BYTES, between two characters.
 */
#ifndef FUSEBOX_INGEST_METADATA_H
#define FUSEBOX_INGEST_METADATA_H

#include "base/arena.h"

enum {
    METADATA_MAX_COUNT = 20000, /* some 5 MiB with helps of usual length */
    METADATA_HELP_MAX_BYTES = 1024,
};

struct metadata;
struct metadata_entry;

struct metadata_item {
    struct str metric;
    struct str type; /* "counter", ... , "unknown" */
    struct str help; /* without escapes */
    struct str unit;
};

struct metadata_list {
    uint64_t hash; /* the caller's: of what the list was made from */
    struct metadata_entry **entries;
    size_t count;
};

struct metadata_counts {
    size_t entries;
    uint64_t refused;
};

enum err metadata_new(struct metadata **ret) MUST_CHECK;
void metadata_free(struct metadata *m); /* NULL is allowed */

/* Makes the list hold these items. On ERR_NOMEM it holds none. */
enum err metadata_replace(struct metadata *m, struct metadata_list *list,
                          const struct metadata_item *items, size_t count) MUST_CHECK;
void metadata_drop(struct metadata *m,
                   struct metadata_list *list); /* empty ones too, m NULL then */

/* All entries, or those of one metric, by metric; copies in the arena. ERR_NOMEM, ERR_LIMIT. */
enum err metadata_read(struct metadata *m, struct str metric, struct arena *arena,
                       struct metadata_item **ret, size_t *ret_count) MUST_CHECK;

struct metadata_counts metadata_count(struct metadata *m);

#endif
