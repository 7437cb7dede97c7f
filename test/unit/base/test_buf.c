#include "unit.h"

#include "base/buf.h"
#include "base/mem.h"

static void test_buf__appends_in_order(void **state)
{
    struct buf b = buf_limited(1000);

    (void)state;
    buf_append_cstr(&b, "calls");
    buf_append_byte(&b, '=');
    buf_printf(&b, "%d", 60);
    buf_append_str(&b, STR(" ok"));
    buf_append(&b, NULL, 0);
    assert_int_equal(buf_error(&b), ERR_OK);
    assert_true(str_equals(buf_str(&b), STR("calls=60 ok")));
    buf_release(&b);
}

static void test_buf__holds_exactly_its_limit(void **state)
{
    struct buf b = buf_limited(4);

    (void)state;
    buf_append_cstr(&b, "four");
    assert_int_equal(buf_error(&b), ERR_OK);
    buf_append_byte(&b, '!');
    assert_int_equal(buf_error(&b), ERR_LIMIT);
    assert_int_equal(b.len, 4);
    buf_release(&b);
}

static void test_buf__a_failure_sticks_until_cleared(void **state)
{
    struct buf b = buf_limited(300);

    (void)state;
    buf_printf(&b, "%301d", 1);
    assert_int_equal(buf_error(&b), ERR_LIMIT);
    buf_append_cstr(&b, "small");
    assert_int_equal(b.len, 0);
    buf_clear(&b);
    buf_append_cstr(&b, "small");
    assert_true(str_equals(buf_str(&b), STR("small")));
    buf_release(&b);
    buf_release(&b);
}

static void test_buf__take_hands_the_bytes_over(void **state)
{
    struct buf b = buf_limited(100);
    size_t len = 0;
    char *bytes;

    (void)state;
    buf_append_cstr(&b, "abc");
    bytes = buf_take(&b, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(bytes, "abc", 3);
    mem_free(bytes);
    buf_append_cstr(&b, "more");
    assert_true(str_equals(buf_str(&b), STR("more")));
    buf_release(&b);
}

static void test_buf__reserve_refuses_what_overflows(void **state)
{
    struct buf b = buf_limited(SIZE_MAX - 1);

    (void)state;
    buf_append_byte(&b, 'x');
    assert_false(buf_reserve(&b, SIZE_MAX));
    assert_int_equal(buf_error(&b), ERR_LIMIT);
    buf_release(&b);
}

static void test_buf__survives_every_failing_allocation(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct buf b = buf_limited(1 << 20);

        mem_fail_nth(n);
        for (int i = 0; i < 1000; i++)
            buf_printf(&b, "%d ", i);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(buf_error(&b), happened ? ERR_NOMEM : ERR_OK);
        assert_true(b.len <= b.capacity_bytes);
        buf_release(&b);
        assert_true(n < 30);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf__appends_in_order),
        cmocka_unit_test(test_buf__holds_exactly_its_limit),
        cmocka_unit_test(test_buf__a_failure_sticks_until_cleared),
        cmocka_unit_test(test_buf__take_hands_the_bytes_over),
        cmocka_unit_test(test_buf__reserve_refuses_what_overflows),
        cmocka_unit_test(test_buf__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
