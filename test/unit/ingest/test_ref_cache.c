#include "unit.h"

#include "base/attr.h"
#include "base/mem.h"
#include "ingest/ref_cache.h"

static struct hash_128 key_of(uint32_t n)
{
    return hash_bytes_128(&n, sizeof n);
}

/* Without a place. */
static uint32_t find(const struct ref_cache *c, struct hash_128 key, int64_t mono_s)
{
    size_t next = 0;

    return ref_cache_find(c, key, mono_s, &next);
}

static void test_ref_cache__finds_what_was_put(void **state UNUSED)
{
    struct ref_cache c = { 0 };

    assert_int_equal(find(&c, key_of(1), 0), 0);
    for (uint32_t n = 1; n <= 5000; n++)
        ref_cache_put(&c, key_of(n), n, 100);
    assert_int_equal(c.count, 5000);
    for (uint32_t n = 1; n <= 5000; n++)
        assert_int_equal(find(&c, key_of(n), 100), n);
    assert_int_equal(find(&c, key_of(5001), 100), 0);
    ref_cache_put(&c, key_of(1), 7, 100);
    assert_int_equal(find(&c, key_of(1), 100), 7);
    assert_int_equal(c.count, 5000);
    ref_cache_release(&c);
}

static void test_ref_cache__keys_with_one_slot_are_told_apart(void **state UNUSED)
{
    struct ref_cache c = { 0 };
    struct hash_128 a = { 5, 1 }, b = { 5, 2 };

    ref_cache_put(&c, a, 1, 0);
    ref_cache_put(&c, b, 2, 0);
    assert_int_equal(find(&c, a, 0), 1);
    assert_int_equal(find(&c, b, 0), 2);
    ref_cache_release(&c);
}

/* The place leads along the entries, and jumps to where the order is another one. */
static void test_ref_cache__the_place_follows_the_order(void **state UNUSED)
{
    struct ref_cache c = { 0 };
    size_t next = 0;

    for (uint32_t n = 1; n <= 3000; n++)
        ref_cache_put(&c, key_of(n), n, 0);
    for (uint32_t n = 1; n <= 3000; n++) {
        assert_int_equal(ref_cache_find(&c, key_of(n), 0, &next), n);
        assert_int_equal(next, n);
    }
    assert_int_equal(ref_cache_find(&c, key_of(9999), 0, &next), 0);
    assert_int_equal(next, 3000);
    assert_int_equal(ref_cache_find(&c, key_of(70), 0, &next), 70);
    assert_int_equal(ref_cache_find(&c, key_of(2000), 0, &next), 2000);
    assert_int_equal(next, 2000);
    assert_int_equal(ref_cache_find(&c, key_of(2001), REF_CACHE_LEASE_S, &next), 0);
    assert_int_equal(next, 2001);
    ref_cache_release(&c);
}

static void test_ref_cache__leases_end(void **state UNUSED)
{
    struct ref_cache c = { 0 };

    ref_cache_put(&c, key_of(1), 1, 100);
    assert_int_equal(find(&c, key_of(1), 100 + REF_CACHE_LEASE_S - 1), 1);
    assert_int_equal(find(&c, key_of(1), 100 + REF_CACHE_LEASE_S), 0);
    ref_cache_put(&c, key_of(1), 2, 100 + REF_CACHE_LEASE_S);
    assert_int_equal(find(&c, key_of(1), 100 + REF_CACHE_LEASE_S), 2);
    ref_cache_release(&c);
}

static void test_ref_cache__what_has_run_out_gives_its_place_back(void **state UNUSED)
{
    struct ref_cache c = { 0 };
    size_t capacity;

    for (uint32_t n = 1; n <= 700; n++)
        ref_cache_put(&c, key_of(n), n, 0);
    capacity = c.capacity;
    for (uint32_t n = 1001; n <= 1700; n++)
        ref_cache_put(&c, key_of(n), n, REF_CACHE_LEASE_S);
    assert_int_equal(c.capacity, capacity);
    for (uint32_t n = 1001; n <= 1700; n++)
        assert_int_equal(find(&c, key_of(n), REF_CACHE_LEASE_S), n);
    ref_cache_release(&c);
}

static void test_ref_cache__never_grows_beyond_its_limit(void **state UNUSED)
{
    struct ref_cache c = { 0 };

    for (uint32_t n = 1; n <= REF_CACHE_MAX_COUNT + 1; n++)
        ref_cache_put(&c, key_of(n), n, 0);
    assert_int_equal(c.capacity, REF_CACHE_MAX_COUNT);
    assert_int_equal(c.count, 1); /* full of leases: all are forgotten */
    ref_cache_release(&c);
}

static void test_ref_cache__without_memory_nothing_is_kept(void **state UNUSED)
{
    struct ref_cache c = { 0 };

    for (long n = 1; n <= 2; n++) { /* entries, slots */
        mem_fail_nth(n);
        ref_cache_put(&c, key_of(1), 1, 0);
        assert_true(mem_fault_happened());
        mem_fail_nth(0);
        assert_int_equal(find(&c, key_of(1), 0), 0);
    }
    ref_cache_put(&c, key_of(1), 1, 0);
    assert_int_equal(find(&c, key_of(1), 0), 1);
    ref_cache_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ref_cache__finds_what_was_put),
        cmocka_unit_test(test_ref_cache__keys_with_one_slot_are_told_apart),
        cmocka_unit_test(test_ref_cache__the_place_follows_the_order),
        cmocka_unit_test(test_ref_cache__leases_end),
        cmocka_unit_test(test_ref_cache__what_has_run_out_gives_its_place_back),
        cmocka_unit_test(test_ref_cache__never_grows_beyond_its_limit),
        cmocka_unit_test(test_ref_cache__without_memory_nothing_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
