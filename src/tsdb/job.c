/*
 * Long work: seals, merges and backups.
 *
 *   plan    (write thread)  chooses, announces the files in the manifest
 *   run     (any thread)    writes the files, opens them again
 *   finish  (write thread)  one transaction: files count, what they stand for does not
 *
 * A job that fails leaves files behind whose names are doomed: they go when the
 * store opens. They are not removed at once, since a transaction with an unknown
 * end may have made them count.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/size.h"
#include "block/merge.h"
#include "tsdb/backup.h"
#include "tsdb/internal.h"
#include "tsdb/seal.h"

enum {
    SEAL_SAMPLES = 16000000, /* a restart reads at most so many, and some more, from the log */
    SEAL_LATE_BYTES = 64 << 20,
    SEAL_SHORT_PART = 16, /* of the budget, that the head must hold for a seal to help */
    PREFIX_BYTES = 16,
};

static const int64_t SEAL_EVERY_NS = INT64_C(1800) * 1000000000;
static const int64_t SEAL_SHORT_NS = INT64_C(10) * 1000000000; /* when memory is short */

struct tsdb_job {
    struct tsdb *db;
    enum tsdb_job_kind kind;
    char prefix[PREFIX_BYTES];
    atomic_bool cancel;
    int64_t now_ms;
    int64_t started_ns;
    enum err err;
    struct diag diag;
    struct block_set *set; /* of a merge or a backup */
    struct vec made;       /* struct block_entry */
    struct tsdb_job_result result;
    bool empty; /* a seal with nothing to do */

    /* A seal's. */
    struct log_mark sealed;
    uint32_t last_ref;
    int64_t *marks_ms;

    /* A merge's. */
    size_t first, count; /* of set->entries */
    int64_t min_ts_ms;

    char backup_dir[TSDB_PATH_BYTES];
};

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

static void job_free(struct tsdb_job *job)
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
    job->min_ts_ms = retention_ms ? tsdb_add_ms(db->retain.trusted_ms, -retention_ms) : INT64_MIN;
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

/* --- run --- */

/* Opens a file that was just written, so that what does not read back never counts. */
static enum err add_made(struct tsdb_job *job, const char *name, int level)
{
    struct block_entry *entry = vec_push(&job->made);
    char path[TSDB_PATH_BYTES];
    enum err err;

    if (!entry)
        return vec_error(&job->made);
    entry->row = (struct manifest_row){ .level = level, .created_ms = job->now_ms };
    snprintf(entry->row.name, sizeof entry->row.name, "%s", name);
    if (!tsdb_path(job->db->blocks_dir, name, path))
        return ERR_LIMIT;
    err = block_open(path, &entry->block, &job->diag);
    if (err)
        job->made.count--;
    return err;
}

static enum err run_seal(struct tsdb_job *job)
{
    struct vec files = vec_of(sizeof(struct sealed_file), SEAL_DAYS_MAX);
    struct seal seal = {
        .head = &job->db->head,
        .index = &job->db->index,
        .last_ref = job->last_ref,
        .blocks_dir = job->db->blocks_dir,
        .prefix = job->prefix,
        .cancel = &job->cancel,
        .marks_ms = job->marks_ms,
    };
    enum err err = job->empty ? ERR_OK : seal_write(&seal, &files, &job->diag);

    for (size_t i = 0; i < files.count && !err; i++)
        err = add_made(job, ((struct sealed_file *)vec_at(&files, i))->name, 0);
    vec_release(&files);
    return err;
}

static int level_of(const struct tsdb_job *job)
{
    int level = 0;

    for (size_t i = job->first; i < job->first + job->count; i++)
        if (job->set->entries[i].row.level > level)
            level = job->set->entries[i].row.level;
    return level + 1;
}

static enum err write_merged(struct tsdb_job *job, const char *name, uint64_t *ret_series_count)
{
    struct block *blocks[COMPACT_RUN_MAX];
    struct merge merge = {
        .blocks = blocks,
        .block_count = job->count,
        .min_ts_ms = job->min_ts_ms,
        .on_damage = tsdb_note_damage,
        .ctx = job->db,
        .cancel = &job->cancel,
    };
    struct block_writer *writer = NULL;
    struct block_info info;
    enum err err = block_writer_new(job->db->blocks_dir, name, BLOCK_LEVEL_SMALL, &writer,
                                    &job->diag);

    for (size_t i = 0; i < job->count; i++)
        blocks[i] = job->set->entries[job->first + i].block;
    if (!err)
        err = merge_blocks(&merge, writer, &job->diag);
    *ret_series_count = err ? 0 : block_writer_series_count(writer);
    if (!err && *ret_series_count)
        err = block_writer_finish(writer, &info, &job->diag);
    block_writer_free(writer);
    return err;
}

static enum err run_merge(struct tsdb_job *job)
{
    char name[MANIFEST_NAME_BYTES];
    const struct block_entry *first = &job->set->entries[job->first];
    const char *date = strchr(first->row.name, '-');
    uint64_t series_count;
    enum err err;

    snprintf(name, sizeof name, "%s%.40s", job->prefix, date ? date + 1 : first->row.name);
    err = write_merged(job, name, &series_count);
    if (err || series_count == 0) /* everything was past the retention */
        return err;
    return add_made(job, name, level_of(job));
}

void tsdb_job_run(struct tsdb_job *job)
{
    switch (job->kind) {
    case TSDB_SEAL:
        job->err = run_seal(job);
        break;
    case TSDB_MERGE:
        job->err = run_merge(job);
        break;
    case TSDB_BACKUP:
        job->err = backup_write(job->set, job->backup_dir, &job->cancel, &job->result, &job->diag);
        break;
    }
}

/* --- finish --- */

static void number_made(struct tsdb_job *job)
{
    struct tsdb *db = job->db;

    for (size_t i = 0; i < job->made.count; i++) {
        struct block_entry *entry = vec_at(&job->made, i);

        entry->row.seq = job->kind == TSDB_MERGE ? job->set->entries[job->first].row.seq
                                                 : db->manifest.next_seq + (int64_t)i;
    }
}

static enum err write_manifest(struct tsdb_job *job)
{
    struct tsdb *db = job->db;
    enum err err = log_store_begin(&db->log);

    for (size_t i = 0; i < job->count && !err; i++) {
        const struct manifest_row *row = &job->set->entries[job->first + i].row;

        err = manifest_drop_block(&db->manifest, row->seq);
        if (!err)
            err = manifest_doom(&db->manifest, row->name);
    }
    for (size_t i = 0; i < job->made.count && !err; i++)
        err = manifest_put_block(&db->manifest,
                                 &((struct block_entry *)vec_at(&job->made, i))->row);
    if (!err)
        err = manifest_reprieve(&db->manifest, job->prefix);
    if (!err && job->kind == TSDB_SEAL)
        err = manifest_put_meta(&db->manifest, "sealed_id", job->sealed.id);
    if (!err)
        err = tsdb_put_clock(db);
    if (!err)
        err = log_store_commit(&db->log);
    if (err)
        log_store_abort(&db->log);
    return err;
}

static struct block_set *next_set(struct tsdb_job *job)
{
    struct block_set *before = block_sets_get(&job->db->sets);
    int64_t removed[COMPACT_RUN_MAX];
    struct block_set *set;

    for (size_t i = 0; i < job->count; i++)
        removed[i] = job->set->entries[job->first + i].row.seq;
    set = block_set_new(before, removed, job->count, job->made.items, job->made.count);
    block_set_unref(before);
    return set;
}

/*
 * The manifest is in samples.db itself before a file goes that it named: a WAL whose end is lost
 * must not bring back names without files. When that fails they stay until the store opens.
 */
static void retire_merged(struct tsdb_job *job)
{
    if (log_store_settle(&job->db->log))
        return;
    for (size_t i = 0; i < job->count; i++)
        tsdb_retire(job->db, &job->set->entries[job->first + i]);
}

static void fill_result(struct tsdb_job *job)
{
    struct tsdb_job_result *r = &job->result;

    r->kind = job->kind;
    r->merged_count = job->count;
    for (size_t i = 0; i < job->made.count; i++) {
        const struct block_info *info = block_info(
            ((struct block_entry *)vec_at(&job->made, i))->block);

        r->block_count++;
        r->series_count = info->series_count > r->series_count ? info->series_count
                                                               : r->series_count;
        r->sample_count += info->sample_count;
        r->bytes += info->bytes;
    }
    r->duration_ns = tsdb_mono_ns() - job->started_ns;
}

/* Everything that can fail stands before the commit. */
static enum err make_count(struct tsdb_job *job)
{
    struct tsdb *db = job->db;
    struct block_set *set;
    enum err err;

    number_made(job);
    set = next_set(job);
    err = set ? vec_reserve(&db->doomed, job->count) : ERR_NOMEM;
    if (!err)
        err = write_manifest(job);
    if (err) {
        block_set_unref(set);
        return err;
    }
    if (job->kind == TSDB_SEAL)
        db->manifest.next_seq += (int64_t)job->made.count;
    block_sets_publish(&db->sets, set);
    retire_merged(job);
    return ERR_OK;
}

static void finish_seal(struct tsdb_job *job, bool done)
{
    struct tsdb *db = job->db;

    if (done && !job->empty) {
        block_sets_turn(&db->sets);
        log_store_sealed(&db->log, &job->sealed);
        db->settling = (struct settling){ job->marks_ms, job->last_ref, 1 };
        job->marks_ms = NULL;
        (void)tsdb_settle(db);
    } else {
        head_seal_end(&db->head, done);
    }
    tsdb_count(done ? &db->seals_count : &db->seal_failures_count, 1);
    if (done) {
        db->last_seal_ms = job->now_ms;
        db->last_seal_duration_ns = job->result.duration_ns;
    }
}

enum err tsdb_job_finish(struct tsdb *db, struct tsdb_job *job, struct tsdb_job_result *ret,
                         struct diag *diag)
{
    enum err err = job->err;

    if (!err && job->kind != TSDB_BACKUP && !job->empty)
        err = make_count(job);
    if (job->kind != TSDB_BACKUP)
        fill_result(job);
    job->result.kind = job->kind;
    if (job->kind == TSDB_SEAL)
        finish_seal(job, !err);
    else if (job->kind == TSDB_MERGE)
        tsdb_count(err ? &db->merge_failures_count : &db->merges_count, 1);
    if (err)
        diag_set(diag, err, "%s", job->diag.code ? job->diag.message : err_text(err));
    else
        *ret = job->result;
    db->job = NULL;
    job_free(job);
    return err;
}
