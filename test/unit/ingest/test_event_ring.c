#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/hash.h"
#include "base/mem.h"
#include "ingest/event_ring.h"

enum { SEEN_MAX = 64 };

struct seen {
    uint64_t seqs[SEEN_MAX];
    char last[64];
    size_t count;
};

static bool note(void *ctx, const struct event_entry *entry, struct str text)
{
    struct seen *seen = ctx;

    assert_true(seen->count < SEEN_MAX);
    seen->seqs[seen->count++] = entry->seq;
    snprintf(seen->last, sizeof seen->last, "%.*s", (int)(text.len < 60 ? text.len : 60), text.ptr);
    return true;
}

static struct seen search(const struct event_ring *ring, struct event_query query)
{
    struct seen seen = { .count = 0 };

    if (!query.until_ms)
        query.until_ms = INT64_MAX;
    event_ring_search(ring, &query, note, &seen);
    return seen;
}

static void add(struct event_ring *ring, const char *service, enum event_kind kind, int64_t at_ms,
                struct str text)
{
    struct event_entry entry = { .at_ms = at_ms,
                                 .received_ms = at_ms,
                                 .kind = kind,
                                 .service_hash = hash_str(str_of(service)) };

    assert_int_equal(event_ring_add(ring, &entry, text), ERR_OK);
}

static void test_event_ring__finds_by_kind_service_and_time_newest_first(void **state UNUSED)
{
    struct event_ring ring = { 0 };
    struct seen seen;

    assert_int_equal(search(&ring, (struct event_query){ .kind = -1, .limit = 9 }).count, 0);
    add(&ring, "a", EVENT_CALL, 1000, STR("one"));
    add(&ring, "b", EVENT_CALL, 2000, STR("two"));
    add(&ring, "a", EVENT_ERROR, 3000, STR("three"));
    add(&ring, "a", EVENT_CALL, 4000, STR("four"));
    seen = search(&ring, (struct event_query){ .kind = -1, .limit = 9 });
    assert_int_equal(seen.count, 4);
    assert_int_equal(seen.seqs[0], 4);
    assert_string_equal(seen.last, "one");
    seen = search(&ring,
                  (struct event_query){ .kind = EVENT_CALL, .service = STR("a"), .limit = 9 });
    assert_int_equal(seen.count, 2);
    seen = search(
        &ring, (struct event_query){ .kind = -1, .since_ms = 2000, .until_ms = 3000, .limit = 9 });
    assert_int_equal(seen.count, 2);
    seen = search(&ring, (struct event_query){ .kind = -1, .limit = 1, .before_seq = 3 });
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.last, "two");
    event_ring_release(&ring);
}

static void test_event_ring__the_newest_drive_out_the_oldest(void **state UNUSED)
{
    static char text[EVENT_MAX_BYTES];
    struct event_ring ring = { 0 };
    struct seen seen;

    for (int i = 0; i < EVENT_RING_COUNT + 5; i++)
        add(&ring, "a", EVENT_CALL, i, STR("x"));
    assert_int_equal(ring.end - ring.first, EVENT_RING_COUNT);
    memset(text, 'y', sizeof text);
    for (int i = 0; i < 3 * (EVENT_RING_BYTES / EVENT_MAX_BYTES); i++) {
        snprintf(text, 12, "%010d", i);
        add(&ring, "a", EVENT_CALL, i, (struct str){ text, sizeof text - (size_t)(i % 7) });
        assert_true(ring.bytes_end - ring.entries[ring.first % EVENT_RING_COUNT].from <=
                    EVENT_RING_BYTES);
        seen = search(&ring, (struct event_query){ .kind = -1, .limit = 1 });
        assert_memory_equal(seen.last, text, 10);
    }
    assert_true(ring.end - ring.first <= EVENT_RING_BYTES / (EVENT_MAX_BYTES - 7));
    event_ring_release(&ring);
}

static void test_event_ring__refuses_what_is_too_long(void **state UNUSED)
{
    static char text[EVENT_MAX_BYTES + 1];
    struct event_ring ring = { 0 };
    struct event_entry entry = { 0 };

    assert_int_equal(event_ring_add(&ring, &entry, (struct str){ text, sizeof text }), ERR_LIMIT);
    event_ring_release(&ring);
}

static void test_event_ring__without_memory_it_says_so(void **state UNUSED)
{
    for (long n = 1; n <= 2; n++) {
        struct event_ring ring = { 0 };
        struct event_entry entry = { 0 };

        mem_fail_nth(n);
        assert_int_equal(event_ring_add(&ring, &entry, STR("x")), ERR_NOMEM);
        assert_true(mem_fault_happened());
        mem_fail_nth(0);
        assert_int_equal(search(&ring, (struct event_query){ .kind = -1, .limit = 9 }).count, 0);
        assert_int_equal(event_ring_add(&ring, &entry, STR("x")), ERR_OK);
        event_ring_release(&ring);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_ring__finds_by_kind_service_and_time_newest_first),
        cmocka_unit_test(test_event_ring__the_newest_drive_out_the_oldest),
        cmocka_unit_test(test_event_ring__refuses_what_is_too_long),
        cmocka_unit_test(test_event_ring__without_memory_it_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
