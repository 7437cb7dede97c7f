/* Any PromQL over a world of a dozen series, at one step and at many: an error that is one of a
 * query's, or series that are told apart by their labels. */
#include <stdlib.h>

#include "base/arena.h"
#include "fuzz.h"
#include "promql/parse.h"
#include "promql/query.h"

enum {
    INPUT_MAX_BYTES = 1024,
    ARENA_MAX_BYTES = 4 << 20,
    SERIES = 12,
    SAMPLES = 40,
    STEP_MS = 15000,
    ASKS_MAX = 2000, /* then a query has taken too long */
};

static void check(bool good)
{
    if (!good)
        abort();
}

/* Series i: its name and two labels by the digits of i; some are counters that reset, some have
 * stale markers, NaN and infinities. */
static struct labels labels_of(size_t i, struct label space[3])
{
    static const char *const names[] = { "x", "y", "h_bucket" }, *const bounds[] = { "1", "+Inf" };
    bool bucket = i % 3 == 2;

    space[0] = (struct label){ LABEL_METRIC_NAME, str_of(names[i % 3]) };
    space[1] = (struct label){ STR("a"), str_of(i / 6 ? "one" : "two") };
    space[2] = (struct label){ bucket ? STR("le") : STR("b"), str_of(bounds[i / 3 % 2]) };
    return (struct labels){ space, 3 };
}

static double value_of(size_t i, size_t k)
{
    if (i % 4 == 1 && k % 11 == 3)
        return sample_from_bits(SAMPLE_STALE_BITS);
    if (i % 4 == 2 && k % 13 == 5)
        return k % 2 ? 1.0 / 0.0 : 0.0 / 0.0;
    return (double)(k % (10 + i)) * (i % 5 ? 1 : -0.5);
}

static enum err select_series(void *ctx, const struct matcher *matchers, size_t matcher_count,
                              int64_t start_ms, int64_t end_ms, size_t max_samples,
                              tsdb_visit *visit, void *visit_ctx)
{
    bool more = true;

    (void)ctx;
    for (size_t i = 0; i < SERIES && more; i++) {
        struct label space[3];
        struct sample samples[SAMPLES];
        struct tsdb_series_data data = { labels_of(i, space), samples, 0 };
        bool accepted = true;

        for (size_t m = 0; m < matcher_count; m++)
            accepted = accepted && matcher_matches(&matchers[m], data.labels);
        for (size_t k = 0; k < SAMPLES && accepted; k++) {
            int64_t ts_ms = (int64_t)k * STEP_MS;

            if (ts_ms >= start_ms && ts_ms <= end_ms)
                samples[data.count++] = (struct sample){ ts_ms, value_of(i, k) };
        }
        if (data.count > max_samples)
            return ERR_LIMIT;
        more = data.count == 0 || visit(visit_ctx, &data);
    }
    return ERR_OK;
}

static enum err go_on(void *ctx)
{
    int *asked = ctx;

    return ++*asked > ASKS_MAX ? ERR_TIMEOUT : ERR_OK;
}

static void check_series(const struct promql_series *s, size_t steps)
{
    size_t there = s->sample_count;

    for (size_t i = 0; s->values && i < steps; i++)
        there += !sample_is_stale(s->values[i]);
    check(there > 0);
}

static void check_result(const struct promql_result *r)
{
    for (size_t i = 0; i < r->series_count; i++) {
        check_series(&r->series[i], r->step_count);
        if (r->is_range && i)
            check(labels_compare(r->series[i - 1].labels, r->series[i].labels) < 0);
    }
}

static void run(const struct promql_node *node, int64_t start_ms, size_t steps)
{
    int asked = 0;
    struct promql_options options = { .source = { select_series, NULL },
                                      .is_range = steps > 1,
                                      .start_ms = start_ms,
                                      .end_ms = start_ms + (int64_t)(steps - 1) * STEP_MS,
                                      .step_ms = STEP_MS,
                                      .lookback_ms = 300000,
                                      .default_step_ms = 60000,
                                      .max_samples = 100000,
                                      .max_bytes = ARENA_MAX_BYTES,
                                      .max_steps = 100,
                                      .go_on = go_on,
                                      .ctx = &asked };
    struct promql_result result;
    struct promql_query query;
    struct diag diag = { 0 };
    enum err err;

    promql_query_init(&query, &options);
    err = promql_run(&query, node, &result, &diag);
    check(err == ERR_OK || err == ERR_TIMEOUT || err == ERR_INVALID || err == ERR_LIMIT);
    check(!err || diag.message[0]);
    if (!err)
        check_result(&result);
    promql_query_release(&query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = arena_limited(ARENA_MAX_BYTES);
    const struct promql_node *node;

    if (size <= INPUT_MAX_BYTES &&
        promql_parse((struct str){ (const char *)data, size }, &arena, &node, NULL) == ERR_OK) {
        run(node, SAMPLES * STEP_MS / 2, 1);
        run(node, -STEP_MS, SAMPLES + 5);
        run(node, PROMQL_TIME_MAX_MS - STEP_MS, 2);
        run(node, -PROMQL_TIME_MAX_MS, 1);
    }
    arena_release(&arena);
    return 0;
}
