#include "head_fixture.h"

#include "base/rng.h"
#include "base/thread.h"

/* An appender that also settles and drops, a seal beside it, and readers. Made for the thread
 * sanitizer. */

enum {
    SERIES = 40,
    ROUNDS = 1500,
    LATE_ROUNDS = 7, /* how far a late sample is behind */
    SEAL_ROUNDS = 60,
    READERS = 2,
    READS_MIN = 200,
};

struct shared {
    struct head_fixture f;
    int64_t marks_ms[SERIES + 1];
    struct sample_list lists[SERIES + 1]; /* of the seal under way */
    _Atomic bool collected;
    _Atomic bool done;
    _Atomic uint64_t reads_count;
    _Atomic uint64_t wrong_count;
};

/* In order: the thousands. Late: the half thousands of every other series. */
static double value_of(uint32_t ref, int64_t ts_ms)
{
    return (double)(ts_ms * 1000 + ref);
}

/* Values are right, times rise, and the thousands have no gap. */
static bool is_right(const struct sample_list *list, uint32_t ref)
{
    int64_t last_ms = -1;

    for (size_t i = 0; i < list->count; i++) {
        struct sample s = list->items[i];

        if (s.value != value_of(ref, s.ts_ms))
            return false;
        if (i && s.ts_ms <= list->items[i - 1].ts_ms)
            return false;
        if (s.ts_ms % 1000)
            continue;
        if (last_ms >= 0 && s.ts_ms != last_ms + 1000)
            return false;
        last_ms = s.ts_ms;
    }
    return true;
}

static void *read_on(void *arg)
{
    struct shared *shared = arg;
    struct sample_list list = { 0 };
    uint32_t ref = 0;

    while (!shared->done) {
        ref = ref % SERIES + 1;
        list.count = 0;
        if (head_read(&shared->f.head, ref, 0, INT64_MAX, SIZE_MAX, &list) || !is_right(&list, ref))
            shared->wrong_count++;
        shared->reads_count++;
    }
    mem_free(list.items);
    return NULL;
}

static void *collect(void *arg)
{
    struct shared *shared = arg;

    for (uint32_t ref = 1; ref <= SERIES; ref++) {
        shared->lists[ref].count = 0;
        if (head_collect(&shared->f.head, ref, &shared->lists[ref], &shared->marks_ms[ref]) ||
            !is_right(&shared->lists[ref], ref))
            shared->wrong_count++;
    }
    shared->collected = true;
    return NULL;
}

static void append_round(struct shared *shared, int64_t round)
{
    struct series_sample items[SERIES * 2];
    size_t count = 0;

    for (uint32_t ref = 1; ref <= SERIES; ref++) {
        int64_t late_ms = (round - LATE_ROUNDS) * 1000 + 500;

        items[count++] = (struct series_sample){ ref, round * 1000, value_of(ref, round * 1000) };
        if (ref % 2 && round >= LATE_ROUNDS)
            items[count++] = (struct series_sample){ ref, late_ms, value_of(ref, late_ms) };
    }
    assert_int_equal(head_fixture_commit(&shared->f, items, count), count);
}

/* Readers come and go: it succeeds soon. */
static void settle(struct shared *shared)
{
    for (uint32_t ref = 1; ref <= SERIES; ref += 10)
        while (!head_settle(&shared->f.head, shared->marks_ms, ref, 10))
            ;
}

static uint64_t take_lists(struct shared *shared)
{
    uint64_t count = 0;

    for (uint32_t ref = 1; ref <= SERIES; ref++)
        count += shared->lists[ref].count;
    return count;
}

/* Answers how many samples the seals took that succeeded. */
static uint64_t run(struct shared *shared)
{
    struct thread sealer = { 0 };
    uint64_t sealed_count = 0;
    int seals = 0;

    for (int64_t round = 0; round < ROUNDS || shared->reads_count < READS_MIN; round++) {
        append_round(shared, round);
        if (round % SEAL_ROUNDS == 0 && !sealer.running) {
            shared->collected = false;
            head_seal_begin(&shared->f.head);
            assert_int_equal(thread_start(&sealer, "seal", collect, shared), ERR_OK);
        }
        if (sealer.running && shared->collected) {
            bool done = ++seals % 3 != 0;

            thread_stop(&sealer);
            if (done) {
                settle(shared);
                sealed_count += take_lists(shared);
            }
            head_seal_end(&shared->f.head, done);
        }
        if (round % 10 == 0)
            (void)!head_drop_sealed(&shared->f.head, 15);
    }
    thread_stop(&sealer);
    head_seal_end(&shared->f.head, false);
    return sealed_count;
}

static void test_head_threads__read_and_seal_beside_the_appender(void **state)
{
    struct shared *shared = mem_alloc_zero(1, sizeof *shared);
    struct thread readers[READERS] = { 0 };
    uint64_t sealed_count;

    (void)state;
    assert_non_null(shared);
    head_fixture_open(&shared->f, SERIES);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(thread_start(&readers[i], "reader", read_on, shared), ERR_OK);
    sealed_count = run(shared);
    shared->done = true;
    for (int i = 0; i < READERS; i++)
        thread_stop(&readers[i]);
    assert_int_equal(shared->wrong_count, 0);
    assert_true(sealed_count > 0);
    head_seal_begin(&shared->f.head);
    collect(shared);
    assert_int_equal(sealed_count + take_lists(shared), shared->f.head.appended_count);
    settle(shared);
    head_seal_end(&shared->f.head, true);
    assert_int_equal(shared->wrong_count, 0);
    for (uint32_t ref = 1; ref <= SERIES; ref++) {
        assert_true(head_is_sealed(&shared->f.head, ref));
        mem_free(shared->lists[ref].items);
    }
    head_fixture_close(&shared->f);
    mem_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head_threads__read_and_seal_beside_the_appender),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
