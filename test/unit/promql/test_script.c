#include "unit.h"

#include "promql_script.h"

#include <dirent.h>
#include <stdio.h>

#include "base/file.h"
#include "base/mem.h"
#include "promql/parse.h"

enum { SCRIPT_MAX_BYTES = 1 << 20 };

static void run_file(const char *name)
{
    struct arena arena = arena_limited(2 * SCRIPT_MAX_BYTES);
    char *path = arena_printf(&arena, "%s/%s", GOLDEN_DIR, name);
    struct str text;

    assert_int_equal(file_read(&arena, path, SCRIPT_MAX_BYTES, &text, NULL), ERR_OK);
    print_message("%s: %d queries\n", name, script_run(path, text));
    arena_release(&arena);
}

static void test_script__golden_scripts_hold(void **state)
{
    DIR *dir = opendir(GOLDEN_DIR);
    struct dirent *entry;
    int files = 0;

    (void)state;
    assert_non_null(dir);
    while ((entry = readdir(dir)))
        if (str_has_suffix(str_of(entry->d_name), STR(".test"))) {
            run_file(entry->d_name);
            files++;
        }
    closedir(dir);
    assert_true(files >= 5);
}

/* A query that ends anywhere for want of memory leaves nothing behind and says so. */
static void test_script__survives_every_failing_allocation(void **state)
{
    static const char *const queries[] = {
        "sum by (a) (rate({__name__=~\"x.*\"}[5m])) / on (a) group_left (b) max by (a) (x)",
        "topk(1, x) or quantile by (a) (0.5, x) or count_values(\"v\", x)",
        "histogram_quantile(0.5, label_replace(x, \"le\", \"$1\", \"a\", \"(.*)\"))",
        "avg by (a) (x) + stddev(x)",
        "sort(max_over_time(avg_over_time(x[2m])[4m:1m]) unless absent(y))",
    };
    struct script_world world;
    struct label labels[] = { { LABEL_METRIC_NAME, STR("x") }, { STR("a"), STR("1") } };
    struct sample samples[] = { { 0, 1 }, { 60000, 2 }, { 120000, 3 } };

    (void)state;
    script_world_init(&world);
    world.series[world.count++] = (struct script_series){ { labels, 2 }, samples, 3 };
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        struct promql_options options = script_options(&world);
        struct arena arena = arena_limited(1 << 20);
        const struct promql_node *node;
        long n = 0;

        options.end_ms = 120000;
        options.step_ms = 30000;
        options.is_range = true;
        assert_int_equal(promql_parse(str_of(queries[i]), &arena, &node, NULL), ERR_OK);
        do {
            struct promql_result result;
            struct promql_query query;
            enum err err;

            promql_query_init(&query, &options);
            mem_fail_nth(++n);
            err = promql_run(&query, node, &result, NULL);
            assert_true(err == ERR_OK || err == ERR_NOMEM);
            promql_query_release(&query);
        } while (mem_fault_happened());
        mem_fail_nth(0);
        arena_release(&arena);
    }
    script_world_release(&world);
}

static enum err give_up(void *ctx)
{
    return *(const enum err *)ctx;
}

static enum err run_limited(struct script_world *world, size_t max_bytes, enum err end,
                            size_t steps, struct diag *diag)
{
    struct promql_options options = script_options(world);
    struct arena arena = arena_limited(1 << 20);
    const struct promql_node *node;
    struct promql_result result;
    struct promql_query query;
    enum err err;

    options.max_bytes = max_bytes;
    options.go_on = give_up;
    options.ctx = &end;
    options.is_range = true;
    options.end_ms = (int64_t)steps * options.step_ms;
    assert_int_equal(promql_parse(STR("sum(x) + sum(x)"), &arena, &node, NULL), ERR_OK);
    promql_query_init(&query, &options);
    err = promql_run(&query, node, &result, diag);
    promql_query_release(&query);
    arena_release(&arena);
    return err;
}

static void test_script__limits_end_a_query(void **state)
{
    struct label labels[] = { { LABEL_METRIC_NAME, STR("x") } };
    struct sample samples[] = { { 0, 1 } };
    struct script_world world;
    struct diag diag = { 0 };

    (void)state;
    script_world_init(&world);
    world.series[world.count++] = (struct script_series){ { labels, 1 }, samples, 1 };
    assert_int_equal(run_limited(&world, 1 << 20, ERR_OK, 1000, NULL), ERR_OK);
    assert_int_equal(run_limited(&world, 1 << 14, ERR_OK, 10000, &diag), ERR_LIMIT);
    assert_non_null(strstr(diag_text(&diag), "more than 16384 bytes"));
    assert_int_equal(run_limited(&world, 1 << 20, ERR_TIMEOUT, 10, NULL), ERR_TIMEOUT);
    assert_int_equal(run_limited(&world, 1 << 20, ERR_CANCELLED, 10, NULL), ERR_CANCELLED);
    diag = (struct diag){ 0 };
    assert_int_equal(run_limited(&world, 1 << 20, ERR_OK, 20000, &diag), ERR_INVALID);
    assert_non_null(strstr(diag_text(&diag), "exceeded maximum resolution of 11000 points"));
    script_world_release(&world);
}

/* Three answers, then it is over. */
static enum err give_up_at_last(void *ctx)
{
    int *left = ctx;

    return --*left < 0 ? ERR_TIMEOUT : ERR_OK;
}

/* One series, but wide windows at many steps. */
static void test_script__long_work_on_one_series_is_ended(void **state)
{
    enum { COUNT = 4000 };
    struct label labels[] = { { LABEL_METRIC_NAME, STR("x") } };
    struct script_world world;
    struct promql_options options;
    struct promql_result result;
    struct promql_query query;
    const struct promql_node *node;
    struct sample *samples;
    int left = 3;

    (void)state;
    script_world_init(&world);
    options = script_options(&world);
    options.is_range = true;
    options.end_ms = COUNT;
    options.go_on = give_up_at_last;
    options.ctx = &left;
    samples = arena_alloc_zero(&world.arena, COUNT, sizeof *samples);
    assert_non_null(samples);
    for (size_t i = 0; i < COUNT; i++)
        samples[i].ts_ms = (int64_t)i;
    world.series[world.count++] = (struct script_series){ { labels, 1 }, samples, COUNT };
    assert_int_equal(promql_parse(STR("sum_over_time(x[1h])"), &world.arena, &node, NULL), ERR_OK);
    promql_query_init(&query, &options);
    assert_int_equal(promql_run(&query, node, &result, NULL), ERR_TIMEOUT);
    promql_query_release(&query);
    script_world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_script__golden_scripts_hold),
        cmocka_unit_test(test_script__survives_every_failing_allocation),
        cmocka_unit_test(test_script__limits_end_a_query),
        cmocka_unit_test(test_script__long_work_on_one_series_is_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
