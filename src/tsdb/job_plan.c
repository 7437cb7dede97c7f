/* What is due: a seal, a merge, a backup. */
#include <stdio.h>

#include "base/mem.h"
#include "base/size.h"
#include "tsdb/job.h"

enum {
    SEAL_SAMPLES = 16000000, /* a restart reads at most so many, and some more, from the log */
    SEAL_LATE_BYTES = 64 << 20,
    SEAL_SHORT_PART = 16, /* of the budget, that the head must hold for a seal to help */
};

static const int64_t SEAL_EVERY_NS = INT64_C(1800) * 1000000000;
static const int64_t SEAL_SHORT_NS = INT64_C(10) * 1000000000; /* when memory is short */

/* --- what is asked --- */

void tsdb_request_seal(struct tsdb *db)
{
    atomic_store(&db->seal_wanted, true);
}

enum err tsdb_request_backup(struct tsdb *db, const char *dir)
{
    enum err err = ERR_OK;

    lock_take(&db->request_lock);
    if (db->backup_dir[0])
        err = ERR_OVERLOADED;
    else if ((size_t)snprintf(db->backup_dir, sizeof db->backup_dir, "%s", dir) >=
             sizeof db->backup_dir) {
        db->backup_dir[0] = '\0';
        err = ERR_LIMIT;
    }
    lock_drop(&db->request_lock);
    if (!err)
        atomic_store(&db->backup_wanted, true);
    return err;
}

void tsdb_job_cancel(struct tsdb_job *job)
{
    atomic_store(&job->cancel, true);
}

/* --- plan --- */

static struct tsdb_job *job_new(struct tsdb *db, enum tsdb_job_kind kind, int64_t now_ms)
{
    struct tsdb_job *job = mem_alloc_zero(1, sizeof *job);

    if (!job)
        return NULL;
    job->db = db;
    job->kind = kind;
    job->now_ms = now_ms;
    job->started_ns = tsdb_mono_ns();
    job->made = vec_of(sizeof(struct block_entry), MANIFEST_BLOCKS_MAX);
    return job;
}

void job_free(struct tsdb_job *job)
{
    if (!job)
        return;
    for (size_t i = 0; i < job->made.count; i++)
        block_unref(((struct block_entry *)vec_at(&job->made, i))->block);
    vec_release(&job->made);
    block_set_unref(job->set);
    mem_free(job->marks_ms);
    mem_free(job);
}

/* From here on the store knows whose the files are, whatever happens. */
static enum err announce(struct tsdb_job *job)
{
    struct tsdb *db = job->db;
    enum err err;

    snprintf(job->prefix, sizeof job->prefix, "%08llx-", (long long)db->manifest.next_job);
    err = log_store_begin(&db->log);
    if (!err)
        err = manifest_doom(&db->manifest, job->prefix);
    if (!err)
        err = manifest_put_meta(&db->manifest, "next_job", db->manifest.next_job + 1);
    if (!err)
        err = tsdb_put_clock(db);
    if (!err)
        err = log_store_commit(&db->log);
    if (err)
        log_store_abort(&db->log);
    else if (db->options.relaxed) /* files that the disk has, and nobody knows, would be adopted */
        err = log_store_settle(&db->log);
    if (!err)
        db->manifest.next_job++;
    return err;
}

static bool seal_is_wanted(struct tsdb *db)
{
    return atomic_load(&db->seal_wanted) || (atomic_load(&db->backup_wanted) && !db->backup_sealed);
}

static bool seal_is_due(struct tsdb *db, int64_t mono_ns)
{
    uint64_t unsealed = atomic_load_explicit(&db->head.unsealed_count, memory_order_relaxed);
    int64_t passed_ns;

    if (!db->timing) {
        db->timing = true;
        db->last_seal_mono_ns = mono_ns;
    }
    passed_ns = mono_ns - db->last_seal_mono_ns;
    if (unsealed == 0)
        return false;
    return passed_ns >= SEAL_EVERY_NS || unsealed >= SEAL_SAMPLES ||
           head_late_bytes(&db->head) >= SEAL_LATE_BYTES ||
           (db->memory_short && passed_ns >= SEAL_SHORT_NS &&
            head_bytes(&db->head) >= db->budget->limit_bytes / SEAL_SHORT_PART);
}

static enum err plan_seal(struct tsdb *db, int64_t now_ms, int64_t mono_ns, struct tsdb_job **ret)
{
    struct tsdb_job *job = job_new(db, TSDB_SEAL, now_ms);
    enum err err = job ? ERR_OK : ERR_NOMEM;

    if (err)
        return err;
    job->last_ref = series_count(&db->index.table);
    job->empty = atomic_load_explicit(&db->head.unsealed_count, memory_order_relaxed) == 0;
    job->marks_ms = mem_alloc(mul_size((size_t)job->last_ref + 1, sizeof *job->marks_ms));
    if (!job->marks_ms)
        err = ERR_NOMEM;
    if (!err && !job->empty)
        err = announce(job);
    if (err) {
        job_free(job);
        return err;
    }
    for (size_t ref = 0; ref <= job->last_ref; ref++)
        job->marks_ms[ref] = INT64_MIN;
    atomic_store(&db->seal_wanted, false);
    db->backup_sealed = atomic_load(&db->backup_wanted);
    db->last_seal_mono_ns = mono_ns;
    job->sealed = log_store_mark(&db->log);
    head_seal_begin(&db->head);
    *ret = job;
    return ERR_OK;
}

static bool pick_merge(const struct block_set *set, int64_t now_ms, size_t *first, size_t *count)
{
    struct compact_block *blocks = mem_alloc_zero(set->count + 1, sizeof *blocks);
    bool found;

    if (!blocks)
        return false;
    for (size_t i = 0; i < set->count; i++)
        blocks[i] = (struct compact_block){
            .seq = set->entries[i].row.seq,
            .day = set->entries[i].day,
            .level = set->entries[i].row.level,
            .created_ms = set->entries[i].row.created_ms,
        };
    found = compact_pick(blocks, set->count, now_ms, first, count);
    mem_free(blocks);
    return found;
}

static enum err plan_merge(struct tsdb *db, int64_t now_ms, struct tsdb_job **ret)
{
    struct block_set *set = block_sets_get(&db->sets);
    int64_t retention_ms = db->retention_ms;
    size_t first = 0, count = 0;
    struct tsdb_job *job;
    enum err err;

    if (!pick_merge(set, now_ms, &first, &count)) {
        block_set_unref(set);
        return ERR_OK;
    }
    job = job_new(db, TSDB_MERGE, now_ms);
    if (!job) {
        block_set_unref(set);
        return ERR_NOMEM;
    }
    job->set = set;
    job->first = first;
    job->count = count;
    job->min_ts_ms = retention_ms ? clock_add_ms(db->retain.trusted_ms, -retention_ms) : INT64_MIN;
    err = announce(job);
    if (err)
        job_free(job);
    else
        *ret = job;
    return err;
}

static enum err plan_backup(struct tsdb *db, int64_t now_ms, struct tsdb_job **ret)
{
    struct tsdb_job *job = job_new(db, TSDB_BACKUP, now_ms);

    if (!job)
        return ERR_NOMEM;
    job->set = block_sets_get(&db->sets);
    lock_take(&db->request_lock);
    memcpy(job->backup_dir, db->backup_dir, sizeof job->backup_dir);
    db->backup_dir[0] = '\0';
    lock_drop(&db->request_lock);
    atomic_store(&db->backup_wanted, false);
    db->backup_sealed = false;
    *ret = job;
    return ERR_OK;
}

bool tsdb_is_settling(const struct tsdb *db)
{
    return db->settling.marks_ms != NULL;
}

enum err tsdb_plan(struct tsdb *db, int64_t now_ms, int64_t mono_ns, struct tsdb_job **ret)
{
    bool due = seal_is_due(db, mono_ns);
    enum err err = ERR_OK;

    *ret = NULL;
    db->now_ms = now_ms;
    if (db->job || !tsdb_settle(db))
        return ERR_OK;
    if (seal_is_wanted(db))
        err = plan_seal(db, now_ms, mono_ns, ret);
    else if (db->backup_sealed)
        err = plan_backup(db, now_ms, ret);
    else if (!due || db->merge_first)
        err = plan_merge(db, now_ms, ret);
    if (!err && !*ret && due)
        err = plan_seal(db, now_ms, mono_ns, ret);
    if (*ret)
        db->merge_first = (*ret)->kind ==
                          TSDB_SEAL; /* seals that are due all the time leave room */
    db->job = *ret;
    return err;
}
