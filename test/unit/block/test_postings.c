#include "block_fixture.h"

#include "block/postings.h"
#include "page/bytes.h"

enum { SERIES_MAX = 5000, ROUNDS = 300 };

static void check_list(struct rng *rng, const uint32_t *list, size_t count, uint32_t series_count)
{
    uint32_t *read = malloc((count + 1) * sizeof *read);
    struct buf bytes = buf_limited(SIZE_MAX);
    struct postings_reader reader;
    struct series_set set;

    postings_put(list, count, &bytes);
    assert_int_equal(buf_error(&bytes), ERR_OK);
    assert_true(series_set_init(&set, series_count, false));
    reader = postings_reader_of(&set);
    for (size_t at = 0; at < bytes.len;) { /* in any pieces */
        size_t part = 1 + (size_t)rng_below(rng, bytes.len - at);

        assert_true(postings_feed(&reader, (struct str){ bytes.data + at, part }));
        at += part;
    }
    assert_true(postings_are_whole(&reader));
    assert_int_equal(reader.count, count);
    assert_int_equal(series_set_count(&set), count);
    series_set_list(&set, read);
    assert_memory_equal(read, list, count * sizeof *list);
    series_set_release(&set);
    buf_release(&bytes);
    free(read);
}

static void test_postings__come_back(void **state)
{
    static uint32_t list[SERIES_MAX];
    struct rng rng = seed_rng("postings");

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t series_count = 1 + (uint32_t)rng_below(&rng, SERIES_MAX);
        uint64_t stay = 1 + rng_below(&rng, 40); /* how long a run or a gap lasts */
        bool in = rng_below(&rng, 2);
        size_t count = 0;

        for (uint32_t i = 0; i < series_count; i++) {
            if (in)
                list[count++] = i;
            in ^= rng_below(&rng, stay) == 0;
        }
        if (count)
            check_list(&rng, list, count, series_count);
    }
}

static void test_postings__cost_little(void **state)
{
    static const uint32_t list[] = { 3, 7, 8, 9, 11 };
    struct buf bytes = buf_limited(SIZE_MAX);

    (void)state;
    postings_put(list, ARRAY_LEN(list), &bytes);
    assert_int_equal(bytes.len, 4);
    assert_memory_equal(bytes.data, "\x06\x07\x01\x02", 4);
    buf_release(&bytes);
}

static void test_postings__refuse_what_is_no_list(void **state)
{
    static const struct str bad[] = {
        { "\x14", 1 },                     /* series 10 of 10 */
        { "\x01\x09", 2 },                 /* a run of 11 */
        { "\x13\x00", 2 },                 /* a run that begins at 9 */
        { "\xff\xff\xff\xff\xff\x01", 6 }, /* a number of more than 32 bits */
        { "\x12\x00", 2 },                 /* something behind the last series */
    };
    struct series_set set;
    struct postings_reader reader;

    (void)state;
    assert_true(series_set_init(&set, 10, false));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        reader = postings_reader_of(&set);
        assert_false(postings_feed(&reader, bad[i]));
    }
    reader = postings_reader_of(&set);
    assert_true(postings_feed(&reader, (struct str){ "\x82", 1 }));
    assert_false(postings_are_whole(&reader));
    reader = postings_reader_of(&set);
    assert_true(postings_feed(&reader, (struct str){ "\x03", 1 }));
    assert_false(postings_are_whole(&reader));
    series_set_release(&set);
}

static void test_postings__sets_know_their_edges(void **state)
{
    (void)state;
    for (uint32_t count = 0; count < 200; count++) {
        struct series_set full, none;

        assert_true(series_set_init(&full, count, true));
        assert_true(series_set_init(&none, count, false));
        assert_int_equal(series_set_count(&full), count);
        series_set_subtract(&full, &none);
        assert_int_equal(series_set_count(&full), count);
        if (count)
            series_set_add(&none, count - 1);
        series_set_intersect(&full, &none);
        assert_int_equal(series_set_count(&full), count > 0);
        series_set_release(&full);
        series_set_release(&none);
    }
}

static void test_postings__numbers_of_any_size_come_back(void **state)
{
    struct buf bytes = buf_limited(SIZE_MAX);
    struct bytes_reader r;

    (void)state;
    for (int bit = 0; bit < 64; bit++)
        for (int less = 0; less < 2; less++) {
            uint64_t value = (UINT64_C(1) << bit) - (uint64_t)less;

            buf_clear(&bytes);
            bytes_put_varint(&bytes, value);
            r = bytes_reader_of(buf_str(&bytes));
            assert_true(bytes_take_varint(&r, value) == value);
            assert_true(bytes_are_read(&r));
            assert_true(bytes_unzigzag(bytes_zigzag(value)) == value);
            r = bytes_reader_of((struct str){ bytes.data, bytes.len - 1 });
            assert_int_equal(bytes_take_varint(&r, UINT64_MAX), 0);
            assert_true(r.bad);
            if (value) {
                r = bytes_reader_of(buf_str(&bytes));
                assert_int_equal(bytes_take_varint(&r, value - 1), 0);
                assert_true(r.bad);
            }
        }
    r = bytes_reader_of(STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
    assert_int_equal(bytes_take_varint(&r, UINT64_MAX), 0);
    assert_true(r.bad);
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_postings__come_back),
        cmocka_unit_test(test_postings__cost_little),
        cmocka_unit_test(test_postings__refuse_what_is_no_list),
        cmocka_unit_test(test_postings__sets_know_their_edges),
        cmocka_unit_test(test_postings__numbers_of_any_size_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
