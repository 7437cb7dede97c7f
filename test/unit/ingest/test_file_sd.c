#include "ingest/file_sd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"

#define SECOND_NS INT64_C(1000000000)

struct world {
    char dir[32];
    struct config *cfg;
    struct file_sd *sd;
    int bad_count, good_count;
    struct diag diag; /* of the last news */
    char found[256];  /* "a:1 b:1", of the job */
};

static void path_of(const struct world *w, const char *name, char out[64])
{
    snprintf(out, 64, "%s/%s", w->dir, name);
}

static void put(const struct world *w, const char *name, const char *text)
{
    char path[64];

    path_of(w, name, path);
    assert_int_equal(file_write_atomic(path, str_of(text), NULL), ERR_OK);
}

static void drop(const struct world *w, const char *name)
{
    char path[64];

    path_of(w, name, path);
    unlink(path);
}

static struct config *load(const struct world *w, const char *files)
{
    struct config_errors errors;
    struct config *cfg = NULL;
    char path[64], text[512];

    snprintf(text, sizeof text,
             "scrape_configs:\n  - job_name: j\n    file_sd_configs: [{files: [%s]}]\n", files);
    put(w, "fusebox.conf", text);
    path_of(w, "fusebox.conf", path);
    config_errors_init(&errors);
    assert_int_equal(config_load(&(struct config_sources){ .file = path }, &cfg, &errors), ERR_OK);
    config_errors_release(&errors);
    drop(w, "fusebox.conf");
    return cfg;
}

static void set_up(struct world *w)
{
    memset(w, 0, sizeof *w);
    snprintf(w->dir, sizeof w->dir, "/tmp/fusebox-test-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    w->cfg = load(w, "'*.json', 'more.yml'");
    assert_int_equal(file_sd_new(w->cfg, &w->sd), ERR_OK);
}

static void tear_down(struct world *w)
{
    file_sd_free(w->sd);
    config_unref(w->cfg);
    drop(w, "a.json");
    drop(w, "b.json");
    drop(w, "more.yml");
    assert_int_equal(rmdir(w->dir), 0);
}

static void on_news(void *ctx, const struct file_sd_news *news)
{
    struct world *w = ctx;

    assert_true(str_equals(news->job, STR("j")));
    if (news->diag)
        w->diag = *news->diag;
    w->bad_count += news->diag != NULL;
    w->good_count += news->diag == NULL;
}

static enum err note(void *ctx, const struct config_target *target)
{
    struct world *w = ctx;
    size_t len = strlen(w->found);

    snprintf(w->found + len, sizeof w->found - len, "%s%.*s", len ? " " : "",
             STR_ARG(target->address));
    return ERR_OK;
}

static void poll_and_expect(struct world *w, int64_t at_s, bool changed, const char *expected)
{
    assert_int_equal(file_sd_poll(w->sd, at_s * SECOND_NS, on_news, w), changed);
    w->found[0] = '\0';
    assert_int_equal(file_sd_for_each(w->sd, 0, note, w), ERR_OK);
    assert_string_equal(w->found, expected);
}

static void test_file_sd__follows_files_that_come_change_and_go(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    poll_and_expect(&w, 1, false, "");
    put(&w, "b.json", "[{\"targets\": [\"b:1\"]}]");
    poll_and_expect(&w, 2, true, "b:1");
    poll_and_expect(&w, 3, false, "b:1");
    put(&w, "a.json", "[{\"targets\": [\"a:1\", \"a:2\"], \"labels\": {\"__meta_x\": \"y\"}}]");
    put(&w, "more.yml", "- targets: [m]\n");
    poll_and_expect(&w, 4, true, "a:1 a:2 b:1 m");
    put(&w, "a.json", "[{\"targets\": [\"a:3\"]}]");
    poll_and_expect(&w, 5, true, "a:3 b:1 m");
    put(&w, "a.json", "[ {\"targets\": [\"a:3\"]} ]");
    poll_and_expect(&w, 6, true, "a:3 b:1 m");
    drop(&w, "a.json");
    drop(&w, "more.yml");
    poll_and_expect(&w, 7, true, "b:1");
    drop(&w, "b.json");
    poll_and_expect(&w, 8, true, "");
    assert_int_equal(w.bad_count + w.good_count, 0);
    tear_down(&w);
}

static void test_file_sd__keeps_the_last_good_targets_of_a_broken_file(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    put(&w, "a.json", "[{\"targets\": [\"a:1\"]}]");
    poll_and_expect(&w, 1, true, "a:1");
    put(&w, "a.json", "[{\"targets\":\n  [\"http://a\"]}]");
    poll_and_expect(&w, 2, false, "a:1");
    poll_and_expect(&w, 3, false, "a:1");
    assert_int_equal(w.bad_count, 1);
    assert_int_equal(w.diag.line, 2);
    put(&w, "a.json", "[{\"targets\": [\"a:2\"]}]");
    poll_and_expect(&w, 4, true, "a:2");
    assert_int_equal(w.bad_count, 1);
    assert_int_equal(w.good_count, 1);
    tear_down(&w);
}

static void test_file_sd__refuses_what_is_no_list_of_groups(void **state)
{
    static const char *const bad[] = { "{}",
                                       "[{\"targets\": [\"a\"], \"q\": 1}]",
                                       "[null]",
                                       "[{\"targets\": \"a\"}]",
                                       "[{\"targets\": [\"a\"], \"labels\": {\"1\": \"x\"}}]",
                                       "[{\"targets\": [\"a\"]",
                                       "[{\"targets\": [\"a\"], \"targets\": [\"b\"]}]" };
    struct world w;

    (void)state;
    set_up(&w);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put(&w, "a.json", bad[i]);
        poll_and_expect(&w, (int64_t)i, false, "");
        if (w.bad_count != (int)i + 1)
            fail_msg("taken: %s", bad[i]);
    }
    put(&w, "a.json", "");
    poll_and_expect(&w, 100, true, "");
    tear_down(&w);
}

static void test_file_sd__hands_its_files_on_at_a_reload(void **state)
{
    struct file_sd *fresh = NULL;
    struct world w;

    (void)state;
    set_up(&w);
    put(&w, "a.json", "[{\"targets\": [\"a:1\"]}]");
    poll_and_expect(&w, 1, true, "a:1");
    put(&w, "a.json", "broken: [");
    assert_int_equal(file_sd_new(w.cfg, &fresh), ERR_OK);
    file_sd_take_over(fresh, w.sd);
    file_sd_free(w.sd);
    w.sd = fresh;
    poll_and_expect(&w, 2, false, "a:1");
    assert_int_equal(w.bad_count, 1);
    tear_down(&w);
}

/* Whatever fails, the next poll has all targets. */
static void test_file_sd__survives_every_failed_allocation(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct world w;
        bool changed;

        set_up(&w);
        put(&w, "a.json", "[{\"targets\": [\"a:1\"]}]");
        mem_fail_nth(n);
        changed = file_sd_poll(w.sd, SECOND_NS, on_news, &w);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(changed || happened);
        poll_and_expect(&w, 2, !changed, "a:1");
        tear_down(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_sd__follows_files_that_come_change_and_go),
        cmocka_unit_test(test_file_sd__keeps_the_last_good_targets_of_a_broken_file),
        cmocka_unit_test(test_file_sd__refuses_what_is_no_list_of_groups),
        cmocka_unit_test(test_file_sd__hands_its_files_on_at_a_reload),
        cmocka_unit_test(test_file_sd__survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
