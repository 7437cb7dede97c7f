#include "unit.h"

#include <stdio.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/rng.h"
#include "resilience/window.h"

enum { BOOKINGS_MAX = 4096, HISTORIES = 60, STEPS = 400 };

/* The oracle: every booking that was ever accepted, summed anew for each question. */
struct oracle {
    int64_t second[BOOKINGS_MAX];
    uint64_t count[BOOKINGS_MAX];
    size_t used;
};

static uint64_t sum_of(const struct oracle *o, int64_t from_s, int64_t to_s)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < o->used; i++)
        if (o->second[i] >= from_s && o->second[i] <= to_s)
            sum += o->count[i];
    return sum;
}

/* Books into the oracle as much as a cell still takes. */
static void note(struct oracle *o, int64_t second, uint64_t count)
{
    uint64_t room = UINT32_MAX - sum_of(o, second, second);

    o->second[o->used] = second;
    o->count[o->used++] = count < room ? count : room;
}

static void compare(const struct window *w, const struct oracle *o, int64_t head_s, struct rng *r)
{
    int64_t oldest_s = head_s - w->length_s + 1, a, b, s;

    assert_int_equal(w->head_s, head_s);
    for (int i = 0; i < w->span_count; i++)
        assert_int_equal(window_sum(w, i), sum_of(o, head_s - w->span_s[i] + 1, head_s));
    a = head_s - (int64_t)rng_below(r, (uint64_t)w->length_s + 9) + 3;
    b = a + (int64_t)rng_below(r, (uint64_t)w->length_s + 9);
    assert_int_equal(window_sum_between(w, a, b),
                     sum_of(o, a < oldest_s ? oldest_s : a, b > head_s ? head_s : b));
    s = head_s - (int64_t)rng_below(r, (uint64_t)w->length_s + 4) + 2;
    assert_int_equal(window_at(w, s), s < oldest_s || s > head_s ? 0 : sum_of(o, s, s));
}

/* Mostly the next seconds, sometimes late, sometimes a jump over the whole ring. */
static int64_t next_second(struct rng *r, int64_t head_s, int length_s)
{
    switch (rng_below(r, 10)) {
    case 0:
        return head_s - (int64_t)rng_below(r, (uint64_t)length_s * 2);
    case 1:
        return head_s + length_s - 2 + (int64_t)rng_below(r, 5);
    case 2:
        return head_s + (int64_t)rng_below(r, (uint64_t)length_s * 3);
    default:
        return head_s + (int64_t)rng_below(r, 3);
    }
}

static uint64_t next_count(struct rng *r)
{
    switch (rng_below(r, 40)) {
    case 0:
        return UINT32_MAX - rng_below(r, 3);
    case 1:
        return rng_next(r);
    case 2:
        return UINT16_MAX - 50 + rng_below(r, 100);
    case 3:
        return UINT8_MAX - 3 + rng_below(r, 6);
    default:
        return rng_below(r, 100);
    }
}

static void live_one_history(uint64_t seed)
{
    static struct oracle o;
    struct rng r = rng_seeded(seed);
    int length_s = 1 + (int)rng_below(&r, 40);
    int span_s[WINDOW_SPANS_MAX];
    int64_t head_s = (int64_t)rng_below(&r, 100) - 50;
    struct window w;

    print_message("seed %llu\n", (unsigned long long)seed);
    o.used = 0;
    for (int i = 0; i < WINDOW_SPANS_MAX; i++)
        span_s[i] = 1 + (int)rng_below(&r, (uint64_t)length_s);
    assert_int_equal(window_init(&w, length_s, span_s, WINDOW_SPANS_MAX), ERR_OK);
    window_advance(&w, head_s);
    for (int step = 0; step < STEPS; step++) {
        int64_t at_s = next_second(&r, head_s, length_s);
        uint64_t count = next_count(&r);

        if (rng_below(&r, 4) == 0) {
            window_advance(&w, at_s);
        } else {
            assert_int_equal(window_add(&w, at_s, count), at_s > head_s - length_s);
            if (at_s > head_s - length_s)
                note(&o, at_s, count);
        }
        head_s = at_s > head_s ? at_s : head_s;
        compare(&w, &o, head_s, &r);
    }
    window_release(&w);
}

static void test_window__sums_equal_those_of_a_plain_list(void **state UNUSED)
{
    for (uint64_t seed = 1; seed <= HISTORIES; seed++)
        live_one_history(seed);
}

static void test_window__is_empty_before_the_first_second(void **state UNUSED)
{
    struct window w;

    assert_int_equal(window_init(&w, 10, (int[]){ 3 }, 1), ERR_OK);
    assert_int_equal(window_sum(&w, 0), 0);
    assert_int_equal(window_sum_between(&w, INT64_MIN, INT64_MAX), 0);
    assert_int_equal(window_at(&w, 0), 0);
    window_release(&w);
}

static void test_window__a_span_slides_and_never_resets(void **state UNUSED)
{
    struct window w;

    assert_int_equal(window_init(&w, 120, (int[]){ 60 }, 1), ERR_OK);
    for (int64_t s = 0; s < 600; s++) {
        assert_true(window_add(&w, s, 2));
        assert_int_equal(window_sum(&w, 0), s < 59 ? 2 * (s + 1) : 120);
    }
    window_release(&w);
}

static void test_window__a_full_cell_stays_full(void **state UNUSED)
{
    struct window w;

    assert_int_equal(window_init(&w, 10, (int[]){ 10 }, 1), ERR_OK);
    assert_true(window_add(&w, 5, UINT64_MAX));
    assert_true(window_add(&w, 5, 1));
    assert_int_equal(window_at(&w, 5), UINT32_MAX);
    assert_int_equal(window_sum(&w, 0), UINT32_MAX);
    window_advance(&w, 15);
    assert_int_equal(window_sum(&w, 0), 0);
    window_release(&w);
}

static void test_window__cells_are_as_wide_as_the_largest_count(void **state UNUSED)
{
    static const struct {
        uint64_t count;
        int cell_bytes;
    } steps[] = { { 255, 1 }, { 1, 2 }, { 65279, 2 }, { 1, 4 }, { UINT32_MAX, 4 } };
    uint64_t sum = 0;
    struct window w;

    assert_int_equal(window_init(&w, 10, (int[]){ 10 }, 1), ERR_OK);
    assert_true(window_add(&w, 3, 7));
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        assert_true(window_add(&w, 5, steps[i].count));
        sum = sum + steps[i].count < UINT32_MAX ? sum + steps[i].count : UINT32_MAX;
        assert_int_equal(w.cell_bytes, steps[i].cell_bytes);
        assert_int_equal(window_at(&w, 5), sum);
        assert_int_equal(window_at(&w, 3), 7);
        assert_int_equal(window_sum(&w, 0), sum + 7);
    }
    window_release(&w);
}

static void test_window__without_memory_a_cell_stays_as_it_is(void **state UNUSED)
{
    struct window w;

    assert_int_equal(window_init(&w, 10, (int[]){ 10 }, 1), ERR_OK);
    mem_fail_nth(1);
    assert_true(window_add(&w, 5, 300));
    assert_true(mem_fault_happened());
    mem_fail_nth(0);
    assert_int_equal(window_at(&w, 5), 255);
    assert_int_equal(window_sum(&w, 0), 255);
    assert_true(window_add(&w, 5, 300)); /* the next one tries again */
    assert_int_equal(window_at(&w, 5), 555);
    window_release(&w);
}

static void test_window__refuses_what_it_cannot_hold(void **state UNUSED)
{
    static const int spans[] = { 1, 1, 1, 1, 1 };
    struct window w;

    assert_int_equal(window_init(&w, 0, NULL, 0), ERR_INVALID);
    assert_int_equal(window_init(&w, WINDOW_LENGTH_MAX_S + 1, NULL, 0), ERR_INVALID);
    assert_int_equal(window_init(&w, 10, (int[]){ 0 }, 1), ERR_INVALID);
    assert_int_equal(window_init(&w, 10, (int[]){ 11 }, 1), ERR_INVALID);
    assert_int_equal(window_init(&w, 10, spans, WINDOW_SPANS_MAX + 1), ERR_INVALID);
    assert_int_equal(window_init(&w, 10, spans, -1), ERR_INVALID);
    mem_fail_nth(1);
    assert_int_equal(window_init(&w, 10, spans, 1), ERR_NOMEM);
    assert_true(mem_fault_happened());
    mem_fail_nth(0);
    window_release(&(struct window){ 0 });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window__sums_equal_those_of_a_plain_list),
        cmocka_unit_test(test_window__is_empty_before_the_first_second),
        cmocka_unit_test(test_window__a_span_slides_and_never_resets),
        cmocka_unit_test(test_window__a_full_cell_stays_full),
        cmocka_unit_test(test_window__cells_are_as_wide_as_the_largest_count),
        cmocka_unit_test(test_window__without_memory_a_cell_stays_as_it_is),
        cmocka_unit_test(test_window__refuses_what_it_cannot_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
