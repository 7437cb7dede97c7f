#include "head/chunk.h"
#include "unit.h"

#include "seed.h"

enum { SHAPES = 9, RUNS = 3000 };

static double special_value(struct rng *rng)
{
    static const uint64_t bits[] = {
        UINT64_C(0x7ff0000000000002), /* stale marker */
        UINT64_C(0x7ff8000000000001),
        UINT64_C(0xfff8000000abcdef),
        UINT64_C(0x7ff0000000000000),
        UINT64_C(0xfff0000000000000),
        UINT64_C(0x8000000000000000),
        1,
        UINT64_C(0x000fffffffffffff),
        0,
        UINT64_MAX,
    };

    return sample_from_bits(bits[rng_below(rng, ARRAY_LEN(bits))]);
}

/* Any time may follow any other: sums wrap. */
static int64_t later(int64_t ts_ms, int64_t by_ms)
{
    return (int64_t)((uint64_t)ts_ms + (uint64_t)by_ms);
}

static struct sample next_sample(struct rng *rng, unsigned shape, struct sample before)
{
    struct sample s = { later(before.ts_ms, 1000), before.value };

    switch (shape) {
    case 0:
        return s;
    case 1:
        s.ts_ms = later(s.ts_ms, (int64_t)rng_below(rng, 5) - 2);
        s.value += (double)rng_below(rng, 50);
        return s;
    case 2:
        s.ts_ms = later(s.ts_ms, (int64_t)rng_below(rng, 600) - 300);
        s.value = (double)rng_below(rng, 10000) / 100;
        return s;
    case 3:
        s.ts_ms = later(s.ts_ms, (int64_t)rng_below(rng, 20000) - 10000);
        s.value = -s.value;
        return s;
    case 4:
        s.ts_ms = (int64_t)rng_next(rng);
        s.value = sample_from_bits(rng_next(rng));
        return s;
    case 5:
        s.value = special_value(rng);
        return s;
    case 6:
        s.ts_ms = later(s.ts_ms, (int64_t)(rng_next(rng) >> 31));
        s.value = sample_from_bits(sample_bits(s.value) ^ UINT64_C(1) << rng_below(rng, 64));
        return s;
    case 7:
        s.ts_ms = rng_below(rng, 2) ? INT64_MIN : INT64_MAX;
        s.value = rng_unit(rng) * 1e-310;
        return s;
    default:
        return next_sample(rng, (unsigned)rng_below(rng, SHAPES - 1), before);
    }
}

static void check_round_trip(struct rng *rng, unsigned shape)
{
    struct sample written[CHUNK_SAMPLES_MAX + 1];
    struct sample s = { (int64_t)(rng_next(rng) >> 20), (double)rng_below(rng, 1000) };
    struct chunk_writer w;
    struct sample read[CHUNK_SAMPLES_MAX];
    struct chunk c;
    size_t count = 0;

    memset(&c, 0xa5, sizeof c); /* slabs are used again without being cleared */
    chunk_begin(&c, &w, s.ts_ms, s.value);
    do {
        written[count++] = s;
        s = next_sample(rng, shape, s);
    } while (chunk_append(&c, &w, s.ts_ms, s.value));
    assert_in_range(w.position_bits, CHUNK_BITS - CHUNK_SAMPLE_BITS_MAX + 1, CHUNK_BITS);
    assert_int_equal(chunk_count(&c), count);
    chunk_read(&c, (uint32_t)count, read);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(read[i].ts_ms, written[i].ts_ms);
        assert_int_equal(sample_bits(read[i].value), sample_bits(written[i].value));
    }
}

static void test_chunk__gives_back_every_bit_of_any_shape(void **state)
{
    struct rng rng = seed_rng("chunk");

    (void)state;
    for (unsigned run = 0; run < RUNS; run++)
        check_round_trip(&rng, run % SHAPES);
}

static void test_chunk__holds_its_maximum_of_steady_samples(void **state)
{
    struct chunk_writer w;
    struct chunk c;
    int64_t ts_ms = 0;

    (void)state;
    chunk_begin(&c, &w, 0, 1);
    while (chunk_append(&c, &w, ts_ms, 1))
        assert_in_range(c.count, 1, CHUNK_SAMPLES_MAX);
    assert_int_equal(c.count, CHUNK_SAMPLES_MAX);
}

static void test_chunk__refused_sample_changes_nothing(void **state)
{
    struct chunk_writer w, before;
    struct chunk c;
    uint64_t bits = 1;

    (void)state;
    chunk_begin(&c, &w, 0, 0);
    do {
        before = w;
        bits = bits * UINT64_C(6364136223846793005) + 1442695040888963407;
    } while (chunk_append(&c, &w, (int64_t)bits, sample_from_bits(~bits)));
    assert_memory_equal(&w.ts_ms, &before.ts_ms, sizeof w.ts_ms);
    assert_int_equal(w.bits, before.bits);
    assert_int_equal(w.position_bits, before.position_bits);
    assert_int_equal(w.delta_ms, before.delta_ms);
}

static void test_chunk__one_second_scrapes_with_jitter_cost_eight_bits(void **state)
{
    struct rng rng = rng_seeded(1);
    struct chunk_writer w;
    struct chunk c;
    int64_t ts_ms = 1700000000000;

    (void)state;
    chunk_begin(&c, &w, ts_ms, 5);
    while (chunk_append(&c, &w, ts_ms + (int64_t)rng_below(&rng, 7) - 3, 5))
        ts_ms += 1000;
    assert_in_range(c.count, 90, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunk__gives_back_every_bit_of_any_shape),
        cmocka_unit_test(test_chunk__holds_its_maximum_of_steady_samples),
        cmocka_unit_test(test_chunk__refused_sample_changes_nothing),
        cmocka_unit_test(test_chunk__one_second_scrapes_with_jitter_cost_eight_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
