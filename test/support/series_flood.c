/*
 * A flood of new series over a store with little memory: 10,000 known series go on
 * every tick while a million new ones come within a minute.
 *
 *   series_flood DIR [BUDGET_MIB [FLOOD_COUNT]]
 *
 * Ticks are a second apart in the store's time and run as fast as they can. First
 * QUIET_TICKS with the known series alone, then FLOOD_TICKS with the flood, each new
 * series with one sample, and seals and merges whenever they are due. Prints one line
 * of JSON, and exits 1 when a sample of a known series is missing or wrong, a known
 * series was refused, or a series of the flood was neither taken nor counted as refused.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "tsdb/tsdb.h"

enum {
    KNOWN = 10000,
    QUIET_TICKS = 60,
    FLOOD_TICKS = 60,
    TICKS = QUIET_TICKS + FLOOD_TICKS,
    TICK_MS = 1000,
    MAINTAIN_EVERY = 5,
    BUDGET_MIB_DEFAULT = 96,
    FLOOD_DEFAULT = 1000000,
};

/* 2026-03-01 12:00:00 UTC. */
#define BEGIN_MS INT64_C(1772366400000)

struct flood {
    struct tsdb *db;
    struct budget budget;
    struct clock clock;
    struct sample_batch *known;
    struct sample_batch *fresh;
    int64_t flood_count, taken, refused, known_refused;
    int64_t commit_ns[TICKS];
    int64_t most_budget_bytes;
    unsigned seals, merges, failures;
};

static _Noreturn void stop(const char *what, enum err err, const struct diag *diag)
{
    fprintf(stderr, "series_flood: %s: %s: %s\n", what, err_name(err), diag_text(diag));
    exit(1);
}

static enum err ref_of(struct flood *f, const char *kind, int64_t number, uint32_t *ret_ref)
{
    struct arena arena = arena_limited(1 << 16);
    struct labels_builder b;
    struct labels labels;
    enum err err;

    labels_builder_init(&b, &arena);
    labels_builder_add(&b, LABEL_METRIC_NAME, str_of(kind));
    labels_builder_add(&b, STR("job"), STR("flood"));
    labels_builder_add(&b, STR("number"), str_of(arena_printf(&arena, "%" PRId64, number)));
    err = labels_builder_finish(&b, &labels, NULL);
    if (!err)
        err = tsdb_series(f->db, labels, ret_ref);
    arena_release(&arena);
    return err;
}

static double value_of(int64_t series, int64_t tick)
{
    return (double)(series * 3 + tick * 17);
}

static void add(struct sample_batch *batch, uint32_t ref, int64_t tick, double value)
{
    batch->items[batch->count++] = (struct series_sample){ .series = ref,
                                                           .ts_ms = BEGIN_MS + tick * TICK_MS,
                                                           .value = value };
}

static void fill_known(struct flood *f, int64_t tick)
{
    f->known->count = 0;
    f->known->received_ms = BEGIN_MS + tick * TICK_MS;
    for (int64_t i = 0; i < KNOWN; i++) {
        uint32_t ref = 0;

        if (ref_of(f, "known", i, &ref))
            f->known_refused++;
        else
            add(f->known, ref, tick, value_of(i, tick));
    }
}

static void fill_fresh(struct flood *f, int64_t tick)
{
    int64_t share = f->flood_count / FLOOD_TICKS;
    int64_t first = (tick - QUIET_TICKS) * share;

    f->fresh->count = 0;
    f->fresh->received_ms = f->known->received_ms;
    for (int64_t i = first; i < first + share; i++) {
        uint32_t ref = 0;
        enum err err = ref_of(f, "fresh", i, &ref);

        if (err && err != ERR_LIMIT)
            stop("series", err, &(struct diag){ 0 });
        f->taken += !err;
        f->refused += err == ERR_LIMIT;
        if (!err)
            add(f->fresh, ref, tick, value_of(i, tick));
    }
}

static void work(struct flood *f, int64_t now_ms, int64_t mono_ns)
{
    for (;;) {
        struct tsdb_job_result result = { 0 };
        struct tsdb_job *job = NULL;
        struct diag diag = { 0 };

        if (tsdb_plan(f->db, now_ms, mono_ns, &job) || !job)
            return;
        tsdb_job_run(job);
        if (tsdb_job_finish(f->db, job, &result, &diag)) {
            f->failures++;
            fprintf(stderr, "series_flood: job %d: %s\n", (int)result.kind, diag_text(&diag));
            return;
        }
        f->seals += result.kind == TSDB_SEAL;
        f->merges += result.kind == TSDB_MERGE;
    }
}

/* The flood is committed first: what it makes slow is to be seen in the known series. */
static void run_tick(struct flood *f, int64_t tick)
{
    int64_t now_ms = BEGIN_MS + tick * TICK_MS;
    int64_t mono_ns = tick * TICK_MS * 1000000;
    int64_t begin_ns;
    enum err err;

    if (tick >= QUIET_TICKS) {
        fill_fresh(f, tick);
        err = f->fresh->count ? tsdb_commit(f->db, &f->fresh, 1, now_ms) : ERR_OK;
        if (err)
            stop("commit of new series", err, &(struct diag){ 0 });
    }
    fill_known(f, tick);
    begin_ns = clock_mono_ns(&f->clock);
    err = tsdb_commit(f->db, &f->known, 1, now_ms);
    f->commit_ns[tick] = clock_mono_ns(&f->clock) - begin_ns;
    if (err)
        stop("commit of known series", err, &(struct diag){ 0 });
    if (tick % MAINTAIN_EVERY == 0) {
        err = tsdb_maintain(f->db, now_ms, mono_ns, NULL, NULL);
        if (err)
            stop("maintain", err, &(struct diag){ 0 });
        work(f, now_ms, mono_ns);
    }
    if ((int64_t)budget_used_bytes(&f->budget) > f->most_budget_bytes)
        f->most_budget_bytes = (int64_t)budget_used_bytes(&f->budget);
}

/* --- afterwards --- */

struct seen {
    int64_t right, wrong;
};

static bool look(void *ctx, const struct tsdb_series_data *data)
{
    struct seen *seen = ctx;
    int64_t number = -1;

    str_parse_i64(labels_value(data->labels, STR("number")), &number);
    for (size_t i = 0; i < data->count; i++) {
        int64_t tick = (data->samples[i].ts_ms - BEGIN_MS) / TICK_MS;

        if (tick == (int64_t)i && data->samples[i].value == value_of(number, tick))
            seen->right++;
        else
            seen->wrong++;
    }
    return true;
}

static struct seen look_at_known(struct flood *f)
{
    struct matcher known = { .kind = MATCH_EQUAL,
                             .name = LABEL_METRIC_NAME,
                             .value = STR("known") };
    struct seen seen = { 0 };
    enum err err = tsdb_select(f->db, &known, 1, INT64_MIN, INT64_MAX, SIZE_MAX, look, &seen);

    if (err)
        stop("select", err, &(struct diag){ 0 });
    return seen;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static double p99_ms(int64_t *ns, size_t count)
{
    qsort(ns, count, sizeof *ns, by_number);
    return (double)ns[(count * 99 - 1) / 100] / 1e6;
}

static long resident_most_kib(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[200];
    long kib = -1;

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib;
}

static bool report(struct flood *f)
{
    struct tsdb_stats stats;
    struct seen seen = look_at_known(f);
    int64_t asked = f->flood_count / FLOOD_TICKS * FLOOD_TICKS;
    bool right = seen.wrong == 0 && seen.right == (int64_t)KNOWN * TICKS && !f->known_refused &&
                 f->taken + f->refused == asked;

    tsdb_stats(f->db, &stats);
    right = right && stats.series_refused_count == (uint64_t)f->refused;
    printf("{\"right\":%s,\"known_samples\":%" PRId64 ",\"known_wrong\":%" PRId64
           ",\"known_refused\":%" PRId64 ",\"taken\":%" PRId64 ",\"refused\":%" PRId64
           ",\"series_in_memory\":%" PRIu64 ",\"budget_bytes\":%zu,\"budget_most_bytes\":%" PRId64
           ",\"resident_most_mib\":%.1f,\"seals\":%u,\"merges\":%u,\"failures\":%u",
           right ? "true" : "false", seen.right, seen.wrong, f->known_refused, f->taken, f->refused,
           stats.series_count, f->budget.limit_bytes, f->most_budget_bytes,
           (double)resident_most_kib() / 1024, f->seals, f->merges, f->failures);
    printf(",\"commit_p99_quiet_ms\":%.3f,\"commit_p99_flood_ms\":%.3f}\n",
           p99_ms(f->commit_ns, QUIET_TICKS), p99_ms(f->commit_ns + QUIET_TICKS, FLOOD_TICKS));
    return right;
}

int main(int argc, char **argv)
{
    static struct flood f;
    struct tsdb_options options = { .dir = argc > 1 ? argv[1] : NULL, .budget = &f.budget };
    size_t mib = argc > 2 ? strtoul(argv[2], NULL, 10) : BUDGET_MIB_DEFAULT;
    struct diag diag = { 0 };
    enum err err;
    bool right;

    if (!options.dir || !mib) {
        fputs("usage: series_flood DIR [BUDGET_MIB [FLOOD_COUNT]]\n", stderr);
        return 2;
    }
    f.flood_count = argc > 3 ? strtol(argv[3], NULL, 10) : FLOOD_DEFAULT;
    f.clock = clock_system();
    budget_init(&f.budget, mib << 20);
    f.known = sample_batch_new(KNOWN);
    f.fresh = sample_batch_new((size_t)(f.flood_count / FLOOD_TICKS) + 1);
    err = tsdb_open(&options, &f.db, &diag);
    if (err || !f.known || !f.fresh)
        stop("open", err, &diag);
    for (int64_t tick = 0; tick < TICKS; tick++)
        run_tick(&f, tick);
    right = report(&f);
    tsdb_close(f.db);
    sample_batch_free(f.known);
    sample_batch_free(f.fresh);
    return !right;
}
