#include "unit.h"

#include "base/attr.h"
#include "daemon/store_state.h"

#define S(n) ((n)*INT64_C(1000000000))

static void test_store_state__a_failure_is_tried_again_each_second(void **state UNUSED)
{
    struct store_state s = { .lost = false };

    assert_int_equal(store_state_mode(&s), STORE_HEALTHY);
    assert_true(store_state_may_commit(&s, S(100)));
    store_state_on_failure(&s, TROUBLE_IO, S(100));
    assert_int_equal(store_state_mode(&s), STORE_TRYING);
    assert_int_equal(store_state_trouble(&s), TROUBLE_IO);
    assert_false(store_state_may_commit(&s, S(101) - 1));
    assert_true(store_state_may_commit(&s, S(101)));
    store_state_on_success(&s);
    assert_int_equal(store_state_mode(&s), STORE_HEALTHY);
    assert_int_equal(store_state_trouble(&s), TROUBLE_NONE);
}

static void test_store_state__the_fifth_failure_in_a_row_degrades(void **state UNUSED)
{
    struct store_state s = { .lost = false };

    for (int i = 0; i < 4; i++) {
        store_state_on_failure(&s, TROUBLE_DISK_FULL, S(i));
        assert_int_equal(store_state_mode(&s), STORE_TRYING);
    }
    store_state_on_failure(&s, TROUBLE_DISK_FULL, S(4));
    assert_int_equal(store_state_mode(&s), STORE_DEGRADED);
    assert_false(store_state_may_commit(&s, S(4)));
    assert_true(store_state_may_commit(&s, S(5)));
    store_state_on_failure(&s, TROUBLE_READ_ONLY, S(5));
    assert_int_equal(store_state_mode(&s), STORE_DEGRADED);
    assert_int_equal(store_state_trouble(&s), TROUBLE_READ_ONLY);
    store_state_on_success(&s);
    assert_int_equal(store_state_mode(&s), STORE_HEALTHY);

    store_state_on_failure(&s, TROUBLE_IO, S(100));
    assert_int_equal(store_state_mode(&s), STORE_TRYING);
}

static void test_store_state__little_space_degrades_at_once_and_allows_no_probe(void **state UNUSED)
{
    struct store_state s = { .lost = false };

    store_state_on_space(&s, true);
    assert_int_equal(store_state_mode(&s), STORE_DEGRADED);
    assert_int_equal(store_state_trouble(&s), TROUBLE_DISK_FULL);
    assert_false(store_state_may_commit(&s, S(1000)));
    store_state_on_space(&s, false);
    assert_int_equal(store_state_mode(&s), STORE_HEALTHY);
    assert_true(store_state_may_commit(&s, 0));
}

static void test_store_state__stopping_holds_nothing_and_tries_once_more(void **state UNUSED)
{
    struct store_state s = { .lost = false };

    store_state_on_failure(&s, TROUBLE_IO, S(1));
    store_state_give_up(&s);
    assert_int_equal(store_state_mode(&s), STORE_DEGRADED);
    assert_true(store_state_may_commit(&s, S(1)));
}

static void test_store_state__a_failed_sync_is_for_good(void **state UNUSED)
{
    struct store_state s = { .lost = false };

    store_state_on_sync_failure(&s);
    store_state_on_success(&s);
    store_state_on_space(&s, false);
    assert_int_equal(store_state_mode(&s), STORE_LOST);
    assert_false(store_state_may_commit(&s, S(1000)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_state__a_failure_is_tried_again_each_second),
        cmocka_unit_test(test_store_state__the_fifth_failure_in_a_row_degrades),
        cmocka_unit_test(test_store_state__little_space_degrades_at_once_and_allows_no_probe),
        cmocka_unit_test(test_store_state__stopping_holds_nothing_and_tries_once_more),
        cmocka_unit_test(test_store_state__a_failed_sync_is_for_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
