/*
 * How far the store's long work disturbs it: times of tsdb_commit and tsdb_select
 * while nothing else runs, and while a seal or a merge runs in another thread;
 * and what seals and merges cost.
 *
 *   bench_ground DIR [SERIES] [CYCLES] [QUIET_S]     DIR is empty; defaults 100000 4 4
 *
 * The data is a fleet's (fleet.h), a scrape every 10 s of simulated time. A small
 * day comes first, so that there is something to merge and to drop. Then every
 * cycle stores 60 scrapes, measures for QUIET_S seconds, asks for a seal, and
 * measures until no job is due. Half-way the first day leaves the retention.
 * A measured step is five commits of one batch of 1,000 and one select of a
 * metric (SERIES / 50 series) over the last 10 minutes; each 200 commits the
 * store is maintained.
 */
#include <inttypes.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "fleet.h"

enum {
    BATCH = 1000,
    GROUP = 10, /* batches a commit where nothing is measured */
    STEP_MS = 10000,
    FILL_ROUNDS = 60,
    WINDOW_MS = 600000,
    SELECT_EVERY = 5,
    MAINTAIN_EVERY = 200,
    DAY_MS = 86400000,
    NICENESS = 10,
    FIRST_DAY_SEALS = 3,
    FIRST_DAY_ROUNDS = 10,
    TIMES_MAX = 1 << 20,
};

/* RUNNING: beside a job of which only its result will tell the kind. */
enum phase { QUIET, SEALING, MERGING, PHASE_COUNT, RUNNING = PHASE_COUNT };

static const char *const phase_names[] = { "quiet", "while sealing", "while merging" };

struct times {
    int64_t *ns;
    size_t count;
};

/* What jobs of one kind have cost together. */
struct work {
    uint64_t count, samples, bytes, merged;
    int64_t cpu_ns, wall_ns;
};

struct bench {
    struct tsdb *db;
    struct clock clock;
    struct rng rng;
    uint32_t series;
    uint32_t *refs;
    double *values;
    struct sample_batch *batches[GROUP];
    uint32_t next; /* the series at which the next batch begins */
    int64_t now_ms;
    struct times commits[PHASE_COUNT + 1], selects[PHASE_COUNT + 1], maintains[PHASE_COUNT + 1];
    struct times finishes;
    uint64_t commits_count;
    struct work seals, merges;
    /* the job that is out, if any */
    struct thread thread;
    struct tsdb_job *job;
    enum phase phase;
    int64_t job_cpu_ns, job_wall_ns;
    atomic_bool done;
};

static void must(enum err err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "%s: %s\n", what, err_text(err));
    exit(1);
}

static void *must_have(void *memory)
{
    if (!memory)
        must(ERR_NOMEM, "bench_ground");
    return memory;
}

static void note(struct times *t, int64_t ns)
{
    if (!t->ns)
        t->ns = must_have(calloc(TIMES_MAX, sizeof *t->ns));
    if (t->count < TIMES_MAX)
        t->ns[t->count++] = ns;
}

static void move_times(struct times *from, struct times *to)
{
    for (size_t i = 0; i < from->count; i++)
        note(to, from->ns[i]);
    from->count = 0;
}

/* --- data --- */

/* The next 1,000 series' samples; time goes on when every series has had one. */
static void fill_batch(struct bench *b, struct sample_batch *batch)
{
    batch->received_ms = b->now_ms + (int64_t)rng_below(&b->rng, 4) + (int64_t)(b->next % 997);
    for (uint32_t i = 0; i < BATCH; i++) {
        uint32_t s = b->next + i;

        b->values[s] = fleet_next_value(&b->rng, s, b->values[s]);
        batch->items[i] = (struct series_sample){ b->refs[s], batch->received_ms, b->values[s] };
    }
    batch->count = BATCH;
    b->next += BATCH;
    if (b->next >= b->series) {
        b->next = 0;
        b->now_ms += STEP_MS;
    }
}

static void commit(struct bench *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fill_batch(b, b->batches[i]);
    must(tsdb_commit(b->db, b->batches, count, b->now_ms + STEP_MS), "a commit");
}

static void store_rounds(struct bench *b, uint32_t rounds)
{
    for (uint32_t i = 0; i < rounds * (b->series / BATCH); i += GROUP)
        commit(b, GROUP);
}

/* --- the job that is out --- */

static int64_t thread_cpu_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* As the daemon's seal thread is: the two cores are for what cannot wait. */
static void lower_priority(void)
{
    static const struct sched_param none = { 0 };

    (void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
}

static void *run_job(void *arg)
{
    struct bench *b = arg;
    int64_t cpu_ns = thread_cpu_ns();
    int64_t wall_ns = clock_mono_ns(&b->clock);

    lower_priority();
    tsdb_job_run(b->job);
    b->job_cpu_ns = thread_cpu_ns() - cpu_ns;
    b->job_wall_ns = clock_mono_ns(&b->clock) - wall_ns;
    atomic_store(&b->done, true);
    return NULL;
}

/* The store's clocks run together: simulated time is the one that counts. */
static int64_t mono_ns(const struct bench *b)
{
    return b->now_ms * 1000000;
}

static bool start_job(struct bench *b)
{
    must(tsdb_plan(b->db, b->now_ms, mono_ns(b), &b->job), "a plan");
    if (!b->job)
        return false;
    b->phase = RUNNING;
    atomic_store(&b->done, false);
    must(thread_start(&b->thread, "job", run_job, b), "a thread");
    return true;
}

static void finish_job(struct bench *b)
{
    struct tsdb_job_result result = { 0 };
    struct diag diag = { 0 };
    struct work *work;
    enum phase phase;
    int64_t started_ns;
    enum err err;

    thread_stop(&b->thread);
    started_ns = clock_mono_ns(&b->clock);
    err = tsdb_job_finish(b->db, b->job, &result, &diag);
    if (err)
        fprintf(stderr, "%s\n", diag_text(&diag));
    must(err, "a job");
    note(&b->finishes, clock_mono_ns(&b->clock) - started_ns);
    phase = result.kind == TSDB_MERGE ? MERGING : SEALING;
    move_times(&b->commits[RUNNING], &b->commits[phase]);
    move_times(&b->selects[RUNNING], &b->selects[phase]);
    move_times(&b->maintains[RUNNING], &b->maintains[phase]);
    work = result.kind == TSDB_MERGE ? &b->merges : &b->seals;
    work->count++;
    work->samples += result.sample_count;
    work->bytes += result.bytes;
    work->merged += result.merged_count;
    work->cpu_ns += b->job_cpu_ns;
    work->wall_ns += b->job_wall_ns;
    b->job = NULL;
    b->phase = QUIET;
}

static void work_off(struct bench *b)
{
    tsdb_request_seal(b->db);
    while (start_job(b))
        finish_job(b);
}

/* --- what is measured --- */

static bool count_samples(void *ctx, const struct tsdb_series_data *data)
{
    *(uint64_t *)ctx += data->count;
    return true;
}

static void measure_select(struct bench *b)
{
    struct matcher matcher = { MATCH_EQUAL, LABEL_METRIC_NAME, STR(FLEET_A_NAME), NULL };
    int64_t started_ns = clock_mono_ns(&b->clock);
    enum phase phase = b->phase;
    uint64_t samples = 0;

    must(tsdb_select(b->db, &matcher, 1, b->now_ms - WINDOW_MS, b->now_ms, SIZE_MAX, count_samples,
                     &samples),
         "a select");
    note(&b->selects[phase], clock_mono_ns(&b->clock) - started_ns);
    if (samples < b->series / FLEET_NAMES * (WINDOW_MS / STEP_MS - 1))
        must(ERR_CORRUPT, "a select found too few samples");
}

static void measure_step(struct bench *b)
{
    for (int i = 0; i < SELECT_EVERY; i++) {
        enum phase phase = b->phase;
        int64_t started_ns;

        fill_batch(b, b->batches[0]);
        started_ns = clock_mono_ns(&b->clock);
        must(tsdb_commit(b->db, b->batches, 1, b->now_ms + STEP_MS), "a commit");
        note(&b->commits[phase], clock_mono_ns(&b->clock) - started_ns);
        if (++b->commits_count % MAINTAIN_EVERY == 0) {
            started_ns = clock_mono_ns(&b->clock);
            must(tsdb_maintain(b->db, b->now_ms, mono_ns(b), NULL, NULL), "maintenance");
            note(&b->maintains[phase], clock_mono_ns(&b->clock) - started_ns);
        }
    }
    measure_select(b);
}

static void measure_quiet(struct bench *b, int64_t seconds)
{
    int64_t end_ns = clock_mono_ns(&b->clock) + seconds * 1000000000;

    while (clock_mono_ns(&b->clock) < end_ns)
        measure_step(b);
}

static void measure_jobs(struct bench *b)
{
    tsdb_request_seal(b->db);
    while (start_job(b)) {
        while (!atomic_load(&b->done))
            measure_step(b);
        finish_job(b);
    }
}

/* --- results --- */

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static double percentile_ms(struct times *t, size_t percent)
{
    if (t->count == 0)
        return 0;
    qsort(t->ns, t->count, sizeof *t->ns, by_size);
    return (double)t->ns[(t->count - 1) * percent / 100] / 1e6;
}

static void print_times(const char *what, struct times *times, const char *goal)
{
    double quiet_ms = percentile_ms(&times[QUIET], 99);

    for (int i = 0; i < PHASE_COUNT; i++) {
        double p99_ms = percentile_ms(&times[i], 99);

        if (times[i].count == 0)
            continue;
        printf("| %s %s | %zu | %.2f ms | %.2f ms | %.2f ms | %.2f%s |\n", what, phase_names[i],
               times[i].count, percentile_ms(&times[i], 50), p99_ms, percentile_ms(&times[i], 100),
               p99_ms / quiet_ms, i == QUIET ? "" : goal);
    }
}

static void print_work(const char *what, const struct work *work)
{
    double million = (double)work->samples / 1e6;

    if (work->count == 0)
        return;
    printf("| %s | %" PRIu64 " | %.1f M | %.3f | %.2f s | %.3f |\n", what, work->count, million,
           (double)work->cpu_ns / 1e9 / million, (double)work->wall_ns / 1e9,
           (double)work->bytes / 1e6 / million);
}

static void print_results(struct bench *b)
{
    struct tsdb_stats stats;

    tsdb_stats(b->db, &stats);
    printf(
        "| | times | p50 | p99 | longest | p99, of the quiet one |\n|---|--:|--:|--:|--:|--:|\n");
    print_times("commit", b->commits, " (goal: at most 2)");
    print_times("select", b->selects, " (goal: at most 2)");
    print_times("maintenance", b->maintains, "");
    printf("\n| | times | samples | CPU s per million | time | bytes per sample |\n"
           "|---|--:|--:|--:|--:|--:|\n");
    print_work("seals", &b->seals);
    print_work("merges", &b->merges);
    printf("\nA job's end takes the write thread at most %.2f ms. Retention dropped %" PRIu64
           " blocks; %" PRIu64 " are there, of %" PRIu64
           " samples, %.3f bytes each. Memory: %.0f bytes per series.\n",
           percentile_ms(&b->finishes, 100), stats.blocks_dropped_count, stats.blocks_count,
           stats.blocks_samples_count,
           (double)stats.blocks_bytes / (double)stats.blocks_samples_count,
           (double)stats.memory_bytes / b->series);
}

/* --- the whole --- */

static void open_bench(struct bench *b, const char *dir)
{
    struct tsdb_options options = { .dir = dir };
    struct diag diag = { 0 };

    if (tsdb_open(&options, &b->db, &diag)) {
        fprintf(stderr, "%s\n", diag_text(&diag));
        exit(1);
    }
    b->refs = must_have(calloc(b->series, sizeof *b->refs));
    b->values = must_have(calloc(b->series, sizeof *b->values));
    for (size_t i = 0; i < GROUP; i++)
        b->batches[i] = must_have(sample_batch_new(BATCH));
    for (uint32_t i = 0; i < b->series; i++) {
        b->values[i] = fleet_first_value(&b->rng, i);
        b->refs[i] = fleet_series(b->db, i);
    }
}

static void close_bench(struct bench *b)
{
    tsdb_close(b->db);
    for (int i = 0; i <= RUNNING; i++) {
        free(b->commits[i].ns);
        free(b->selects[i].ns);
        free(b->maintains[i].ns);
    }
    free(b->finishes.ns);
    for (size_t i = 0; i < GROUP; i++)
        sample_batch_free(b->batches[i]);
    free(b->refs);
    free(b->values);
}

static void store_first_day(struct bench *b)
{
    for (int i = 0; i < FIRST_DAY_SEALS; i++) {
        store_rounds(b, FIRST_DAY_ROUNDS);
        work_off(b);
    }
    b->now_ms += DAY_MS;
    b->seals = b->merges = (struct work){ 0 };
    b->finishes.count = 0;
}

int main(int argc, char **argv)
{
    struct bench b = { .clock = clock_system(), .rng = rng_seeded(7), .now_ms = 1700006400000 };
    uint32_t cycles = fleet_argument(argc, argv, 3, 4);
    uint32_t quiet_s = fleet_argument(argc, argv, 4, 4);

    b.series = fleet_argument(argc, argv, 2, 100000);
    if (argc < 2 || b.series % (BATCH * GROUP)) {
        fprintf(stderr,
                "usage: bench_ground EMPTY_DIR [SERIES, a multiple of %d] [CYCLES] [QUIET_S]\n",
                BATCH * GROUP);
        return 2;
    }
    open_bench(&b, argv[1]);
    store_first_day(&b);
    for (uint32_t i = 0; i < cycles; i++) {
        if (i == cycles / 2)
            tsdb_set_retention(b.db, DAY_MS / 2, 0);
        store_rounds(&b, FILL_ROUNDS);
        measure_quiet(&b, quiet_s);
        measure_jobs(&b);
    }
    print_results(&b);
    close_bench(&b);
    return 0;
}
