#include "unit.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/mem.h"

static void test_arena__hands_out_aligned_blocks_that_do_not_overlap(void **state)
{
    struct arena a = arena_limited(1 << 20);
    unsigned char *before = NULL;

    (void)state;
    for (size_t size = 0; size < 300; size++) {
        unsigned char *block = arena_alloc(&a, size);

        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 16, 0);
        memset(block, (int)size, size);
        if (before && size > 1)
            assert_int_equal(before[size - 2], (unsigned char)(size - 1));
        before = block;
    }
    arena_release(&a);
}

static void test_arena__refuses_beyond_its_limit_and_says_so(void **state)
{
    struct arena a = arena_limited(64);

    (void)state;
    assert_non_null(arena_alloc(&a, 48));
    assert_null(arena_alloc(&a, 17));
    assert_int_equal(arena_error(&a), ERR_LIMIT);
    assert_non_null(arena_alloc(&a, 16));
    assert_null(arena_alloc(&a, 1));
    arena_release(&a);
}

static void test_arena__a_size_that_overflows_is_over_the_limit(void **state)
{
    struct arena a = arena_limited(SIZE_MAX - 1);

    (void)state;
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_int_equal(arena_error(&a), ERR_LIMIT);
    assert_null(arena_alloc_zero(&a, SIZE_MAX / 2, 3));
    assert_null(arena_alloc(&a, PTRDIFF_MAX));
    assert_int_equal(arena_error(&a), ERR_NOMEM);
    arena_release(&a);
}

static void test_arena__blocks_larger_than_a_page_work(void **state)
{
    struct arena a = arena_limited(1 << 20);
    char *large = arena_alloc_zero(&a, 1000, 100);

    (void)state;
    assert_non_null(large);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(large[i], 0);
    assert_non_null(arena_alloc(&a, 16));
    arena_release(&a);
}

static void test_arena__reset_gives_the_whole_limit_back(void **state)
{
    struct arena a = arena_limited(100000);

    (void)state;
    arena_reset(&a);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 6; i++)
            assert_non_null(arena_alloc(&a, 16000));
        assert_null(arena_alloc(&a, 16000));
        arena_reset(&a);
        assert_int_equal(a.used_bytes, 0);
    }
    arena_release(&a);
    arena_release(&a);
}

static void test_arena__copies_are_terminated(void **state)
{
    struct arena a = arena_limited(1 << 16);
    struct str copy = STR_NONE;

    (void)state;
    assert_string_equal(arena_copy(&a, (struct str){ "payments", 3 }), "pay");
    assert_string_equal(arena_copy(&a, STR_NONE), "");
    assert_true(arena_copy_str(&a, STR("orders"), &copy));
    assert_true(str_equals(copy, STR("orders")));
    assert_string_equal(arena_printf(&a, "%s-%d", "nginx", 3), "nginx-3");
    arena_release(&a);
}

static void test_arena__survives_every_failing_allocation(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct arena a = arena_limited(1 << 20);
        bool complete = true;

        mem_fail_nth(n);
        for (int i = 0; i < 5; i++)
            complete = arena_printf(&a, "%9000d", i) && complete;
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(complete, !happened);
        if (happened)
            assert_int_equal(arena_error(&a), a.over_limit ? ERR_LIMIT : ERR_NOMEM);
        assert_non_null(arena_alloc(&a, 10)); /* it works again */
        arena_release(&a);
        assert_true(n < 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena__hands_out_aligned_blocks_that_do_not_overlap),
        cmocka_unit_test(test_arena__refuses_beyond_its_limit_and_says_so),
        cmocka_unit_test(test_arena__a_size_that_overflows_is_over_the_limit),
        cmocka_unit_test(test_arena__blocks_larger_than_a_page_work),
        cmocka_unit_test(test_arena__reset_gives_the_whole_limit_back),
        cmocka_unit_test(test_arena__copies_are_terminated),
        cmocka_unit_test(test_arena__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
