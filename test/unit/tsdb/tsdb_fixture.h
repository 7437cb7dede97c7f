/* What the tests of the store share: a directory of their own, batches and series by number. */
#ifndef FUSEBOX_TEST_TSDB_FIXTURE_H
#define FUSEBOX_TEST_TSDB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/rng.h"
#include "seed.h"
#include "sqlite/db.h"
#include "tsdb/tsdb.h"

struct fixture {
    char dir[64];
    struct tsdb *db;
};

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    snprintf(f->dir, sizeof f->dir, "/tmp/fusebox-tsdb-XXXXXX");
    if (!mkdtemp(f->dir))
        return 1;
    *state = f;
    return 0;
}

static inline int fixture_remove_one(const char *path, const struct stat *st, int kind,
                                     struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

/* Everything in the directory, and the directory; the store is closed. */
static inline void fixture_remove_dir(const char *dir)
{
    nftw(dir, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The store is closed. */
static inline void fixture_remove_files(const struct fixture *f)
{
    fixture_remove_dir(f->dir);
    if (mkdir(f->dir, 0700) != 0)
        abort();
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    mem_fail_nth(0);
    tsdb_close(f->db);
    fixture_remove_dir(f->dir);
    free(f);
    return 0;
}

static inline struct tsdb_options fixture_options(const struct fixture *f)
{
    return (struct tsdb_options){ .dir = f->dir, .relaxed = true };
}

static inline void fixture_open(struct fixture *f, const struct tsdb_options *options)
{
    struct diag diag = { 0 };

    if (tsdb_open(options, &f->db, &diag))
        fail_msg("%s", diag_text(&diag));
}

static inline void fixture_reopen(struct fixture *f)
{
    struct tsdb_options options = fixture_options(f);

    tsdb_close(f->db);
    f->db = NULL;
    fixture_open(f, &options);
}

/* {__name__="m<number>", even="yes" or "no", job="test"} */
static inline enum err fixture_series(struct tsdb *db, unsigned number, uint32_t *ret_ref)
{
    struct arena arena = arena_limited(1 << 16);
    struct labels_builder b;
    struct labels labels;
    char name[16];
    enum err err;

    snprintf(name, sizeof name, "m%u", number);
    labels_builder_init(&b, &arena);
    labels_builder_add(&b, STR("job"), STR("test"));
    labels_builder_add(&b, STR("even"), number % 2 ? STR("no") : STR("yes"));
    labels_builder_add(&b, LABEL_METRIC_NAME, str_of(name));
    err = labels_builder_finish(&b, &labels, NULL);
    if (!err)
        err = tsdb_series(db, labels, ret_ref);
    arena_release(&arena);
    return err;
}

static inline uint32_t fixture_ref(struct fixture *f, unsigned number)
{
    uint32_t ref = 0;

    assert_int_equal(fixture_series(f->db, number, &ref), ERR_OK);
    return ref;
}

static inline enum err fixture_commit_at(struct tsdb *db, uint32_t ref, int64_t ts_ms, double value,
                                         int64_t now_ms)
{
    struct sample_batch *batch = sample_batch_new(1);
    enum err err;

    if (!batch)
        return ERR_NOMEM;
    batch->items[batch->count++] = (struct series_sample){ ref, ts_ms, value };
    err = tsdb_commit(db, &batch, 1, now_ms);
    sample_batch_free(batch);
    return err;
}

static inline enum err fixture_commit_one(struct tsdb *db, uint32_t ref, int64_t ts_ms,
                                          double value)
{
    return fixture_commit_at(db, ref, ts_ms, value, ts_ms);
}

struct collected {
    char last_labels[1024]; /* as text */
    size_t series_count;
    size_t sample_count;
    uint64_t bits_sum; /* of all values */
    struct sample first_samples[4096];
};

static inline bool fixture_collect(void *ctx, const struct tsdb_series_data *data)
{
    struct collected *c = ctx;
    struct buf text = buf_limited(sizeof c->last_labels - 1);

    labels_print(data->labels, &text);
    snprintf(c->last_labels, sizeof c->last_labels, "%.*s", STR_ARG(buf_str(&text)));
    buf_release(&text);
    for (size_t i = 0; i < data->count && i < ARRAY_LEN(c->first_samples); i++)
        c->first_samples[i] = data->samples[i];
    for (size_t i = 0; i < data->count; i++)
        c->bits_sum += sample_bits(data->samples[i].value);
    c->series_count++;
    c->sample_count += data->count;
    return true;
}

static inline enum err fixture_select(struct tsdb *db, const struct matcher *matchers, size_t count,
                                      int64_t start_ms, int64_t end_ms, struct collected *ret)
{
    memset(ret, 0, sizeof *ret);
    return tsdb_select(db, matchers, count, start_ms, end_ms, SIZE_MAX, fixture_collect, ret);
}

/* All samples of one series. */
static inline enum err fixture_read(struct tsdb *db, unsigned number, struct collected *ret)
{
    char name[16];
    struct matcher m = { .kind = MATCH_EQUAL, .name = LABEL_METRIC_NAME };

    snprintf(name, sizeof name, "m%u", number);
    m.value = str_of(name);
    return fixture_select(db, &m, 1, INT64_MIN, INT64_MAX, ret);
}

/* Runs what is due to its end; answers what was done, or the first error. */
static inline enum err fixture_job(struct tsdb *db, int64_t now_ms, int64_t mono_ns,
                                   struct tsdb_job_result *ret, bool *ret_ran)
{
    struct tsdb_job *job = NULL;
    enum err err = tsdb_plan(db, now_ms, mono_ns, &job);

    *ret_ran = job != NULL;
    if (err || !job)
        return err;
    tsdb_job_run(job);
    return tsdb_job_finish(db, job, ret, NULL);
}

/* A seal now, settled. */
static inline struct tsdb_job_result fixture_seal(struct fixture *f, int64_t now_ms)
{
    struct tsdb_job_result result = { 0 };
    bool ran;

    tsdb_request_seal(f->db);
    assert_int_equal(fixture_job(f->db, now_ms, 0, &result, &ran), ERR_OK);
    assert_true(ran);
    assert_int_equal(result.kind, TSDB_SEAL);
    assert_int_equal(tsdb_maintain(f->db, now_ms, 0, NULL, NULL), ERR_OK);
    return result;
}

/* Merges until none is due; answers how many. */
static inline size_t fixture_merge(struct fixture *f, int64_t now_ms)
{
    struct tsdb_job_result result;
    size_t count = 0;
    bool ran = true;

    while (ran) {
        assert_int_equal(fixture_job(f->db, now_ms, 0, &result, &ran), ERR_OK);
        count += ran;
        if (ran)
            assert_int_equal(result.kind, TSDB_MERGE);
    }
    return count;
}

static inline struct tsdb_stats fixture_stats(struct fixture *f)
{
    struct tsdb_stats stats;

    tsdb_stats(f->db, &stats);
    return stats;
}

#endif
