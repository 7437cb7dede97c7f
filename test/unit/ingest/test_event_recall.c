/* Ids over a restart. */
#include "unit.h"

#include "base/mem.h"
#include "event_world.h"
#include "ingest/event_recall.h"

static struct event_world w;

static int set_up(void **state UNUSED)
{
    event_world_open(&w);
    return 0;
}

static int tear_down(void **state UNUSED)
{
    event_world_close(&w);
    return 0;
}

#define CALL(id) "{\"type\":\"call\",\"service\":\"a\",\"success\":true,\"id\":\"" id "\"}\n"
static const char plain[] = "{\"type\":\"call\",\"service\":\"a\",\"success\":true}\n";
static const int64_t DAY_MS = 86400000;

static void test_event_recall__what_was_told_before_a_restart_is_a_repeat(void **state UNUSED)
{
    event_world_tell(&w, CALL("1") CALL("\\u0032"), 1000);
    event_world_tell(&w, plain, 1001);
    event_world_restart(&w, 2000);
    event_world_tell(&w, CALL("2") CALL("1") CALL("3"), 2000);
    assert_int_equal(w.counts.accepted, 3);
    assert_int_equal(w.counts.repeated, 2);
    event_world_restart(&w, 2000);
    event_world_tell(&w, CALL("3"), 2000);
    assert_int_equal(w.counts.repeated, 1);
}

static void test_event_recall__after_a_day_an_id_is_free_again(void **state UNUSED)
{
    event_world_tell(&w, CALL("1"), 1000);
    event_world_restart(&w, 1000 + DAY_MS);
    event_world_tell(&w, CALL("1"), 1000 + DAY_MS);
    assert_int_equal(w.counts.repeated, 1);
    event_world_restart(&w, 1001 + DAY_MS);
    event_world_tell(&w, CALL("1"), 1001 + DAY_MS);
    assert_int_equal(w.counts.repeated, 0);
}

static void test_event_recall__without_memory_it_says_so(void **state UNUSED)
{
    bool happened = true;

    event_world_tell(&w, CALL("1") CALL("\\u0032"), 1000);
    for (long n = 1; happened; n++) {
        struct event_ids ids = { 0 };
        enum err err;

        mem_fail_nth(n);
        err = event_recall(&ids, w.store.db, 1000);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(err == ERR_OK || (happened && err == ERR_NOMEM));
        if (!happened)
            assert_int_equal(ids.added_count, 2);
        event_ids_release(&ids);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_event_recall__##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_told_before_a_restart_is_a_repeat),
        TEST(after_a_day_an_id_is_free_again),
        TEST(without_memory_it_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
