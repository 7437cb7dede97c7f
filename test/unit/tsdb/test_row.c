#include "tsdb_fixture.h"

#include "base/crc32c.h"
#include "tsdb/row.h"

enum { ITEMS = 300 };

static void fill(struct rng *rng, struct series_sample *items, size_t count, bool equal_times)
{
    for (size_t i = 0; i < count; i++)
        items[i] = (struct series_sample){
            .series = (uint32_t)rng_below(rng, UINT32_MAX) + 1,
            .ts_ms = equal_times ? 77 : (int64_t)rng_next(rng),
            .value = sample_from_bits(rng_below(rng, 2) ? rng_next(rng) : SAMPLE_STALE_BITS),
        };
}

static void check_round_trip(struct row_codec *codec, const struct series_sample *items,
                             size_t count, int64_t received_ms)
{
    struct sample_batch *batch = NULL;
    struct diag diag = { 0 };
    struct str bytes;

    assert_int_equal(row_encode(codec, items, count, received_ms, &bytes), ERR_OK);
    assert_int_equal(row_decode(codec, bytes, &batch, &diag), ERR_OK);
    assert_int_equal(batch->count, count);
    assert_int_equal(batch->received_ms, received_ms);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(batch->items[i].series, items[i].series);
        assert_int_equal(batch->items[i].ts_ms, items[i].ts_ms);
        assert_int_equal(sample_bits(batch->items[i].value), sample_bits(items[i].value));
    }
    sample_batch_free(batch);
}

static void test_row__gives_back_every_bit(void **state)
{
    struct rng rng = seed_rng("row");
    struct series_sample items[ITEMS];
    struct row_codec codec;

    (void)state;
    assert_int_equal(row_codec_init(&codec), ERR_OK);
    for (int run = 0; run < 200; run++) {
        size_t count = (size_t)rng_below(&rng, ITEMS + 1);

        fill(&rng, items, count, run % 2);
        check_round_trip(&codec, items, count, (int64_t)rng_next(&rng));
    }
    row_codec_release(&codec);
}

static void test_row__every_flipped_bit_is_noticed(void **state)
{
    struct rng rng = rng_seeded(3);
    struct series_sample items[8];
    struct row_codec codec;
    struct str bytes;
    char copy[512];

    (void)state;
    assert_int_equal(row_codec_init(&codec), ERR_OK);
    fill(&rng, items, 8, false);
    assert_int_equal(row_encode(&codec, items, 8, 5, &bytes), ERR_OK);
    assert_in_range(bytes.len, ROW_HEADER_BYTES, sizeof copy);
    memcpy(copy, bytes.ptr, bytes.len);
    for (size_t bit = 0; bit < bytes.len * 8; bit++) {
        struct sample_batch *batch = NULL;

        copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
        assert_int_equal(row_decode(&codec, (struct str){ copy, bytes.len }, &batch, NULL),
                         ERR_CORRUPT);
        copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
    }
    row_codec_release(&codec);
}

/* Writes a header with a right checksum before `rest`. */
static struct str forge(char *out, uint8_t version, uint8_t flags, uint32_t count, uint32_t raw_len,
                        struct str rest)
{
    uint32_t crc;

    memcpy(out, (const char[]){ (char)version, (char)flags, 0, 0 }, 4);
    memcpy(out + 4, &count, 4);
    memcpy(out + 8, &raw_len, 4);
    memcpy(out + ROW_HEADER_BYTES, rest.ptr, rest.len);
    crc = crc32c(crc32c(0, out, 12), rest.ptr, rest.len);
    memcpy(out + 12, &crc, 4);
    return (struct str){ out, ROW_HEADER_BYTES + rest.len };
}

static void test_row__refuses_claims_that_cannot_be(void **state)
{
    static const struct {
        uint8_t version, flags;
        uint32_t count, raw_len;
        struct str rest;
        enum err err;
    } rows[] = {
        { 1, 1, 0, 2, { "\0\0", 2 }, ERR_OK },
        { 2, 1, 0, 2, { "\0\0", 2 }, ERR_CONFLICT },
        { 0, 1, 0, 2, { "\0\0", 2 }, ERR_CORRUPT },
        { 1, 4, 0, 2, { "\0\0", 2 }, ERR_CORRUPT },
        { 1, 1, 0, 3, { "\0\0", 2 }, ERR_CORRUPT },
        { 1, 1, UINT32_MAX, UINT32_MAX, { "\0\0", 2 }, ERR_CORRUPT },
        { 1, 1, 1, 2, { "\0\0", 2 }, ERR_CORRUPT },
        { 1, 3, 1, 11, { "\0\0", 2 }, ERR_CORRUPT },
        { 1, 1, 1, 11, { "\0\0\0\0\0\0\0\0\0\0\0", 11 }, ERR_CORRUPT },   /* reference 0 */
        { 1, 1, 1, 11, { "\0\0\x01\0\0\0\0\0\0\0\0", 11 }, ERR_CORRUPT }, /* reference -1 */
        { 1, 1, 1, 11, { "\0\0\x02\0\0\0\0\0\0\0\0", 11 }, ERR_OK },
        { 1, 1, 1, 12, { "\0\0\x02\0\0\0\0\0\0\0\0\0", 12 }, ERR_CORRUPT }, /* one byte too many */
        { 1, 1, 0, 11, { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\0", 11 }, ERR_CORRUPT },
    };
    struct row_codec codec;
    char out[64];

    (void)state;
    assert_int_equal(row_codec_init(&codec), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sample_batch *batch = NULL;
        struct str bytes = forge(out, rows[i].version, rows[i].flags, rows[i].count,
                                 rows[i].raw_len, rows[i].rest);

        assert_int_equal(row_decode(&codec, bytes, &batch, NULL), rows[i].err);
        sample_batch_free(batch);
    }
    for (size_t len = 0; len < ROW_HEADER_BYTES; len++) {
        struct sample_batch *batch = NULL;

        assert_int_equal(row_decode(&codec, (struct str){ out, len }, &batch, NULL), ERR_CORRUPT);
    }
    row_codec_release(&codec);
}

static void test_row__too_many_samples_are_refused(void **state)
{
    struct row_codec codec;
    struct str bytes;
    struct series_sample *items = calloc(ROW_SAMPLES_MAX + 1, sizeof *items);

    (void)state;
    assert_int_equal(row_codec_init(&codec), ERR_OK);
    assert_int_equal(row_encode(&codec, items, ROW_SAMPLES_MAX + 1, 0, &bytes), ERR_LIMIT);
    row_codec_release(&codec);
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row__gives_back_every_bit),
        cmocka_unit_test(test_row__every_flipped_bit_is_noticed),
        cmocka_unit_test(test_row__refuses_claims_that_cannot_be),
        cmocka_unit_test(test_row__too_many_samples_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
