#include "tsdb_fixture.h"

#include "tsdb/index.h"

enum { SERIES = 2000, LABELS = 4, QUERIES = 500, VALUES_MAX = 40 };

/* Label n<i> has a value out of i * 10 + 2, so that postings are of every length. */
static struct labels random_labels(struct rng *rng, struct arena *arena, unsigned number)
{
    static const char *const names[LABELS] = { "n0", "n1", "n2", "n3" };
    struct labels_builder b;
    struct labels labels;

    labels_builder_init(&b, arena);
    labels_builder_add(&b, STR("id"), str_of(arena_printf(arena, "%u", number)));
    for (size_t i = 0; i < LABELS; i++) {
        unsigned value = (unsigned)rng_below(rng, i * 10 + 2);

        if (rng_below(rng, 5))
            labels_builder_add(&b, str_of(names[i]), str_of(arena_printf(arena, "v%u", value)));
    }
    assert_int_equal(labels_builder_finish(&b, &labels, NULL), ERR_OK);
    return labels;
}

static struct matcher random_matcher(struct rng *rng, struct arena *arena)
{
    return (struct matcher){
        .kind = MATCH_EQUAL,
        .name = str_of(arena_printf(arena, "n%u", (unsigned)rng_below(rng, LABELS))),
        .value = str_of(arena_printf(arena, "v%u", (unsigned)rng_below(rng, VALUES_MAX))),
    };
}

static void check_query(struct index *x, const struct matcher *matchers, size_t count)
{
    uint32_t *refs = NULL;
    size_t ref_count = 0;
    size_t at = 0;

    assert_int_equal(index_select(x, matchers, count, &refs, &ref_count), ERR_OK);
    for (uint32_t ref = 1; ref <= series_count(&x->table); ref++) {
        struct labels labels = series_labels(series_find(&x->table, ref));
        bool all = true;

        for (size_t i = 0; i < count; i++)
            all = all && matcher_matches(&matchers[i], labels);
        if (all) {
            assert_true(at < ref_count);
            assert_int_equal(refs[at++], ref);
        }
    }
    assert_int_equal(at, ref_count);
    mem_free(refs);
}

static void test_index__answers_as_a_scan_of_all_labels(void **state)
{
    struct rng rng = fixture_rng("index");
    struct arena arena = arena_limited(SIZE_MAX);
    struct index x;

    (void)state;
    assert_int_equal(index_init(&x), ERR_OK);
    for (unsigned number = 0; number < SERIES; number++) {
        struct labels labels = random_labels(&rng, &arena, number);
        uint32_t ref = 0;

        assert_int_equal(index_series(&x, labels, SIZE_MAX, &ref), ERR_OK);
        assert_int_equal(ref, number + 1);
        assert_int_equal(index_series(&x, labels, 0, &ref), ERR_OK); /* known: no room needed */
        assert_int_equal(ref, number + 1);
        assert_true(labels_equals(series_labels(series_find(&x.table, ref)), labels));
    }
    for (int query = 0; query < QUERIES; query++) {
        struct matcher matchers[3];
        size_t count = (size_t)rng_below(&rng, 4);

        for (size_t i = 0; i < count; i++)
            matchers[i] = random_matcher(&rng, &arena);
        check_query(&x, matchers, count);
    }
    index_release(&x);
    arena_release(&arena);
}

static void test_index__refuses_what_cannot_be_loaded(void **state)
{
    struct rng rng = rng_seeded(1);
    struct arena arena = arena_limited(SIZE_MAX);
    struct labels a = random_labels(&rng, &arena, 1);
    struct labels b = random_labels(&rng, &arena, 2);
    struct index x;
    uint32_t ref;

    (void)state;
    assert_int_equal(index_init(&x), ERR_OK);
    assert_int_equal(index_series(&x, (struct labels){ 0 }, SIZE_MAX, &ref), ERR_INVALID);
    assert_int_equal(index_load(&x, 5000, a), ERR_OK);
    assert_int_equal(index_load(&x, 5001, a), ERR_CORRUPT); /* the same labels again */
    assert_int_equal(index_load(&x, 5000, b), ERR_CORRUPT); /* not rising */
    assert_int_equal(index_load(&x, 6000, (struct labels){ 0 }), ERR_CORRUPT);
    assert_int_equal(index_load(&x, SERIES_MAX, b), ERR_LIMIT);
    assert_null(series_find(&x.table, 4999)); /* a hole */
    assert_null(series_find(&x.table, 1));
    assert_int_equal(index_series(&x, b, 0, &ref), ERR_LIMIT);
    assert_int_equal(index_series(&x, b, SIZE_MAX, &ref), ERR_OK);
    assert_int_equal(ref, 5001);
    index_release(&x);
    arena_release(&arena);
}

static enum err fill(struct index *x, struct arena *arena)
{
    struct rng rng = rng_seeded(9);
    enum err err = index_init(x);
    uint32_t *refs = NULL;
    size_t count = 0;

    for (unsigned number = 0; number < 60 && !err; number++) {
        struct labels labels = random_labels(&rng, arena, number);
        uint32_t ref;

        err = index_series(x, labels, SIZE_MAX, &ref);
    }
    if (!err)
        err = index_select(x, NULL, 0, &refs, &count);
    mem_free(refs);
    return err;
}

static void test_index__survives_every_failing_allocation(void **state)
{
    enum err err;
    long n = 0;

    (void)state;
    do {
        struct arena arena = arena_limited(1 << 20);
        struct index x;

        /* One page for all labels, taken before the faults begin. */
        assert_non_null(arena_alloc(&arena, 1 << 19));
        arena_reset(&arena);
        mem_fail_nth(++n);
        err = fill(&x, &arena);
        if (err)
            assert_int_equal(err, ERR_NOMEM);
        index_release(&x);
        arena_release(&arena);
    } while (mem_fault_happened());
    assert_int_equal(err, ERR_OK);
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index__answers_as_a_scan_of_all_labels),
        cmocka_unit_test(test_index__refuses_what_cannot_be_loaded),
        cmocka_unit_test(test_index__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
