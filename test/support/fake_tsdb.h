/*
 * A store that does as it is told, in place of the real one: for tests of the threads around it.
 * It defines every function of tsdb/tsdb.h.
 */
#ifndef FUSEBOX_TEST_FAKE_TSDB_H
#define FUSEBOX_TEST_FAKE_TSDB_H

#include "tsdb/tsdb.h"

enum { FAKE_JOBS_MAX = 8 };

struct tsdb_job {
    enum tsdb_job_kind kind;
    _Atomic bool ran, cancelled;
};

struct tsdb {
    struct tsdb_stats stats;
    enum err commit_err; /* of the next commits */
    enum err finish_err; /* of the next jobs that are finished */
    enum err plan_err;
    bool sync_failed;
    bool refuses_new;
    bool settling; /* the seal before has not let go of everything */
    unsigned commits, commit_tries, maintains, seal_requests, backup_requests, plans, finished;
    struct tsdb_job *due[FAKE_JOBS_MAX]; /* what the next plans give, the first first */
    size_t due_count;
    bool last_was_cancelled, last_ran;
    uint32_t evict; /* a reference that the next maintenance gives back; 0: none */
};

void fake_tsdb_add_job(struct tsdb *db, enum tsdb_job_kind kind);

#endif
