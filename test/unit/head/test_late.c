#include "unit.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "head/late.h"

enum { MANY = 100000, SERIES = 300, TIMES = 64, STEPS = 30000 };

static double value_of(uint32_t ref, int64_t ts_ms)
{
    return (double)ref * 1e6 + (double)ts_ms;
}

/* False: it is there. */
static bool insert(struct late *l, uint32_t ref, int64_t ts_ms)
{
    double value;

    assert_int_equal(late_reserve(l, 1, 1), ERR_OK);
    if (late_find(l, ref, ts_ms, &value)) {
        assert_true(value == value_of(ref, ts_ms));
        return false;
    }
    late_insert(l, ref, (struct sample){ ts_ms, value_of(ref, ts_ms) });
    return true;
}

static void assert_list(const struct sample_list *list, uint32_t ref, const int64_t *times,
                        size_t count)
{
    assert_int_equal(list->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(list->items[i].ts_ms, times[i]);
        assert_true(list->items[i].value == value_of(ref, times[i]));
    }
}

static void assert_reads(struct late *l, uint32_t ref, const int64_t *times, size_t count)
{
    struct sample_list list = { 0 };

    assert_int_equal(late_read(l, ref, INT64_MIN, INT64_MAX, SIZE_MAX, &list), ERR_OK);
    assert_list(&list, ref, times, count);
    mem_free(list.items);
}

static void assert_collects(struct late *l, uint32_t ref, const int64_t *times, size_t count)
{
    struct sample_list list = { 0 };

    assert_int_equal(late_collect(l, ref, &list), ERR_OK);
    assert_list(&list, ref, times, count);
    mem_free(list.items);
}

static void on_left(void *ctx, uint32_t ref)
{
    *(uint64_t *)ctx += ref;
}

static void test_late__reads_a_series_in_order_of_time(void **state)
{
    struct late l;
    struct sample_list list = { 0 };

    (void)state;
    assert_int_equal(late_init(&l), ERR_OK);
    assert_true(late_is_empty(&l));
    assert_int_equal(late_min_ts_ms(&l), INT64_MAX);
    assert_true(insert(&l, 7, 30));
    assert_true(insert(&l, 7, 10));
    assert_true(insert(&l, 9, 11));
    assert_true(insert(&l, 7, 20));
    assert_false(late_is_empty(&l));
    assert_reads(&l, 7, (const int64_t[]){ 10, 20, 30 }, 3);
    assert_reads(&l, 9, (const int64_t[]){ 11 }, 1);
    assert_reads(&l, 8, NULL, 0);
    assert_int_equal(late_read(&l, 7, 11, 29, SIZE_MAX, &list), ERR_OK);
    assert_list(&list, 7, (const int64_t[]){ 20 }, 1);
    assert_int_equal(late_read(&l, 7, 10, 20, 2, &list), ERR_OK); /* behind what the list has */
    assert_int_equal(list.count, 3);
    assert_int_equal(late_min_ts_ms(&l), 10);
    assert_int_equal(late_max_ts_ms(&l, 7), 30);
    assert_int_equal(late_max_ts_ms(&l, 8), INT64_MIN);
    mem_free(list.items);
    late_release(&l);
}

static void test_late__refuses_a_time_that_is_here(void **state)
{
    struct late l;

    (void)state;
    assert_int_equal(late_init(&l), ERR_OK);
    assert_true(insert(&l, 1, 10));
    assert_false(insert(&l, 1, 10));
    assert_true(insert(&l, 2, 10));
    late_seal_begin(&l);
    assert_false(insert(&l, 1, 10));
    assert_true(insert(&l, 1, 5));
    assert_false(insert(&l, 1, 5));
    late_release(&l);
}

static void test_late__reads_no_more_than_it_may(void **state)
{
    struct late l;
    struct sample_list list = { 0 };

    (void)state;
    assert_int_equal(late_init(&l), ERR_OK);
    for (int64_t ts_ms = 0; ts_ms < 10; ts_ms++)
        assert_true(insert(&l, 1, ts_ms));
    assert_int_equal(late_read(&l, 1, 0, 9, 9, &list), ERR_LIMIT);
    assert_int_equal(list.count, 0);
    assert_int_equal(late_read(&l, 1, 0, 8, 9, &list), ERR_OK);
    assert_int_equal(list.count, 9);
    mem_free(list.items);
    late_release(&l);
}

static void test_late__seals_what_had_come_when_the_seal_began(void **state)
{
    struct late l;
    uint64_t left = 0;

    (void)state;
    assert_int_equal(late_init(&l), ERR_OK);
    insert(&l, 1, 10);
    insert(&l, 2, 20);
    assert_false(late_is_sealing(&l, 1));
    late_seal_begin(&l);
    insert(&l, 1, 5);
    assert_true(late_is_sealing(&l, 1));
    assert_reads(&l, 1, (const int64_t[]){ 5, 10 }, 2);
    assert_collects(&l, 1, (const int64_t[]){ 10 }, 1);
    assert_collects(&l, 2, (const int64_t[]){ 20 }, 1);
    assert_collects(&l, 3, NULL, 0);
    late_seal_end(&l, on_left, &left);
    assert_int_equal(left, 2); /* series 1 still has one */
    assert_reads(&l, 1, (const int64_t[]){ 5 }, 1);
    assert_reads(&l, 2, NULL, 0);
    assert_int_equal(late_min_ts_ms(&l), 5);
    late_release(&l);
}

static void test_late__adds_to_what_a_failed_seal_took(void **state)
{
    struct late l;
    uint64_t left = 0;

    (void)state;
    assert_int_equal(late_init(&l), ERR_OK);
    insert(&l, 1, 10);
    late_seal_begin(&l);
    insert(&l, 1, 5);
    insert(&l, 1, 15);
    insert(&l, 2, 3);
    late_seal_begin(&l);
    insert(&l, 1, 7);
    assert_collects(&l, 1, (const int64_t[]){ 5, 10, 15 }, 3);
    assert_collects(&l, 2, (const int64_t[]){ 3 }, 1);
    assert_int_equal(late_min_ts_ms(&l), 3);
    late_seal_end(&l, on_left, &left);
    assert_int_equal(left, 2);
    assert_reads(&l, 1, (const int64_t[]){ 7 }, 1);
    late_seal_begin(&l);
    late_seal_end(&l, on_left, &left);
    assert_int_equal(left, 3);
    assert_true(late_is_empty(&l));
    assert_int_equal(l.trees.page_count, 0);
    assert_int_equal(l.slot_count, 0);
    late_release(&l);
}

static void test_late__takes_a_long_backfill_in_any_order(void **state)
{
    struct late l;
    struct sample_list list = { 0 };
    uint64_t left = 0;

    (void)state;
    assert_int_equal(late_init(&l), ERR_OK);
    assert_int_equal(late_reserve(&l, 3 * MANY, 3), ERR_OK);
    mem_fail_nth(1);
    for (int64_t i = 0; i < MANY; i++) {
        late_insert(&l, 1, (struct sample){ i, 1 });
        late_insert(&l, 2, (struct sample){ -i, 2 });
        late_insert(&l, 3, (struct sample){ i * 7919 % MANY, 3 });
    }
    assert_false(mem_fault_happened());
    mem_fail_nth(0);
    for (uint32_t ref = 1; ref <= 3; ref++) {
        list.count = 0;
        assert_int_equal(late_read(&l, ref, INT64_MIN, INT64_MAX, MANY, &list), ERR_OK);
        assert_int_equal(list.count, MANY);
        for (size_t i = 1; i < MANY; i++)
            assert_int_equal(list.items[i].ts_ms, list.items[i - 1].ts_ms + 1);
    }
    late_seal_begin(&l);
    late_seal_end(&l, on_left, &left);
    assert_int_equal(late_bytes(&l), 0);
    mem_free(list.items);
    late_release(&l);
}

/* In the model a time of a series is nowhere, fresh or sealing. */
struct model {
    unsigned char at[SERIES + 1][TIMES]; /* 0, or the part + 1 */
    uint64_t left_sum;
};

static void assert_as_model(struct late *l, const struct model *m, uint32_t ref)
{
    int64_t all[TIMES], sealing[TIMES];
    size_t all_count = 0, sealing_count = 0;

    for (int64_t ts_ms = 0; ts_ms < TIMES; ts_ms++) {
        if (m->at[ref][ts_ms])
            all[all_count++] = ts_ms;
        if (m->at[ref][ts_ms] == LATE_SEALING + 1)
            sealing[sealing_count++] = ts_ms;
    }
    assert_reads(l, ref, all, all_count);
    assert_collects(l, ref, sealing, sealing_count);
    assert_int_equal(late_is_sealing(l, ref), sealing_count > 0);
    assert_int_equal(late_max_ts_ms(l, ref), all_count ? all[all_count - 1] : INT64_MIN);
}

static void model_begin(struct model *m)
{
    for (uint32_t ref = 1; ref <= SERIES; ref++)
        for (size_t i = 0; i < TIMES; i++)
            if (m->at[ref][i])
                m->at[ref][i] = LATE_SEALING + 1;
}

/* Answers the sum of the references that have nothing left. */
static uint64_t model_end(struct model *m)
{
    uint64_t sum = 0;

    for (uint32_t ref = 1; ref <= SERIES; ref++) {
        bool had = false, has = false;

        for (size_t i = 0; i < TIMES; i++) {
            had |= m->at[ref][i] == LATE_SEALING + 1;
            has |= m->at[ref][i] == LATE_FRESH + 1;
            if (m->at[ref][i] == LATE_SEALING + 1)
                m->at[ref][i] = 0;
        }
        sum += had && !has ? ref : 0;
    }
    return sum;
}

static void step(struct late *l, struct model *m, struct rng *rng)
{
    uint64_t dice = rng_below(rng, 1000);
    uint32_t ref = 1 + (uint32_t)rng_below(rng, rng_below(rng, 2) ? SERIES : 10);
    size_t at = (size_t)rng_below(rng, TIMES);
    uint64_t left = 0;

    if (dice == 0) {
        late_seal_begin(l);
        model_begin(m);
    } else if (dice == 1) {
        late_seal_end(l, on_left, &left);
        assert_int_equal(left, model_end(m));
    } else if (dice < 900) {
        assert_int_equal(insert(l, ref, (int64_t)at), !m->at[ref][at]);
        if (!m->at[ref][at])
            m->at[ref][at] = LATE_FRESH + 1;
    } else {
        assert_as_model(l, m, ref);
    }
}

static void test_late__behaves_as_plain_sets(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        static struct model m;
        struct rng rng = rng_seeded(seed);
        struct late l;

        memset(&m, 0, sizeof m);
        assert_int_equal(late_init(&l), ERR_OK);
        for (int i = 0; i < STEPS; i++)
            step(&l, &m, &rng);
        for (uint32_t ref = 1; ref <= SERIES; ref++)
            assert_as_model(&l, &m, ref);
        late_release(&l);
    }
}

static void test_late__begins_only_with_memory(void **state)
{
    struct late l;

    (void)state;
    mem_fail_nth(1);
    assert_int_equal(late_init(&l), ERR_NOMEM);
    mem_fail_nth(0);
}

static void test_late__stays_as_it_was_when_memory_ends(void **state)
{
    enum err err = ERR_NOMEM;

    (void)state;
    for (long n = 1; err; n++) {
        struct late l;

        assert_int_equal(late_init(&l), ERR_OK);
        for (uint32_t ref = 1; ref <= 40; ref++)
            insert(&l, ref, ref);
        mem_fail_nth(n);
        err = late_reserve(&l, 5000, 3000);
        assert_int_equal(err, mem_fault_happened() ? ERR_NOMEM : ERR_OK);
        mem_fail_nth(0);
        for (uint32_t ref = 1; ref <= 40; ref++)
            assert_reads(&l, ref, (const int64_t[]){ ref }, 1);
        late_release(&l);
        assert_true(err || n > 5); /* four pages and a table */
    }
}

static void test_late__reads_nothing_when_memory_ends(void **state)
{
    struct sample_list list = { 0 };
    struct late l;

    (void)state;
    assert_int_equal(late_init(&l), ERR_OK);
    for (int64_t ts_ms = 0; ts_ms < 1000; ts_ms++)
        insert(&l, 1, ts_ms);
    late_seal_begin(&l);
    mem_fail_nth(2);
    assert_int_equal(late_read(&l, 1, 0, 999, SIZE_MAX, &list), ERR_NOMEM);
    assert_int_equal(list.count, 0);
    mem_fail_nth(1);
    assert_int_equal(late_collect(&l, 1, &list), ERR_NOMEM);
    assert_int_equal(list.count, 0);
    mem_fail_nth(0);
    mem_free(list.items);
    late_release(&l);
}

static void test_late__refuses_more_than_it_can_number(void **state)
{
    struct late l;

    (void)state;
    assert_int_equal(late_init(&l), ERR_OK);
    assert_int_equal(late_reserve(&l, (uint64_t)SAMPLE_TREES_MAX + 1, 1), ERR_LIMIT);
    assert_int_equal(late_reserve(&l, 0, 0), ERR_OK);
    late_release(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_late__reads_a_series_in_order_of_time),
        cmocka_unit_test(test_late__refuses_a_time_that_is_here),
        cmocka_unit_test(test_late__reads_no_more_than_it_may),
        cmocka_unit_test(test_late__seals_what_had_come_when_the_seal_began),
        cmocka_unit_test(test_late__adds_to_what_a_failed_seal_took),
        cmocka_unit_test(test_late__takes_a_long_backfill_in_any_order),
        cmocka_unit_test(test_late__behaves_as_plain_sets),
        cmocka_unit_test(test_late__begins_only_with_memory),
        cmocka_unit_test(test_late__reads_nothing_when_memory_ends),
        cmocka_unit_test(test_late__stays_as_it_was_when_memory_ends),
        cmocka_unit_test(test_late__refuses_more_than_it_can_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
