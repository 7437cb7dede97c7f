#include "head_fixture.h"

#include <math.h>

enum { CHUNK_FILL = 2000 }; /* samples that take some chunks for sure */

static void assert_reads(struct head_fixture *f, uint32_t ref, const int64_t *times, size_t count)
{
    struct sample_list list = { 0 };

    assert_int_equal(head_read(&f->head, ref, INT64_MIN, INT64_MAX, SIZE_MAX, &list), ERR_OK);
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(list.items[i].ts_ms, times[i]);
    mem_free(list.items);
}

static void assert_collects(struct head_fixture *f, uint32_t ref, const int64_t *times,
                            size_t count, int64_t mark_ms)
{
    struct sample_list list = { 0 };
    int64_t ret_mark_ms = 0;

    assert_int_equal(head_collect(&f->head, ref, &list, &ret_mark_ms), ERR_OK);
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(list.items[i].ts_ms, times[i]);
    assert_int_equal(ret_mark_ms, mark_ms);
    mem_free(list.items);
}

/* In steps of a second from first_ms on. */
static void fill(struct head_fixture *f, uint32_t ref, int64_t first_ms, int count)
{
    for (int i = 0; i < count; i++)
        assert_true(head_fixture_put(f, ref, first_ms + i * 1000, i * 0.1));
}

static void test_head__keeps_late_samples_among_the_others(void **state)
{
    struct head_fixture f;
    struct sample_list list = { 0 };

    (void)state;
    head_fixture_open(&f, 2);
    assert_true(head_fixture_put(&f, 1, 100, 1));
    assert_true(head_fixture_put(&f, 1, 300, 3));
    assert_true(head_fixture_put(&f, 1, 200, 2));
    assert_true(head_fixture_put(&f, 1, 50, 0.5));
    assert_true(head_fixture_put(&f, 1, 400, 4));
    assert_reads(&f, 1, (const int64_t[]){ 50, 100, 200, 300, 400 }, 5);
    assert_reads(&f, 2, NULL, 0);
    assert_reads(&f, 3, NULL, 0);
    assert_reads(&f, 0, NULL, 0);
    assert_int_equal(head_read(&f.head, 1, 100, 200, 2, &list), ERR_OK);
    assert_int_equal(list.count, 2);
    assert_true(list.items[0].value == 1 && list.items[1].value == 2);
    assert_int_equal(head_read(&f.head, 1, 200, 400, 3, &list), ERR_OK); /* appends to the list */
    assert_int_equal(list.count, 5);
    assert_true(list.items[2].value == 2 && list.items[4].value == 4);
    assert_int_equal(f.head.appended_count, 5);
    assert_int_equal(f.head.late_count, 2);
    assert_int_equal(f.head.min_ts_ms, 50);
    assert_int_equal(f.head.max_ts_ms, 400);
    mem_free(list.items);
    head_fixture_close(&f);
}

static void test_head__keeps_the_first_value_of_a_time(void **state)
{
    struct head_fixture f;
    struct sample_list list = { 0 };

    (void)state;
    head_fixture_open(&f, 1);
    assert_true(head_fixture_put(&f, 1, 100, 1));
    assert_false(head_fixture_put(&f, 1, 100, 9));
    assert_true(head_fixture_put(&f, 1, 300, 3));
    assert_false(head_fixture_put(&f, 1, 100, 9));
    assert_true(head_fixture_put(&f, 1, 200, 2));
    assert_false(head_fixture_put(&f, 1, 200, 9));
    head_seal_begin(&f.head);
    assert_false(head_fixture_put(&f, 1, 200, 9));
    assert_int_equal(head_read(&f.head, 1, 0, 1000, SIZE_MAX, &list), ERR_OK);
    assert_int_equal(list.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(list.items[i].value == (double)i + 1);
    assert_int_equal(f.head.duplicate_count, 4);
    assert_int_equal(f.head.unsealed_count, 3);
    mem_free(list.items);
    head_fixture_close(&f);
}

static void test_head__finds_duplicates_anywhere_in_a_long_chain(void **state)
{
    struct head_fixture f;

    (void)state;
    head_fixture_open(&f, 1);
    fill(&f, 1, 0, CHUNK_FILL);
    for (int64_t i = 0; i < CHUNK_FILL; i++) {
        assert_false(head_fixture_put(&f, 1, i * 1000, 9));
        assert_true(head_fixture_put(&f, 1, i * 1000 - 1, 9));
    }
    assert_int_equal(f.head.late_count, CHUNK_FILL);
    head_fixture_close(&f);
}

static size_t other_values(struct head_fixture *f, int64_t ts_ms, double value)
{
    struct series_sample item = { 1, ts_ms, value };
    struct head_need needed = { 0 };
    struct samples_left_out left_out = { 0 };

    head_prepare(&f->head, &item, 1, &needed);
    assert_int_equal(head_reserve(&f->head, &needed), ERR_OK);
    assert_int_equal(head_append(&f->head, &item, 1, 1, &left_out), 0);
    if (left_out.by[SAMPLE_OTHER_VALUE].count)
        assert_memory_equal(&left_out.by[SAMPLE_OTHER_VALUE].first.ts_ms, &ts_ms, sizeof ts_ms);
    return left_out.by[SAMPLE_OTHER_VALUE].count;
}

/* In the chain, its last sample, late ones, and late ones that a seal has taken. */
static void test_head__tells_a_repeated_sample_from_another_value(void **state)
{
    double stale = sample_from_bits(SAMPLE_STALE_BITS), value;
    struct head_fixture f;

    (void)state;
    head_fixture_open(&f, 1);
    assert_false(head_find(&f.head, 1, 1000, &value));
    assert_true(head_fixture_put(&f, 1, 1000, 1));
    assert_true(head_fixture_put(&f, 1, 2000, stale));
    assert_true(head_fixture_put(&f, 1, 1500, 3));
    assert_int_equal(other_values(&f, 1000, 1), 0);
    assert_int_equal(other_values(&f, 1000, 2), 1);
    assert_int_equal(other_values(&f, 2000, stale), 0);
    assert_int_equal(other_values(&f, 2000, NAN), 1); /* bits, not values */
    assert_int_equal(other_values(&f, 1500, 3), 0);
    assert_int_equal(other_values(&f, 1500, 4), 1);
    head_seal_begin(&f.head);
    assert_int_equal(other_values(&f, 1500, 3), 0);
    assert_int_equal(other_values(&f, 1500, 7), 1);
    assert_int_equal(f.head.duplicate_count, 8);
    head_fixture_close(&f);
}

/* A clock that stepped back: behind the seal the last sample is a late one. */
static void test_head__knows_the_value_of_a_late_sample_that_became_the_last(void **state)
{
    struct head_fixture f;

    (void)state;
    head_fixture_open(&f, 1);
    assert_true(head_fixture_put(&f, 1, 9000, 1));
    head_fixture_seal(&f, NULL, true);
    assert_true(head_fixture_put(&f, 1, 2000, 2));
    head_fixture_seal(&f, NULL, true);
    assert_true(head_is_sealed(&f.head, 1));
    assert_int_equal(other_values(&f, 2000, 2), 0);
    assert_int_equal(other_values(&f, 2000, 1), 1);
    assert_true(head_fixture_put(&f, 1, 3000, 3));
    head_fixture_close(&f);
}

/* Nothing but a sample of its own commit makes it late: room was reserved all the same. */
static void test_head__reserves_for_what_becomes_late_within_a_commit(void **state)
{
    enum { COUNT = 3000 };
    static struct series_sample items[COUNT];
    struct head_need needed = { 0 };
    struct samples_left_out left_out = { 0 };
    struct head_fixture f;

    (void)state;
    head_fixture_open(&f, 3);
    for (int i = 0; i < COUNT; i++)
        items[i] = (struct series_sample){ 1 + (uint32_t)i % 3, (int64_t)(COUNT - i) * 1000, i };
    head_prepare(&f.head, items, COUNT, &needed);
    assert_int_equal(needed.late, COUNT - 3);
    assert_int_equal(needed.late_series, 3);
    head_cancel(&f.head, items, COUNT);
    needed = (struct head_need){ 0 };
    head_prepare(&f.head, items, COUNT / 2, &needed);
    head_prepare(&f.head, items + COUNT / 2, COUNT / 2, &needed);
    assert_int_equal(needed.late, COUNT - 3);
    assert_int_equal(head_reserve(&f.head, &needed), ERR_OK);
    mem_fail_nth(1);
    assert_int_equal(head_append(&f.head, items, COUNT, 7, &left_out), COUNT);
    assert_false(mem_fault_happened());
    mem_fail_nth(0);
    assert_int_equal(f.head.late_count, COUNT - 3);
    assert_int_equal(series_find(&f.table, 2)->epoch, 7);
    needed = (struct head_need){ 0 };
    head_prepare(&f.head, items + COUNT - 1, 1, &needed); /* its slot is there */
    assert_int_equal(needed.late, 1);
    assert_int_equal(needed.late_series, 0);
    assert_int_equal(needed.chunks, 0);
    head_fixture_close(&f);
}

static void test_head__needs_nothing_for_late_samples_when_all_are_in_order(void **state)
{
    struct head_fixture f;
    struct head_need needed = { 0 };
    struct series_sample items[] = { { 1, 10, 0 }, { 2, 5, 0 }, { 3, 0, 0 } };

    (void)state;
    head_fixture_open(&f, 3);
    head_fixture_put(&f, 1, 9, 0);
    head_fixture_put(&f, 2, -9, 0);
    head_prepare(&f.head, items, ARRAY_LEN(items), &needed);
    assert_int_equal(needed.late, 0);
    assert_int_equal(needed.late_series, 0);
    assert_int_equal(needed.chunks, 1);
    head_cancel(&f.head, items, ARRAY_LEN(items));
    head_fixture_close(&f);
}

static void test_head__tells_how_late_a_sample_is(void **state)
{
    struct head_fixture f;

    (void)state;
    head_fixture_open(&f, 1);
    assert_false(head_is_late_by(&f.head, 1, INT64_MIN, 0));
    head_fixture_put(&f, 1, 1000, 0);
    assert_false(head_is_late_by(&f.head, 1, 1000, 0));
    assert_false(head_is_late_by(&f.head, 1, 900, 100));
    assert_true(head_is_late_by(&f.head, 1, 899, 100));
    assert_true(head_is_late_by(&f.head, 1, INT64_MIN, 100));
    assert_false(head_is_late_by(&f.head, 1, INT64_MAX, 0));
    head_fixture_close(&f);
}

static void test_head__reads_no_more_than_it_may(void **state)
{
    struct head_fixture f;
    struct sample_list list = { 0 };

    (void)state;
    head_fixture_open(&f, 1);
    fill(&f, 1, 10000, 5);
    head_fixture_put(&f, 1, 9000, 0);
    head_fixture_put(&f, 1, 12500, 0);
    assert_int_equal(head_read(&f.head, 1, 0, 99999, 7, &list), ERR_OK);
    assert_int_equal(list.count, 7);
    for (size_t max = 0; max < 7; max++) {
        assert_int_equal(head_read(&f.head, 1, 0, 99999, max, &list), ERR_LIMIT);
        assert_int_equal(list.count, 7);
    }
    assert_int_equal(head_read(&f.head, 1, 12500, 12500, 1, &list), ERR_OK);
    mem_free(list.items);
    head_fixture_close(&f);
}

static void test_head__gives_a_seal_what_is_in_no_block(void **state)
{
    struct head_fixture f;
    int64_t marks_ms[] = { 0, 300 };

    (void)state;
    head_fixture_open(&f, 1);
    head_fixture_put(&f, 1, 100, 0);
    head_fixture_put(&f, 1, 300, 0);
    head_fixture_put(&f, 1, 200, 0);
    assert_false(head_is_sealed(&f.head, 1));
    head_seal_begin(&f.head);
    assert_collects(&f, 1, (const int64_t[]){ 100, 200, 300 }, 3, 300);
    head_fixture_put(&f, 1, 250, 0);
    head_fixture_put(&f, 1, 400, 0);
    assert_true(head_settle(&f.head, marks_ms, 1, 1));
    head_seal_end(&f.head, true);
    assert_false(head_is_sealed(&f.head, 1));
    assert_int_equal(f.head.unsealed_count, 2);
    assert_reads(&f, 1, (const int64_t[]){ 100, 250, 300, 400 }, 4); /* 200 has left */
    head_seal_begin(&f.head);
    assert_collects(&f, 1, (const int64_t[]){ 250, 400 }, 2, 400);
    assert_true(head_settle(&f.head, (const int64_t[]){ 0, 400 }, 1, 1));
    head_seal_end(&f.head, true);
    assert_true(head_is_sealed(&f.head, 1));
    head_seal_begin(&f.head);
    assert_collects(&f, 1, NULL, 0, INT64_MIN);
    head_seal_end(&f.head, false);
    head_fixture_close(&f);
}

static void test_head__gives_the_next_seal_what_a_failed_one_took(void **state)
{
    struct head_fixture f;

    (void)state;
    head_fixture_open(&f, 1);
    head_fixture_put(&f, 1, 100, 0);
    head_fixture_put(&f, 1, 50, 0);
    head_fixture_seal(&f, NULL, false);
    head_fixture_put(&f, 1, 60, 0);
    assert_false(head_fixture_put(&f, 1, 50, 9));
    head_seal_begin(&f.head);
    assert_collects(&f, 1, (const int64_t[]){ 50, 60, 100 }, 3, 100);
    head_seal_end(&f.head, false);
    assert_int_equal(f.head.unsealed_count, 3);
    assert_reads(&f, 1, (const int64_t[]){ 50, 60, 100 }, 3);
    head_fixture_close(&f);
}

/* A sample comes when the seal has found nothing in the chain, and before it settles. */
static void test_head__keeps_its_mark_when_a_seal_found_nothing(void **state)
{
    struct head_fixture f;

    (void)state;
    head_fixture_open(&f, 1);
    fill(&f, 1, 0, 3);
    head_fixture_seal(&f, NULL, true);
    head_seal_begin(&f.head);
    assert_collects(&f, 1, NULL, 0, INT64_MIN);
    assert_true(head_fixture_put(&f, 1, 3000, 0));
    assert_true(head_settle(&f.head, (const int64_t[]){ 0, INT64_MIN }, 1, 1));
    head_seal_end(&f.head, true);
    head_seal_begin(&f.head);
    assert_collects(&f, 1, (const int64_t[]){ 3000 }, 1, 3000);
    head_seal_end(&f.head, false);
    head_fixture_close(&f);
}

/* The chunks of the last seal stay for readers until the next one. */
static void test_head__lets_go_of_what_the_seal_before_sealed(void **state)
{
    struct head_fixture f;
    uint64_t used;

    (void)state;
    head_fixture_open(&f, 1);
    fill(&f, 1, 0, CHUNK_FILL);
    used = slab_used_count(&f.head.slab);
    head_fixture_seal(&f, NULL, true);
    assert_int_equal(slab_used_count(&f.head.slab), used);
    fill(&f, 1, CHUNK_FILL * 1000, 10);
    head_fixture_seal(&f, NULL, true);
    assert_true(slab_used_count(&f.head.slab) <= 2);
    head_fixture_seal(&f, NULL, true);
    assert_int_equal(slab_used_count(&f.head.slab), 0);
    assert_int_equal(f.head.min_ts_ms, INT64_MAX);
    assert_int_equal(f.head.max_ts_ms, (CHUNK_FILL + 9) * 1000);
    assert_false(head_fixture_put(&f, 1, (CHUNK_FILL + 9) * 1000, 9)); /* it remembers */
    assert_true(head_fixture_put(&f, 1, (CHUNK_FILL + 10) * 1000, 1));
    assert_int_equal(f.head.min_ts_ms, (CHUNK_FILL + 10) * 1000);
    assert_int_equal(f.head.late_count, 0);
    head_fixture_close(&f);
}

static void test_head__drops_sealed_chunks_when_asked(void **state)
{
    struct head_fixture f;

    (void)state;
    head_fixture_open(&f, 3);
    for (uint32_t ref = 1; ref <= 3; ref++)
        fill(&f, ref, 0, CHUNK_FILL);
    assert_true(head_drop_sealed(&f.head, 10));
    assert_int_equal(f.head.min_ts_ms, 0);
    head_fixture_seal(&f, NULL, true);
    fill(&f, 2, CHUNK_FILL * 1000, CHUNK_FILL);
    assert_true(head_drop_sealed(&f.head, 2));
    assert_int_equal(f.head.min_ts_ms, 0); /* the third one is still there */
    assert_true(head_drop_sealed(&f.head, 2));
    assert_true(f.head.min_ts_ms > 0);
    assert_true(f.head.min_ts_ms <= CHUNK_FILL * 1000);
    assert_reads(&f, 1, NULL, 0);
    assert_reads(&f, 3, NULL, 0);
    assert_false(head_fixture_put(&f, 1, (CHUNK_FILL - 1) * 1000, 9));
    assert_true(head_fixture_put(&f, 1, 500, 9)); /* late still */
    assert_int_equal(f.head.late_count, 1);
    head_seal_begin(&f.head);
    assert_collects(&f, 1, (const int64_t[]){ 500 }, 1, INT64_MIN);
    head_seal_end(&f.head, false);
    head_fixture_close(&f);
}

static void test_head__begins_a_new_chain_behind_a_clock_that_stepped_back(void **state)
{
    enum { AHEAD_MS = 3600000 };
    struct head_fixture f;

    (void)state;
    head_fixture_open(&f, 1);
    fill(&f, 1, AHEAD_MS, 10);
    fill(&f, 1, 0, 10);
    assert_int_equal(f.head.late_count, 10);
    head_seal_begin(&f.head);
    fill(&f, 1, 10000, 5); /* while the seal runs */
    assert_true(head_settle(&f.head, (const int64_t[]){ 0, AHEAD_MS + 9000 }, 1, 1));
    head_seal_end(&f.head, true);
    assert_int_equal(f.head.late_count, 15);
    assert_false(head_fixture_put(&f, 1, 14000, 9));
    fill(&f, 1, 15000, 10);
    assert_int_equal(f.head.late_count, 15);
    assert_false(head_is_sealed(&f.head, 1));
    head_fixture_seal(&f, NULL, true);
    assert_true(head_is_sealed(&f.head, 1));
    head_seal_begin(&f.head);
    assert_collects(&f, 1, NULL, 0, INT64_MIN);
    head_seal_end(&f.head, true);
    assert_int_equal(f.head.unsealed_count, 0);
    head_fixture_close(&f);
}

static void test_head__takes_every_time_there_is(void **state)
{
    static const int64_t times[] = { INT64_MIN, -1, 0, 1, INT64_MAX };
    struct head_fixture f;

    (void)state;
    head_fixture_open(&f, 6);
    for (uint32_t ref = 1; ref <= 5; ref++) { /* each alone */
        assert_true(head_fixture_put(&f, ref, times[ref - 1], 0));
        assert_true(head_fixture_put(&f, 6, times[ref - 1], 0));
    }
    assert_reads(&f, 6, times, 5);
    for (int round = 0; round < 2; round++) {
        head_seal_begin(&f.head);
        for (uint32_t ref = 1; ref <= 5; ref++)
            assert_collects(&f, ref, &times[ref - 1], 1, times[ref - 1]);
        assert_collects(&f, 6, times, 5, INT64_MAX);
        head_seal_end(&f.head, false);
    }
    head_fixture_seal(&f, NULL, true);
    for (uint32_t ref = 2; ref <= 6; ref++)
        assert_true(head_is_sealed(&f.head, ref));
    assert_true(head_drop_sealed(&f.head, 6));
    assert_reads(&f, 1, times, 1); /* no mark says that the first time of all is sealed */
    head_fixture_close(&f);
}

static void test_head__drops_nothing_while_a_reader_is_inside(void **state)
{
    struct head_fixture f;

    (void)state;
    head_fixture_open(&f, 1);
    head_fixture_put(&f, 1, 100, 0);
    head_seal_begin(&f.head);
    pthread_rwlock_rdlock(&f.head.gate);
    assert_false(head_settle(&f.head, (const int64_t[]){ 0, 100 }, 1, 1));
    assert_false(head_drop_sealed(&f.head, 1));
    pthread_rwlock_unlock(&f.head.gate);
    assert_false(head_is_sealed(&f.head, 1));
    assert_true(head_settle(&f.head, (const int64_t[]){ 0, 100 }, 1, 1));
    head_seal_end(&f.head, true);
    assert_true(head_is_sealed(&f.head, 1));
    assert_true(head_drop_sealed(&f.head, 1));
    assert_reads(&f, 1, NULL, 0);
    head_fixture_close(&f);
}

static void test_head__settles_in_steps_and_knows_the_oldest_sample(void **state)
{
    int64_t marks_ms[11];
    struct head_fixture f;

    (void)state;
    head_fixture_open(&f, 10);
    for (uint32_t ref = 1; ref <= 10; ref++)
        head_fixture_put(&f, ref, ref * 100, 0);
    head_fixture_seal(&f, NULL, true); /* the chunks stay once more */
    for (uint32_t ref = 6; ref <= 10; ref++)
        head_fixture_put(&f, ref, 5000 + ref, 0);
    for (uint32_t ref = 1; ref <= 10; ref++)
        marks_ms[ref] = ref < 6 ? INT64_MIN : 5000 + ref;
    head_seal_begin(&f.head);
    head_fixture_add(&f, 1);
    head_fixture_put(&f, 11, 4000, 0);
    for (uint32_t ref = 1; ref <= 10; ref += 4)
        assert_true(head_settle(&f.head, marks_ms, ref, ref == 9 ? 2 : 4));
    assert_int_equal(f.head.min_ts_ms, 100);
    head_seal_end(&f.head, true);
    assert_int_equal(f.head.min_ts_ms, 600); /* in one chunk with a sample of this seal */
    assert_int_equal(f.head.unsealed_count, 1);
    head_fixture_seal(&f, NULL, true);
    assert_int_equal(f.head.min_ts_ms, 4000);
    head_fixture_close(&f);
}

static void test_head__counts_the_bytes_of_what_it_keeps(void **state)
{
    struct head_fixture f;

    (void)state;
    head_fixture_open(&f, 1);
    assert_int_equal(head_bytes(&f.head), 0);
    head_fixture_put(&f, 1, 100, 0);
    assert_int_equal(head_bytes(&f.head), sizeof(struct chunk));
    head_fixture_put(&f, 1, 50, 0);
    assert_true(head_late_bytes(&f.head) >= SAMPLE_TREE_NODE_BYTES);
    assert_int_equal(head_bytes(&f.head), sizeof(struct chunk) + head_late_bytes(&f.head));
    head_fixture_seal(&f, NULL, true);
    head_fixture_seal(&f, NULL, true);
    assert_int_equal(head_bytes(&f.head), 0);
    head_fixture_close(&f);
}

static void test_head__answers_when_memory_ends(void **state)
{
    enum { COUNT = 200000 };
    static struct series_sample items[COUNT];
    enum err err = ERR_NOMEM;

    (void)state;
    for (uint32_t i = 0; i < COUNT; i++) /* some chunks, and some pages of late samples */
        items[i] = (struct series_sample){ 1 + i % 3000, i % 7 == 0 ? 0 : i, i * 0.7 };
    for (long n = 1; err; n++) {
        struct head_need needed = { 0 };
        struct head_fixture f;

        head_fixture_open(&f, 3000);
        head_prepare(&f.head, items, COUNT, &needed);
        mem_fail_nth(n);
        err = head_reserve(&f.head, &needed);
        assert_int_equal(err, mem_fault_happened() ? ERR_NOMEM : ERR_OK);
        mem_fail_nth(0);
        if (err)
            head_cancel(&f.head, items, COUNT);
        assert_true(head_fixture_commit(&f, items, 1000) <= 1000);
        head_fixture_close(&f);
        n += n > 10 ? n / 2 : 0;
    }
}

static void test_head__begins_only_with_memory(void **state)
{
    struct series_table table;
    enum err err = ERR_NOMEM;

    (void)state;
    assert_int_equal(series_table_init(&table), ERR_OK);
    for (long n = 1; err; n++) {
        struct head h;

        mem_fail_nth(n);
        err = head_init(&h, &table);
        assert_int_equal(err, mem_fault_happened() ? ERR_NOMEM : ERR_OK);
        mem_fail_nth(0);
        head_release(&h); /* also when it never began */
    }
    series_table_release(&table);
}

static void test_head__reads_nothing_when_memory_ends(void **state)
{
    struct head_fixture f;

    (void)state;
    head_fixture_open(&f, 1);
    fill(&f, 1, 1000000, 1000);
    fill(&f, 1, 500, 1000);
    head_seal_begin(&f.head);
    for (int collecting = 0; collecting < 2; collecting++) {
        enum err err = ERR_NOMEM;

        for (long n = 1; err; n++) {
            struct sample_list list = { 0 };
            int64_t mark_ms;

            mem_fail_nth(n);
            err = collecting ? head_collect(&f.head, 1, &list, &mark_ms)
                             : head_read(&f.head, 1, 0, INT64_MAX, SIZE_MAX, &list);
            assert_int_equal(err, mem_fault_happened() ? ERR_NOMEM : ERR_OK);
            mem_fail_nth(0);
            assert_int_equal(list.count, err ? 0 : 2000);
            mem_free(list.items);
        }
    }
    head_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head__keeps_late_samples_among_the_others),
        cmocka_unit_test(test_head__keeps_the_first_value_of_a_time),
        cmocka_unit_test(test_head__finds_duplicates_anywhere_in_a_long_chain),
        cmocka_unit_test(test_head__tells_a_repeated_sample_from_another_value),
        cmocka_unit_test(test_head__knows_the_value_of_a_late_sample_that_became_the_last),
        cmocka_unit_test(test_head__reserves_for_what_becomes_late_within_a_commit),
        cmocka_unit_test(test_head__needs_nothing_for_late_samples_when_all_are_in_order),
        cmocka_unit_test(test_head__tells_how_late_a_sample_is),
        cmocka_unit_test(test_head__reads_no_more_than_it_may),
        cmocka_unit_test(test_head__gives_a_seal_what_is_in_no_block),
        cmocka_unit_test(test_head__gives_the_next_seal_what_a_failed_one_took),
        cmocka_unit_test(test_head__keeps_its_mark_when_a_seal_found_nothing),
        cmocka_unit_test(test_head__lets_go_of_what_the_seal_before_sealed),
        cmocka_unit_test(test_head__drops_sealed_chunks_when_asked),
        cmocka_unit_test(test_head__begins_a_new_chain_behind_a_clock_that_stepped_back),
        cmocka_unit_test(test_head__takes_every_time_there_is),
        cmocka_unit_test(test_head__drops_nothing_while_a_reader_is_inside),
        cmocka_unit_test(test_head__settles_in_steps_and_knows_the_oldest_sample),
        cmocka_unit_test(test_head__counts_the_bytes_of_what_it_keeps),
        cmocka_unit_test(test_head__answers_when_memory_ends),
        cmocka_unit_test(test_head__begins_only_with_memory),
        cmocka_unit_test(test_head__reads_nothing_when_memory_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
