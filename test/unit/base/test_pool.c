#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pool.h"
#include "base/rng.h"

enum { BLOCKS = 3000, STEPS = 60000 };

struct held {
    uint32_t block;
    uint32_t size_bytes;
    uint8_t fill;
};

static uint32_t random_size(struct rng *rng)
{
    uint64_t dice = rng_below(rng, 100);

    if (dice < 80)
        return 1 + (uint32_t)rng_below(rng, 100);
    return 1 + (uint32_t)rng_below(rng, dice < 98 ? 2100 : 40000);
}

static void fill(const struct pool *p, const struct held *h)
{
    memset(pool_at(p, h->block), h->fill, h->size_bytes);
}

static void check(const struct pool *p, const struct held *h, size_t size_bytes)
{
    const uint8_t *bytes = pool_at(p, h->block);

    assert_int_equal((uintptr_t)bytes % POOL_GRAIN_BYTES, 0);
    for (size_t i = 0; i < size_bytes; i++)
        assert_int_equal(bytes[i], h->fill);
}

static void step(struct pool *p, struct rng *rng, struct held *h)
{
    uint32_t size_bytes = random_size(rng);

    if (!h->block) {
        h->block = pool_take(p, size_bytes);
        h->size_bytes = size_bytes;
    } else if (rng_below(rng, 3)) {
        check(p, h, h->size_bytes);
        pool_give(p, h->block, h->size_bytes);
        h->block = 0;
        return;
    } else {
        size_t kept = size_bytes < h->size_bytes ? size_bytes : h->size_bytes;

        h->block = pool_resize(p, h->block, h->size_bytes, size_bytes);
        assert_int_not_equal(h->block, 0);
        check(p, h, kept);
        h->size_bytes = size_bytes;
    }
    assert_int_not_equal(h->block, 0);
    h->fill = (uint8_t)rng_below(rng, 256);
    fill(p, h);
}

static void check_sums(const struct pool *p, const struct held *held)
{
    size_t used_bytes = 0;

    for (size_t i = 0; i < BLOCKS; i++)
        used_bytes += held[i].block ? pool_round_bytes(held[i].size_bytes) : 0;
    assert_int_equal(p->used_bytes, used_bytes);
    assert_true(p->taken_bytes >= used_bytes);
}

static void test_pool__keeps_every_block_apart(void **state)
{
    struct held *held = calloc(BLOCKS, sizeof *held);
    struct rng rng = rng_seeded(20);
    struct pool p;

    (void)state;
    assert_int_equal(pool_init(&p), ERR_OK);
    for (int i = 0; i < STEPS; i++) {
        step(&p, &rng, &held[rng_below(&rng, BLOCKS)]);
        if (i % 1000 == 0)
            check_sums(&p, held);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        if (!held[i].block)
            continue;
        check(&p, &held[i], held[i].size_bytes);
        pool_give(&p, held[i].block, held[i].size_bytes);
    }
    assert_int_equal(p.used_bytes, 0);
    assert_int_equal(p.taken_bytes, 0); /* empty pages went back */
    pool_release(&p);
    free(held);
}

static void test_pool__rounds_up_by_little(void **state)
{
    (void)state;
    for (size_t size_bytes = 1; size_bytes < 5000; size_bytes++) {
        size_t rounded = pool_round_bytes(size_bytes);

        assert_true(rounded >= size_bytes);
        assert_true(rounded <= size_bytes + size_bytes / 4 + POOL_GRAIN_BYTES);
        assert_int_equal(pool_round_bytes(rounded), rounded);
    }
}

static void test_pool__fills_its_pages(void **state)
{
    enum { COUNT = 100000, SIZE = 24 };
    struct pool p;

    (void)state;
    assert_int_equal(pool_init(&p), ERR_OK);
    for (int i = 0; i < COUNT; i++)
        assert_int_not_equal(pool_take(&p, SIZE), 0);
    assert_int_equal(p.used_bytes, (size_t)COUNT * SIZE);
    assert_true(p.taken_bytes <= p.used_bytes + p.used_bytes / 100 + POOL_PAGE_BYTES);
    pool_release(&p);
}

static void test_pool__survives_every_failed_allocation(void **state)
{
    long n = 0;

    (void)state;
    do {
        struct held held[40] = { 0 };
        struct pool p;

        mem_fail_nth(++n);
        if (pool_init(&p) != ERR_OK)
            continue;
        for (size_t i = 0; i < 40; i++) {
            uint32_t block, size_bytes = (uint32_t)(i * i * 7 + 1);

            held[i].block = pool_take(&p, size_bytes);
            held[i].fill = (uint8_t)i;
            held[i].size_bytes = size_bytes;
            if (!held[i].block)
                continue;
            fill(&p, &held[i]);
            block = pool_resize(&p, held[i].block, size_bytes, size_bytes * 3);
            check(&p, &(struct held){ block ? block : held[i].block, size_bytes, (uint8_t)i },
                  size_bytes);
            pool_give(&p, block ? block : held[i].block, block ? size_bytes * 3 : size_bytes);
        }
        assert_int_equal(p.used_bytes, 0);
        assert_int_equal(p.taken_bytes, 0);
        pool_release(&p);
    } while (mem_fault_happened());
    assert_true(n > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool__keeps_every_block_apart),
        cmocka_unit_test(test_pool__rounds_up_by_little),
        cmocka_unit_test(test_pool__fills_its_pages),
        cmocka_unit_test(test_pool__survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
