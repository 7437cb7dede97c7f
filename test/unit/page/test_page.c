#include "page/page.h"

#include <math.h>
#include <stdlib.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/rng.h"
#include "model/sample.h"
#include "unit.h"

enum { SHAPES = 22, COLUMN_MAX = 700, HEADER_BYTES = 24, CRC_AT = 20, OUT_MAX_BYTES = 4 << 20 };

/* What a test put into a page, to be held against what comes out. */
struct written {
    double values[PAGE_SAMPLES_MAX];
    int64_t times_ms[PAGE_SAMPLES_MAX];
    size_t counts[PAGE_COLUMNS_MAX];
    size_t column_count, sample_count;
    double before; /* while a column is made */
};

struct fixture {
    struct written written;
    struct page_writer writer;
    struct page_reader reader;
    struct buf out;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->out = buf_limited(OUT_MAX_BYTES);
    *state = f;
    return page_writer_init(&f->writer) || page_reader_init(&f->reader);
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    mem_fail_nth(0);
    page_writer_release(&f->writer);
    page_reader_release(&f->reader);
    buf_release(&f->out);
    free(f);
    return 0;
}

static double special(struct rng *rng)
{
    static const uint64_t bits[] = {
        SAMPLE_STALE_BITS,
        UINT64_C(0x7ff8000000000001),
        UINT64_C(0xfff8000000abcdef),
        UINT64_C(0x7ff0000000000000),
        UINT64_C(0xfff0000000000000),
        UINT64_C(0x8000000000000000),
        1,
        UINT64_C(0x000fffffffffffff),
        UINT64_MAX,
        UINT64_C(0x7fefffffffffffff),
    };

    return sample_from_bits(bits[rng_below(rng, ARRAY_LEN(bits))]);
}

static double sometimes(struct rng *rng, uint64_t one_in, double value, double otherwise)
{
    return rng_below(rng, one_in) ? otherwise : value;
}

static double next_value(struct rng *rng, unsigned shape, double before)
{
    double below_1000 = (double)rng_below(rng, 1000);

    switch (shape) {
    case 0: /* a constant */
        return before;
    case 1: /* counters */
        return before + below_1000;
    case 2:
        return sometimes(rng, 40, before + 1, before);
    case 3:
        return sometimes(rng, 60, 0, before + below_1000);
    case 4: /* beyond 2^53 */
        return fabs(before) + 0x1p55 + 8 * below_1000;
    case 5: /* whole and decimal gauges */
        return below_1000 - 500;
    case 6:
        return below_1000 / 100;
    case 7:
        return (double)rng_below(rng, 1000000000) / 1e7;
    case 8: /* quotients */
        return below_1000 / (double)(1 + rng_below(rng, 1200));
    case 9:
        return below_1000 / 60;
    case 10: /* sums */
        return before + below_1000 / 1000;
    case 11:
        return before + rng_unit(rng);
    case 12: /* anything */
        return sample_from_bits(rng_next(rng));
    case 13:
        return special(rng);
    case 14:
        return sometimes(rng, 10, special(rng), below_1000);
    case 15:
        return sometimes(rng, 10, special(rng), below_1000 / 7);
    case 16:
        return sometimes(rng, 10, special(rng), before + 0.1);
    case 17:
        return sometimes(rng, 30, special(rng), before);
    case 18:
        return sometimes(rng, 2, sample_from_bits(SAMPLE_STALE_BITS), below_1000);
    case 19:
        return -before;
    case 20:
        return below_1000 * 1e297 * (below_1000 - 500);
    default: /* all in turn */
        return next_value(rng, (unsigned)rng_below(rng, SHAPES - 1), before);
    }
}

/* One column; its count of samples must have room. */
static void add_column(struct fixture *f, struct rng *rng, unsigned shape, size_t count)
{
    struct written *w = &f->written;
    double *values = &w->values[w->sample_count];

    w->before = sometimes(rng, 3, 0, floor(exp(rng_unit(rng) * 40)));
    for (size_t i = 0; i < count; i++)
        values[i] = w->before = next_value(rng, shape, w->before);
    assert_int_equal(page_writer_add_values(&f->writer, values, count), ERR_OK);
    w->counts[w->column_count++] = count;
    w->sample_count += count;
}

static void begin(struct fixture *f)
{
    f->written.column_count = 0;
    f->written.sample_count = 0;
    buf_clear(&f->out);
}

static void encode(struct fixture *f, enum page_kind kind, int level)
{
    assert_int_equal(page_writer_encode(&f->writer, kind, level, &f->out), ERR_OK);
    assert_int_equal(f->writer.column_count, 0);
    assert_int_equal(f->writer.sample_count, 0);
}

static void load(struct fixture *f, enum page_kind kind)
{
    struct diag diag = { 0 };

    if (page_reader_load(&f->reader, kind, buf_str(&f->out), &diag))
        fail_msg("%s", diag_text(&diag));
    assert_int_equal(f->reader.column_count, f->written.column_count);
    assert_in_range(page_reader_bytes(&f->reader), 1, PAGE_READER_MAX_BYTES);
}

static size_t offset_of(const struct written *w, size_t slot)
{
    size_t at = 0;

    for (size_t i = 0; i < slot; i++)
        at += w->counts[i];
    return at;
}

static void check_slot(struct fixture *f, size_t slot)
{
    const double *values = NULL;
    size_t count = SIZE_MAX;

    assert_int_equal(page_reader_values(&f->reader, slot, &values, &count), ERR_OK);
    assert_int_equal(count, f->written.counts[slot]);
    assert_memory_equal(values, &f->written.values[offset_of(&f->written, slot)],
                        count * sizeof *values);
}

static void check_all(struct fixture *f, struct rng *rng)
{
    for (size_t slot = 0; slot < f->written.column_count; slot++)
        check_slot(f, slot);
    for (size_t i = 0; i < 20; i++)
        check_slot(f, rng_below(rng, f->written.column_count));
}

static void fill_page(struct fixture *f, struct rng *rng, unsigned shape)
{
    size_t columns = 1 + rng_below(rng, 60);

    begin(f);
    for (size_t i = 0; i < columns; i++) {
        size_t count = rng_below(rng, rng_below(rng, 8) ? 60 : COLUMN_MAX);

        add_column(f, rng, shape < SHAPES ? shape : (unsigned)rng_below(rng, SHAPES),
                   rng_below(rng, 3) || i == 0 ? count : f->written.counts[i - 1]);
    }
}

static void test_page__gives_back_every_bit_of_any_shape(void **state)
{
    struct fixture *f = *state;
    struct rng rng = rng_seeded(41);

    for (unsigned run = 0; run < 200; run++) {
        fill_page(f, &rng, run % (2 * SHAPES));
        encode(f, PAGE_VALUES, run % 7 ? 1 : 9);
        load(f, PAGE_VALUES);
        check_all(f, &rng);
    }
}

static void test_page__gives_back_buckets_of_histograms(void **state)
{
    struct fixture *f = *state;
    struct rng rng = rng_seeded(42);
    double values[64] = { 0 };

    begin(f);
    for (size_t column = 0; column < 100; column++) {
        double sum = 0;

        for (size_t i = 0; i < ARRAY_LEN(values); i++) {
            sum += (double)rng_below(&rng, 5);
            values[i] = (column % 30 ? values[i] : (double)(i * 1000)) + sum;
        }
        assert_int_equal(page_writer_add_values(&f->writer, values, ARRAY_LEN(values)), ERR_OK);
        memcpy(&f->written.values[column * ARRAY_LEN(values)], values, sizeof values);
        f->written.counts[f->written.column_count++] = ARRAY_LEN(values);
    }
    encode(f, PAGE_VALUES, 1);
    load(f, PAGE_VALUES);
    check_slot(f, 29); /* the end of a chain, before its beginning was asked for */
    check_slot(f, 28);
    check_slot(f, 99);
    check_all(f, &rng);
}

static void test_page__gives_back_times(void **state)
{
    struct fixture *f = *state;
    struct rng rng = rng_seeded(43);
    int64_t *times_ms = f->written.times_ms;
    const int64_t *back;
    size_t count;

    begin(f);
    for (size_t column = 0; column < 50; column++) {
        int64_t ts_ms = (int64_t)rng_below(&rng, 1700000000000) - 850000000000;

        for (size_t i = 0; i < 100; i++) {
            ts_ms += 15000 * (int64_t)(1 + (rng_below(&rng, 50) == 0)) +
                     (int64_t)(column % 2 ? rng_below(&rng, 7) : 0);
            times_ms[column * 100 + i] = column == 49 ? (int64_t)rng_next(&rng) : ts_ms;
        }
        assert_int_equal(page_writer_add_times(&f->writer, &times_ms[column * 100], 100), ERR_OK);
        f->written.column_count++;
    }
    encode(f, PAGE_TIMES, 1);
    load(f, PAGE_TIMES);
    for (size_t column = 50; column-- > 0;) {
        assert_int_equal(page_reader_times(&f->reader, column, &back, &count), ERR_OK);
        assert_int_equal(count, 100);
        assert_memory_equal(back, &times_ms[column * 100], 100 * sizeof *back);
    }
}

static void test_page__takes_as_much_as_it_says_and_no_more(void **state)
{
    struct fixture *f = *state;
    struct rng rng = rng_seeded(44);
    static const unsigned shapes[] = { 0, 8, 12, 14, 20 };
    double value = 1;

    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        begin(f);
        assert_true(page_writer_has_room(&f->writer, PAGE_SAMPLES_MAX));
        add_column(f, &rng, shapes[i], PAGE_SAMPLES_MAX);
        assert_false(page_writer_has_room(&f->writer, 1));
        assert_int_equal(page_writer_add_values(&f->writer, &value, 1), ERR_LIMIT);
        encode(f, PAGE_VALUES, 1);
        load(f, PAGE_VALUES);
        check_slot(f, 0);
    }
    begin(f);
    for (size_t i = 0; i < PAGE_COLUMNS_MAX; i++)
        add_column(f, &rng, (unsigned)i % SHAPES, PAGE_SAMPLES_MAX / PAGE_COLUMNS_MAX);
    assert_false(page_writer_has_room(&f->writer, 0));
    assert_int_equal(page_writer_add_times(&f->writer, NULL, 0), ERR_LIMIT);
    encode(f, PAGE_VALUES, 1);
    load(f, PAGE_VALUES);
    check_all(f, &rng);
}

static size_t bytes_of(struct fixture *f, unsigned shape, size_t columns, size_t count)
{
    struct rng rng = rng_seeded(45);

    begin(f);
    for (size_t i = 0; i < columns; i++)
        add_column(f, &rng, shape, count);
    encode(f, PAGE_VALUES, 1);
    return f->out.len;
}

/* The information that is in it, and little more: bits per value are log2 of what is drawn. */
static void test_page__costs_little_more_than_what_is_new_in_it(void **state)
{
    struct fixture *f = *state;

    assert_in_range(bytes_of(f, 0, 250, 240), 1, 250 * 6);                 /* constants */
    assert_in_range(bytes_of(f, 1, 250, 240), 1, 250 * (240 * 135 / 100)); /* 10 bits each */
    assert_in_range(bytes_of(f, 2, 250, 240), 1, 250 * (240 * 9 / 100));
    assert_in_range(bytes_of(f, 6, 250, 240), 1, 250 * (240 * 135 / 100));
    assert_in_range(bytes_of(f, 8, 250, 240), 1, 250 * (240 * 270 / 100));
    assert_in_range(bytes_of(f, 9, 250, 240), 1, 250 * (240 * 135 / 100));
    assert_in_range(bytes_of(f, 10, 250, 240), 1, 250 * (240 * 200 / 100));
}

static void set_checksum(uint8_t *page, size_t len)
{
    uint32_t crc = crc32c(crc32c(0, page, CRC_AT), page + HEADER_BYTES, len - HEADER_BYTES);

    for (int i = 0; i < 4; i++)
        page[CRC_AT + i] = (uint8_t)(crc >> 8 * i);
}

static void test_page__damage_is_never_a_number(void **state)
{
    struct fixture *f = *state;
    struct rng rng = rng_seeded(46);
    struct diag diag;

    fill_page(f, &rng, SHAPES);
    encode(f, PAGE_VALUES, 1);
    for (size_t bit = 0; bit < f->out.len * 8; bit += 1 + rng_below(&rng, 97)) {
        diag = (struct diag){ 0 };
        f->out.data[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(page_reader_load(&f->reader, PAGE_VALUES, buf_str(&f->out), &diag),
                         ERR_CORRUPT);
        assert_int_equal(diag.code, ERR_CORRUPT);
        assert_int_equal(f->reader.column_count, 0);
        f->out.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t len = 0; len < f->out.len; len += 1 + rng_below(&rng, 31))
        assert_int_equal(
            page_reader_load(&f->reader, PAGE_VALUES, (struct str){ f->out.data, len }, NULL),
            ERR_CORRUPT);
    load(f, PAGE_VALUES);
    check_all(f, &rng);
}

/* The checksum is right, what stands under it is not. */
static void test_page__nonsense_with_a_good_checksum_ends_in_an_error(void **state)
{
    struct fixture *f = *state;
    struct rng rng = rng_seeded(47);
    const double *values;
    size_t count;

    for (unsigned run = 0; run < 3000; run++) {
        if (run % 50 == 0) {
            fill_page(f, &rng, SHAPES);
            encode(f, PAGE_VALUES, 1);
        }
        for (size_t i = 1 + rng_below(&rng, 3); i; i--)
            f->out.data[rng_below(&rng, f->out.len)] ^= (char)(1 << rng_below(&rng, 8));
        set_checksum((uint8_t *)f->out.data, f->out.len);
        if (page_reader_load(&f->reader, PAGE_VALUES, buf_str(&f->out), NULL))
            continue;
        assert_in_range(page_reader_bytes(&f->reader), 1, PAGE_READER_MAX_BYTES);
        for (size_t slot = 0; slot < f->reader.column_count; slot++) {
            enum err err = page_reader_values(&f->reader, slot, &values, &count);

            assert_true(err == ERR_OK || err == ERR_CORRUPT);
        }
    }
}

static void test_page__is_read_as_what_it_is(void **state)
{
    struct fixture *f = *state;
    struct rng rng = rng_seeded(48);
    const int64_t *times_ms;
    const double *values;
    size_t count;

    begin(f);
    add_column(f, &rng, 1, 10);
    encode(f, PAGE_VALUES, 1);
    assert_int_equal(page_reader_load(&f->reader, PAGE_TIMES, buf_str(&f->out), NULL), ERR_CORRUPT);
    assert_int_equal(page_reader_values(&f->reader, 0, &values, &count), ERR_CORRUPT);
    load(f, PAGE_VALUES);
    assert_int_equal(page_reader_values(&f->reader, 1, &values, &count), ERR_CORRUPT);
    assert_int_equal(page_reader_times(&f->reader, 0, &times_ms, &count), ERR_CORRUPT);
    check_slot(f, 0);
}

static void test_page__begins_again_where_no_room_was(void **state)
{
    struct fixture *f = *state;
    struct rng rng = rng_seeded(49);
    struct buf small = buf_limited(100);

    begin(f);
    add_column(f, &rng, 12, 100);
    buf_append_cstr(&small, "before");
    assert_int_equal(page_writer_encode(&f->writer, PAGE_VALUES, 1, &small), ERR_LIMIT);
    assert_int_equal(small.len, 6);
    encode(f, PAGE_VALUES, 1); /* the columns are still there */
    load(f, PAGE_VALUES);
    check_slot(f, 0);
    buf_release(&small);
}

/* The example of docs/formats/block-pages.md. */
static void test_page__has_the_bytes_of_the_document(void **state)
{
    static const double values[] = { 1000, 1300, 1500, 1800 };
    static const uint8_t page[] = {
        'F',  'P',  1,    1,    1,    0,    0,    0,    11,   0,    0,    0,
        8,    0,    0,    0,    4,    0,    0,    0,    0,    0,    0,    0, /* header */
        0x00, 0x04, 0x1d, 0x01, 0xd0, 0x0f, 0x06, 0x64, 0x00, 0x01, 0x00,
    };
    struct fixture *f = *state;

    begin(f);
    assert_int_equal(page_writer_add_values(&f->writer, values, ARRAY_LEN(values)), ERR_OK);
    encode(f, PAGE_VALUES, 1);
    memset(f->out.data + CRC_AT, 0, HEADER_BYTES - CRC_AT);
    assert_int_equal(f->out.len, sizeof page);
    assert_memory_equal(f->out.data, page, sizeof page);
}

static enum err whole_way(struct fixture *f, struct buf *out)
{
    struct page_writer writer = { 0 };
    struct page_reader reader = { 0 };
    const double *values;
    size_t count;
    enum err err = page_writer_init(&writer);

    for (size_t i = 0; i < 3 && !err; i++)
        err = page_writer_add_values(&writer, f->written.values, 100);
    if (!err)
        err = page_writer_encode(&writer, PAGE_VALUES, 1, out);
    if (!err)
        err = page_reader_init(&reader);
    if (!err)
        err = page_reader_load(&reader, PAGE_VALUES, buf_str(out), NULL);
    if (!err)
        err = page_reader_values(&reader, 2, &values, &count);
    page_writer_release(&writer);
    page_reader_release(&reader);
    return err;
}

static void test_page__survives_every_failed_allocation(void **state)
{
    struct fixture *f = *state;
    struct rng rng = rng_seeded(50);
    long n = 1;

    begin(f);
    add_column(f, &rng, 12, 100);
    for (;; n++) {
        struct buf out = buf_limited(OUT_MAX_BYTES);
        enum err err;

        mem_fail_nth(n);
        err = whole_way(f, &out);
        buf_release(&out);
        if (!mem_fault_happened())
            break;
        assert_int_equal(err, ERR_NOMEM);
    }
    assert_in_range(n, 8, 40);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_page__gives_back_every_bit_of_any_shape),
        TEST(test_page__gives_back_buckets_of_histograms),
        TEST(test_page__gives_back_times),
        TEST(test_page__takes_as_much_as_it_says_and_no_more),
        TEST(test_page__costs_little_more_than_what_is_new_in_it),
        TEST(test_page__damage_is_never_a_number),
        TEST(test_page__nonsense_with_a_good_checksum_ends_in_an_error),
        TEST(test_page__is_read_as_what_it_is),
        TEST(test_page__begins_again_where_no_room_was),
        TEST(test_page__has_the_bytes_of_the_document),
        TEST(test_page__survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
