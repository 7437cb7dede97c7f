#include "ingest/series_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"

enum { SERIES = 2000, ROUNDS = 60 };

/* A series' hash; some share their low bits, as in a crowded table. */
static uint64_t hash_of(uint32_t ref)
{
    return ref % 5 == 0 ? (uint64_t)ref << 32 : ref * UINT64_C(0x9e3779b97f4a7c15);
}

static void count_visit(void *ctx, uint32_t ref)
{
    bool *visited = ctx;

    assert_false(visited[ref]);
    visited[ref] = true;
}

static void pass(struct series_cache *c, const bool *sent)
{
    series_cache_begin(c);
    for (uint32_t ref = 1; ref < SERIES; ref++) {
        struct series_cache_entry *e;

        if (!sent[ref])
            continue;
        e = series_cache_find(c, hash_of(ref));
        if (!e)
            e = series_cache_add(c, hash_of(ref), ref);
        assert_non_null(e);
        assert_int_equal(e->ref, ref);
        assert_true(series_cache_mark(c, e, true));
        assert_false(series_cache_mark(c, e, true));
    }
}

/* Against a plain model: series come and go, passes are settled, dropped or fail. */
static void test_series_cache__agrees_with_a_model(void **state)
{
    struct rng rng = rng_seeded(7);
    struct series_cache c = { 0 };
    bool had[SERIES] = { false };

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        bool sent[SERIES] = { false }, missing[SERIES] = { false };
        uint64_t share = rng_below(&rng, 100);

        for (uint32_t ref = 1; ref < SERIES; ref++)
            sent[ref] = rng_below(&rng, 100) < share || (round % 3 && had[ref]);
        pass(&c, sent);
        series_cache_for_each_missing(&c, count_visit, missing);
        for (uint32_t ref = 1; ref < SERIES; ref++)
            assert_int_equal(missing[ref], had[ref] && !sent[ref]);
        switch (rng_below(&rng, 4)) {
        case 0:
            break; /* the batch was dropped */
        case 1:
            series_cache_settle_none(&c);
            series_cache_trim(&c);
            memset(had, 0, sizeof had);
            break;
        default:
            series_cache_settle(&c);
            memcpy(had, sent, sizeof had);
        }
    }
    series_cache_release(&c);
}

static void test_series_cache__finds_in_any_order(void **state)
{
    struct series_cache c = { 0 };
    bool all[SERIES];

    (void)state;
    memset(all, 1, sizeof all);
    pass(&c, all);
    series_cache_settle(&c);
    series_cache_begin(&c);
    for (uint32_t ref = SERIES - 1; ref > 0; ref--)
        assert_int_equal(series_cache_find(&c, hash_of(ref))->ref, ref);
    assert_null(series_cache_find(&c, 12345));
    series_cache_release(&c);
}

static void count_refs(void *ctx, uint32_t ref)
{
    assert_int_not_equal(ref, 0);
    ++*(int *)ctx;
}

static void test_series_cache__asks_again_after_renewing(void **state)
{
    bool sent[SERIES] = { false };
    struct series_cache c = { 0 };
    struct series_cache_entry *e;
    int missing = 0;

    (void)state;
    sent[1] = sent[2] = true;
    pass(&c, sent);
    series_cache_settle(&c);
    series_cache_renew(&c);
    series_cache_begin(&c);
    e = series_cache_find(&c, hash_of(1));
    assert_int_equal(e->ref, 1); /* still good for stale markers */
    assert_false(e->asked);
    series_cache_answer(e, 77);
    series_cache_mark(&c, e, true);
    series_cache_for_each_missing(&c, count_refs, &missing);
    assert_int_equal(missing, 1);
    series_cache_settle(&c);
    series_cache_begin(&c);
    e = series_cache_find(&c, hash_of(1));
    assert_true(e->asked);
    assert_int_equal(e->ref, 77);
    assert_null(series_cache_find(&c, hash_of(2)));
    series_cache_release(&c);
}

static void test_series_cache__marks_nothing_stale_after_expiring(void **state)
{
    bool sent[SERIES] = { false };
    struct series_cache c = { 0 };
    struct series_cache_entry *e;
    int visited = 0;

    (void)state;
    sent[1] = sent[2] = sent[3] = true;
    pass(&c, sent);
    series_cache_settle(&c);
    series_cache_expire(&c);
    series_cache_for_each_had(&c, count_refs, &visited);
    series_cache_begin(&c);
    e = series_cache_find(&c, hash_of(1));
    assert_int_equal(e->ref, 0);
    series_cache_answer(e, 5);
    series_cache_mark(&c, e, true);
    e = series_cache_find(&c, hash_of(2));
    series_cache_answer(e, 0); /* the store refused it */
    assert_false(e->asked);
    series_cache_for_each_missing(&c, count_refs, &visited);
    assert_int_equal(visited, 0);
    series_cache_settle(&c);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.had_count, 1);
    series_cache_release(&c);
}

static void test_series_cache__survives_every_failed_allocation(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct series_cache c = { 0 };

        mem_fail_nth(n);
        series_cache_begin(&c);
        for (uint32_t ref = 1; ref < 500; ref++)
            if (!series_cache_find(&c, hash_of(ref)) && !series_cache_add(&c, hash_of(ref), ref))
                assert_non_null(series_cache_add(&c, hash_of(ref), ref));
        happened = mem_fault_happened();
        mem_fail_nth(0);
        for (uint32_t ref = 1; ref < 500; ref++)
            assert_int_equal(series_cache_find(&c, hash_of(ref))->ref, ref);
        series_cache_release(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_series_cache__agrees_with_a_model),
        cmocka_unit_test(test_series_cache__finds_in_any_order),
        cmocka_unit_test(test_series_cache__asks_again_after_renewing),
        cmocka_unit_test(test_series_cache__marks_nothing_stale_after_expiring),
        cmocka_unit_test(test_series_cache__survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
