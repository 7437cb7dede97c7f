#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "head/cardinality.h"

enum { SERIES = 3000, METRICS = 150, JOBS = 7, IDS = 500 };

struct counts {
    unsigned metrics[METRICS], jobs[JOBS], ids[IDS];
};

/* Small numbers are likelier; where metric % 3 is 0 there is no id. */
static void add(struct index *x, struct rng *rng, unsigned number, struct counts *counts)
{
    unsigned metric = (unsigned)rng_below(rng, 1 + rng_below(rng, METRICS));
    unsigned job = (unsigned)rng_below(rng, 1 + rng_below(rng, JOBS));
    unsigned id = (unsigned)rng_below(rng, 1 + rng_below(rng, IDS));
    struct arena arena = arena_limited(1 << 14);
    struct labels_builder b;
    struct labels labels;
    uint32_t ref;

    labels_builder_init(&b, &arena);
    labels_builder_add(&b, LABEL_METRIC_NAME, str_of(arena_printf(&arena, "m%03u", metric)));
    labels_builder_add(&b, STR("job"), str_of(arena_printf(&arena, "j%u", job)));
    labels_builder_add(&b, STR("n"), str_of(arena_printf(&arena, "%u", number)));
    if (metric % 3)
        labels_builder_add(&b, STR("id"), str_of(arena_printf(&arena, "i%03u", id)));
    assert_int_equal(labels_builder_finish(&b, &labels, NULL), ERR_OK);
    assert_int_equal(index_series(x, labels, SIZE_MAX, &ref), ERR_OK);
    arena_release(&arena);
    counts->metrics[metric]++;
    counts->jobs[job]++;
    counts->ids[id] += metric % 3 != 0;
}

/* The answer is the `top` greatest of `counts`; equal ones by number. */
static void check_top(const struct cardinality_top *top, char letter, int width, size_t max_count,
                      const unsigned *counts, size_t count)
{
    unsigned *left = malloc(count * sizeof *left);
    size_t total = 0;

    memcpy(left, counts, count * sizeof *left);
    for (size_t i = 0; i < count; i++)
        total += counts[i] > 0;
    assert_int_equal(top->total, total);
    assert_int_equal(top->count, total < max_count ? total : max_count);
    for (size_t i = 0; i < top->count; i++) {
        char name[16];
        size_t best = 0;

        for (size_t k = 1; k < count; k++)
            if (left[k] > left[best])
                best = k;
        snprintf(name, sizeof name, "%c%0*u", letter, width, (unsigned)best);
        assert_true(str_equals(top->items[i].name, str_of(name)));
        assert_int_equal(top->items[i].count, left[best]);
        left[best] = 0;
    }
    free(left);
}

static void test_cardinality__counts_as_a_scan_of_all_series(void **state)
{
    static const size_t tops[] = { 0, 1, 20, 100, 100000 };
    struct rng rng = rng_seeded(3);
    struct counts counts = { 0 };
    struct index x;

    (void)state;
    assert_int_equal(index_init(&x), ERR_OK);
    for (unsigned i = 0; i < SERIES; i++)
        add(&x, &rng, i, &counts);
    for (size_t i = 0; i < sizeof tops / sizeof *tops; i++) {
        size_t max_count = tops[i] < CARDINALITY_TOP_MAX ? tops[i] : CARDINALITY_TOP_MAX;
        struct arena arena = arena_limited(1 << 20);
        struct cardinality c;

        assert_int_equal(cardinality_read(&x, tops[i], &arena, &c), ERR_OK);
        assert_int_equal(c.series_count, SERIES);
        check_top(&c.by_metric, 'm', 3, max_count, counts.metrics, METRICS);
        check_top(&c.by_job, 'j', 1, max_count, counts.jobs, JOBS);
        assert_int_equal(c.by_instance.total, 0);
        assert_int_equal(c.by_label.total, 4);
        arena_release(&arena);
    }
    index_release(&x);
}

static bool is(const struct cardinality_entry *e, const char *name, const char *value,
               uint64_t count)
{
    return str_equals(e->name, str_of(name)) && str_equals(e->value, str_of(value)) &&
           e->count == count;
}

static void add_fixed(struct index *x, const char *metric, const char *job, const char *instance)
{
    struct label items[] = { { LABEL_METRIC_NAME, str_of(metric) },
                             { STR("instance"), str_of(instance) },
                             { STR("job"), str_of(job) } };
    uint32_t ref;

    assert_int_equal(index_series(x, (struct labels){ items, 3 }, SIZE_MAX, &ref), ERR_OK);
}

static void fill_fixed(struct index *x)
{
    add_fixed(x, "up", "a", "one:1");
    add_fixed(x, "up", "a", "two:22");
    add_fixed(x, "up", "b", "one:1");
    add_fixed(x, "down", "a", "one:1");
}

static void test_cardinality__names_metrics_labels_pairs_and_sources(void **state)
{
    struct arena arena = arena_limited(1 << 20);
    struct cardinality c;
    struct index x;

    (void)state;
    assert_int_equal(index_init(&x), ERR_OK);
    fill_fixed(&x);
    assert_int_equal(cardinality_read(&x, 10, &arena, &c), ERR_OK);
    index_release(&x); /* the answer lives on its own */
    assert_int_equal(c.by_metric.count, 2);
    assert_true(is(&c.by_metric.items[0], "up", "", 3));
    assert_true(is(&c.by_metric.items[1], "down", "", 1));
    assert_int_equal(c.by_pair.count, 4);
    assert_true(is(&c.by_pair.items[0], "instance", "one:1", 3));
    assert_true(is(&c.by_pair.items[1], "job", "a", 3));
    assert_true(is(&c.by_pair.items[2], "instance", "two:22", 1));
    assert_true(is(&c.by_job.items[1], "b", "", 1));
    assert_true(is(&c.by_instance.items[0], "one:1", "", 3));
    assert_true(is(&c.by_label.items[0], "__name__", "", 2));
    assert_int_equal(c.by_label.items[0].bytes, 6);
    assert_true(is(&c.by_label.items[1], "instance", "", 2));
    assert_int_equal(c.by_label.items[1].bytes, 11);
    arena_release(&arena);
}

static void test_cardinality__an_empty_index_has_none(void **state)
{
    struct arena arena = arena_limited(1 << 20);
    struct cardinality c;
    struct index x;

    (void)state;
    assert_int_equal(index_init(&x), ERR_OK);
    assert_int_equal(cardinality_read(&x, 10, &arena, &c), ERR_OK);
    assert_int_equal(c.series_count + c.by_metric.count + c.by_pair.total + c.by_label.total, 0);
    index_release(&x);
    arena_release(&arena);
}

static void test_cardinality__survives_every_failed_allocation(void **state)
{
    struct cardinality c;
    struct index x;
    bool happened;
    long n = 0;

    (void)state;
    assert_int_equal(index_init(&x), ERR_OK);
    fill_fixed(&x);
    do {
        struct arena arena = arena_limited(1 << 20);
        enum err err;

        mem_fail_nth(++n);
        err = cardinality_read(&x, 10, &arena, &c);
        happened = mem_fault_happened();
        assert_int_equal(err, happened ? ERR_NOMEM : ERR_OK);
        arena_release(&arena);
    } while (happened);
    mem_fail_nth(0);
    assert_true(n > 3);
    for (size_t limit = 16; limit < 600; limit += 16) {
        struct arena arena = arena_limited(limit);

        assert_int_equal(cardinality_read(&x, 10, &arena, &c), ERR_LIMIT);
        arena_release(&arena);
    }
    index_release(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cardinality__counts_as_a_scan_of_all_series),
        cmocka_unit_test(test_cardinality__names_metrics_labels_pairs_and_sources),
        cmocka_unit_test(test_cardinality__an_empty_index_has_none),
        cmocka_unit_test(test_cardinality__survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
