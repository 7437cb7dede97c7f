/* The long part of a job: files are written beside everything else. */
#include <stdio.h>

#include "base/mem.h"
#include "block/merge.h"
#include "tsdb/backup.h"
#include "tsdb/job.h"
#include "tsdb/seal.h"

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

static enum err run_backup(struct tsdb_job *job)
{
    struct backup backup = { job->set, &job->db->events, job->backup_dir, &job->cancel };

    return backup_write(&backup, &job->result, &job->diag);
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
        job->err = run_backup(job);
        break;
    }
}
