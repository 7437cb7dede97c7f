#include "unit.h"

#include "base/crc32c.h"
#include "base/rng.h"

/* RFC 3720, B.4, and the check value of the catalogue of CRCs. */
static void test_crc32c__gives_the_published_values(void **state)
{
    uint8_t zeros[32] = { 0 }, ones[32], rising[32], falling[32];

    (void)state;
    for (size_t i = 0; i < 32; i++) {
        ones[i] = 0xFF;
        rising[i] = (uint8_t)i;
        falling[i] = (uint8_t)(31 - i);
    }
    assert_int_equal(crc32c(0, zeros, 32), 0x8A9136AA);
    assert_int_equal(crc32c(0, ones, 32), 0x62A8AB43);
    assert_int_equal(crc32c(0, rising, 32), 0x46DD794E);
    assert_int_equal(crc32c(0, falling, 32), 0x113FDB5C);
    assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283);
    assert_int_equal(crc32c(0, "", 0), 0);
}

/* The definition, bit by bit. */
static uint32_t slow_crc32c(const uint8_t *p, size_t len)
{
    uint32_t crc = 0xFFFFFFFF;

    for (size_t i = 0; i < len; i++)
        for (int bit = 0; bit < 8; bit++) {
            uint32_t top = (crc ^ (uint32_t)(p[i] >> bit)) & 1;

            crc = (crc >> 1) ^ (top ? 0x82F63B78 : 0);
        }
    return ~crc;
}

static void test_crc32c__agrees_with_its_definition_at_every_length_and_cut(void **state)
{
    struct rng rng = rng_seeded(7);
    uint8_t bytes[200];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)rng_next(&rng);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        size_t cut = len ? rng_below(&rng, len) : 0;
        uint32_t expected = slow_crc32c(bytes, len);

        assert_int_equal(crc32c(0, bytes, len), expected);
        assert_int_equal(crc32c(crc32c(0, bytes, cut), bytes + cut, len - cut), expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32c__gives_the_published_values),
        cmocka_unit_test(test_crc32c__agrees_with_its_definition_at_every_length_and_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
