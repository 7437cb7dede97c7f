#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/rng.h"
#include "monitor/latency.h"

static const int64_t T0 = 1700000000000; /* the begin of a slot */

static struct latency_watch *watch(void)
{
    struct latency_watch *l = latency_new();

    assert_non_null(l);
    latency_advance(l, T0, 60);
    return l;
}

static void book(struct latency_watch *l, double from_s, double bound_s, double calls,
                 int64_t at_ms)
{
    latency_advance(l, at_ms, 60);
    latency_add(l, from_s, bound_s, calls, at_ms);
}

static double now_of(struct latency_watch *l, enum latency which)
{
    return latency_figures(l).s[which];
}

static void assert_near(double is, double expected)
{
    if (!(fabs(is - expected) <= 1e-9 * fabs(expected)))
        fail_msg("%.17g is not %.17g", is, expected);
}

/* histogram_quantile of the same buckets; beyond the last bound it says that bound. */
static void test_latency__one_layout_is_as_histogram_quantile(void **state UNUSED)
{
    struct latency_watch *l = watch();

    book(l, 0, 0.1, 50, T0);
    book(l, 0.1, 0.5, 40, T0);
    book(l, 0.5, 1, 8, T0);
    book(l, 1, INFINITY, 2, T0);
    assert_near(now_of(l, LATENCY_P50), 0.1);
    assert_near(now_of(l, LATENCY_P95), 0.5 + 0.5 * 5 / 8);
    assert_near(now_of(l, LATENCY_P99), 1);
    assert_true(latency_figures(l).at_least[LATENCY_P99]);
    assert_false(latency_figures(l).at_least[LATENCY_P95]);
    latency_free(l);
}

static void test_latency__buckets_that_overlap_add_up(void **state UNUSED)
{
    struct latency_watch *l = watch();

    book(l, 0, 1, 100, T0);
    book(l, 0, 0.5, 100, T0); /* another source, with other bounds */
    book(l, 0.5, 2, 0, T0);
    /* Up to 0.5 there are 150 of 200, up to 1 all. */
    assert_near(now_of(l, LATENCY_P50), 0.5 * 100 / 150);
    assert_near(now_of(l, LATENCY_P95), 0.5 + 0.5 * 40 / 50);
    latency_free(l);
}

static void test_latency__too_few_calls_say_nothing(void **state UNUSED)
{
    struct latency_watch *l = watch();

    assert_true(isnan(now_of(l, LATENCY_P50)));
    book(l, 0, 1, LATENCY_ENOUGH_CALLS - 1, T0);
    assert_true(isnan(now_of(l, LATENCY_P50)));
    book(l, 0, 1, 1, T0 + 1);
    assert_near(now_of(l, LATENCY_P50), 0.5);
    latency_free(l);
}

static void test_latency__what_no_duration_can_be_is_passed_over(void **state UNUSED)
{
    static const double bad[][3] = {
        { -1, 1, 100 },        { (double)NAN, 1, 100 },     { 0, (double)NAN, 100 },
        { 2, 1, 100 },         { INFINITY, INFINITY, 100 }, { 0, 1, -5 },
        { 0, 1, (double)NAN },
    };
    struct latency_watch *l = watch();

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        book(l, bad[i][0], bad[i][1], bad[i][2], T0);
    book(l, 0, 0, 30, T0); /* but this is: none took any time */
    assert_true(now_of(l, LATENCY_P99) == 0);
    latency_free(l);
}

static void test_latency__calls_without_a_bound_make_it_unknown(void **state UNUSED)
{
    struct latency_watch *l = watch();

    book(l, 0, 1, 100, T0);
    book(l, 0, INFINITY, 1, T0 + 10000);
    assert_true(isnan(now_of(l, LATENCY_P50)));
    book(l, 0, 1, 100, T0 + 80000); /* it left the window */
    assert_near(now_of(l, LATENCY_P50), 0.5);
    latency_free(l);
}

static void test_latency__the_window_slides(void **state UNUSED)
{
    struct latency_watch *l = watch();

    book(l, 0, 1, 100, T0);
    book(l, 1, 2, 100, T0 + 60000);
    assert_near(now_of(l, LATENCY_P50), 1); /* the first one's slot is still touched */
    latency_advance(l, T0 + 70000, 60);
    assert_near(now_of(l, LATENCY_P50), 1.5);
    latency_advance(l, T0 + 70000, 300);
    assert_near(now_of(l, LATENCY_P50), 1);
    latency_advance(l, T0 + 130000, 60);
    assert_true(isnan(now_of(l, LATENCY_P50)));
    latency_free(l);
}

static void test_latency__late_calls_count_while_their_slot_is_held(void **state UNUSED)
{
    struct latency_watch *l = watch();

    book(l, 0, 1, 100, T0 + 300000);
    latency_add(l, 1, 2, 100, T0 + 250000);
    latency_add(l, 1, 2, 1000, T0 - 300000);
    latency_advance(l, T0 + 300000, 60);
    assert_near(now_of(l, LATENCY_P50), 1);
    latency_free(l);
}

static void test_latency__time_does_not_go_back(void **state UNUSED)
{
    struct latency_watch *l = watch();

    book(l, 0, 1, 100, T0 + 60000);
    latency_advance(l, T0 - 3600000, 60);
    assert_near(now_of(l, LATENCY_P50), 0.5);
    book(l, 0, 1, 100, INT64_MAX / 2000);
    assert_near(now_of(l, LATENCY_P50), 0.5);
    latency_free(l);
}

static void test_latency__another_layout_takes_the_place_of_one_that_is_idle(void **state UNUSED)
{
    struct latency_watch *l = watch();

    for (int i = 0; i < LATENCY_BUCKETS_MAX; i++)
        book(l, i, i + 1, 1, T0);
    assert_near(now_of(l, LATENCY_P50), LATENCY_BUCKETS_MAX / 2);
    book(l, 0, 0.5, 100, T0 + 30000);
    assert_true(isnan(now_of(l, LATENCY_P50))); /* no place: these calls are not known */
    for (int i = 0; i < LATENCY_BUCKETS_MAX; i++)
        book(l, i * 0.1, (i + 1) * 0.1, 1, T0 + 350000);
    assert_near(now_of(l, LATENCY_P50), LATENCY_BUCKETS_MAX * 0.1 / 2);
    latency_free(l);
}

static void test_latency__points_are_kept_for_an_hour(void **state UNUSED)
{
    struct latency_watch *l = watch();

    for (int i = 0; i < 2 * LATENCY_POINTS; i++)
        book(l, i, i + 1, 100, T0 + i * INT64_C(10000) + 5000);
    latency_advance(l, T0 + 2 * LATENCY_POINTS * INT64_C(10000) + LATENCY_CLOSE_MS, 60);
    for (int i = LATENCY_POINTS; i < 2 * LATENCY_POINTS; i++) /* six slots: the middle of them */
        assert_float_equal(latency_point(l, LATENCY_P50, T0 + (i + 1) * INT64_C(10000)), i - 2,
                           1e-3);
    assert_float_equal(latency_point(l, LATENCY_P50, T0 + 5000001), 500 - 2, 1e-3);
    assert_true(isnan(latency_point(l, LATENCY_P50, T0 + LATENCY_POINTS * INT64_C(10000))));
    assert_near(latency_point(l, LATENCY_P99, T0 + 10000000), now_of(l, LATENCY_P99));
    latency_free(l);
}

static void test_latency__a_silence_has_no_points(void **state UNUSED)
{
    struct latency_watch *l = watch();

    book(l, 0, 1, 100, T0);
    latency_advance(l, T0 + 20000, 60);
    book(l, 0, 1, 100, T0 + 600000);
    latency_advance(l, T0 + 615000, 60);
    assert_float_equal(latency_point(l, LATENCY_P50, T0 + 10000), 0.5, 1e-6);
    assert_float_equal(latency_point(l, LATENCY_P50, T0 + 60000), 0.5, 1e-6);
    assert_true(isnan(latency_point(l, LATENCY_P50, T0 + 70000)));
    assert_true(isnan(latency_point(l, LATENCY_P50, T0 + 600000)));
    assert_float_equal(latency_point(l, LATENCY_P50, T0 + 610000), 0.5, 1e-6);
    latency_free(l);
}

static void test_latency__without_memory_for_a_bucket_it_is_unknown(void **state UNUSED)
{
    for (long n = 1;; n++) {
        struct latency_watch *l;
        bool happened;

        mem_fail_nth(n);
        l = latency_new();
        if (l) {
            book(l, 0, 1, 100, T0);
            book(l, 1, 2, 100, T0);
        }
        happened = mem_fault_happened();
        mem_fail_nth(0);
        if (l && happened)
            assert_true(isnan(now_of(l, LATENCY_P50)));
        else if (l)
            assert_near(now_of(l, LATENCY_P50), 1);
        latency_free(l);
        if (!happened)
            break;
        assert_true(n < 10);
    }
}

/* --- the oracle: whole numbers, with bounds that are multiples of 1/1024 s --- */

enum { TICKS_PER_S = 1024, ORACLE_BOOKED_MAX = 4000, ORACLE_BOUNDS = 12, ORACLE_LAYOUTS = 3 };

struct booked {
    int64_t from, bound; /* ticks; bound -1: no upper one */
    int64_t calls, slot;
};

struct oracle {
    int64_t layouts[ORACLE_LAYOUTS][ORACLE_BOUNDS];
    struct booked booked[ORACLE_BOOKED_MAX];
    size_t count;
};

static int compare_ticks(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* Calls that lasted less than `tick`, or up to it, times scale: exact, since each bucket's width
 * divides it. */
static int64_t calls_until(const struct oracle *o, int64_t tick, bool with_tick, int64_t scale)
{
    int64_t sum = 0;

    for (size_t i = 0; i < o->count; i++) {
        const struct booked *b = &o->booked[i];
        int64_t bound = b->bound < 0 ? b->from : b->bound;

        if (tick > bound || (tick == bound && (with_tick || b->bound >= 0)))
            sum += b->calls * scale;
        else if (tick > b->from)
            sum += b->calls * scale / (bound - b->from) * (tick - b->from);
    }
    return sum;
}

/* At the lowest edge up to which enough calls lasted: at it where they jump, else on the straight
 * line from the edge below. NaN: too few calls. */
static double quantile_of(const struct oracle *o, int percent)
{
    const int64_t scale = 1 << 12; /* widths are powers of two below it */
    int64_t edges[2 * ORACLE_BOOKED_MAX], rank, before, low;
    size_t edge_count = 0, e = 0;

    for (size_t i = 0; i < o->count; i++) {
        edges[edge_count++] = o->booked[i].from;
        edges[edge_count++] = o->booked[i].bound < 0 ? o->booked[i].from : o->booked[i].bound;
    }
    rank = calls_until(o, INT64_MAX, true, scale) * percent;
    if (rank < (int64_t)LATENCY_ENOUGH_CALLS * scale * percent)
        return (double)NAN;
    qsort(edges, edge_count, sizeof *edges, compare_ticks);
    while (calls_until(o, edges[e], true, scale) * 100 < rank)
        e++;
    before = calls_until(o, edges[e], false, scale) * 100;
    if (e == 0 || before < rank)
        return (double)edges[e] / TICKS_PER_S;
    low = calls_until(o, edges[e - 1], true, scale) * 100;
    return ((double)edges[e - 1] +
            (double)(edges[e] - edges[e - 1]) * (double)(rank - low) / (double)(before - low)) /
           TICKS_PER_S;
}

/* What was booked into the slots of a window. */
static struct oracle *within(const struct oracle *all, int64_t first, int64_t last)
{
    static struct oracle o;

    o.count = 0;
    for (size_t i = 0; i < all->count; i++)
        if (all->booked[i].slot >= first && all->booked[i].slot <= last)
            o.booked[o.count++] = all->booked[i];
    return &o;
}

/* Bounds whose distances are powers of two. */
static void draw_layouts(struct oracle *o, struct rng *r)
{
    for (int layout = 0; layout < ORACLE_LAYOUTS; layout++) {
        int64_t bound = 0;

        for (int i = 0; i < ORACLE_BOUNDS; i++) {
            bound += INT64_C(1) << rng_below(r, 12);
            o->layouts[layout][i] = bound;
        }
    }
}

static void book_random(struct oracle *o, struct latency_watch *l, struct rng *r, int64_t at_ms)
{
    const int64_t *bounds = o->layouts[rng_below(r, ORACLE_LAYOUTS)];
    size_t i = (size_t)rng_below(r, ORACLE_BOUNDS + 1);
    struct booked b = { .from = i ? bounds[i - 1] : 0,
                        .bound = i < ORACLE_BOUNDS ? bounds[i] : -1,
                        .calls = (int64_t)rng_below(r, rng_below(r, 4) ? 5 : 5000),
                        .slot = at_ms / 10000 };

    o->booked[o->count++] = b;
    latency_add(l, (double)b.from / TICKS_PER_S,
                b.bound < 0 ? INFINITY : (double)b.bound / TICKS_PER_S, (double)b.calls, at_ms);
}

static void assert_as_oracle(const struct oracle *o, const double is[LATENCY_COUNT])
{
    static const int percents[LATENCY_COUNT] = { 50, 95, 99 };

    for (int q = 0; q < LATENCY_COUNT; q++) {
        double expected = quantile_of(o, percents[q]);

        assert_int_equal(isnan(is[q]), isnan(expected));
        if (!isnan(expected) && !(fabs(is[q] - expected) <= 1e-7 * expected))
            fail_msg("P%d is %.17g, not %.17g", percents[q], is[q], expected);
    }
}

static void run_history(uint64_t seed)
{
    static struct oracle o;
    struct rng r = rng_seeded(seed);
    struct latency_watch *l = latency_new();
    int window_s = rng_below(&r, 2) ? 60 : 300;
    int64_t now_ms = T0 + (int64_t)rng_below(&r, 10000);

    assert_non_null(l);
    o.count = 0;
    draw_layouts(&o, &r);
    for (int i = 0; i < 250; i++) {
        struct latency_figures figures;
        int64_t slot;

        now_ms += (int64_t)rng_below(&r, rng_below(&r, 10) ? 4000 : 90000);
        latency_advance(l, now_ms, window_s);
        for (uint64_t n = rng_below(&r, 12); n-- > 0;)
            book_random(&o, l, &r, now_ms - (int64_t)rng_below(&r, 5000));
        figures = latency_figures(l);
        slot = now_ms / 10000;
        assert_as_oracle(within(&o, slot - window_s / 10, slot), figures.s);
    }
    latency_free(l);
}

static void test_latency__random_histories_are_as_exact_arithmetic_says(void **state UNUSED)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        run_history(seed);
    }
}

/* --- several together --- */

enum { WATCHES = 5 };

static void assert_same_figures(struct latency_figures a, struct latency_figures b)
{
    for (int q = 0; q < LATENCY_COUNT; q++) {
        assert_int_equal(isnan(a.s[q]), isnan(b.s[q]));
        if (!isnan(a.s[q]))
            assert_near(a.s[q], b.s[q]);
        assert_int_equal(a.at_least[q], b.at_least[q]);
    }
}

/* One watch that is told all is what the sum must say, whatever the layouts; each round is another
 * time, so that what the rounds before left would be noticed. */
static void sum_rounds(uint64_t seed)
{
    struct rng r = rng_seeded(seed);
    struct latency_watch *sum = latency_new_sum();

    for (int round = 0; round < 20; round++) {
        struct latency_watch *all = latency_new();

        latency_begin_sum(sum);
        latency_advance(all, T0, 300);
        for (int w = 0; w < WATCHES; w++) {
            struct latency_watch *l = latency_new();
            int64_t now_ms = T0 + (int64_t)rng_below(&r, 1000) * 1000;

            latency_advance(l, now_ms, rng_below(&r, 2) ? 60 : 300);
            for (uint64_t n = rng_below(&r, 60); n-- > 0;) {
                double calls = (double)(1 + rng_below(&r, 50)), from = (double)rng_below(&r, 9);
                double bound = rng_below(&r, 8) ? from + 1 + (double)rng_below(&r, 3)
                                                : (double)INFINITY;

                if (isinf(bound) && from < 1)
                    continue;
                latency_add(l, from, bound, calls, now_ms - (int64_t)rng_below(&r, 50000));
                latency_add(all, from, bound, calls, T0);
            }
            latency_add_window(sum, l);
            latency_free(l);
        }
        assert_same_figures(latency_figures(sum), latency_figures(all));
        latency_free(all);
    }
    latency_free(sum);
}

static void test_latency__several_are_as_one_that_is_told_all(void **state UNUSED)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        sum_rounds(seed);
    }
}

static void test_latency__a_sum_has_only_what_the_windows_hold(void **state UNUSED)
{
    struct latency_watch *l = watch(), *sum = latency_new_sum();

    book(l, 0, 1, 100, T0);
    book(l, 1, 2, 100, T0 + 200000);
    latency_begin_sum(sum);
    latency_add_window(sum, l);
    assert_near(now_of(sum, LATENCY_P50), 1.5);
    latency_advance(l, T0 + 500000, 60); /* closes points: their windows are not the present one */
    latency_begin_sum(sum);
    latency_add_window(sum, l);
    assert_true(isnan(now_of(sum, LATENCY_P50)));
    latency_free(l);
    latency_free(sum);
}

static void test_latency__a_sum_with_an_unknown_part_is_unknown(void **state UNUSED)
{
    struct latency_watch *known = watch(), *cut = watch(), *sum = latency_new_sum();

    book(known, 0, 1, 100, T0);
    book(cut, 0, INFINITY, 5, T0); /* no bound at all */
    latency_begin_sum(sum);
    latency_add_window(sum, known);
    latency_add_window(sum, cut);
    assert_true(isnan(now_of(sum, LATENCY_P50)));
    latency_begin_sum(sum);
    latency_add_window(sum, known);
    assert_near(now_of(sum, LATENCY_P50), 0.5);
    latency_free(known);
    latency_free(cut);
    latency_free(sum);
}

static void test_latency__a_sum_of_too_many_layouts_is_unknown_until_some_go(void **state UNUSED)
{
    struct latency_watch *sum = latency_new_sum();

    for (int round = 0; round < 6; round++) {
        struct latency_watch *other = watch();

        for (int i = 0; i < LATENCY_BUCKETS_MAX; i++)
            book(other, i, i + 1 + 0.1 * round, 1, T0);
        latency_begin_sum(sum);
        latency_add_window(sum, other);
        assert_true(!isnan(now_of(sum, LATENCY_P50))); /* idle layouts make room */
        latency_free(other);
    }
    latency_begin_sum(sum);
    for (int w = 0; w < 5; w++) {
        struct latency_watch *other = watch();

        for (int i = 0; i < LATENCY_BUCKETS_MAX; i++)
            book(other, i, i + 1 + 0.01 * w, 1, T0);
        latency_add_window(sum, other);
        latency_free(other);
    }
    assert_true(isnan(now_of(sum, LATENCY_P50)));
    latency_free(sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latency__one_layout_is_as_histogram_quantile),
        cmocka_unit_test(test_latency__buckets_that_overlap_add_up),
        cmocka_unit_test(test_latency__too_few_calls_say_nothing),
        cmocka_unit_test(test_latency__what_no_duration_can_be_is_passed_over),
        cmocka_unit_test(test_latency__calls_without_a_bound_make_it_unknown),
        cmocka_unit_test(test_latency__the_window_slides),
        cmocka_unit_test(test_latency__late_calls_count_while_their_slot_is_held),
        cmocka_unit_test(test_latency__time_does_not_go_back),
        cmocka_unit_test(test_latency__another_layout_takes_the_place_of_one_that_is_idle),
        cmocka_unit_test(test_latency__points_are_kept_for_an_hour),
        cmocka_unit_test(test_latency__a_silence_has_no_points),
        cmocka_unit_test(test_latency__without_memory_for_a_bucket_it_is_unknown),
        cmocka_unit_test(test_latency__random_histories_are_as_exact_arithmetic_says),
        cmocka_unit_test(test_latency__several_are_as_one_that_is_told_all),
        cmocka_unit_test(test_latency__a_sum_has_only_what_the_windows_hold),
        cmocka_unit_test(test_latency__a_sum_with_an_unknown_part_is_unknown),
        cmocka_unit_test(test_latency__a_sum_of_too_many_layouts_is_unknown_until_some_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
