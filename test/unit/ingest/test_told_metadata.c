#include "unit.h"

#include <stdio.h>

#include "base/attr.h"
#include "base/mem.h"
#include "ingest/told_metadata.h"

struct world {
    struct metadata *store;
    struct told_metadata told;
    struct arena arena;
};

static struct world w;

static int set_up(void **state UNUSED)
{
    w.arena = arena_limited(32 << 20);
    assert_int_equal(metadata_new(&w.store), ERR_OK);
    told_metadata_init(&w.told);
    told_metadata_keep_in(&w.told, w.store);
    return 0;
}

static int tear_down(void **state UNUSED)
{
    told_metadata_release(&w.told);
    assert_int_equal(metadata_count(w.store).entries, 0);
    metadata_free(w.store);
    arena_release(&w.arena);
    return 0;
}

static void note(const char *metric, const char *type, const char *help, int64_t mono_s)
{
    struct metadata_item item = { str_of(metric), str_of(type), str_of(help), STR("") };

    told_metadata_note(&w.told, &item, mono_s);
}

/* "type help;" of each entry of the metric. */
static const char *kept(const char *metric)
{
    static char text[500];
    struct metadata_item *items;
    size_t count, at = 0;

    text[0] = '\0';
    arena_reset(&w.arena);
    assert_int_equal(metadata_read(w.store, str_of(metric), &w.arena, &items, &count), ERR_OK);
    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%.*s %.*s;", STR_ARG(items[i].type),
                               STR_ARG(items[i].help));
    return text;
}

static void test_told_metadata__keeps_the_last_that_was_told(void **state UNUSED)
{
    note("up", "gauge", "Is it up?", 0);
    note("load", "gauge", "How much?", 0);
    assert_string_equal(kept("up"), "gauge Is it up?;");
    note("up", "gauge", "Is it up?", 60);
    note("up", "counter", "Is it up?", 120);
    assert_string_equal(kept("up"), "counter Is it up?;");
    assert_string_equal(kept("load"), "gauge How much?;");
    assert_int_equal(metadata_count(w.store).entries, 2);
}

static void test_told_metadata__stands_beside_what_targets_say(void **state UNUSED)
{
    struct metadata_list list = { 0 };
    struct metadata_item item = { STR("up"), STR("gauge"), STR("Is it up?"), STR("") };

    assert_int_equal(metadata_replace(w.store, &list, &item, 1), ERR_OK);
    note("up", "gauge", "Is it up?", 0);
    assert_string_equal(kept("up"), "gauge Is it up?;");
    note("up", "gauge", "Another help.", 0);
    assert_string_equal(kept("up"), "gauge Another help.;gauge Is it up?;");
    metadata_drop(w.store, &list);
}

static void test_told_metadata__forgets_what_is_not_told_again(void **state UNUSED)
{
    note("old", "gauge", "", 0);
    note("new", "gauge", "", 0);
    note("new", "gauge", "", TOLD_METADATA_KEPT_S - 1);
    assert_string_equal(kept("old"), "gauge ;");
    note("new", "gauge", "", TOLD_METADATA_KEPT_S - 1 + TOLD_METADATA_SWEEP_S);
    assert_string_equal(kept("old"), "");
    assert_string_equal(kept("new"), "gauge ;");
}

static void test_told_metadata__has_a_limit(void **state UNUSED)
{
    char name[32];

    for (int i = 0; i <= METADATA_MAX_COUNT; i++) {
        snprintf(name, sizeof name, "m%d", i);
        note(name, "gauge", "", 0);
    }
    assert_int_equal(metadata_count(w.store).entries, METADATA_MAX_COUNT);
    assert_string_equal(kept(name), "");
}

static void test_told_metadata__without_a_store_nothing_is_kept(void **state UNUSED)
{
    told_metadata_keep_in(&w.told, NULL);
    note("up", "gauge", "", 0);
    assert_int_equal(w.told.by_metric.count, 0);
}

/* Fails each allocation of noting two metrics and of a sweep. */
static void test_told_metadata__without_memory_it_is_told_again(void **state UNUSED)
{
    bool happened = true;

    for (long n = 1; happened && n < 100; n++) {
        int64_t mono_s = n * TOLD_METADATA_SWEEP_S;

        mem_fail_nth(n);
        note("up", "gauge", n % 2 ? "one" : "two", mono_s);
        note("load", "gauge", "", mono_s);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        note("up", "gauge", n % 2 ? "one" : "two", mono_s);
        assert_string_equal(kept("up"), n % 2 ? "gauge one;" : "gauge two;");
        note("load", "gauge", "", mono_s);
        assert_string_equal(kept("load"), "gauge ;");
    }
    assert_false(happened);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_told_metadata__##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(keeps_the_last_that_was_told),    TEST(stands_beside_what_targets_say),
        TEST(forgets_what_is_not_told_again),  TEST(has_a_limit),
        TEST(without_a_store_nothing_is_kept), TEST(without_memory_it_is_told_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
