/*
 * A job, as the files that plan it, run it and finish it share it. Nobody else includes this.
 *
 *   job_plan.c   (write thread)  chooses, announces the files in the manifest
 *   job_run.c    (any thread)    writes the files, opens them again
 *   job_finish.c (write thread)  one transaction: files count, what they stand for does not
 *
 * A job that fails leaves files behind whose names are doomed: they go when the
 * store opens. They are not removed at once, since a transaction with an unknown
 * end may have made them count.
 */
#ifndef FUSEBOX_TSDB_JOB_H
#define FUSEBOX_TSDB_JOB_H

#include "tsdb/internal.h"

enum { JOB_PREFIX_BYTES = 16 };

struct tsdb_job {
    struct tsdb *db;
    enum tsdb_job_kind kind;
    char prefix[JOB_PREFIX_BYTES];
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

void job_free(struct tsdb_job *job); /* NULL is allowed */

#endif
