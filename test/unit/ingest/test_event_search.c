/* Stored events found again: in order, by their keys and times, page by page. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "event_world.h"
#include "ingest/event_search.h"

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

struct listed {
    char text[4096];
    int stop_after; /* 0: never */
};

static bool on_hit(void *ctx, const struct event_hit *hit)
{
    struct listed *l = ctx;
    size_t len = strlen(l->text);

    snprintf(l->text + len, sizeof l->text - len, "%lld %.*s %.*s\n", (long long)hit->seq,
             STR_ARG(event_key_text(EVENT_KEY_TYPE, hit->event)),
             STR_ARG(event_key_text(EVENT_KEY_SERVICE, hit->event)));
    return --l->stop_after != 0;
}

static const struct event_filter any = { .since_ms = INT64_MIN,
                                         .until_ms = INT64_MAX,
                                         .before_seq = INT64_MAX };

static const char *find(const struct event_filter *filter, struct event_page page,
                        int64_t *ret_next)
{
    static struct listed l;

    l = (struct listed){ 0 };
    assert_int_equal(event_search(w.store.db, filter, &page, on_hit, &l, ret_next), ERR_OK);
    return l.text;
}

#define CALL(service, rest)                                                                        \
    "{\"type\":\"call\",\"service\":\"" service "\",\"success\":true" rest "}"

static void fill(void)
{
    event_world_tell(&w, "[" CALL("a", "") ",\n" CALL("b", ",\"caller\":\"web\"") "]", 1000);
    event_world_tell(&w,
                     "{\"type\":\"circuit_opened\",\"service\":\"a\",\"breaker\":\"m\",\n"
                     "\"at\":500}\n" CALL("a", ",\"breaker\":\"m\",\"outcome\":\"ok\""),
                     2000);
    event_world_tell(&w, CALL("\\u0061", ""), 3000);
}

static void test_event_search__gives_the_newest_first_also_within_a_body(void **state UNUSED)
{
    int64_t next;

    fill();
    assert_string_equal(find(&any, (struct event_page){ 100, 1000 }, &next),
                        "5 call a\n4 call a\n3 breaker_transition a\n2 call b\n1 call a\n");
    assert_int_equal(next, 0);
}

static void test_event_search__pages_join_without_a_gap(void **state UNUSED)
{
    for (size_t limit = 1; limit <= 6; limit++) {
        struct event_filter filter = any;
        char text[4096] = "";
        int64_t next;

        if (limit == 1)
            fill();
        do {
            const char *found = find(&filter, (struct event_page){ limit, 1000 }, &next);

            snprintf(text + strlen(text), sizeof text - strlen(text), "%s", found);
            filter.before_seq = next;
        } while (next);
        assert_string_equal(text,
                            "5 call a\n4 call a\n3 breaker_transition a\n2 call b\n1 call a\n");
    }
}

static void test_event_search__every_key_narrows(void **state UNUSED)
{
    static const struct {
        enum event_key key;
        const char *wanted, *found;
    } cases[] = {
        { EVENT_KEY_TYPE, "breaker_transition", "3 breaker_transition a\n" },
        { EVENT_KEY_SERVICE, "a", "5 call a\n4 call a\n3 breaker_transition a\n1 call a\n" },
        { EVENT_KEY_CALLER, "web", "2 call b\n" },
        { EVENT_KEY_BREAKER, "m", "4 call a\n3 breaker_transition a\n" },
        { EVENT_KEY_OUTCOME, "failure", "" },
        { EVENT_KEY_NEW_STATE, "open", "3 breaker_transition a\n" },
        { EVENT_KEY_SEVERITY, "high", "" },
    };
    int64_t next;

    fill();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct event_filter filter = any;

        filter.wanted[cases[i].key] = str_of(cases[i].wanted);
        assert_string_equal(find(&filter, (struct event_page){ 100, 1000 }, &next), cases[i].found);
    }
}

static void test_event_search__times_are_the_events_own(void **state UNUSED)
{
    struct event_filter filter = any;
    int64_t next;

    fill();
    filter.since_ms = filter.until_ms = 500;
    assert_string_equal(find(&filter, (struct event_page){ 100, 1000 }, &next),
                        "3 breaker_transition a\n");
    filter.until_ms = 1000;
    assert_string_equal(find(&filter, (struct event_page){ 100, 1000 }, &next),
                        "3 breaker_transition a\n2 call b\n1 call a\n");
}

/* What is rare is looked for in bounded pieces: a page may be empty and still not be the last. */
static void test_event_search__a_page_reads_no_more_than_it_may(void **state UNUSED)
{
    struct event_filter filter = any;
    int64_t next;

    fill();
    filter.wanted[EVENT_KEY_SERVICE] = STR("b");
    assert_string_equal(find(&filter, (struct event_page){ 100, 3 }, &next), "");
    assert_int_equal(next, 3);
    filter.before_seq = next;
    assert_string_equal(find(&filter, (struct event_page){ 100, 3 }, &next), "2 call b\n");
    assert_int_equal(next, 0);
}

static void test_event_search__a_visitor_can_stop(void **state UNUSED)
{
    struct event_page page = { 100, 1000 };
    struct listed l = { .stop_after = 2 };
    int64_t next;

    fill();
    assert_int_equal(event_search(w.store.db, &any, &page, on_hit, &l, &next), ERR_OK);
    assert_string_equal(l.text, "5 call a\n4 call a\n");
    assert_int_equal(next, 4);
}

static void test_event_search__without_memory_it_says_so(void **state UNUSED)
{
    struct event_page page = { 100, 1000 };
    bool happened = true;

    fill();
    for (long n = 1; happened; n++) {
        struct listed l = { 0 };
        int64_t next;
        enum err err;

        mem_fail_nth(n);
        err = event_search(w.store.db, &any, &page, on_hit, &l, &next);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(err == ERR_OK || (happened && err == ERR_NOMEM));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_event_search__##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(gives_the_newest_first_also_within_a_body),
        TEST(pages_join_without_a_gap),
        TEST(every_key_narrows),
        TEST(times_are_the_events_own),
        TEST(a_page_reads_no_more_than_it_may),
        TEST(a_visitor_can_stop),
        TEST(without_memory_it_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
