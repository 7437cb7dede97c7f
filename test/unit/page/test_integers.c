#include "base/rng.h"
#include "page/integers.h"
#include "unit.h"

enum { COUNT_MAX = 300, RUNS = 4000, SHAPES = 8 };

struct room {
    int64_t values[COUNT_MAX], beside[COUNT_MAX], back[COUNT_MAX];
    uint64_t steps[COUNT_MAX], orders[COUNT_MAX], residuals[COUNT_MAX];
    uint8_t planes[COUNT_MAX * INTEGERS_WIDTH_MAX_BYTES];
};

static struct room room;

static uint64_t choose(size_t count, const int64_t *beside, struct integers *ret)
{
    struct integers_work work = { room.steps, room.orders, room.residuals };

    return integers_choose(room.values, count, beside, &work, ret);
}

static void check_round_trip(size_t count, const int64_t *beside)
{
    struct integers_layout layout;
    struct integers c;

    (void)choose(count, beside, &c);
    integers_place(&c, 1, &layout);
    assert_true(layout.total_bytes <= sizeof room.planes);
    assert_int_equal(layout.total_bytes, c.width_bytes * integers_residual_count(&c));
    integers_write(&c, &layout, room.residuals, room.planes);
    integers_read(&c, &layout, room.planes, beside, room.back);
    assert_memory_equal(room.back, room.values, count * sizeof room.values[0]);
}

static int64_t next_value(struct rng *rng, unsigned shape, int64_t before, size_t i)
{
    switch (shape) {
    case 0:
        return before;
    case 1:
        return (int64_t)rng_below(rng, 1000) - 500;
    case 2:
        return before / 2 + (int64_t)rng_below(rng, 4000);
    case 3:
        return (int64_t)(i * i * 7);
    case 4:
        return (int64_t)rng_next(rng);
    case 5:
        return rng_below(rng, 2) ? INT64_MIN : INT64_MAX;
    case 6:
        return (int64_t)rng_below(rng, 100) * 4096 + 17;
    default:
        return (int64_t)((uint64_t)before + (rng_next(rng) >> rng_below(rng, 64)));
    }
}

static void test_integers__come_back_whatever_they_are(void **state)
{
    struct rng rng = rng_seeded(11);

    (void)state;
    for (unsigned run = 0; run < RUNS; run++) {
        size_t count = rng_below(&rng, run % 50 ? 40 : COUNT_MAX);
        int64_t value = (int64_t)rng_next(&rng) >> rng_below(&rng, 64);

        for (size_t i = 0; i < count; i++) {
            room.values[i] = value = next_value(&rng, run % SHAPES, value, i);
            room.beside[i] = (int64_t)((rng_next(&rng) >> 40) + (uint64_t)value);
        }
        check_round_trip(count, NULL);
        check_round_trip(count, room.beside);
    }
}

static void fill(size_t count, int64_t (*value)(size_t i))
{
    for (size_t i = 0; i < count; i++)
        room.values[i] = value(i);
}

static int64_t squares(size_t i)
{
    return (int64_t)(i * i);
}

static int64_t line(size_t i)
{
    return 1700000000000 + 15000 * (int64_t)i;
}

static int64_t saw(size_t i)
{
    return (int64_t)(i * 37 % 100);
}

static int64_t pages(size_t i)
{
    return 12288 + 4096 * (int64_t)(i * 37 % 100);
}

static void test_integers__of_an_even_course_cost_nothing(void **state)
{
    struct integers c;

    (void)state;
    fill(COUNT_MAX, line);
    assert_int_equal(choose(COUNT_MAX, NULL, &c), 0);
    assert_int_equal(c.width_bytes, 0);
}

static void test_integers__choose_the_order_that_fits(void **state)
{
    struct integers c;

    (void)state;
    fill(COUNT_MAX, squares);
    (void)choose(COUNT_MAX, NULL, &c);
    assert_int_equal(c.order, INTEGERS_DELTA2);
    assert_int_equal(c.width_bytes, 1);
    fill(COUNT_MAX, saw);
    (void)choose(COUNT_MAX, NULL, &c);
    assert_int_equal(c.order, INTEGERS_PLAIN);
    assert_int_equal(c.width_bytes, 1);
}

static void test_integers__are_counted_in_their_common_step(void **state)
{
    struct integers c;

    (void)state;
    fill(COUNT_MAX, pages);
    (void)choose(COUNT_MAX, NULL, &c);
    assert_int_equal(c.step, 4096);
    assert_int_equal(c.width_bytes, 1);
}

static void test_integers__beside_their_like_leave_what_differs(void **state)
{
    struct rng rng = rng_seeded(3);
    struct integers c;
    int64_t sum = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_MAX; i++) {
        room.beside[i] = sum += (int64_t)rng_below(&rng, 100000);
        room.values[i] = sum + (int64_t)i;
    }
    (void)choose(COUNT_MAX, room.beside, &c);
    assert_int_equal(c.order, INTEGERS_BESIDE);
    assert_int_equal(c.width_bytes, 0);
}

static void test_integers__stand_by_width_and_scale_without_gaps(void **state)
{
    struct integers columns[64];
    uint8_t taken[64 * 8 * 40] = { 0 };
    size_t ends[64];
    struct rng rng = rng_seeded(5);
    struct integers_layout layout;
    size_t end_count;

    (void)state;
    for (size_t i = 0; i < 64; i++)
        columns[i] = (struct integers){ .count = (uint32_t)rng_below(&rng, 40),
                                        .width_bytes = (uint8_t)rng_below(&rng, 9),
                                        .scale = (uint8_t)rng_below(&rng, 256) };
    integers_place(columns, 64, &layout);
    for (size_t i = 0; i < 64; i++)
        for (size_t plane = 0; plane < columns[i].width_bytes; plane++)
            for (size_t at = 0; at < integers_residual_count(&columns[i]); at++)
                taken[columns[i].place + plane * layout.residual_count[columns[i].width_bytes] +
                      at]++;
    for (size_t i = 0; i < sizeof taken; i++)
        assert_int_equal(taken[i], i < layout.total_bytes);
    end_count = integers_cut(columns, 64, &layout, 200, 1000, ends);
    assert_in_range(end_count, 1, layout.total_bytes / 200 + INTEGERS_PLANES_MAX);
    for (size_t i = 1; i < end_count; i++)
        assert_true(ends[i] > ends[i - 1]);
    assert_int_equal(ends[end_count - 1], 1000 + layout.total_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers__come_back_whatever_they_are),
        cmocka_unit_test(test_integers__of_an_even_course_cost_nothing),
        cmocka_unit_test(test_integers__choose_the_order_that_fits),
        cmocka_unit_test(test_integers__are_counted_in_their_common_step),
        cmocka_unit_test(test_integers__beside_their_like_leave_what_differs),
        cmocka_unit_test(test_integers__stand_by_width_and_scale_without_gaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
