#include "daemon/store_jobs.h"

#include "base/mem.h"

static const int64_t PLAN_EVERY_NS = 5000000000;
static const int64_t SETTLE_EVERY_NS = 50000000;
static const int64_t PATIENCE_MAX_NS = 300000000000;

static void refuse(const struct store_ask *ask)
{
    struct diag diag = { 0 };

    diag_set(&diag, ERR_CANCELLED, "Fusebox is stopping");
    ask->answer(ask->parked, ERR_CANCELLED, &diag, NULL, ask->dir);
}

static void drop_ask(void *ask)
{
    refuse(ask);
    mem_free(ask);
}

enum err store_jobs_init(struct store_jobs *s)
{
    return queue_init(&s->asked, STORE_ASKS_MAX, QUEUE_REFUSE, drop_ask);
}

void store_jobs_release(struct store_jobs *s)
{
    queue_release(&s->asked);
}

enum err store_jobs_ask(struct store_jobs *s, struct http_parked *parked, const char *dir)
{
    struct store_ask *ask = mem_alloc(sizeof *ask);
    enum err err;

    if (!ask)
        return ERR_NOMEM;
    *ask = (struct store_ask){ .answer = s->answer, .parked = parked, .dir = dir };
    err = queue_push(&s->asked, ask);
    if (err)
        mem_free(ask);
    return err;
}

/* Answers those who wait for a job of this kind and were there when it was planned. */
static void answer(struct store_jobs *s, enum err err, const struct diag *diag,
                   const struct tsdb_job_result *result)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->waiting_count; i++) {
        struct store_ask *ask = &s->waiting[i];

        if (ask->begun && result->kind == (ask->dir ? TSDB_BACKUP : TSDB_SEAL))
            ask->answer(ask->parked, err, diag, result, ask->dir);
        else
            s->waiting[kept++] = *ask;
    }
    s->waiting_count = kept;
}

static void take_ask(struct store_jobs *s, const struct store_ask *ask)
{
    struct diag diag = { 0 };
    enum err err = ERR_OK;

    if (ask->dir)
        err = tsdb_request_backup(s->db, ask->dir);
    else
        tsdb_request_seal(s->db);
    if (!err) {
        s->waiting[s->waiting_count++] = *ask;
        return;
    }
    diag_set(&diag, err, "the backup cannot be asked for: %s", err_text(err));
    ask->answer(ask->parked, err, &diag, NULL, ask->dir);
}

static void take_asks(struct store_jobs *s)
{
    void *item;

    while (s->waiting_count < STORE_ASKS_MAX && !queue_pop(&s->asked, 0, &item)) {
        take_ask(s, item);
        mem_free(item);
        s->again = true;
    }
}

/* What the log says; constants, as it wants them. */
static const struct {
    const char *done, *failed;
} words[] = {
    [TSDB_SEAL] = { "sealed", "a seal failed, it is tried again" },
    [TSDB_MERGE] = { "merged", "a merge failed, it is tried again" },
    [TSDB_BACKUP] = { "backed up", "a backup failed" },
};

static void tell(struct store_jobs *s, enum err err, const struct diag *diag,
                 const struct tsdb_job_result *r)
{
    if (err == ERR_CANCELLED)
        return;
    if (err)
        log_write(s->log, LOG_WARN, words[r->kind].failed, LOG_CSTR("error", diag_text(diag)),
                  LOG_INT("next_in_s", s->patience_ns / 1000000000));
    else
        log_write(s->log, LOG_INFO, words[r->kind].done, LOG_INT("blocks", (int64_t)r->block_count),
                  LOG_INT("merged", (int64_t)r->merged_count),
                  LOG_INT("series", (int64_t)r->series_count),
                  LOG_INT("samples", (int64_t)r->sample_count), LOG_INT("bytes", (int64_t)r->bytes),
                  LOG_DOUBLE("duration_s", (double)r->duration_ns / 1e9));
}

static void note_end(struct store_jobs *s, enum err err, int64_t mono_ns)
{
    if (!err)
        s->patience_ns = 0;
    else if (!s->patience_ns)
        s->patience_ns = PLAN_EVERY_NS;
    else if (s->patience_ns < PATIENCE_MAX_NS)
        s->patience_ns *= 2;
    s->again = !err;
    s->due_mono_ns = mono_ns + s->patience_ns;
}

static void finish(struct store_jobs *s, struct tsdb_job *job, int64_t mono_ns)
{
    struct tsdb_job_result result = { .kind = TSDB_SEAL };
    struct diag diag = { 0 };
    enum err err = tsdb_job_finish(s->db, job, &result, &diag);

    s->running = NULL;
    if (err)
        diag_set(&diag, err, "%s", err_text(err));
    note_end(s, err, mono_ns);
    tell(s, err, &diag, &result);
    answer(s, err, &diag, &result);
}

static void plan(struct store_jobs *s, int64_t now_ms, int64_t mono_ns)
{
    struct tsdb_job_result nothing = { .kind = TSDB_SEAL };
    struct tsdb_job *job = NULL;
    struct diag diag = { 0 };
    enum err err = tsdb_plan(s->db, now_ms, mono_ns, &job);

    s->again = false;
    if (!err && !job && tsdb_is_settling(s->db)) {
        s->due_mono_ns = mono_ns + SETTLE_EVERY_NS;
        return;
    }
    s->due_mono_ns = mono_ns + (s->patience_ns ? s->patience_ns : PLAN_EVERY_NS);
    for (size_t i = 0; i < s->waiting_count; i++)
        s->waiting[i].begun = true;
    if (err)
        diag_set(&diag, err, "the work cannot be planned: %s", err_text(err));
    if (!job)
        answer(s, err, &diag, &nothing);
    else if (seal_thread_give(s->seal, job))
        s->running = job;
    else
        finish(s, job, mono_ns); /* it did not run: nothing changes */
}

void store_jobs_step(struct store_jobs *s, int64_t now_ms, int64_t mono_ns)
{
    struct tsdb_job *job = s->running ? seal_thread_take(s->seal, false) : NULL;

    if (job)
        finish(s, job, mono_ns);
    take_asks(s);
    if (!s->running && (s->again || mono_ns >= s->due_mono_ns))
        plan(s, now_ms, mono_ns);
}

void store_jobs_end(struct store_jobs *s)
{
    queue_close(&s->asked);
    if (s->running) {
        tsdb_job_cancel(s->running);
        finish(s, seal_thread_take(s->seal, true), 0);
    }
    for (size_t i = 0; i < s->waiting_count; i++)
        refuse(&s->waiting[i]);
    s->waiting_count = 0;
}
