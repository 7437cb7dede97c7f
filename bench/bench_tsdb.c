/*
 * What the sample store costs: CPU per million samples committed, and resident
 * memory per series.
 *
 *   bench_tsdb DIR [SERIES] [ROUNDS] [BATCH] [GROUP]   DIR is empty; defaults 100000 60 1000 1
 *
 * Every round commits one sample per series, a second apart with some
 * milliseconds of jitter per batch, in batches of BATCH, GROUP of them per
 * transaction. The data is a fleet's (fleet.h). Seals are made as they
 * come due (each 16 M samples or 30 minutes), between commits; what is left is
 * what the opening at the end replays.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "fleet.h"

enum { BATCHES_MAX = 4096, PAGE_KIB = 4, MAINTAIN_ROUNDS = 5 };

static long resident_kib(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long size = 0;
    long resident = 0;

    if (!f)
        return 0;
    if (fscanf(f, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    fclose(f);
    return resident * PAGE_KIB;
}

/* Does the work that is due; nothing else runs meanwhile. */
static bool work_off(struct tsdb *db, int64_t now_ms)
{
    struct tsdb_job_result result;
    struct tsdb_job *job;

    for (;;) {
        if (tsdb_plan(db, now_ms, now_ms * 1000000, &job))
            return false;
        if (!job)
            return true;
        tsdb_job_run(job);
        if (tsdb_job_finish(db, job, &result, NULL))
            return false;
    }
}

int main(int argc, char **argv)
{
    uint32_t series = fleet_argument(argc, argv, 2, 100000);
    long rounds = fleet_argument(argc, argv, 3, 60);
    size_t batch_size = fleet_argument(argc, argv, 4, 1000);
    size_t group = fleet_argument(argc, argv, 5, 1);
    size_t batch_count = series / batch_size;
    struct tsdb_options options = { .dir = argc > 1 ? argv[1] : "." };
    struct sample_batch *batches[BATCHES_MAX];
    uint32_t *refs = calloc(series, sizeof *refs);
    double *values = calloc(series, sizeof *values);
    struct rng rng = rng_seeded(7);
    struct tsdb *db;
    struct tsdb_stats stats;
    struct diag diag = { 0 };
    int64_t cpu_ns = 0;
    long before_kib;
    double million;

    if (!refs || !values || batch_count == 0 || batch_count > BATCHES_MAX)
        return 2;
    if (tsdb_open(&options, &db, &diag)) {
        fprintf(stderr, "%s\n", diag_text(&diag));
        return 1;
    }
    for (size_t i = 0; i < batch_count; i++) {
        batches[i] = sample_batch_new(batch_size);
        if (!batches[i])
            return 1;
        memset(batches[i]->items, 0, batch_size * sizeof batches[i]->items[0]);
    }
    for (uint32_t i = 0; i < series; i++)
        values[i] = fleet_first_value(&rng, i);
    before_kib = resident_kib();
    for (uint32_t i = 0; i < series; i++)
        refs[i] = fleet_series(db, i);
    printf("index: %.0f bytes per series counted\n",
           (tsdb_stats(db, &stats), (double)stats.memory_bytes / series));
    for (long round = 0; round < rounds; round++) {
        int64_t now_ms = 1700000000000 + round * 1000;
        int64_t started_ns;

        for (size_t i = 0; i < batch_count * batch_size; i++) {
            struct sample_batch *batch = batches[i / batch_size];

            if (i % batch_size == 0)
                batch->received_ms = now_ms + (int64_t)rng_below(&rng, 4) + (int64_t)(i % 997);
            values[i] = fleet_next_value(&rng, (uint32_t)i, values[i]);
            batch->items[i % batch_size] = (struct series_sample){ refs[i], batch->received_ms,
                                                                   values[i] };
            batch->count = batch_size;
        }
        started_ns = clock_process_cpu_ns();
        for (size_t i = 0; i < batch_count; i += group)
            if (tsdb_commit(db, &batches[i], batch_count - i < group ? batch_count - i : group,
                            now_ms))
                return 1;
        if (round % MAINTAIN_ROUNDS == 0 && tsdb_maintain(db, now_ms, now_ms * 1000000, NULL, NULL))
            return 1;
        cpu_ns += clock_process_cpu_ns() - started_ns;
        if (!work_off(db, now_ms))
            return 1;
    }
    tsdb_stats(db, &stats);
    million = (double)stats.samples_appended_count / 1e6;
    printf("commit: %.3f CPU seconds per million samples (%.1f M samples, batches of %zu, "
           "%" PRIu64 " commits)\n",
           (double)cpu_ns / 1e9 / million, million, batch_size, stats.commits_count);
    printf("log: %.2f bytes per sample\n", (double)stats.log_bytes / million / 1e6);
    if (stats.blocks_samples_count)
        printf("blocks: %" PRIu64 " of %.1f M samples, %.3f bytes each\n", stats.blocks_count,
               (double)stats.blocks_samples_count / 1e6,
               (double)stats.blocks_bytes / (double)stats.blocks_samples_count);
    printf("memory: %.0f bytes per series counted, %.0f resident, %.2f chunks per series\n",
           (double)stats.memory_bytes / series,
           (double)(resident_kib() - before_kib) * 1024 / series,
           (double)stats.chunk_count / series);
    tsdb_close(db);
    if (tsdb_open(&options, &db, &diag))
        return 1;
    tsdb_stats(db, &stats);
    printf("replay: %.2f s for %" PRIu64 " samples\n", (double)stats.replay_duration_ns / 1e9,
           stats.replayed_samples_count);
    tsdb_close(db);
    for (size_t i = 0; i < batch_count; i++)
        sample_batch_free(batches[i]);
    free(refs);
    free(values);
    return 0;
}
