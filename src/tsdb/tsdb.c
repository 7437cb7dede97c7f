#include "tsdb/tsdb.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/size.h"
#include "tsdb/internal.h"

enum {
    RESERVE_PART = 8, /* of the budget, that new series leave to the known ones */
    DOOMED_MAX = 1 << 20,
};

int64_t tsdb_mono_ns(void)
{
    struct clock clock = clock_system();

    return clock_mono_ns(&clock);
}

bool tsdb_path(const char *dir, const char *name, char ret[TSDB_PATH_BYTES])
{
    int len = snprintf(ret, TSDB_PATH_BYTES, "%s/%s", dir, name);

    return len > 0 && len < TSDB_PATH_BYTES;
}

void tsdb_note_damage(void *ctx, const char *path, uint64_t offset_bytes, const char *what)
{
    struct tsdb *db = ctx;

    damages_note(&db->damages, db->now_ms, path, offset_bytes, what);
}

void tsdb_book_memory(struct tsdb *db)
{
    budget_set(db->budget, BUDGET_INDEX, index_bytes(&db->index));
    budget_set(db->budget, BUDGET_HEAD, head_bytes(&db->head));
}

/* --- opening --- */

static enum err on_loaded_series(void *ctx, uint32_t ref, struct labels labels)
{
    struct tsdb *db = ctx;
    enum err err = index_load(&db->index, ref, labels);

    if (!err)
        series_find(&db->index.table, ref)->flags = SERIES_DEFINED;
    return err;
}

static void on_damaged_row(void *ctx, const char *path, const char *table, int64_t id,
                           const char *what)
{
    char words[200];

    snprintf(words, sizeof words, "table %s, row %lld: %.120s", table, (long long)id, what);
    tsdb_note_damage(ctx, path, (uint64_t)id, words);
}

/* Samples of series whose definition is damaged cannot be named; the row keeps them. */
static void leave_out_orphans(struct tsdb *db, struct sample_batch *batch)
{
    size_t kept = 0;

    for (size_t i = 0; i < batch->count; i++)
        if (series_find(&db->index.table, batch->items[i].series))
            batch->items[kept++] = batch->items[i];
    db->replayed_orphans += batch->count - kept;
    batch->count = kept;
}

static enum err on_loaded_batch(void *ctx, struct sample_batch *batch)
{
    struct tsdb *db = ctx;
    struct head_need need = { 0 };
    enum err err;

    leave_out_orphans(db, batch);
    head_prepare(&db->head, batch->items, batch->count, &need);
    err = head_reserve(&db->head, &need);
    if (err) {
        head_cancel(&db->head, batch->items, batch->count);
        return err;
    }
    head_append(&db->head, batch->items, batch->count, db->index.epoch, &batch->left_out);
    return ERR_OK;
}

static enum err load_log(struct tsdb *db, struct diag *diag)
{
    int64_t started_ns = tsdb_mono_ns();
    enum err err = log_store_read_series(&db->log, on_loaded_series, on_damaged_row, db, diag);

    if (!err)
        err = log_store_read_rows(&db->log, on_loaded_batch, on_damaged_row, db, diag);
    if (!err)
        err = log_store_set_aside(&db->log, db->now_ms, diag);
    if (db->replayed_orphans)
        tsdb_note_damage(db, db->log.path, 0, "table log: samples of series without a definition");
    db->replayed_samples_count = db->head.appended_count;
    db->head.appended_count = 0;
    db->head.late_count = 0;
    db->head.duplicate_count = 0;
    db->replay_duration_ns = tsdb_mono_ns() - started_ns;
    return err;
}

static void init_values(struct tsdb *db, const struct tsdb_options *options)
{
    struct clock clock = clock_system();

    db->options = *options;
    db->options.dir = db->dir;
    db->now_ms = clock_wall_ms(&clock);
    db->retention_ms = options->retention_ms;
    db->retention_bytes = options->retention_bytes;
    db->events_retention_ms = options->events_retention_ms;
    db->events_max_bytes = options->events_max_bytes;
    db->budget = options->budget ? options->budget : &db->own_budget;
    db->commit_arena = arena_limited(SIZE_MAX);
    db->defining = vec_of(sizeof(uint32_t), SERIES_MAX);
    db->doomed = vec_of(sizeof(struct doomed_file), DOOMED_MAX);
    lock_init(&db->request_lock, LOCK_RANK_PUBLISH);
    damages_init(&db->damages);
}

static enum err open_parts(struct tsdb *db, struct diag *diag)
{
    enum err err = index_init(&db->index);

    if (!err)
        err = head_init(&db->head, &db->index.table);
    if (!err)
        err = block_sets_init(&db->sets);
    if (!err)
        err = file_make_dir(db->blocks_dir, diag);
    if (!err)
        err = log_store_open(&db->log, db->dir, db->options.relaxed, diag);
    if (!err)
        err = manifest_open(&db->manifest, &db->log, diag);
    if (!err)
        err = event_rows_open(&db->events, &db->log, diag);
    if (!err)
        err = tsdb_open_files(db, diag);
    return err ? err : load_log(db, diag);
}

/* set_aside: why samples.db is not to be used; NULL: it is. */
static enum err open_store(const struct tsdb_options *options, const struct diag *set_aside,
                           struct tsdb **ret, struct diag *diag)
{
    struct tsdb *db = mem_alloc_zero(1, sizeof *db);
    enum err err = ERR_OK;

    if (!db)
        return diag_set(diag, ERR_NOMEM, "%s: no memory to open the samples", options->dir);
    init_values(db, options);
    if ((size_t)snprintf(db->dir, sizeof db->dir, "%s", options->dir) >= sizeof db->dir ||
        !tsdb_path(db->dir, "blocks", db->blocks_dir))
        err = diag_set(diag, ERR_LIMIT, "%s: the path is too long", options->dir);
    if (!err && set_aside)
        err = tsdb_set_samples_aside(db, set_aside, diag);
    if (!err)
        err = open_parts(db, diag);
    if (err == ERR_INVALID) /* our own SQL: then the tables are not ours any more */
        err = ERR_CORRUPT;
    if (err) {
        tsdb_close(db);
        return diag_set(diag, err, "%s: %s", options->dir, err_text(err));
    }
    tsdb_book_memory(db);
    *ret = db;
    return ERR_OK;
}

enum err tsdb_open(const struct tsdb_options *options, struct tsdb **ret, struct diag *diag)
{
    struct diag why = { 0 };
    enum err err = open_store(options, NULL, ret, &why);

    if (err == ERR_CORRUPT && options->recover)
        return open_store(options, &why, ret, diag);
    if (err == ERR_CORRUPT)
        return diag_set(diag, err,
                        "%s; start once with --set storage.recover=true: it is set aside, the "
                        "blocks are kept and what was not sealed yet is lost",
                        diag_text(&why));
    return err ? diag_set(diag, err, "%s", diag_text(&why)) : ERR_OK;
}

void tsdb_close(struct tsdb *db)
{
    if (!db)
        return;
    mem_free(db->settling.marks_ms);
    event_rows_close(&db->events);
    manifest_close(&db->manifest);
    log_store_close(&db->log);
    block_sets_release(&db->sets);
    head_release(&db->head);
    index_release(&db->index);
    damages_release(&db->damages);
    lock_release(&db->request_lock);
    vec_release(&db->defining);
    vec_release(&db->doomed);
    arena_release(&db->commit_arena);
    budget_set(db->budget, BUDGET_INDEX, 0);
    budget_set(db->budget, BUDGET_HEAD, 0);
    budget_set(db->budget, BUDGET_BLOCKS, 0);
    mem_free(db);
}

/* --- series --- */

/* How many bytes the index may take in all, so that known series keep room to grow. */
static size_t index_room(const struct tsdb *db)
{
    size_t limit = db->budget->limit_bytes;
    size_t room = budget_room_bytes(db->budget);

    if (atomic_load_explicit(&db->refuse_new, memory_order_relaxed))
        return 0;
    if (limit == 0)
        return SIZE_MAX;
    return room > limit / RESERVE_PART
               ? add_size(index_bytes(&db->index), room - limit / RESERVE_PART)
               : 0;
}

enum err tsdb_series(struct tsdb *db, struct labels labels, uint32_t *ret_ref)
{
    enum err err = index_series(&db->index, labels, index_room(db), ret_ref);

    if (err == ERR_LIMIT)
        tsdb_count(&db->refused_count, 1);
    else if (!err)
        budget_set(db->budget, BUDGET_INDEX, index_bytes(&db->index));
    return err;
}

uint32_t tsdb_find_series(struct tsdb *db, struct labels labels)
{
    uint32_t ref = 0;

    return index_series(&db->index, labels, 0, &ref) ? 0 : ref; /* no room: none is made */
}

void tsdb_refuse_new_series(struct tsdb *db, bool refuse)
{
    atomic_store(&db->refuse_new, refuse);
}

struct labels tsdb_labels(struct tsdb *db, uint32_t ref, struct label space[LABELS_MAX])
{
    return index_labels(&db->index, ref, space);
}

bool tsdb_sync_failed(struct tsdb *db)
{
    return db_sync_failed(db->log.db);
}

void tsdb_set_retention(struct tsdb *db, int64_t retention_ms, uint64_t retention_bytes)
{
    atomic_store_explicit(&db->retention_ms, retention_ms, memory_order_relaxed);
    atomic_store_explicit(&db->retention_bytes, retention_bytes, memory_order_relaxed);
}

void tsdb_set_events_retention(struct tsdb *db, int64_t retention_ms, uint64_t max_bytes)
{
    atomic_store_explicit(&db->events_retention_ms, retention_ms, memory_order_relaxed);
    atomic_store_explicit(&db->events_max_bytes, max_bytes, memory_order_relaxed);
}
