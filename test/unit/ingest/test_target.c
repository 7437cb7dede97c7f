#include "ingest/target_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"

#define SECOND_NS INT64_C(1000000000)

static struct config *load(const char *text)
{
    char path[] = "/tmp/fusebox-test-XXXXXX";
    struct config_errors errors;
    struct config *cfg = NULL;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_write_atomic(path, str_of(text), NULL), ERR_OK);
    config_errors_init(&errors);
    assert_int_equal(config_load(&(struct config_sources){ .file = path }, &cfg, &errors), ERR_OK);
    config_errors_release(&errors);
    unlink(path);
    return cfg;
}

static struct target_set build(const char *text, struct target_set *old)
{
    struct target_set empty = target_set_empty(), set;
    struct config *cfg = load(text);
    struct file_sd *files = NULL;
    struct diag diag = { 0 };

    assert_int_equal(file_sd_new(cfg, &files), ERR_OK);
    if (target_set_build(&set, cfg, files, old ? old : &empty, &diag) != ERR_OK)
        fail_msg("%s", diag_text(&diag));
    file_sd_free(files);
    config_unref(cfg);
    target_set_release(&empty);
    return set;
}

#define ONE_JOB(interval, targets)                                                                 \
    "scrape_configs:\n  - job_name: j\n    scrape_interval: " interval                             \
    "\n    scrape_timeout: 1s\n    static_configs:\n      - targets: [" targets "]\n"

static void test_target__has_url_and_labels_of_its_group(void **state)
{
    struct target_set set = build("scrape_configs:\n"
                                  "  - job_name: web\n"
                                  "    scheme: https\n"
                                  "    metrics_path: /m\n"
                                  "    params: { a: ['b c'] }\n"
                                  "    static_configs:\n"
                                  "      - targets: ['host', 'other:9090']\n"
                                  "        labels: { env: prod }\n",
                                  NULL);
    struct target *first = target_set_at(&set, 0), *second = target_set_at(&set, 1);

    (void)state;
    assert_int_equal(set.items.count, 2);
    assert_true(str_has_prefix(str_of(first->url), STR("https://host:443/m?a=b")));
    assert_true(str_equals(target_instance(first), STR("host:443")));
    assert_true(str_equals(target_instance(second), STR("other:9090")));
    assert_true(str_equals(target_job(first), STR("web")));
    assert_true(str_equals(labels_value(first->labels, STR("env")), STR("prod")));
    target_set_release(&set);
}

static void test_target__lies_at_the_same_place_of_every_interval(void **state)
{
    struct target_set set = build(ONE_JOB("10s", "'a:1'"), NULL);
    struct target *t = target_set_at(&set, 0);
    int64_t offset_ms = target_offset_ms(t), beat_ms;

    (void)state;
    assert_in_range(offset_ms, 0, 9999);
    for (int64_t now_ms = 1700000000000; now_ms < 1700000020000; now_ms += 777) {
        target_set_first_beat(t, now_ms, 5 * SECOND_NS);
        beat_ms = now_ms + (t->next_mono_ns - 5 * SECOND_NS) / 1000000;
        assert_int_equal(beat_ms % 10000, offset_ms);
        assert_in_range(beat_ms - now_ms, 0, 9999);
    }
    target_set_release(&set);
}

static void test_target__passes_over_beats_that_it_missed(void **state)
{
    struct target_set set = build(ONE_JOB("1s", "'a:1'"), NULL);
    struct target *t = target_set_at(&set, 0);

    (void)state;
    t->next_mono_ns = 10 * SECOND_NS;
    assert_int_equal(target_pass_beat(t, 10 * SECOND_NS), 0);
    assert_int_equal(t->next_mono_ns, 11 * SECOND_NS);
    assert_int_equal(target_pass_beat(t, 14 * SECOND_NS + 5), 3);
    assert_int_equal(t->next_mono_ns, 15 * SECOND_NS);
    target_set_release(&set);
}

static void test_target__aligns_small_delays_and_follows_a_set_clock(void **state)
{
    struct target_set set = build(ONE_JOB("1s", "'a:1'"), NULL);
    struct target *t = target_set_at(&set, 0);

    (void)state;
    t->aligned_ms = 5000;
    assert_int_equal(target_align_ms(t, 5002), 5000);
    assert_int_equal(target_align_ms(t, 4998), 5000);
    assert_int_equal(target_align_ms(t, 5009), 5009);
    assert_int_equal(target_align_ms(t, 5001), 5000);
    assert_int_equal(target_align_ms(t, 9000), 9000);
    assert_int_equal(target_align_ms(t, 9001), 9000);
    target_set_release(&set);
}

static void test_target_set__keeps_what_is_named_again(void **state)
{
    struct target_set old = build(ONE_JOB("10s", "'a:1', 'b:1', 'c:1'"), NULL);
    struct target *b = target_set_at(&old, 1);
    struct target_set set = build(ONE_JOB("10s", "'d:1', 'b:1'"), &old);

    (void)state;
    assert_int_equal(set.items.count, 2);
    assert_ptr_equal(target_set_at(&set, 1), b);
    assert_int_equal(old.items.count, 2);
    assert_true(str_equals(target_instance(target_set_at(&old, 0)), STR("a:1")));
    assert_true(str_equals(target_instance(target_set_at(&old, 1)), STR("c:1")));
    target_set_release(&old);
    target_set_release(&set);
}

static void test_target_set__a_new_password_is_taken_by_the_same_target(void **state)
{
    struct target_set old = build(ONE_JOB("10s", "'a:1'") "    bearer_token: one\n", NULL);
    struct target *t = target_set_at(&old, 0);
    struct target_set set = build(ONE_JOB("10s", "'a:1'") "    bearer_token: two\n", &old);

    (void)state;
    assert_ptr_equal(target_set_at(&set, 0), t);
    assert_string_equal(scrape_job_access(t->shared)->authorization, "Bearer two");
    target_set_release(&old);
    target_set_release(&set);
}

static void test_target_set__another_interval_is_another_target(void **state)
{
    struct target_set old = build(ONE_JOB("10s", "'a:1'"), NULL);
    struct target_set set = build(ONE_JOB("20s", "'a:1'"), &old);

    (void)state;
    assert_int_equal(old.items.count, 1);
    assert_int_equal(set.items.count, 1);
    target_set_release(&old);
    target_set_release(&set);
}

static void test_target_set__takes_a_target_named_twice_once(void **state)
{
    struct target_set set = build(ONE_JOB("10s", "'a:1', 'a:1'"), NULL);

    (void)state;
    assert_int_equal(set.items.count, 1);
    target_set_release(&set);
}

/* On any failed allocation the old set is as it was. */
static void test_target_set__survives_every_failed_allocation(void **state)
{
    struct config *cfg = load(ONE_JOB("10s", "'b:1', 'c:1'"));
    struct file_sd *files = NULL;
    bool happened = true;

    (void)state;
    assert_int_equal(file_sd_new(cfg, &files), ERR_OK);
    for (long n = 1; happened; n++) {
        struct target_set old = build(ONE_JOB("10s", "'a:1', 'b:1'"), NULL), set;
        enum err err;

        mem_fail_nth(n);
        err = target_set_build(&set, cfg, files, &old, NULL);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, happened ? ERR_NOMEM : ERR_OK);
        assert_int_equal(old.items.count, err ? 2 : 1);
        if (!err)
            target_set_release(&set);
        target_set_release(&old);
    }
    file_sd_free(files);
    config_unref(cfg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target__has_url_and_labels_of_its_group),
        cmocka_unit_test(test_target__lies_at_the_same_place_of_every_interval),
        cmocka_unit_test(test_target__passes_over_beats_that_it_missed),
        cmocka_unit_test(test_target__aligns_small_delays_and_follows_a_set_clock),
        cmocka_unit_test(test_target_set__keeps_what_is_named_again),
        cmocka_unit_test(test_target_set__a_new_password_is_taken_by_the_same_target),
        cmocka_unit_test(test_target_set__another_interval_is_another_target),
        cmocka_unit_test(test_target_set__takes_a_target_named_twice_once),
        cmocka_unit_test(test_target_set__survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
