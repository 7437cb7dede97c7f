#include "block_fixture.h"

#include "block/series_page.h"

enum { ROUNDS = 60, PAIRS = 5000, PAGES = 90, COLUMNS = 700 };

struct one {
    struct series_pairs pairs;
    struct segment segments[5];
    size_t segment_count;
};

static void make_pairs(struct rng *rng, struct series_pairs *pairs)
{
    size_t count = 1 + (size_t)rng_below(rng, rng_below(rng, 20) ? 6 : LABELS_MAX);
    uint32_t pair = (uint32_t)rng_below(rng, 3);

    if (rng_below(rng, 2)) /* otherwise the pairs before, but for the last */
        pairs->count = 0;
    else if (pairs->count)
        pair = 1 + pairs->items[--pairs->count];
    for (; pairs->count < count && pair < PAIRS; pairs->count++) {
        pairs->items[pairs->count] = pair;
        pair += 1 + (uint32_t)rng_below(rng, PAIRS / LABELS_MAX);
    }
    if (!pairs->count)
        pairs->items[pairs->count++] = PAIRS - 1;
}

static void make_segments(struct rng *rng, struct series_position *at, struct one *one)
{
    int64_t ts_ms = -(int64_t)rng_below(rng, 1000000);

    one->segment_count = 1 + (rng_below(rng, 4) == 0) * (size_t)rng_below(rng, 5);
    for (size_t i = 0; i < one->segment_count; i++) {
        struct segment *s = &one->segments[i];

        if (at->slot == 500 || rng_below(rng, 10) == 0)
            *at = (struct series_position){ at->page + 1, 0, at->column };
        *s = (struct segment){ at->page, at->slot++, (uint32_t)rng_below(rng, COLUMNS), INT64_MIN,
                               INT64_MAX };
        at->column = s->column;
        if (one->segment_count == 1)
            continue;
        s->first_ts_ms = ts_ms;
        s->last_ts_ms = ts_ms + (int64_t)rng_below(rng, 5000);
        ts_ms = s->last_ts_ms + 1 + (int64_t)rng_below(rng, 5000);
    }
}

static void make_page(struct rng *rng, struct one *all, size_t count, struct buf *out)
{
    struct series_position at = { (uint32_t)rng_below(rng, 10), 3, 5 }, written = at;
    struct series_pairs pairs = { .count = 0 };

    series_page_begin(&written, out);
    for (size_t i = 0; i < count; i++) {
        make_pairs(rng, &pairs);
        all[i].pairs = pairs;
        make_segments(rng, &at, &all[i]);
        series_put_pairs(i ? &all[i - 1].pairs : &(struct series_pairs){ .count = 0 }, &pairs, out);
        series_put_segments(&written, all[i].segments, all[i].segment_count, out);
    }
    assert_int_equal(buf_error(out), ERR_OK);
}

static void check_page(const struct series_page *p, const struct one *all, size_t count)
{
    assert_int_equal(p->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(p->entries[i].pair_count, all[i].pairs.count);
        assert_memory_equal(series_page_pairs(p, i), all[i].pairs.items,
                            all[i].pairs.count * sizeof(uint32_t));
        assert_int_equal(p->entries[i].segment_count, all[i].segment_count);
        for (size_t k = 0; k < all[i].segment_count; k++) {
            const struct segment *read = &series_page_segments(p, i)[k];
            const struct segment *made = &all[i].segments[k];

            assert_true(read->page == made->page && read->slot == made->slot &&
                        read->column == made->column && read->first_ts_ms == made->first_ts_ms &&
                        read->last_ts_ms == made->last_ts_ms);
        }
    }
}

static void test_series_page__comes_back(void **state)
{
    static struct one all[BLOCK_SERIES_PER_PAGE];
    struct rng rng = seed_rng("series_page");
    struct buf raw = buf_limited(SIZE_MAX);
    struct series_page p;

    (void)state;
    series_page_init(&p);
    for (int round = 0; round < ROUNDS; round++) {
        struct series_page_limits limits = { 1 + (size_t)rng_below(&rng, BLOCK_SERIES_PER_PAGE),
                                             PAIRS, PAGES, COLUMNS };

        buf_clear(&raw);
        make_page(&rng, all, limits.count, &raw);
        assert_int_equal(series_page_read(&p, buf_str(&raw), &limits), ERR_OK);
        check_page(&p, all, limits.count);
    }
    assert_true(series_page_bytes(&p) > 0);
    series_page_release(&p);
    buf_release(&raw);
}

static void test_series_page__refuses_what_is_not_all_of_it(void **state)
{
    static struct one all[40];
    struct rng rng = seed_rng("series_page");
    struct series_page_limits limits = { 40, PAIRS, PAGES, COLUMNS };
    struct buf raw = buf_limited(SIZE_MAX);
    struct series_page p;

    (void)state;
    series_page_init(&p);
    make_page(&rng, all, limits.count, &raw);
    for (size_t len = 0; len < raw.len; len++)
        assert_int_equal(series_page_read(&p, (struct str){ raw.data, len }, &limits), ERR_CORRUPT);
    limits.count = 39;
    assert_int_equal(series_page_read(&p, buf_str(&raw), &limits), ERR_CORRUPT);
    series_page_release(&p);
    buf_release(&raw);
}

/* Changed bytes may say something else, but nothing that does not exist. */
static void test_series_page__gives_only_numbers_that_exist(void **state)
{
    static struct one all[40];
    struct rng rng = seed_rng("series_page");
    struct series_page_limits limits = { 40, PAIRS, PAGES, COLUMNS };
    struct buf raw = buf_limited(SIZE_MAX);
    struct series_page p;

    (void)state;
    series_page_init(&p);
    make_page(&rng, all, limits.count, &raw);
    for (int round = 0; round < 20000; round++) {
        size_t at = (size_t)rng_below(&rng, raw.len);
        char kept = raw.data[at];

        raw.data[at] = (char)rng_below(&rng, 256);
        if (series_page_read(&p, buf_str(&raw), &limits) == ERR_OK) {
            for (size_t i = 0; i < p.pairs.count; i++)
                assert_true(*(uint32_t *)vec_at(&p.pairs, i) < PAIRS);
            for (size_t i = 0; i < p.segments.count; i++) {
                const struct segment *s = vec_at(&p.segments, i);

                assert_true(s->page < PAGES && s->column < COLUMNS && s->slot < 512);
            }
        }
        raw.data[at] = kept;
    }
    series_page_release(&p);
    buf_release(&raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_series_page__comes_back),
        cmocka_unit_test(test_series_page__refuses_what_is_not_all_of_it),
        cmocka_unit_test(test_series_page__gives_only_numbers_that_exist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
