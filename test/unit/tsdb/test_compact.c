#include "unit.h"

#include <string.h>

#include "tsdb/compact.h"

static const int64_t hour_ms = 3600000;

static struct compact_block block(int64_t seq, int64_t day, int level, int64_t created_ms)
{
    return (struct compact_block){ seq, day, level, created_ms };
}

static void test_compact__four_of_a_level_are_merged(void **state)
{
    struct compact_block blocks[6];
    size_t first, count;

    (void)state;
    blocks[0] = block(1, 10, 1, 0);
    for (int i = 1; i < 4; i++)
        blocks[i] = block(1 + i, 10, 0, 0);
    assert_false(compact_pick(blocks, 4, 10 * COMPACT_DAY_MS, &first, &count));
    blocks[4] = block(5, 10, 0, 0);
    assert_true(compact_pick(blocks, 5, 10 * COMPACT_DAY_MS, &first, &count));
    assert_int_equal(first, 1);
    assert_int_equal(count, 4);
}

static void test_compact__a_run_stays_within_a_day_and_a_level(void **state)
{
    struct compact_block blocks[8];
    size_t first, count;

    (void)state;
    for (int i = 0; i < 8; i++)
        blocks[i] = block(i, i < 3 ? 9 : 10, i == 5, 9 * COMPACT_DAY_MS + 23 * hour_ms);
    assert_false(compact_pick(blocks, 8, 10 * COMPACT_DAY_MS - 1, &first, &count));
}

static void test_compact__a_day_that_is_over_and_rests_becomes_one(void **state)
{
    int64_t created_ms = 10 * COMPACT_DAY_MS + 100;
    struct compact_block blocks[] = { block(1, 9, 2, 5), block(2, 9, 0, created_ms),
                                      block(3, 10, 0, 5) };
    size_t first, count;

    (void)state;
    assert_false(compact_pick(blocks, 3, created_ms + hour_ms - 1, &first, &count));
    assert_true(compact_pick(blocks, 3, created_ms + hour_ms, &first, &count));
    assert_int_equal(first, 0);
    assert_int_equal(count, 2);
    assert_false(compact_pick(blocks + 1, 2, created_ms + hour_ms, &first, &count));
}

static void test_compact__a_run_is_bounded(void **state)
{
    struct compact_block blocks[100];
    size_t first, count;

    (void)state;
    for (int i = 0; i < 100; i++)
        blocks[i] = block(i, 3, 0, 0);
    assert_true(compact_pick(blocks, 100, 0, &first, &count));
    assert_int_equal(first, 0);
    assert_int_equal(count, COMPACT_RUN_MAX);
    assert_false(compact_pick(blocks, 0, 0, &first, &count));
}

/* A year of a seal each half hour: few blocks stay, and every sample is written few times. */
static void test_compact__a_year_of_seals_stays_small(void **state)
{
    static struct compact_block blocks[4096];
    size_t count = 0, most = 0, first, run;
    uint64_t written = 0, seals = 0;
    static uint64_t sizes[4096];

    (void)state;
    for (int64_t now_ms = 0; now_ms < 60 * COMPACT_DAY_MS; now_ms += hour_ms / 2) {
        sizes[count] = 1;
        blocks[count++] = block((int64_t)++seals, compact_day_of(now_ms), 0, now_ms);
        while (compact_pick(blocks, count, now_ms, &first, &run)) {
            int level = 0;
            uint64_t size = 0;

            for (size_t i = first; i < first + run; i++) {
                level = blocks[i].level > level ? blocks[i].level : level;
                size += sizes[i];
            }
            written += size;
            blocks[first] = block(blocks[first].seq, blocks[first].day, level + 1, now_ms);
            sizes[first] = size;
            memmove(&blocks[first + 1], &blocks[first + run],
                    (count - first - run) * sizeof blocks[0]);
            memmove(&sizes[first + 1], &sizes[first + run],
                    (count - first - run) * sizeof sizes[0]);
            count -= run - 1;
        }
        most = count - (size_t)compact_day_of(now_ms) > most
                   ? count - (size_t)compact_day_of(now_ms)
                   : most;
    }
    assert_true(most < 20);
    assert_true(written < 4 * seals);
}

static void test_compact__days_are_right_before_1970(void **state)
{
    (void)state;
    assert_int_equal(compact_day_of(0), 0);
    assert_int_equal(compact_day_of(-1), -1);
    assert_int_equal(compact_day_of(-COMPACT_DAY_MS), -1);
    assert_int_equal(compact_day_of(-COMPACT_DAY_MS - 1), -2);
    assert_int_equal(compact_day_of(COMPACT_DAY_MS - 1), 0);
    assert_int_equal(compact_day_of(COMPACT_DAY_MS), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compact__four_of_a_level_are_merged),
        cmocka_unit_test(test_compact__a_run_stays_within_a_day_and_a_level),
        cmocka_unit_test(test_compact__a_day_that_is_over_and_rests_becomes_one),
        cmocka_unit_test(test_compact__a_run_is_bounded),
        cmocka_unit_test(test_compact__a_year_of_seals_stays_small),
        cmocka_unit_test(test_compact__days_are_right_before_1970),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
