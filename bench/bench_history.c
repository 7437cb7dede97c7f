/*
 * What a question for a service's stored history costs.
 *
 *   bench_history DIR [SERVICES] [DAYS]     DIR is empty; defaults 1000 7
 *
 * Writes what Fusebox stores of each service every 10 s (eleven series that the
 * history reads), seals and merges as they come due, and asks for the last day and
 * for all days of services across the store: the first time, and again.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/export.h"
#include "api/stored_history.h"
#include "base/clock.h"
#include "base/mem.h"
#include "fleet.h"

enum { INTERVAL_MS = 10000, KINDS = 11, MAINTAIN_TICKS = 6, QUESTIONS = 20, POINTS = 360 };

static const int64_t BEGIN_MS = 1700006400000; /* a midnight */
static const int64_t DAY_MS = 86400000;

static const struct {
    const char *metric, *quantile;
    double most; /* that it grows by, or for a gauge its largest value */
    bool gauge;
} kinds[KINDS] = {
    { OWN_SERIES_LAST_DATA, NULL, 10, false },  { OWN_SERIES_CALLS, NULL, 2000, false },
    { OWN_SERIES_ERRORS, NULL, 20, false },     { OWN_SERIES_RETRIES, NULL, 100, false },
    { OWN_SERIES_DENIED, NULL, 2, false },      { OWN_SERIES_RETRY_LIMIT, NULL, 40, true },
    { OWN_SERIES_UTILIZATION, NULL, 60, true }, { OWN_SERIES_FIRST_SUCCESS, NULL, 1, true },
    { OWN_SERIES_LATENCY, "0.5", 0.01, true },  { OWN_SERIES_LATENCY, "0.95", 0.1, true },
    { OWN_SERIES_LATENCY, "0.99", 0.4, true },
};

static uint32_t series_of(struct tsdb *db, uint32_t service, int kind)
{
    struct arena arena = arena_limited(1 << 16);
    struct labels_builder b;
    struct labels labels;
    char name[24];
    uint32_t ref;

    snprintf(name, sizeof name, "service-%04u", service);
    labels_builder_init(&b, &arena);
    labels_builder_add(&b, LABEL_METRIC_NAME, str_of(kinds[kind].metric));
    labels_builder_add(&b, STR("job"), STR("fusebox"));
    labels_builder_add(&b, STR("instance"), STR("127.0.0.1:9464"));
    labels_builder_add(&b, STR("service"), str_of(name));
    if (kinds[kind].quantile)
        labels_builder_add(&b, STR("quantile"), str_of(kinds[kind].quantile));
    if (labels_builder_finish(&b, &labels, NULL) || tsdb_series(db, labels, &ref))
        exit(1);
    arena_release(&arena);
    return ref;
}

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

static double next_value(struct rng *rng, int kind, double before)
{
    if (kind == 0)
        return before + INTERVAL_MS / 1000;
    if (kinds[kind].gauge)
        return round(rng_unit(rng) * kinds[kind].most * 1000) / 1000;
    return before + (double)rng_below(rng, (uint64_t)kinds[kind].most);
}

static bool write_all(struct tsdb *db, uint32_t services, uint32_t days)
{
    size_t count = (size_t)services * KINDS;
    struct sample_batch *batch = sample_batch_new(count);
    struct rng rng = rng_seeded(7);

    if (!batch)
        return false;
    batch->count = count;
    for (size_t i = 0; i < count; i++)
        batch->items[i] = (struct series_sample){ .series = series_of(db, (uint32_t)(i / KINDS),
                                                                      (int)(i % KINDS)) };
    for (int64_t tick = 0; tick < days * DAY_MS / INTERVAL_MS; tick++) {
        int64_t now_ms = BEGIN_MS + tick * INTERVAL_MS + (int64_t)rng_below(&rng, 5);

        batch->received_ms = now_ms;
        for (size_t i = 0; i < count; i++) {
            batch->items[i].ts_ms = now_ms;
            batch->items[i].value = next_value(&rng, (int)(i % KINDS), batch->items[i].value);
        }
        if (tsdb_commit(db, &batch, 1, now_ms) || !work_off(db, now_ms))
            return false;
        if (tick % MAINTAIN_TICKS == 0 && tsdb_maintain(db, now_ms, now_ms * 1000000, NULL, NULL))
            return false;
    }
    sample_batch_free(batch);
    return true;
}

static enum err go_on(void *ctx)
{
    (void)ctx;
    return ERR_OK;
}

/* Milliseconds of one question; ends the process when a point is not known. */
static double ask(struct tsdb *db, struct budget *budget, uint32_t service, uint32_t days,
                  int64_t end_ms)
{
    struct clock clock = clock_system();
    struct service_history h = { .stored = true,
                                 .period_s = (int)(days * 86400),
                                 .step_s = (int)(days * 86400 / POINTS),
                                 .end_ms = end_ms,
                                 .count = POINTS };
    struct stored_ask question = {
        .db = db, .budget = budget, .stored_ms = INTERVAL_MS, .go_on = go_on
    };
    int64_t started_ns = clock_mono_ns(&clock);
    char name[24];

    for (int line = 0; line < HISTORY_LINE_COUNT; line++)
        for (int i = 0; i < POINTS; i++)
            h.lines[line][i] = NAN;
    snprintf(name, sizeof name, "service-%04u", service);
    question.service = str_of(name);
    if (stored_history_fill(&question, &h, NULL) || isnan(h.lines[HISTORY_CALLS][POINTS / 2]) ||
        isnan(h.lines[HISTORY_P99][POINTS / 2]))
        exit(1);
    return (double)(clock_mono_ns(&clock) - started_ns) / 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void ask_all(struct tsdb *db, struct budget *budget, uint32_t services, uint32_t days,
                    int64_t end_ms)
{
    for (int turn = 0; turn < 2; turn++) {
        double ms[QUESTIONS];

        for (int i = 0; i < QUESTIONS; i++)
            ms[i] = ask(db, budget, (uint32_t)i * services / QUESTIONS, days, end_ms);
        qsort(ms, QUESTIONS, sizeof ms[0], compare);
        printf("%u days, %s: %.1f ms in the middle, %.1f ms at most\n", days,
               turn ? "again" : "first", ms[QUESTIONS / 2], ms[QUESTIONS - 1]);
    }
}

int main(int argc, char **argv)
{
    uint32_t services = fleet_argument(argc, argv, 2, 1000);
    uint32_t days = fleet_argument(argc, argv, 3, 7);
    struct tsdb_options options = { .dir = argc > 1 ? argv[1] : ".", .relaxed = true };
    struct clock clock = clock_system();
    int64_t end_ms = BEGIN_MS + days * DAY_MS - INTERVAL_MS, started_ns = clock_mono_ns(&clock);
    struct budget budget;
    struct tsdb_stats stats;
    struct diag diag = { 0 };
    struct tsdb *db;

    budget_init(&budget, 0);
    options.budget = &budget;
    if (tsdb_open(&options, &db, &diag)) {
        fprintf(stderr, "%s\n", diag_text(&diag));
        return 1;
    }
    tsdb_stats(db, &stats);
    if (stats.blocks_count == 0 && !write_all(db, services, days)) /* else of a run before */
        return 1;
    tsdb_stats(db, &stats);
    printf("%u services, %" PRIu64 " blocks of %.1f M samples, %.3f bytes each; %.0f s\n", services,
           stats.blocks_count, (double)stats.blocks_samples_count / 1e6,
           (double)stats.blocks_bytes / (double)stats.blocks_samples_count,
           (double)(clock_mono_ns(&clock) - started_ns) / 1e9);
    ask_all(db, &budget, services, 1, end_ms);
    ask_all(db, &budget, services, days, end_ms);
    tsdb_close(db);
    return 0;
}
