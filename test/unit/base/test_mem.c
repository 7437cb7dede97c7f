#include "unit.h"

#include "base/mem.h"
#include "base/size.h"

static void test_mem__the_nth_allocation_fails_once(void **state)
{
    (void)state;
    mem_fail_nth(2);
    void *first = mem_alloc(1), *second = mem_alloc_zero(1, 1), *third = mem_copy("x", 1);

    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    assert_true(mem_fault_happened());
    mem_fail_nth(0);
    assert_false(mem_fault_happened());
    mem_free(first);
    mem_free(third);
    mem_free(NULL);
}

static void test_mem__a_failed_realloc_leaves_the_block(void **state)
{
    char *block = mem_copy("keep", 4), *larger;

    (void)state;
    assert_non_null(block);
    mem_fail_nth(1);
    larger = mem_realloc(block, 100);
    mem_fail_nth(0);
    assert_null(larger);
    assert_string_equal(block, "keep");
    larger = mem_realloc(block, 100);
    assert_string_equal(larger, "keep");
    mem_free(larger);
}

static void test_mem__refuses_sizes_that_no_object_has(void **state)
{
    void *none[4];

    (void)state;
    none[0] = mem_alloc(SIZE_MAX);
    none[1] = mem_alloc((size_t)PTRDIFF_MAX + 1);
    none[2] = mem_alloc_zero(SIZE_MAX / 4, 8);
    none[3] = mem_realloc(NULL, SIZE_MAX);
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_null(none[i]);
}

static void test_mem__zero_bytes_are_a_block_of_their_own(void **state)
{
    char *a = mem_alloc(0), *b = mem_alloc_zero(0, 10), *c = mem_copy(NULL, 0);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_string_equal(c, "");
    assert_ptr_not_equal(a, b);
    mem_free(a);
    mem_free(b);
    mem_free(c);
}

static void test_mem__zero_means_cleared(void **state)
{
    unsigned char *block = mem_alloc_zero(1000, 7);

    (void)state;
    assert_non_null(block);
    for (size_t i = 0; i < 7000; i++)
        assert_int_equal(block[i], 0);
    mem_free(block);
}

static void test_size__saturates(void **state)
{
    (void)state;
    assert_int_equal(add_size(1, 2), 3);
    assert_int_equal(mul_size(3, 4), 12);
    assert_int_equal(add_size(SIZE_MAX, 1), SIZE_MAX);
    assert_int_equal(add_size(SIZE_MAX - 1, 1), SIZE_MAX);
    assert_int_equal(mul_size(SIZE_MAX / 2, 3), SIZE_MAX);
    assert_int_equal(mul_size(0, SIZE_MAX), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mem__the_nth_allocation_fails_once),
        cmocka_unit_test(test_mem__a_failed_realloc_leaves_the_block),
        cmocka_unit_test(test_mem__refuses_sizes_that_no_object_has),
        cmocka_unit_test(test_mem__zero_bytes_are_a_block_of_their_own),
        cmocka_unit_test(test_mem__zero_means_cleared),
        cmocka_unit_test(test_size__saturates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
