/*
 * A writer to be killed: what it was told is on disk must be there afterwards.
 *
 *   crash_writer DIR [COUNT]      commits batches numbered on from what DIR holds,
 *                                 and writes "acked N" after each (COUNT: then ends)
 *   crash_writer --verify DIR     writes "found N" for each whole batch and "damaged N" for
 *                                 one that is not whole or has other values
 *
 * Batch N has one sample for each of SERIES_FIXED series and one for a series of its own, all
 * at time N * 1000 with the value N * 1000 + series number, so a definition is written with
 * every batch. Every eleventh batch all of them are sealed, and blocks merged.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "tsdb/tsdb.h"

enum {
    SERIES_FIXED = 50,
    SAMPLES_PER_BATCH = SERIES_FIXED + 1,
    STEP_MS = 1000,
    MAINTAIN_EVERY = 7,
    SEAL_EVERY = 11,
    STEP_NS = 1000000000,
    BATCHES_MAX = 100000,
    BATCHES_DEFAULT = 2000,
};

static _Noreturn void stop(const char *what, const struct diag *diag)
{
    fprintf(stderr, "%s: %s\n", what, diag_text(diag));
    exit(1);
}

static uint32_t ref_of(struct tsdb *db, const char *kind, int64_t number)
{
    struct arena arena = arena_limited(1 << 16);
    struct labels_builder b;
    struct labels labels;
    uint32_t ref = 0;

    labels_builder_init(&b, &arena);
    labels_builder_add(&b, LABEL_METRIC_NAME, str_of(kind));
    labels_builder_add(&b, STR("number"), str_of(arena_printf(&arena, "%" PRId64, number)));
    if (labels_builder_finish(&b, &labels, NULL) || tsdb_series(db, labels, &ref))
        stop("series", &(struct diag){ 0 });
    arena_release(&arena);
    return ref;
}

static void fill(struct tsdb *db, struct sample_batch *batch, int64_t n)
{
    batch->count = 0;
    batch->received_ms = n * STEP_MS;
    for (int64_t i = 0; i < SAMPLES_PER_BATCH; i++) {
        bool own = i == SERIES_FIXED;

        batch->items[batch->count++] = (struct series_sample){
            .series = own ? ref_of(db, "own", n) : ref_of(db, "fixed", i),
            .ts_ms = n * STEP_MS,
            .value = (double)(n * STEP_MS + i),
        };
    }
}

/* Seals, and merges what is due. */
static void seal(struct tsdb *db, int64_t n)
{
    struct tsdb_job_result result;
    struct diag diag = { 0 };
    struct tsdb_job *job = NULL;

    tsdb_request_seal(db);
    for (;;) {
        if (tsdb_plan(db, n * STEP_MS, n * STEP_NS, &job))
            stop("plan", &diag);
        if (!job)
            return;
        tsdb_job_run(job);
        if (tsdb_job_finish(db, job, &result, &diag))
            stop("job", &diag);
    }
}

static void write_batches(struct tsdb *db, int64_t first, int64_t count)
{
    struct sample_batch *batch = sample_batch_new(SAMPLES_PER_BATCH);
    char line[32];

    for (int64_t n = first; batch && n < first + count; n++) {
        int len = snprintf(line, sizeof line, "acked %" PRId64 "\n", n);

        fill(db, batch, n);
        if (tsdb_commit(db, &batch, 1, n * STEP_MS))
            stop("commit", &(struct diag){ 0 });
        if (write(STDOUT_FILENO, line, (size_t)len) != len)
            exit(1);
        if (n % MAINTAIN_EVERY == 0 && tsdb_maintain(db, n * STEP_MS, n * STEP_NS, NULL, NULL))
            stop("maintain", &(struct diag){ 0 });
        if (n % SEAL_EVERY == 0)
            seal(db, n);
    }
    sample_batch_free(batch);
}

struct found {
    unsigned counts[BATCHES_MAX]; /* samples of each batch */
    bool wrong[BATCHES_MAX];
    int64_t last;
};

static bool count_samples(void *ctx, const struct tsdb_series_data *data)
{
    bool own = str_equals(labels_value(data->labels, LABEL_METRIC_NAME), STR("own"));
    struct found *found = ctx;
    int64_t number = -1;

    str_parse_i64(labels_value(data->labels, STR("number")), &number);
    for (size_t i = 0; i < data->count; i++) {
        int64_t n = data->samples[i].ts_ms / STEP_MS;
        int64_t offset = own ? SERIES_FIXED : number;

        if (n < 1 || n >= BATCHES_MAX)
            stop("a sample that nobody sent", &(struct diag){ 0 });
        found->counts[n]++;
        if (data->samples[i].value != (double)(n * STEP_MS + offset) || (own && number != n))
            found->wrong[n] = true;
        found->last = n > found->last ? n : found->last;
    }
    return true;
}

static struct found *find_batches(struct tsdb *db)
{
    struct found *found = calloc(1, sizeof *found);

    if (!found || tsdb_select(db, NULL, 0, INT64_MIN, INT64_MAX, SIZE_MAX, count_samples, found))
        stop("select", &(struct diag){ 0 });
    return found;
}

static void print_found(const struct found *found)
{
    for (int64_t n = 1; n <= found->last; n++)
        if (found->counts[n])
            printf("%s %" PRId64 "\n",
                   found->counts[n] == SAMPLES_PER_BATCH && !found->wrong[n] ? "found" : "damaged",
                   n);
}

int main(int argc, char **argv)
{
    bool verify = argc == 3 && str_equals(str_of(argv[1]), STR("--verify"));
    struct tsdb_options options = { 0 };
    struct diag diag = { 0 };
    int64_t count = BATCHES_DEFAULT;
    struct found *found;
    struct tsdb *db;

    if (argc < 2 || argc > 3 || (argc == 3 && !verify && !str_parse_i64(str_of(argv[2]), &count))) {
        fputs("usage: crash_writer DIR [COUNT] | crash_writer --verify DIR\n", stderr);
        return 2;
    }
    options.dir = verify ? argv[2] : argv[1];
    if (tsdb_open(&options, &db, &diag))
        stop("open", &diag);
    found = find_batches(db);
    if (verify)
        print_found(found);
    else
        write_batches(db, found->last + 1, count);
    free(found);
    tsdb_close(db);
    return 0;
}
