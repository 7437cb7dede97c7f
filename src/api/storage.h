/*
 * The storage as JSON: what is held where, how large, since when, and what is wrong with it.
 *
 * The handlers (storage.c, cardinality.c) gather the figures into a value; the functions
 * here only write it, so that every state can be tested without a store.
 *
 * Threads   Value; from any thread.
 * Source    docs/formats/storage.md.
 */
#ifndef FUSEBOX_API_STORAGE_H
#define FUSEBOX_API_STORAGE_H

#include "api/notices.h"
#include "base/budget.h"
#include "base/json.h"
#include "monitor/view.h"
#include "tsdb/tsdb.h"

struct storage_view {
    int64_t now_ms;
    struct tsdb_stats stats;
    const struct budget *budget; /* NULL: none, then memory is the store's own figure */
    struct notices *notices;     /* NULL: none are raised */
    bool failing;                /* the last commit was refused */
    uint64_t disk_free_bytes;    /* of the file system; total 0: not known */
    uint64_t disk_total_bytes;
    int64_t retention_ms;     /* 0: everything is kept */
    uint64_t retention_bytes; /* 0: no limit */
    const struct tsdb_block_row *blocks;
    size_t block_count;
    const struct tsdb_damage *damages;
    size_t damage_count;
};

/* The members of GET /api/v1/storage, inside an object that the caller opened. */
void storage_json_members(struct json *j, struct arena *arena, const struct storage_view *v);

/* The sentence that leads them; its texts are put into the arena. */
struct sentence storage_sentence(struct arena *arena, const struct storage_view *v);

/* The whole of GET /api/v1/storage/cardinality. */
void cardinality_json(struct json *j, const struct cardinality *c, size_t top, int64_t now_ms);

/*
 * What a backup is called: "name" of the body {"name": "…"}, or the time when there is none, copied
 * into the arena. ERR_INVALID says what a name may be.
 */
enum err storage_backup_name(struct str body, int64_t now_ms, struct arena *arena, const char **ret,
                             struct diag *diag) MUST_CHECK;

#endif
