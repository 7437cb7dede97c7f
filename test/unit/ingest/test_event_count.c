/* Stored events counted by keys and steps. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "event_world.h"
#include "ingest/event_count.h"

enum { ARENA_BYTES = 64 << 20, TEXT_BYTES = 4096 };

static struct event_world w;
static struct arena arena;

static int set_up(void **state UNUSED)
{
    event_world_open(&w);
    arena = arena_limited(ARENA_BYTES);
    return 0;
}

static int tear_down(void **state UNUSED)
{
    arena_release(&arena);
    event_world_close(&w);
    return 0;
}

static const struct event_filter any = { .since_ms = INT64_MIN,
                                         .until_ms = INT64_MAX,
                                         .before_seq = INT64_MAX };

/* "time value value count" per bucket. */
static const char *count(const struct event_filter *filter, struct event_count_options options)
{
    static char text[TEXT_BYTES];
    struct event_counts_found found;
    size_t len = 0;

    text[0] = '\0';
    assert_int_equal(event_count(w.store.db, filter, &options, &arena, &found, NULL), ERR_OK);
    for (size_t i = 0; i < found.count; i++) {
        const struct event_bucket *b = &found.buckets[i];

        len += (size_t)snprintf(text + len, sizeof text - len, "%lld %.*s %.*s %llu\n",
                                (long long)b->time_ms, STR_ARG(b->values[0]), STR_ARG(b->values[1]),
                                (unsigned long long)b->count);
    }
    return text;
}

#define ERROR(service, rest) "{\"type\":\"error\",\"service\":\"" service "\"" rest "}\n"

static void fill(void)
{
    event_world_tell(&w,
                     ERROR("a", ",\"error_type\":\"timeout\",\"severity\":\"high\"")
                         ERROR("b", ",\"error_type\":\"timeout\"") ERROR("a", ""),
                     59999);
    event_world_tell(&w, ERROR("a", ",\"error_type\":\"timeout\"") ERROR("a", ",\"at\":120000"),
                     60000);
}

static void test_event_count__by_one_key_the_largest_first(void **state UNUSED)
{
    fill();
    assert_string_equal(count(&any, (struct event_count_options){ { EVENT_KEY_SERVICE }, 1, 0 }),
                        "0 a  4\n0 b  1\n");
}

static void test_event_count__by_two_keys_and_steps(void **state UNUSED)
{
    fill();
    assert_string_equal(count(&any,
                              (struct event_count_options){
                                  { EVENT_KEY_ERROR_TYPE, EVENT_KEY_SERVICE }, 2, 60000 }),
                        "0  a 1\n0 timeout a 1\n0 timeout b 1\n60000 timeout a 1\n120000  a 1\n");
}

static void test_event_count__a_filter_narrows(void **state UNUSED)
{
    struct event_filter filter = any;

    fill();
    filter.wanted[EVENT_KEY_SERVICE] = STR("a");
    filter.until_ms = 60000;
    assert_string_equal(
        count(&filter, (struct event_count_options){ { EVENT_KEY_SEVERITY }, 1, 0 }),
        "0   2\n0 high  1\n");
}

static void test_event_count__too_many_buckets_say_what_to_narrow(void **state UNUSED)
{
    static char body[EVENTS_BODY_MAX_BYTES];
    struct event_count_options by_step = { { EVENT_KEY_SERVICE }, 1, 1000 };
    struct event_count_options by_key = { { EVENT_KEY_ERROR_TYPE }, 1, 0 };
    struct event_counts_found found;
    struct diag diag = { 0 }, other = { 0 };

    for (int half = 0; half < 2; half++) {
        size_t len = 0;

        for (int i = 0; i <= EVENT_BUCKETS_MAX / 2; i++)
            len += (size_t)snprintf(body + len, sizeof body - len,
                                    ERROR("a", ",\"error_type\":\"e%d\",\"at\":%d"), 2 * i + half,
                                    (2 * i + half) * 1000);
        event_world_tell(&w, body, 1);
    }
    assert_int_equal(event_count(w.store.db, &any, &by_step, &arena, &found, &diag), ERR_LIMIT);
    assert_non_null(strstr(diag.message, "take a longer step"));
    assert_int_equal(event_count(w.store.db, &any, &by_key, &arena, &found, &other), ERR_LIMIT);
    assert_non_null(strstr(other.message, "many values of error_type"));
    by_step.step_ms = 100000;
    assert_int_equal(event_count(w.store.db, &any, &by_step, &arena, &found, &diag), ERR_OK);
    assert_int_equal(found.count, 101);
    assert_int_equal(found.buckets[0].count, 100);
}

static enum err give_up(void *ctx)
{
    return --*(int *)ctx ? ERR_OK : ERR_TIMEOUT;
}

static void test_event_count__it_ends_when_it_is_told_to(void **state UNUSED)
{
    struct event_count_options options = { { EVENT_KEY_SERVICE }, 1, 0 };
    struct event_counts_found found;
    struct event_filter filter = any;
    int rows = 2;

    fill();
    filter.go_on = give_up;
    filter.go_on_ctx = &rows;
    assert_int_equal(event_count(w.store.db, &filter, &options, &arena, &found, NULL), ERR_TIMEOUT);
    assert_int_equal(rows, 0);
}

static void test_event_count__without_memory_it_says_so(void **state UNUSED)
{
    struct event_count_options options = { { EVENT_KEY_SERVICE }, 1, 60000 };
    bool happened = true;

    fill();
    for (long n = 1; happened; n++) {
        struct event_counts_found found;
        enum err err;

        arena_release(&arena);
        arena = arena_limited(ARENA_BYTES);
        mem_fail_nth(n);
        err = event_count(w.store.db, &any, &options, &arena, &found, NULL);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(err == ERR_OK || (happened && err == ERR_NOMEM));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_event_count__##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(by_one_key_the_largest_first),
        TEST(by_two_keys_and_steps),
        TEST(a_filter_narrows),
        TEST(too_many_buckets_say_what_to_narrow),
        TEST(it_ends_when_it_is_told_to),
        TEST(without_memory_it_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
