#include "unit.h"

#include "base/mem.h"
#include "base/vec.h"

static void fill(struct vec *v, int count)
{
    for (int i = 0; i < count; i++) {
        int *item = vec_push(v);

        assert_non_null(item);
        assert_int_equal(*item, 0);
        *item = i;
    }
}

static int at(const struct vec *v, size_t idx)
{
    return *(int *)vec_at(v, idx);
}

static void test_vec__grows_to_its_maximum(void **state)
{
    struct vec v = vec_of(sizeof(int), 100);
    void *refused;

    (void)state;
    fill(&v, 100);
    refused = vec_push(&v);
    assert_null(refused);
    assert_int_equal(vec_error(&v), ERR_LIMIT);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(at(&v, i), i);
    vec_release(&v);
    assert_int_equal(v.count, 0);
    vec_release(&v);
}

static void test_vec__removal_keeps_the_order(void **state)
{
    struct vec v = vec_of(sizeof(int), 10);

    (void)state;
    fill(&v, 5);
    vec_remove_at(&v, 4);
    vec_remove_at(&v, 0);
    vec_remove_at(&v, 1);
    assert_int_equal(v.count, 2);
    assert_int_equal(at(&v, 0), 1);
    assert_int_equal(at(&v, 1), 3);
    vec_release(&v);
}

static void test_vec__cleared_items_are_cleared_again(void **state)
{
    struct vec v = vec_of(sizeof(int), 10);

    (void)state;
    fill(&v, 10);
    vec_clear(&v);
    assert_int_equal(v.count, 0);
    fill(&v, 10); /* asserts that each new item is zero */
    vec_release(&v);
}

static void test_vec__of_none_refuses(void **state)
{
    struct vec v = vec_of(sizeof(int), 0);
    void *refused = vec_push(&v);

    (void)state;
    assert_null(refused);
    assert_int_equal(vec_error(&v), ERR_LIMIT);
    vec_release(&v);
}

static void test_vec__survives_every_failing_allocation(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct vec v = vec_of(sizeof(int), 100);
        int pushed = 0;

        mem_fail_nth(n);
        for (int i = 0; i < 100; i++) {
            int *item = vec_push(&v);

            if (item)
                *item = pushed++;
            else
                assert_int_equal(vec_error(&v), ERR_NOMEM);
        }
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(pushed, happened ? 99 : 100);
        for (int i = 0; i < pushed; i++)
            assert_int_equal(at(&v, (size_t)i), i);
        vec_release(&v);
        assert_true(n < 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vec__grows_to_its_maximum),
        cmocka_unit_test(test_vec__removal_keeps_the_order),
        cmocka_unit_test(test_vec__cleared_items_are_cleared_again),
        cmocka_unit_test(test_vec__of_none_refuses),
        cmocka_unit_test(test_vec__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
