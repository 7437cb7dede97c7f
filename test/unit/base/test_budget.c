#include "unit.h"

#include "base/attr.h"
#include "base/budget.h"

static void test_budget__parts_share_the_limit(void **state UNUSED)
{
    struct budget b;

    budget_init(&b, 1000);
    assert_true(budget_take(&b, BUDGET_QUERY, 600));
    assert_false(budget_take(&b, BUDGET_INDEX, 401));
    assert_int_equal(b.refused_count[BUDGET_INDEX], 1);
    assert_true(budget_take(&b, BUDGET_INDEX, 400));
    assert_int_equal(budget_room_bytes(&b), 0);
    budget_give(&b, BUDGET_QUERY, 600);
    assert_int_equal(budget_used_bytes(&b), 400);
    assert_int_equal(budget_room_bytes(&b), 600);
}

static void test_budget__what_only_reports_is_never_refused(void **state UNUSED)
{
    struct budget b;

    budget_init(&b, 1000);
    budget_set(&b, BUDGET_HEAD, 5000);
    budget_add(&b, BUDGET_HEAD, 1);
    assert_int_equal(budget_used_bytes(&b), 5001);
    assert_int_equal(budget_room_bytes(&b), 0);
    assert_false(budget_take(&b, BUDGET_QUERY, 1));
}

static void test_budget__without_a_limit_there_is_always_room(void **state UNUSED)
{
    struct budget b;

    budget_init(&b, 0);
    assert_true(budget_take(&b, BUDGET_QUERY, SIZE_MAX / 2));
    assert_int_equal(budget_room_bytes(&b), SIZE_MAX);
}

static void test_budget__an_assured_share_is_there_whatever_others_hold(void **state UNUSED)
{
    struct budget b;

    budget_init(&b, 1600);
    budget_set(&b, BUDGET_INDEX, 1600);
    assert_true(budget_take_assured(&b, BUDGET_INGEST, 60));
    assert_true(budget_take_assured(&b, BUDGET_INGEST, 40));
    assert_false(budget_take_assured(&b, BUDGET_INGEST, 1));
    assert_int_equal(b.refused_count[BUDGET_INGEST], 1);
    budget_give(&b, BUDGET_INGEST, 100);
    assert_true(budget_take_assured(&b, BUDGET_INGEST, 5000)); /* what holds nothing takes once */
    assert_false(budget_take_assured(&b, BUDGET_INGEST, 1));
    budget_set(&b, BUDGET_INDEX, 0);
    budget_set(&b, BUDGET_INGEST, 500);
    assert_true(budget_take_assured(&b, BUDGET_INGEST, 1100));
    assert_false(budget_take_assured(&b, BUDGET_INGEST, 1));
}

static void test_budget__parts_have_names(void **state UNUSED)
{
    assert_string_equal(budget_part_name(BUDGET_INDEX), "index");
    assert_string_equal(budget_part_name(BUDGET_STREAM), "stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget__parts_share_the_limit),
        cmocka_unit_test(test_budget__what_only_reports_is_never_refused),
        cmocka_unit_test(test_budget__without_a_limit_there_is_always_room),
        cmocka_unit_test(test_budget__an_assured_share_is_there_whatever_others_hold),
        cmocka_unit_test(test_budget__parts_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
