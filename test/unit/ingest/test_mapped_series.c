#include "unit.h"

#include "base/mem.h"
#include "base/rng.h"
#include "ingest/mapped_series.h"

enum { REFS = 500, STEPS = 20000 };

static const struct mapping_row rows[] = {
    { .use = USE_SIGNAL },
    { .use = USE_EPOCH },
    { .use = USE_STATE },
    { .use = USE_PART, .falls_with_all = true },
};

/* What is expected of a reference: 0 unseen, 1 ignored, else 1 + count of bindings. */
static void check(const struct mapped_table *t, uint32_t ref, unsigned expected)
{
    const struct mapped_series *s = mapped_series_find(t, ref);

    assert_int_equal(mapped_series_is_unseen(t, ref), expected == 0);
    if (expected < 2) {
        assert_null(s);
        return;
    }
    assert_non_null(s);
    assert_int_equal(s->binding_count, expected - 1);
    for (unsigned i = 0; i < expected - 1; i++)
        assert_ptr_equal(mapped_series_bindings(t, s)[i].row, &rows[(ref + i) % 4]);
    assert_true(s->last == (double)ref);
}

static void add(struct mapped_table *t, uint32_t ref, unsigned count)
{
    struct binding bindings[BINDINGS_PER_SERIES_MAX];
    struct mapped_series *s;

    for (unsigned i = 0; i < count; i++)
        bindings[i] = (struct binding){ .row = &rows[(ref + i) % 4] };
    assert_true(mapped_series_reserve(t, ref));
    s = mapped_series_add(t, ref, bindings, count);
    assert_non_null(s);
    assert_true(s->last_ts_ms == INT64_MIN && !s->has_last && !s->live && !s->source);
    assert_int_equal(s->is_epoch, count >= 4 || (count > 0 && (5 - ref % 4) % 4 < count));
    s->last = (double)ref;
    s->has_last = s->live = true;
}

static void test_mapped_series__memory_follows_what_is_there(void **state)
{
    struct mapped_table t = mapped_series_none();
    struct rng rng = rng_seeded(4);
    unsigned expected[REFS] = { 0 };

    (void)state;
    assert_true(mapped_series_reserve(&t, REFS));
    for (int i = 0; i < STEPS; i++) {
        uint32_t ref = (uint32_t)rng_below(&rng, REFS);

        if (expected[ref]) {
            mapped_series_remove(&t, ref);
            expected[ref] = 0;
        } else if (rng_below(&rng, 4) == 0) {
            mapped_series_ignore(&t, ref, 0);
            expected[ref] = 1;
        } else {
            expected[ref] = 2 + (unsigned)rng_below(&rng, 3);
            add(&t, ref, expected[ref] - 1);
        }
        check(&t, ref, expected[ref]);
    }
    for (uint32_t ref = 0; ref < REFS; ref++)
        check(&t, ref, expected[ref]);
    assert_true(t.series.count <= 3 * REFS); /* at worst all of them with each count in turn */
    assert_true(t.bindings.count <= 6 * REFS);
    mapped_series_release(&t);
}

static void test_mapped_series__survives_every_failed_allocation(void **state)
{
    struct binding binding = { .row = &rows[0] };
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct mapped_table t = mapped_series_none();

        mem_fail_nth(n);
        for (uint32_t ref = 0; ref < 2000; ref += 40) {
            if (!mapped_series_reserve(&t, ref))
                continue;
            if (mapped_series_add(&t, ref, &binding, 1))
                assert_non_null(mapped_series_find(&t, ref));
            else
                mapped_series_ignore(&t, ref, 0);
            mapped_series_remove(&t, ref / 80 * 40);
        }
        happened = mem_fault_happened();
        mem_fail_nth(0);
        mapped_series_release(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mapped_series__memory_follows_what_is_there),
        cmocka_unit_test(test_mapped_series__survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
