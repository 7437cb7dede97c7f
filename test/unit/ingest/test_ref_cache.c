#include "unit.h"

#include "base/attr.h"
#include "base/mem.h"
#include "ingest/ref_cache.h"

static struct hash_128 key_of(uint32_t n)
{
    return hash_bytes_128(&n, sizeof n);
}

static void test_ref_cache__finds_what_was_put(void **state UNUSED)
{
    struct ref_cache c = { 0 };

    assert_int_equal(ref_cache_find(&c, key_of(1), 0), 0);
    for (uint32_t n = 1; n <= 5000; n++)
        ref_cache_put(&c, key_of(n), n, 100);
    assert_int_equal(c.count, 5000);
    for (uint32_t n = 1; n <= 5000; n++)
        assert_int_equal(ref_cache_find(&c, key_of(n), 100), n);
    assert_int_equal(ref_cache_find(&c, key_of(5001), 100), 0);
    ref_cache_put(&c, key_of(1), 7, 100);
    assert_int_equal(ref_cache_find(&c, key_of(1), 100), 7);
    assert_int_equal(c.count, 5000);
    ref_cache_release(&c);
}

static void test_ref_cache__keys_with_one_slot_are_told_apart(void **state UNUSED)
{
    struct ref_cache c = { 0 };
    struct hash_128 a = { 5, 1 }, b = { 5, 2 };

    ref_cache_put(&c, a, 1, 0);
    ref_cache_put(&c, b, 2, 0);
    assert_int_equal(ref_cache_find(&c, a, 0), 1);
    assert_int_equal(ref_cache_find(&c, b, 0), 2);
    ref_cache_release(&c);
}

static void test_ref_cache__leases_end(void **state UNUSED)
{
    struct ref_cache c = { 0 };

    ref_cache_put(&c, key_of(1), 1, 100);
    assert_int_equal(ref_cache_find(&c, key_of(1), 100 + REF_CACHE_LEASE_S - 1), 1);
    assert_int_equal(ref_cache_find(&c, key_of(1), 100 + REF_CACHE_LEASE_S), 0);
    ref_cache_put(&c, key_of(1), 2, 100 + REF_CACHE_LEASE_S);
    assert_int_equal(ref_cache_find(&c, key_of(1), 100 + REF_CACHE_LEASE_S), 2);
    ref_cache_release(&c);
}

static void test_ref_cache__what_has_run_out_gives_its_place_back(void **state UNUSED)
{
    struct ref_cache c = { 0 };
    size_t slots;

    for (uint32_t n = 1; n <= 700; n++)
        ref_cache_put(&c, key_of(n), n, 0);
    slots = c.slot_count;
    for (uint32_t n = 1001; n <= 1700; n++)
        ref_cache_put(&c, key_of(n), n, REF_CACHE_LEASE_S);
    assert_int_equal(c.slot_count, slots);
    for (uint32_t n = 1001; n <= 1700; n++)
        assert_int_equal(ref_cache_find(&c, key_of(n), REF_CACHE_LEASE_S), n);
    ref_cache_release(&c);
}

static void test_ref_cache__never_grows_beyond_its_limit(void **state UNUSED)
{
    struct ref_cache c = { 0 };

    for (uint32_t n = 1; n <= REF_CACHE_MAX_SLOTS / 4 * 3 + 1; n++)
        ref_cache_put(&c, key_of(n), n, 0);
    assert_int_equal(c.slot_count, REF_CACHE_MAX_SLOTS);
    assert_int_equal(c.count, 1); /* full of leases: all are forgotten */
    ref_cache_release(&c);
}

static void test_ref_cache__without_memory_nothing_is_kept(void **state UNUSED)
{
    struct ref_cache c = { 0 };

    mem_fail_nth(1);
    ref_cache_put(&c, key_of(1), 1, 0);
    assert_true(mem_fault_happened());
    mem_fail_nth(0);
    assert_int_equal(ref_cache_find(&c, key_of(1), 0), 0);
    ref_cache_put(&c, key_of(1), 1, 0);
    assert_int_equal(ref_cache_find(&c, key_of(1), 0), 1);
    ref_cache_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ref_cache__finds_what_was_put),
        cmocka_unit_test(test_ref_cache__keys_with_one_slot_are_told_apart),
        cmocka_unit_test(test_ref_cache__leases_end),
        cmocka_unit_test(test_ref_cache__what_has_run_out_gives_its_place_back),
        cmocka_unit_test(test_ref_cache__never_grows_beyond_its_limit),
        cmocka_unit_test(test_ref_cache__without_memory_nothing_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
