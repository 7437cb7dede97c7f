#include "unit.h"

#include <stdio.h>

#include "base/attr.h"
#include "base/mem.h"
#include "ingest/event_ids.h"

static const int64_t T0 = 1700000000000;

static struct hash_128 hash_of(int number)
{
    char id[32];
    int len = snprintf(id, sizeof id, "id-%d", number);

    return event_id_hash(STR("orders"), (struct str){ id, (size_t)len });
}

static bool add(struct event_ids *ids, int number, int64_t now_ms)
{
    bool is_new = false;

    assert_int_equal(event_ids_add(ids, hash_of(number), now_ms, &is_new), ERR_OK);
    return is_new;
}

static void test_event_ids__knows_what_was_added(void **state UNUSED)
{
    struct event_ids ids = { 0 };

    for (int i = 0; i < 10000; i++)
        assert_true(add(&ids, i, T0));
    for (int i = 0; i < 10000; i++)
        assert_false(add(&ids, i, T0 + 1));
    event_ids_release(&ids);
}

static void test_event_ids__belong_to_their_service(void **state UNUSED)
{
    struct hash_128 a = event_id_hash(STR("a"), STR("1")), b = event_id_hash(STR("b"), STR("1"));

    assert_true(a.low != b.low && a.high != b.high);
}

static void test_event_ids__forget_after_a_day(void **state UNUSED)
{
    struct event_ids ids = { 0 };

    assert_true(add(&ids, 1, T0));
    assert_false(add(&ids, 1, T0 + EVENT_IDS_MS));
    assert_true(add(&ids, 1, T0 + EVENT_IDS_MS + 1));
    assert_false(add(&ids, 1, T0 + EVENT_IDS_MS + 2));
    event_ids_release(&ids);
}

static void test_event_ids__forget_what_is_removed_and_nothing_else(void **state UNUSED)
{
    struct event_ids ids = { 0 };

    event_ids_remove(&ids, hash_of(1));
    for (int i = 0; i < 5000; i++)
        assert_true(add(&ids, i, T0));
    for (int i = 0; i < 5000; i += 3)
        event_ids_remove(&ids, hash_of(i));
    for (int i = 0; i < 5000; i++)
        assert_int_equal(add(&ids, i, T0), i % 3 == 0);
    event_ids_release(&ids);
}

static void test_event_ids__the_newest_are_kept(void **state UNUSED)
{
    struct event_ids ids = { 0 };

    for (int i = 0; i < EVENT_IDS_MAX + 100; i++)
        assert_true(add(&ids, i, T0));
    assert_int_equal(ids.capacity_count, EVENT_IDS_MAX);
    for (int i = EVENT_IDS_MAX + 99; i >= 100; i--)
        assert_false(add(&ids, i, T0));
    for (int i = 0; i < 100; i++)
        assert_true(add(&ids, i, T0));
    event_ids_release(&ids);
}

static void test_event_ids__without_memory_they_say_so(void **state UNUSED)
{
    for (long n = 1; n <= 2; n++) {
        struct event_ids ids = { 0 };
        bool is_new;

        mem_fail_nth(n);
        assert_int_equal(event_ids_add(&ids, hash_of(1), T0, &is_new), ERR_NOMEM);
        assert_true(mem_fault_happened());
        mem_fail_nth(0);
        assert_true(add(&ids, 1, T0));
        event_ids_release(&ids);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_ids__knows_what_was_added),
        cmocka_unit_test(test_event_ids__belong_to_their_service),
        cmocka_unit_test(test_event_ids__forget_after_a_day),
        cmocka_unit_test(test_event_ids__forget_what_is_removed_and_nothing_else),
        cmocka_unit_test(test_event_ids__the_newest_are_kept),
        cmocka_unit_test(test_event_ids__without_memory_they_say_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
