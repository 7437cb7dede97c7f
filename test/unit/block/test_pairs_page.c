#include "block_fixture.h"

#include "block/pair_set.h"
#include "block/pairs_page.h"

enum { SERIES = 100000, POSTINGS_BYTES = 1 << 20, MANY = 3000 };

static const struct layout layout = { .series_count = SERIES, .postings_bytes = POSTINGS_BYTES };

struct one {
    struct label pair;
    struct posting posting;
};

static size_t make_page(struct rng *rng, struct arena *arena, struct one *all, struct buf *out)
{
    struct pairs_state state;
    uint64_t at = rng_below(rng, 1000);

    pairs_page_begin(&state, at, out);
    for (unsigned i = 0; i < BLOCK_PAIRS_PER_PAGE; i++) {
        struct one *one = &all[i];

        one->pair.name = str_of(arena_printf(arena, "name%u", i / 50));
        one->pair.value = str_of(arena_printf(arena, "%sv%05u", i % 50 < 20 ? "" : "w", i));
        one->posting = (struct posting){ .single = rng_below(rng, 2) };
        if (one->posting.single)
            one->posting.series = (uint32_t)rng_below(rng, SERIES);
        else
            one->posting.len = 1 + rng_below(rng, 500);
        pairs_page_put(&state, one->pair, &one->posting, out);
        one->posting.at = at;
        at += one->posting.len;
    }
    assert_int_equal(buf_error(out), ERR_OK);
    return BLOCK_PAIRS_PER_PAGE;
}

static void test_pairs_page__comes_back(void **state)
{
    static struct one all[BLOCK_PAIRS_PER_PAGE];
    struct arena arena = arena_limited(SIZE_MAX);
    struct rng rng = seed_rng("pairs_page");
    struct buf raw = buf_limited(SIZE_MAX);
    struct pairs_page p;
    size_t count = make_page(&rng, &arena, all, &raw);

    (void)state;
    assert_int_equal(pairs_page_init(&p), ERR_OK);
    assert_int_equal(pairs_page_read(&p, buf_str(&raw), count, &layout), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        const struct posting *read = &p.entries[i].posting, *made = &all[i].posting;

        assert_int_equal(pairs_compare(pairs_page_entry(&p, i), all[i].pair), 0);
        assert_true(read->single == made->single && read->series == made->series &&
                    read->at == made->at && read->len == made->len);
    }
    pairs_page_release(&p);
    buf_release(&raw);
    arena_release(&arena);
}

static void test_pairs_page__refuses_what_is_no_page(void **state)
{
    static struct one all[BLOCK_PAIRS_PER_PAGE];
    struct arena arena = arena_limited(SIZE_MAX);
    struct rng rng = seed_rng("pairs_page");
    struct buf raw = buf_limited(SIZE_MAX);
    struct pairs_page p;
    size_t count = make_page(&rng, &arena, all, &raw);

    (void)state;
    assert_int_equal(pairs_page_init(&p), ERR_OK);
    for (size_t len = 0; len < raw.len; len++)
        assert_int_equal(pairs_page_read(&p, (struct str){ raw.data, len }, count, &layout),
                         ERR_CORRUPT);
    assert_int_equal(pairs_page_read(&p, buf_str(&raw), count - 1, &layout), ERR_CORRUPT);
    for (int round = 0; round < 20000; round++) {
        size_t at = (size_t)rng_below(&rng, raw.len);
        char kept = raw.data[at];

        raw.data[at] = (char)rng_below(&rng, 256);
        if (pairs_page_read(&p, buf_str(&raw), count, &layout) == ERR_OK)
            for (size_t i = 0; i < count; i++) {
                const struct posting *read = &p.entries[i].posting;

                assert_true(read->series < SERIES && read->at + read->len <= POSTINGS_BYTES);
                assert_true(
                    !i || pairs_compare(pairs_page_entry(&p, i - 1), pairs_page_entry(&p, i)) < 0);
            }
        raw.data[at] = kept;
    }
    pairs_page_release(&p);
    buf_release(&raw);
    arena_release(&arena);
}

static void test_pairs_page__set_numbers_and_sorts_pairs(void **state)
{
    struct arena arena = arena_limited(SIZE_MAX);
    struct rng rng = seed_rng("pair_set");
    struct pair_set set;
    uint32_t *order = NULL;
    uint32_t number = 0;

    (void)state;
    pair_set_init(&set);
    for (unsigned i = 0; i < MANY; i++) {
        unsigned dice = (unsigned)rng_below(&rng, 1000);
        struct label pair = { str_of(dice % 2 ? "odd" : "even"),
                              str_of(arena_printf(&arena, "%u", dice)) };
        size_t before = set.pairs.count;
        uint32_t again = 0;

        assert_int_equal(pair_set_number(&set, pair, &number), ERR_OK);
        assert_true(number < set.pairs.count && set.pairs.count - before <= 1);
        assert_int_equal(pairs_compare(pair_set_label(&set, number), pair), 0);
        assert_int_equal(pair_set_number(&set, pair, &again), ERR_OK);
        assert_int_equal(again, number);
    }
    assert_int_equal(pair_set_sort(&set, &order), ERR_OK);
    for (size_t i = 1; i < set.pairs.count; i++)
        assert_true(
            pairs_compare(pair_set_label(&set, order[i - 1]), pair_set_label(&set, order[i])) < 0);
    mem_free(order);
    pair_set_release(&set);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_page__comes_back),
        cmocka_unit_test(test_pairs_page__refuses_what_is_no_page),
        cmocka_unit_test(test_pairs_page__set_numbers_and_sorts_pairs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
