#include "unit.h"

#include "base/mem.h"
#include "ingest/lost_counters.h"

static void put(struct lost_counters *l, uint64_t hash, struct mapping_source *source, double last)
{
    lost_counters_put(l, &(struct lost_counter){ hash, source, last, (int64_t)last });
}

static void test_lost_counters__remember_the_last_value_once(void **state)
{
    struct mapping_source source = { 0 };
    struct lost_counters l = { 0 };
    struct lost_counter got;

    (void)state;
    assert_false(lost_counters_take(&l, 5, &got));
    put(&l, 5, &source, 7);
    put(&l, 6, &source, 8);
    assert_true(lost_counters_take(&l, 5, &got));
    assert_true(got.last == 7 && got.last_ts_ms == 7 && got.source == &source);
    assert_false(lost_counters_take(&l, 5, &got));
    put(&l, 6, &source, 9); /* the same one again */
    assert_true(lost_counters_take(&l, 6, &got));
    assert_true(got.last == 9);
    assert_false(source.lost_counters);
    lost_counters_release(&l);
}

static void test_lost_counters__mark_the_source_of_what_is_driven_out(void **state)
{
    struct mapping_source first = { 0 }, second = { 0 };
    struct lost_counters l = { 0 };
    struct lost_counter got;

    (void)state;
    put(&l, 5, &first, 1);
    put(&l, 5 + LOST_COUNTERS_MAX, &second, 2);
    assert_true(first.lost_counters);
    assert_false(second.lost_counters);
    assert_false(lost_counters_take(&l, 5, &got));
    assert_true(lost_counters_take(&l, 5 + LOST_COUNTERS_MAX, &got));
    lost_counters_release(&l);
}

static void test_lost_counters__mark_the_source_without_memory(void **state)
{
    struct mapping_source source = { 0 };
    struct lost_counters l = { 0 };
    struct lost_counter got;

    (void)state;
    mem_fail_nth(1);
    put(&l, 5, &source, 1);
    assert_true(mem_fault_happened());
    mem_fail_nth(0);
    assert_true(source.lost_counters);
    assert_false(lost_counters_take(&l, 5, &got));
    lost_counters_release(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lost_counters__remember_the_last_value_once),
        cmocka_unit_test(test_lost_counters__mark_the_source_of_what_is_driven_out),
        cmocka_unit_test(test_lost_counters__mark_the_source_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
