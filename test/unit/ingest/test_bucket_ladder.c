#include "unit.h"

#include <math.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/mem.h"
#include "ingest/bucket_ladder.h"

static struct bucket_ladder ladder;

static int set_up(void **state UNUSED)
{
    ladder = (struct bucket_ladder){ 0 };
    return 0;
}

static int tear_down(void **state UNUSED)
{
    bucket_ladder_release(&ladder);
    return 0;
}

static void grow(double bound_s, double grown, uint64_t round)
{
    struct bucket_rung *rung = bucket_ladder_rung(&ladder, bound_s);

    assert_non_null(rung);
    bucket_rung_add(rung, grown, round);
}

static void write_calls(void *ctx, double from_s, double bound_s, double calls)
{
    char *text = ctx;
    size_t len = strlen(text);

    snprintf(text + len, 512 - len, "%g..%g %g, ", from_s, bound_s, calls);
}

static const char *settled(uint64_t round)
{
    static char text[512];

    *text = '\0';
    bucket_ladder_settle(&ladder, round, write_calls, text);
    return text;
}

static void test_bucket_ladder__tells_what_lies_between_two_bounds(void **state UNUSED)
{
    grow(INFINITY, 8, 1); /* in any order */
    grow(0.5, 7, 1);
    grow(0.1, 3, 1);
    grow(1, 7, 1);
    assert_string_equal(settled(1), "0..0.1 3, 0.1..0.5 4, 1..inf 1, ");
    assert_string_equal(settled(2), "");
}

static void test_bucket_ladder__series_of_one_bound_add_up(void **state UNUSED)
{
    grow(0.1, 3, 1);
    grow(0.1, 2, 1);
    grow(INFINITY, 6, 1);
    grow(INFINITY, 2, 1);
    assert_string_equal(settled(1), "0..0.1 5, 0.1..inf 3, ");
    grow(0.1, 1, 2); /* a round begins at 0 */
    grow(INFINITY, 1, 2);
    assert_string_equal(settled(2), "0..0.1 1, 0.1..inf 0, ");
}

static void test_bucket_ladder__an_idle_round_is_heard_by_its_highest_bound(void **state UNUSED)
{
    grow(0.1, 0, 1);
    grow(0.5, 0, 1);
    grow(INFINITY, 0, 1);
    assert_string_equal(settled(1), "0.5..inf 0, ");
}

static void test_bucket_ladder__other_bounds_from_one_round_to_the_next(void **state UNUSED)
{
    grow(0.1, 3, 1);
    grow(0.5, 5, 1);
    grow(INFINITY, 5, 1);
    grow(0.2, 4, 2);
    grow(INFINITY, 9, 2);
    assert_string_equal(settled(2), "0..0.2 4, 0.2..inf 5, ");
}

static void test_bucket_ladder__a_bucket_that_is_missing_is_part_of_the_next(void **state UNUSED)
{
    grow(0.1, 3, 1);
    grow(0.5, 1, 1); /* less than below it: the counter of another series is missing */
    grow(1, 9, 1);
    grow(INFINITY, 9, 1);
    assert_string_equal(settled(1), "0..0.1 3, 0.5..1 6, 1..inf 0, ");
}

static void test_bucket_ladder__says_nothing_when_it_is_too_long(void **state UNUSED)
{
    for (int i = 1; i <= BUCKET_RUNGS_MAX; i++)
        grow(i, i, 1);
    assert_int_equal(ladder.count, BUCKET_RUNGS_MAX);
    assert_null(bucket_ladder_rung(&ladder, 0.5));
    assert_non_null(bucket_ladder_rung(&ladder, 1));
    assert_string_equal(settled(1), "");
}

static void test_bucket_ladder__says_nothing_without_memory_for_a_bound(void **state UNUSED)
{
    grow(0.1, 3, 1);
    mem_fail_nth(1);
    assert_null(bucket_ladder_rung(&ladder, 1));
    assert_true(mem_fault_happened());
    mem_fail_nth(0);
    assert_string_equal(settled(1), "");
}

static void test_bucket_bound__is_a_duration_in_seconds(void **state UNUSED)
{
    static const struct {
        const char *le;
        double unit_s, bound_s;
    } good[] = {
        { "0.5", 1, 0.5 },          { "250", 1e-3, 0.25 },  { "1e3", 1e-6, 1e-3 },
        { "+Inf", 1e-3, INFINITY }, { "Inf", 1, INFINITY }, { "0", 1, 0 },
    };
    static const char *const bad[] = { "", "NaN", "-1", "-Inf", "1s", "0.5 " };
    double bound;

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(bucket_bound(str_of(good[i].le), good[i].unit_s, &bound));
        assert_true(bound == good[i].bound_s);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(bucket_bound(str_of(bad[i]), 1, &bound));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bucket_ladder__tells_what_lies_between_two_bounds,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bucket_ladder__series_of_one_bound_add_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_bucket_ladder__an_idle_round_is_heard_by_its_highest_bound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bucket_ladder__other_bounds_from_one_round_to_the_next,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_bucket_ladder__a_bucket_that_is_missing_is_part_of_the_next, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bucket_ladder__says_nothing_when_it_is_too_long,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bucket_ladder__says_nothing_without_memory_for_a_bound,
                                        set_up, tear_down),
        cmocka_unit_test(test_bucket_bound__is_a_duration_in_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
