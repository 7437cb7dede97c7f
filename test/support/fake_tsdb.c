#include "fake_tsdb.h"

#include "base/mem.h"

void fake_tsdb_add_job(struct tsdb *db, enum tsdb_job_kind kind)
{
    struct tsdb_job *job = mem_alloc_zero(1, sizeof *job);

    job->kind = kind;
    db->due[db->due_count++] = job;
}

enum err tsdb_open(const struct tsdb_options *options, struct tsdb **ret, struct diag *diag)
{
    (void)options;
    (void)diag;
    *ret = mem_alloc_zero(1, sizeof **ret);
    return *ret ? ERR_OK : ERR_NOMEM;
}

void tsdb_close(struct tsdb *db)
{
    for (size_t i = 0; db && i < db->due_count; i++)
        mem_free(db->due[i]);
    mem_free(db);
}

enum err tsdb_series(struct tsdb *db, struct labels labels, uint32_t *ret_ref)
{
    (void)labels;
    *ret_ref = 1;
    return db->refuses_new ? ERR_LIMIT : ERR_OK;
}

void tsdb_refuse_new_series(struct tsdb *db, bool refuse)
{
    db->refuses_new = refuse;
}

struct labels tsdb_labels(struct tsdb *db, uint32_t ref, struct label space[LABELS_MAX])
{
    (void)db;
    (void)ref;
    (void)space;
    return (struct labels){ .count = 0 };
}

enum err tsdb_commit(struct tsdb *db, struct sample_batch *const *batches, size_t count,
                     int64_t now_ms)
{
    (void)now_ms;
    db->commit_tries++;
    if (db->commit_err)
        return db->commit_err;
    db->commits++;
    for (size_t i = 0; i < count; i++)
        db->stats.samples_appended_count += batches[i]->count;
    return ERR_OK;
}

bool tsdb_sync_failed(struct tsdb *db)
{
    return db->sync_failed;
}

enum err tsdb_maintain(struct tsdb *db, int64_t now_ms, int64_t mono_ns,
                       tsdb_on_evicted *on_evicted, void *ctx)
{
    (void)now_ms;
    (void)mono_ns;
    db->maintains++;
    if (db->evict)
        (void)on_evicted(ctx, &db->evict, 1);
    db->evict = 0;
    return ERR_OK;
}

void tsdb_set_retention(struct tsdb *db, int64_t retention_ms, uint64_t retention_bytes)
{
    (void)db;
    (void)retention_ms;
    (void)retention_bytes;
}

void tsdb_request_seal(struct tsdb *db)
{
    db->seal_requests++;
}

enum err tsdb_request_backup(struct tsdb *db, const char *dir)
{
    (void)dir;
    return db->backup_requests++ ? ERR_OVERLOADED : ERR_OK;
}

enum err tsdb_plan(struct tsdb *db, int64_t now_ms, int64_t mono_ns, struct tsdb_job **ret)
{
    (void)now_ms;
    (void)mono_ns;
    db->plans++;
    *ret = NULL;
    if (db->plan_err || !db->due_count)
        return db->plan_err;
    *ret = db->due[0];
    memmove(db->due, db->due + 1, --db->due_count * sizeof db->due[0]);
    return ERR_OK;
}

bool tsdb_is_settling(const struct tsdb *db)
{
    return db->settling;
}

void tsdb_job_run(struct tsdb_job *job)
{
    job->ran = true;
}

void tsdb_job_cancel(struct tsdb_job *job)
{
    job->cancelled = true;
}

enum err tsdb_job_finish(struct tsdb *db, struct tsdb_job *job, struct tsdb_job_result *ret,
                         struct diag *diag)
{
    (void)diag;
    *ret = (struct tsdb_job_result){ .kind = job->kind, .block_count = 2, .sample_count = 7 };
    db->last_was_cancelled = job->cancelled;
    db->last_ran = job->ran;
    db->finished++;
    mem_free(job);
    return db->last_was_cancelled ? ERR_CANCELLED : db->finish_err;
}

enum err tsdb_select(struct tsdb *db, const struct matcher *matchers, size_t matcher_count,
                     int64_t start_ms, int64_t end_ms, size_t max_samples, tsdb_visit *visit,
                     void *ctx)
{
    (void)db;
    (void)matchers;
    (void)matcher_count;
    (void)start_ms;
    (void)end_ms;
    (void)max_samples;
    (void)visit;
    (void)ctx;
    return ERR_OK;
}

enum err tsdb_replay(struct tsdb *db, const struct str *names, size_t name_count, int64_t start_ms,
                     int64_t end_ms, tsdb_on_batch *on_batch, void *ctx)
{
    (void)db;
    (void)names;
    (void)name_count;
    (void)start_ms;
    (void)end_ms;
    (void)on_batch;
    (void)ctx;
    return ERR_OK;
}

void tsdb_stats(struct tsdb *db, struct tsdb_stats *ret)
{
    *ret = db->stats;
}

enum err tsdb_blocks(struct tsdb *db, struct arena *arena, struct tsdb_block_row **ret,
                     size_t *ret_count)
{
    (void)db;
    (void)arena;
    *ret = NULL;
    *ret_count = 0;
    return ERR_OK;
}

enum err tsdb_damages(struct tsdb *db, struct arena *arena, struct tsdb_damage **ret,
                      size_t *ret_count)
{
    (void)db;
    (void)arena;
    *ret = NULL;
    *ret_count = 0;
    return ERR_OK;
}

enum err tsdb_cardinality(struct tsdb *db, size_t top, struct arena *arena, struct cardinality *ret)
{
    (void)db;
    (void)top;
    (void)arena;
    (void)ret;
    return ERR_UNAVAILABLE;
}

enum err tsdb_verify(const char *dir, tsdb_on_verify *on_verify, void *ctx,
                     struct tsdb_verify_result *ret, struct diag *diag)
{
    (void)dir;
    (void)on_verify;
    (void)ctx;
    (void)ret;
    (void)diag;
    return ERR_UNAVAILABLE;
}

enum err tsdb_restore(const char *backup_dir, const char *dir, tsdb_on_verify *on_verify, void *ctx,
                      struct diag *diag)
{
    (void)backup_dir;
    (void)dir;
    (void)on_verify;
    (void)ctx;
    (void)diag;
    return ERR_UNAVAILABLE;
}
