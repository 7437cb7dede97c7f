/*
 * What the sample store costs: CPU per million samples committed, and resident
 * memory per series.
 *
 *   bench_tsdb DIR [SERIES] [ROUNDS] [BATCH] [GROUP]   DIR is empty; defaults 100000 60 1000 1
 *
 * Every round commits one sample per series, a second apart with some
 * milliseconds of jitter per batch, in batches of BATCH, GROUP of them per
 * transaction. One series in four is a counter that moves, one a gauge
 * with two decimals, two stand still most of the time. Seals are made as they
 * come due (each 16 M samples or 30 minutes), between commits; what is left is
 * what the opening at the end replays.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"
#include "tsdb/tsdb.h"

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

static void make_series(struct tsdb *db, uint32_t i, uint32_t *ret_ref)
{
    static const char *const states[] = { "2xx", "3xx", "4xx", "5xx" };
    struct arena arena = arena_limited(1 << 16);
    struct labels_builder b;
    struct labels labels;

    labels_builder_init(&b, &arena);
    labels_builder_add(&b, LABEL_METRIC_NAME,
                       str_of(arena_printf(&arena, "haproxy_backend_metric_%u_total", i % 50)));
    labels_builder_add(&b, STR("job"), STR("haproxy"));
    labels_builder_add(&b, STR("instance"),
                       str_of(arena_printf(&arena, "10.0.%u.%u:8404", i / 1000 / 250, i / 1000)));
    labels_builder_add(&b, STR("proxy"), str_of(arena_printf(&arena, "be_%u", i / 200 % 5)));
    labels_builder_add(&b, STR("code"), str_of(states[i / 50 % 4]));
    if (labels_builder_finish(&b, &labels, NULL) || tsdb_series(db, labels, ret_ref))
        abort();
    arena_release(&arena);
}

static double next_value(struct rng *rng, uint32_t i, double before)
{
    uint64_t dice = rng_below(rng, 1000);

    switch (i % 4) {
    case 0:
        return before + (double)(dice % 40);
    case 1:
        return (double)dice / 100;
    default:
        return dice < 20 ? before + 1 : before;
    }
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

static long number_of(int argc, char **argv, int i, long otherwise)
{
    int64_t number;

    return argc > i && str_parse_i64(str_of(argv[i]), &number) && number > 0 ? (long)number
                                                                             : otherwise;
}

int main(int argc, char **argv)
{
    uint32_t series = (uint32_t)number_of(argc, argv, 2, 100000);
    long rounds = number_of(argc, argv, 3, 60);
    size_t batch_size = (size_t)number_of(argc, argv, 4, 1000);
    size_t group = (size_t)number_of(argc, argv, 5, 1);
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
        values[i] = i % 4 == 0 ? (double)rng_below(&rng, 1000000) : 1;
    before_kib = resident_kib();
    for (uint32_t i = 0; i < series; i++)
        make_series(db, i, &refs[i]);
    printf("index: %.0f bytes per series counted\n",
           (tsdb_stats(db, &stats), (double)stats.memory_bytes / series));
    for (long round = 0; round < rounds; round++) {
        int64_t now_ms = 1700000000000 + round * 1000;
        int64_t started_ns;

        for (size_t i = 0; i < batch_count * batch_size; i++) {
            struct sample_batch *batch = batches[i / batch_size];

            if (i % batch_size == 0)
                batch->received_ms = now_ms + (int64_t)rng_below(&rng, 4) + (int64_t)(i % 997);
            values[i] = next_value(&rng, (uint32_t)i, values[i]);
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
