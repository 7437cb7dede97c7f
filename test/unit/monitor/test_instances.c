/* Instances as they tell of themselves: counted, judged, silent, forgotten. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "monitor/instances.h"

static const int64_t START_MS = 1795142400000;
enum { ARENA_BYTES = 65536 };

static struct instances set;
static struct arena arena;

static int set_up(void **state UNUSED)
{
    instances_init(&set);
    arena = arena_limited(ARENA_BYTES);
    return 0;
}

static int tear_down(void **state UNUSED)
{
    instances_release(&set);
    arena_release(&arena);
    return 0;
}

static void tell(const char *name, enum instance_word word, const char *text, int64_t at_s)
{
    instances_hear(&set, &(struct instance_told){ .service = STR("orders"),
                                                  .instance = str_of(name),
                                                  .text = str_of(text),
                                                  .word = word,
                                                  .at_ms = START_MS + at_s * 1000 });
}

/* "total healthy degraded unhealthy silent verdict: reason" */
static void expect(int64_t at_s, const char *expected)
{
    struct instances_view v;
    char text[256];

    instances_view(&set, STR("orders"), START_MS + at_s * 1000, &arena, &v);
    snprintf(text, sizeof text, "%u %u %u %u %u %s: %s", v.total, v.healthy, v.degraded,
             v.unhealthy, v.silent, health_name(v.verdict), v.reason ? v.reason : "-");
    assert_string_equal(text, expected);
}

static void test_instances__without_a_word_there_is_nothing_to_say(void **state UNUSED)
{
    expect(0, "0 0 0 0 0 healthy: -");
}

static void test_instances__what_they_say_holds_until_they_say_else(void **state UNUSED)
{
    tell("orders-1", INSTANCE_HEALTHY, "", 0);
    tell("orders-2", INSTANCE_UNHEALTHY, "disk full", 1);
    tell("orders-3", INSTANCE_DEGRADED, "", 1);
    expect(2, "3 1 1 1 0 degraded: orders-2 says that it is unhealthy: disk full (1 of 3 instances "
              "unhealthy)");
    tell("orders-2", INSTANCE_LIVES, "", 3);
    expect(4, "3 1 1 1 0 degraded: orders-2 says that it is unhealthy: disk full (1 of 3 instances "
              "unhealthy)");
    tell("orders-2", INSTANCE_HEALTHY, "", 5);
    expect(6, "3 2 1 0 0 degraded: orders-3 says that it is degraded (1 of 3 instances degraded)");
    tell("orders-3", INSTANCE_UNHEALTHY, "late", 4); /* overtaken by nothing: it is newer than 1 */
    tell("orders-3", INSTANCE_HEALTHY, "", 3);       /* this one is */
    expect(6, "3 2 0 1 0 degraded: orders-3 says that it is unhealthy: late (1 of 3 instances "
              "unhealthy)");
}

static void test_instances__one_that_failed_is_back_when_it_is_heard(void **state UNUSED)
{
    tell("orders-1", INSTANCE_FAILED, "oom", 0);
    expect(1, "1 0 0 1 0 unhealthy: orders-1 failed: oom");
    tell("orders-1", INSTANCE_LIVES, "", 2);
    expect(3, "1 1 0 0 0 healthy: -");
}

static void test_instances__without_a_name_it_speaks_for_the_service(void **state UNUSED)
{
    tell("", INSTANCE_DEGRADED, "", 0);
    expect(1, "1 0 1 0 0 degraded: orders says that it is degraded");
}

static void beat(const char *name, int64_t from_s, int64_t to_s, int64_t gap_s)
{
    for (int64_t at_s = from_s; at_s <= to_s; at_s += gap_s)
        tell(name, INSTANCE_LIVES, "", at_s);
}

static void test_instances__three_missed_gaps_are_silence(void **state UNUSED)
{
    expect(0, "0 0 0 0 0 healthy: -");
    beat("orders-1", 0, 200, 20);
    beat("orders-2", 0, 100, 20);
    expect(160, "2 2 0 0 0 healthy: -");
    expect(161, "2 1 0 0 1 degraded: orders-2 has been silent for 61 s (1 of 2 instances silent)");
    expect(261, "2 0 0 0 2 unhealthy: orders-1 has been silent for 61 s (2 of 2 instances silent)");
    tell("orders-2", INSTANCE_LIVES, "", 262);
    expect(262, "2 1 0 0 1 degraded: orders-1 has been silent for 62 s (1 of 2 instances silent)");
}

static void test_instances__thirty_seconds_at_least_and_three_tellings(void **state UNUSED)
{
    expect(0, "0 0 0 0 0 healthy: -");
    beat("quick", 0, 10, 1);
    tell("twice", INSTANCE_LIVES, "", 0);
    tell("twice", INSTANCE_LIVES, "", 10);
    expect(40, "2 2 0 0 0 healthy: -");
    expect(41, "2 1 0 0 1 degraded: quick has been silent for 31 s (1 of 2 instances silent)");
    expect(3000, "2 1 0 0 1 degraded: quick has been silent for 2990 s (1 of 2 instances silent)");
}

/* After a restart the time when nobody listened is no silence. */
static void test_instances__silence_counts_from_the_first_view(void **state UNUSED)
{
    beat("orders-1", 0, 100, 10);
    expect(400, "1 1 0 0 0 healthy: -");
    expect(430, "1 1 0 0 0 healthy: -");
    expect(431, "1 0 0 0 1 unhealthy: orders-1 has been silent for 331 s");
}

static void test_instances__who_was_taken_away_is_forgotten(void **state UNUSED)
{
    expect(0, "0 0 0 0 0 healthy: -");
    beat("orders-1", 0, 100, 10);
    tell("orders-2", INSTANCE_UNHEALTHY, "", 200);
    expect(3700, "2 0 0 1 1 unhealthy: orders-2 says that it is unhealthy (1 of 2 instances "
                 "unhealthy)");
    expect(3701, "1 0 0 1 0 unhealthy: orders-2 says that it is unhealthy");
    expect(3801, "0 0 0 0 0 healthy: -");
}

static void test_instances__beyond_the_limit_the_oldest_makes_room(void **state UNUSED)
{
    char name[16];

    for (int i = 0; i <= INSTANCES_MAX; i++) {
        snprintf(name, sizeof name, "i%d", i);
        tell(name, i == 0 ? INSTANCE_UNHEALTHY : INSTANCE_HEALTHY, "", i);
    }
    expect(INSTANCES_MAX, "256 256 0 0 0 healthy: -");
}

static void test_instances__without_memory_they_are_not_told(void **state UNUSED)
{
    for (long n = 1; n <= 2; n++) {
        mem_fail_nth(n);
        tell("orders-1", INSTANCE_UNHEALTHY, "", 0);
        assert_true(mem_fault_happened());
        mem_fail_nth(0);
        expect(1, "0 0 0 0 0 healthy: -");
    }
    tell("orders-1", INSTANCE_UNHEALTHY, "", 0);
    expect(1, "1 0 0 1 0 unhealthy: orders-1 says that it is unhealthy");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_instances__##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(without_a_word_there_is_nothing_to_say),
        TEST(what_they_say_holds_until_they_say_else),
        TEST(one_that_failed_is_back_when_it_is_heard),
        TEST(without_a_name_it_speaks_for_the_service),
        TEST(three_missed_gaps_are_silence),
        TEST(thirty_seconds_at_least_and_three_tellings),
        TEST(silence_counts_from_the_first_view),
        TEST(who_was_taken_away_is_forgotten),
        TEST(beyond_the_limit_the_oldest_makes_room),
        TEST(without_memory_they_are_not_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
