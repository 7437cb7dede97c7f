#include "unit.h"

#include "base/mem.h"
#include "base/rng.h"
#include "head/sample_tree.h"

enum { MANY = 100000, SHUFFLED = 20000 };

static double value_of(int64_t ts_ms)
{
    return (double)ts_ms * 0.5;
}

static void insert(struct sample_trees *t, uint32_t *root, int64_t ts_ms)
{
    assert_int_equal(sample_trees_reserve(t, 1), ERR_OK);
    sample_tree_insert(t, root, (struct sample){ ts_ms, value_of(ts_ms) });
}

/* Walks from start_ms on: times must be those of first_ms, first_ms + step_ms, ... */
static void assert_walks(const struct sample_trees *t, uint32_t root, int64_t start_ms,
                         int64_t first_ms, int64_t step_ms, size_t count)
{
    struct sample_tree_walk w;
    struct sample sample;

    sample_tree_walk(t, &w, root, start_ms);
    for (size_t i = 0; i < count; i++) {
        assert_true(sample_tree_peek(t, &w, &sample));
        assert_int_equal(sample.ts_ms, first_ms + step_ms * (int64_t)i);
        assert_true(sample.value == value_of(sample.ts_ms));
        sample_tree_next(t, &w);
    }
    assert_false(sample_tree_peek(t, &w, &sample));
}

static void test_sample_tree__walks_in_order_of_time_whatever_came_first(void **state)
{
    struct sample_trees t;
    uint32_t rising = 0, falling = 0;

    (void)state;
    assert_int_equal(sample_trees_init(&t), ERR_OK);
    for (int64_t i = 0; i < MANY; i++) {
        insert(&t, &rising, i);
        insert(&t, &falling, MANY - 1 - i);
    }
    assert_walks(&t, rising, INT64_MIN, 0, 1, MANY);
    assert_walks(&t, falling, INT64_MIN, 0, 1, MANY);
    assert_walks(&t, falling, MANY - 10, MANY - 10, 1, 10);
    assert_walks(&t, falling, MANY, 0, 1, 0);
    sample_trees_release(&t);
}

static void shuffle(int64_t *times, size_t count, struct rng *rng)
{
    for (size_t i = 0; i < count; i++)
        times[i] = (int64_t)i * 2;
    for (size_t i = count - 1; i > 0; i--) {
        size_t j = (size_t)rng_below(rng, i + 1);
        int64_t swapped = times[i];

        times[i] = times[j];
        times[j] = swapped;
    }
}

static void test_sample_tree__finds_what_it_has_and_nothing_else(void **state)
{
    static int64_t times[SHUFFLED];

    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct rng rng = rng_seeded(seed);
        struct sample_trees t;
        uint32_t root = 0;
        double value;

        assert_int_equal(sample_trees_init(&t), ERR_OK);
        assert_int_equal(sample_tree_max_ts_ms(&t, root), INT64_MIN);
        shuffle(times, SHUFFLED, &rng);
        for (size_t i = 0; i < SHUFFLED; i++) {
            assert_false(sample_tree_find(&t, root, times[i], &value));
            insert(&t, &root, times[i]);
            assert_true(sample_tree_find(&t, root, times[i], &value));
            assert_true(value == value_of(times[i]));
        }
        for (int64_t ts_ms = -1; ts_ms <= SHUFFLED * 2; ts_ms++)
            assert_int_equal(sample_tree_find(&t, root, ts_ms, &value),
                             ts_ms >= 0 && ts_ms < SHUFFLED * 2 && ts_ms % 2 == 0);
        assert_int_equal(sample_tree_max_ts_ms(&t, root), (SHUFFLED - 1) * 2);
        assert_walks(&t, root, INT64_MIN, 0, 2, SHUFFLED);
        assert_walks(&t, root, 9999, 10000, 2, SHUFFLED - 5000);
        sample_trees_release(&t);
    }
}

static void test_sample_tree__takes_the_first_and_the_last_time(void **state)
{
    struct sample_trees t;
    struct sample_tree_walk w;
    struct sample sample;
    uint32_t root = 0;

    (void)state;
    assert_int_equal(sample_trees_init(&t), ERR_OK);
    insert(&t, &root, INT64_MAX);
    insert(&t, &root, INT64_MIN);
    sample_tree_walk(&t, &w, root, INT64_MIN);
    assert_true(sample_tree_peek(&t, &w, &sample) && sample.ts_ms == INT64_MIN);
    sample_tree_next(&t, &w);
    assert_true(sample_tree_peek(&t, &w, &sample) && sample.ts_ms == INT64_MAX);
    sample_trees_release(&t);
}

static void test_sample_tree__joins_without_memory(void **state)
{
    struct sample_trees t;
    uint32_t even = 0, odd = 0, none = 0;

    (void)state;
    assert_int_equal(sample_trees_init(&t), ERR_OK);
    for (int64_t i = 0; i < 3000; i++)
        insert(&t, i % 2 ? &odd : &even, i);
    mem_fail_nth(1);
    sample_tree_join(&t, &even, odd);
    sample_tree_join(&t, &even, none);
    sample_tree_join(&t, &none, even);
    assert_false(mem_fault_happened());
    mem_fail_nth(0);
    assert_int_equal(none, even);
    assert_walks(&t, none, INT64_MIN, 0, 1, 3000);
    assert_int_equal(t.used_count, 3000);
    sample_trees_release(&t);
}

static void test_sample_tree__uses_given_back_nodes_again(void **state)
{
    struct rng rng = rng_seeded(11);
    struct sample_trees t;
    uint32_t kept = 0;

    (void)state;
    assert_int_equal(sample_trees_init(&t), ERR_OK);
    for (int64_t i = 0; i < 100; i++)
        insert(&t, &kept, i);
    for (int round = 0; round < 50; round++) {
        uint32_t roots[3] = { 0 };
        uint64_t count = rng_below(&rng, 4000);

        for (uint64_t i = 0; i < count; i++)
            insert(&t, &roots[i % 3], (int64_t)i / 3);
        assert_walks(&t, roots[0], INT64_MIN, 0, 1, (size_t)(count + 2) / 3);
        for (int i = 0; i < 3; i++)
            sample_tree_give_back(&t, roots[i]);
        sample_trees_uncount(&t, count);
    }
    assert_walks(&t, kept, INT64_MIN, 0, 1, 100);
    assert_int_equal(t.used_count, 100);
    assert_true(t.page_count <= (4000 + 100) / SAMPLE_TREE_PAGE_NODES + 1);
    sample_trees_trim(&t);
    assert_true(t.page_count > 0);
    sample_tree_give_back(&t, kept);
    sample_trees_uncount(&t, 100);
    sample_trees_trim(&t);
    assert_int_equal(t.page_count, 0);
    sample_trees_release(&t);
}

static void test_sample_tree__answers_when_memory_ends(void **state)
{
    (void)state;
    for (long n = 1;; n++) {
        struct sample_trees t = { 0 };
        enum err err;

        mem_fail_nth(n);
        err = sample_trees_init(&t);
        if (!err)
            err = sample_trees_reserve(&t, 3 * SAMPLE_TREE_PAGE_NODES);
        assert_int_equal(err, mem_fault_happened() ? ERR_NOMEM : ERR_OK);
        mem_fail_nth(0);
        sample_trees_release(&t);
        if (!err)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample_tree__walks_in_order_of_time_whatever_came_first),
        cmocka_unit_test(test_sample_tree__finds_what_it_has_and_nothing_else),
        cmocka_unit_test(test_sample_tree__takes_the_first_and_the_last_time),
        cmocka_unit_test(test_sample_tree__joins_without_memory),
        cmocka_unit_test(test_sample_tree__uses_given_back_nodes_again),
        cmocka_unit_test(test_sample_tree__answers_when_memory_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
