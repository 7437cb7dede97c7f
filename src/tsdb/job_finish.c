/* What a job did begins to count, in one transaction. */
#include "base/mem.h"
#include "tsdb/job.h"

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
