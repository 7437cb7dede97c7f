#include "ingest/scrape.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "batch_text.h"
#include "tiny_http.h"

enum { QUEUE_COUNT = 4, FAR_NS = 2000000000 };

struct world {
    struct test_store store;
    struct tiny_http server;
    struct manual_clock hands;
    struct scrape_stats stats;
    struct queue batches;
    struct log log;
    struct config *cfg;
    struct scraper *scraper;
    struct arena arena;
    struct arena state_arena; /* of the last state that was asked for */
    atomic_int status;
    atomic_int value;
    char config_path[128];
};

static bool answer(void *ctx, int fd, const char *request)
{
    struct world *w = ctx;
    char body[64];

    (void)request;
    if (w->status == -1) {
        tiny_http_hang(&w->server, fd);
        return false;
    }
    snprintf(body, sizeof body, "m %d\n", w->value);
    return tiny_http_reply(fd, w->status, "", body, strlen(body));
}

static void drop_batch(void *item)
{
    sample_batch_free(item);
}

static struct config *load(struct world *w, const char *targets)
{
    struct buf text = buf_limited(4096);
    struct config_errors errors;
    struct config *cfg = NULL;

    buf_printf(&text,
               "scrape_configs:\n"
               "  - job_name: j\n"
               "    scrape_interval: 1s\n"
               "    scrape_timeout: 200ms\n"
               "    static_configs:\n"
               "      - targets: [%s]\n",
               targets);
    assert_int_equal(file_write_atomic(w->config_path, buf_str(&text), NULL), ERR_OK);
    buf_release(&text);
    config_errors_init(&errors);
    assert_int_equal(config_load(&(struct config_sources){ .file = w->config_path }, &cfg, &errors),
                     ERR_OK);
    config_errors_release(&errors);
    return cfg;
}

static void set_up(struct world *w)
{
    struct scrape_options options;
    char target[64];

    memset(w, 0, sizeof *w);
    test_store_open(&w->store);
    snprintf(w->config_path, sizeof w->config_path, "%s/fusebox.yml", w->store.dir);
    w->arena = arena_limited(1 << 20);
    w->state_arena = arena_limited(1 << 16);
    w->status = 200;
    w->hands.wall_ms = 1000000;
    w->hands.mono_ns = 5000000000;
    tiny_http_start(&w->server, answer, w);
    assert_int_not_equal(w->server.port, 0);
    snprintf(target, sizeof target, "'127.0.0.1:%u'", w->server.port);
    w->cfg = load(w, target);
    log_init(&w->log, -1, LOG_ERROR, LOG_FORMAT_LOGFMT, clock_manual(&w->hands));
    assert_int_equal(queue_init(&w->batches, QUEUE_COUNT, QUEUE_REFUSE, drop_batch), ERR_OK);
    options = (struct scrape_options){ .db = w->store.db,
                                       .batches = &w->batches,
                                       .log = &w->log,
                                       .clock = clock_manual(&w->hands),
                                       .stats = &w->stats };
    assert_int_equal(scrape_start(&options, w->cfg, &w->scraper), ERR_OK);
}

static void tear_down(struct world *w)
{
    scrape_stop(w->scraper);
    scrape_free(w->scraper);
    config_unref(w->cfg);
    tiny_http_stop(&w->server);
    queue_release(&w->batches);
    log_release(&w->log);
    arena_release(&w->arena);
    arena_release(&w->state_arena);
    test_store_close(&w->store);
}

/* A second passes; a reload of the same configuration makes the thread look at the clock. */
static void pass_second(struct world *w)
{
    manual_clock_advance(&w->hands, 1000);
    scrape_reload(w->scraper, w->cfg);
}

static const char *next_text(struct world *w, bool with_report)
{
    struct sample_batch *batch = NULL;
    const char *text;
    void *item = NULL;

    if (queue_pop(&w->batches, FAR_NS, &item) != ERR_OK)
        fail_msg("no batch came");
    batch = item;
    text = batch_text(&w->store, &w->arena, batch, with_report);
    sample_batch_free(batch);
    return text;
}

static struct scrape_target_state state_of(struct world *w)
{
    struct scrape_target_state *states = NULL;
    size_t count = 0;

    arena_reset(&w->state_arena);
    assert_int_equal(scrape_targets(w->scraper, &w->state_arena, &states, &count), ERR_OK);
    assert_int_equal(count, 1);
    return states[0];
}

/* The state is set right after the batch was handed over. */
static struct scrape_target_state state_when(struct world *w, bool up)
{
    struct scrape_target_state state = state_of(w);

    while (!state.known || state.up != up) {
        sched_yield();
        state = state_of(w);
    }
    return state;
}

static void test_scrape__hands_over_a_batch_each_interval(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    for (int i = 1; i <= 3; i++) {
        char start[16];

        w.value = i;
        pass_second(&w);
        snprintf(start, sizeof start, "} %d @", i);
        assert_non_null(strstr(next_text(&w, false), start));
    }
    assert_true(state_when(&w, true).samples == 1);
    assert_string_equal(state_of(&w).error, "");
    assert_int_equal(w.stats.scrapes_ok, 3);
    assert_int_equal(w.stats.targets, 1);
    tear_down(&w);
}

static void test_scrape__a_failure_is_up_0_and_stale_markers(void **state)
{
    struct world w;
    const char *text;

    (void)state;
    set_up(&w);
    pass_second(&w);
    (void)next_text(&w, false);
    w.status = 503;
    pass_second(&w);
    text = next_text(&w, true);
    assert_non_null(strstr(text, "m{"));
    assert_non_null(strstr(text, "stale"));
    assert_non_null(strstr(text, "\"} 0 @"));
    assert_string_equal(state_when(&w, false).error, "HTTP status 503");
    w.status = 200;
    pass_second(&w);
    assert_null(strstr(next_text(&w, false), "stale"));
    assert_int_equal(w.stats.scrapes_failed, 1);
    tear_down(&w);
}

static void test_scrape__a_hanging_target_ends_with_its_deadline(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    w.status = -1;
    pass_second(&w);
    assert_string_equal(next_text(&w, false), "");
    assert_string_equal(state_when(&w, false).error, "no whole answer within 200ms");
    tear_down(&w);
}

static void test_scrape__drops_whole_scrapes_when_the_queue_is_full(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    for (int i = 0; i < QUEUE_COUNT + 1; i++) {
        uint64_t before = w.stats.scrapes_ok;

        pass_second(&w);
        while (w.stats.scrapes_ok == before)
            sched_yield();
    }
    while (!w.stats.scrapes_dropped)
        sched_yield();
    assert_int_equal(queue_count(&w.batches), QUEUE_COUNT);
    tear_down(&w);
}

static void test_scrape__a_target_that_leaves_gets_stale_markers(void **state)
{
    struct world w;
    struct config *none;
    const char *text;
    struct scrape_target_state *states;
    size_t count = 9;

    (void)state;
    set_up(&w);
    pass_second(&w);
    (void)next_text(&w, false);
    none = load(&w, "");
    scrape_reload(w.scraper, none);
    text = next_text(&w, true);
    assert_non_null(strstr(text, "m{"));
    assert_non_null(strstr(text, "up{"));
    for (const char *line = text; *line; line = strchr(line, '\n') + 1)
        assert_non_null(strstr(line, "} stale @"));
    assert_int_equal(scrape_targets(w.scraper, &w.arena, &states, &count), ERR_OK);
    assert_int_equal(count, 0);
    config_unref(none);
    tear_down(&w);
}

static void test_scrape__stops_while_a_scrape_runs(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    w.status = -1;
    pass_second(&w);
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scrape__hands_over_a_batch_each_interval),
        cmocka_unit_test(test_scrape__a_failure_is_up_0_and_stale_markers),
        cmocka_unit_test(test_scrape__a_hanging_target_ends_with_its_deadline),
        cmocka_unit_test(test_scrape__drops_whole_scrapes_when_the_queue_is_full),
        cmocka_unit_test(test_scrape__a_target_that_leaves_gets_stale_markers),
        cmocka_unit_test(test_scrape__stops_while_a_scrape_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
