#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "head/postings.h"

enum { REFS = 5000, ROUNDS = 400 };

struct world {
    struct pool pool;
    struct postings postings;
    bool there[REFS];
    size_t count;
};

static void set_up(struct world *w)
{
    memset(w, 0, sizeof *w);
    assert_int_equal(pool_init(&w->pool), ERR_OK);
}

static void tear_down(struct world *w)
{
    postings_release(&w->postings, &w->pool);
    assert_int_equal(w->pool.used_bytes, 0);
    pool_release(&w->pool);
}

static void add(struct world *w, uint32_t ref)
{
    if (w->there[ref])
        return;
    assert_true(postings_reserve(&w->postings, &w->pool));
    postings_add(&w->postings, &w->pool, ref);
    w->there[ref] = true;
    w->count++;
}

static void check(struct world *w)
{
    const uint32_t *refs;
    size_t at = 0;

    assert_true(postings_sort(&w->postings, &w->pool));
    refs = postings_refs(&w->postings, &w->pool);
    assert_int_equal(w->postings.count, w->count);
    for (uint32_t ref = 0; ref < REFS; ref++)
        if (w->there[ref])
            assert_int_equal(refs[at++], ref);
    assert_int_equal(at, w->count);
}

static void remove_some(struct world *w, struct rng *rng, uint64_t share)
{
    static uint64_t words[REFS / 64 + 1];
    struct ref_set gone = { .words = words, .first = UINT32_MAX };

    memset(words, 0, sizeof words);
    for (uint32_t ref = 0; ref < REFS; ref++) {
        if (!w->there[ref] || rng_below(rng, share))
            continue;
        if (gone.first == UINT32_MAX)
            gone.first = ref;
        gone.last = ref;
        words[ref_set_word(&gone, ref)] |= UINT64_C(1) << ref % 64;
        w->there[ref] = false;
        w->count--;
    }
    if (gone.first != UINT32_MAX)
        postings_remove(&w->postings, &w->pool, &gone);
}

static void test_postings__agree_with_a_list(void **state)
{
    static struct world w;
    struct rng rng = rng_seeded(5);

    (void)state;
    set_up(&w);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t base = (uint32_t)rng_below(&rng, REFS);
        uint64_t adds = rng_below(&rng, round % 50 ? 30 : 1000);

        for (uint64_t i = 0; i < adds; i++) /* a run of rising ones, or anything */
            add(&w,
                rng_below(&rng, 2) ? (base + (uint32_t)i) % REFS : (uint32_t)rng_below(&rng, REFS));
        if (rng_below(&rng, 2))
            check(&w);
        if (rng_below(&rng, 4) == 0)
            remove_some(&w, &rng, 1 + rng_below(&rng, 4));
        if (rng_below(&rng, 2))
            check(&w);
    }
    check(&w);
    tear_down(&w);
}

static void test_postings__give_room_back(void **state)
{
    static struct world w;
    struct rng rng = rng_seeded(6);

    (void)state;
    set_up(&w);
    for (uint32_t ref = 0; ref < POSTINGS_INSIDE_COUNT; ref++)
        add(&w, ref);
    assert_int_equal(w.pool.used_bytes, 0); /* inside */
    for (uint32_t ref = 0; ref < REFS; ref++)
        add(&w, ref);
    assert_true(w.pool.used_bytes < REFS * sizeof(uint32_t) * 5 / 4 + 64);
    while (w.count > POSTINGS_INSIDE_COUNT)
        remove_some(&w, &rng, 3);
    check(&w);
    assert_int_equal(w.pool.used_bytes, 0);
    tear_down(&w);
}

static void test_postings__survive_every_failed_allocation(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 2; happened; n++) {
        static struct world w;
        struct rng rng = rng_seeded(8);

        set_up(&w);
        mem_fail_nth(n - 1);
        for (uint32_t i = 0; i < 3000; i++) {
            uint32_t ref = i * 1999 % REFS;

            if (!postings_reserve(&w.postings, &w.pool))
                continue;
            postings_add(&w.postings, &w.pool, ref);
            w.there[ref] = true;
            w.count++;
            if (i == 1000 && !postings_sort(&w.postings, &w.pool))
                assert_true(mem_fault_happened());
        }
        remove_some(&w, &rng, 2);
        remove_some(&w, &rng, 2);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        check(&w);
        tear_down(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_postings__agree_with_a_list),
        cmocka_unit_test(test_postings__give_room_back),
        cmocka_unit_test(test_postings__survive_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
