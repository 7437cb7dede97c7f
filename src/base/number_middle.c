/*
 * A double is c / 2^p, here with 2^52 < c < 2^53 and 1 <= p <= 72, and stands for all numbers
 * that are nearer to it than to (c - 1) / 2^p and (c + 1) / 2^p; the two that are equally far
 * belong to it when c is even. With n decimals, n the least for which neighbouring doubles are at
 * least one unit of the last decimal apart, one or two of the numbers are within; with one decimal
 * less there may be one. In units of the last decimal and times 4 the ends and the middle are
 *
 *   (4 c - 2, 4 c, 4 c + 2) x 10^n / 2^p  =  (...) x 5^n / 2^(p - n)
 *
 * whose product is below 2^108, so all is exact; what the shift drops is kept as an odd last bit.
 *
 * Example: 0.3 = 5404319552844596 / 2^54, n = 17, middle / 4 = 29999999999999998; its ten,
 * 30000000000000000, is within: 16 decimals, and without the zeros 0.3.
 *
 * Source    R. Giulietti, The Schubfach way to render doubles, 2020, sections 8 and 9.
 */
#include "base/number_middle.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

enum { MANTISSA_BITS = 52, EXPONENT_OF_ONE = 1075, DIGITS = 17, DECIMALS_MAX = 22 };

static const uint64_t DIGITS_LEAST = 10000000000000000; /* the first number of so many */

const char number_pairs[] = "0001020304050607080910111213141516171819"
                            "2021222324252627282930313233343536373839"
                            "4041424344454647484950515253545556575859"
                            "6061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

static const uint64_t powers_of_five[DECIMALS_MAX + 1] = {
    1,
    5,
    25,
    125,
    625,
    3125,
    15625,
    78125,
    390625,
    1953125,
    9765625,
    48828125,
    244140625,
    1220703125,
    6103515625,
    30517578125,
    152587890625,
    762939453125,
    3814697265625,
    19073486328125,
    95367431640625,
    476837158203125,
    2384185791015625,
};

static uint64_t scale(uint64_t quarters, unsigned n, unsigned shift)
{
    wide product = (wide)quarters * powers_of_five[n];
    wide kept = product >> shift;

    return (uint64_t)kept | (kept << shift != product);
}

/* The digits in front of *n decimals; *n may become one less. */
static uint64_t find_digits(uint64_t c, unsigned p, unsigned *n)
{
    uint64_t lower = scale(4 * c - 2, *n, p - *n) + c % 2;
    uint64_t middle = scale(4 * c, *n, p - *n);
    uint64_t upper = scale(4 * c + 2, *n, p - *n) - c % 2;
    uint64_t digits = middle / 4, ten = digits / 10 * 40;
    bool below = lower <= ten, above = ten + 40 <= upper;

    if (below != above) {
        --*n;
        return digits / 10 + above;
    }
    below = lower <= 4 * digits;
    above = 4 * digits + 4 <= upper;
    if (below != above)
        return digits + above;
    return digits + (middle % 4 > 2 || (middle % 4 == 2 && digits % 2));
}

static void write_eight(uint32_t n, char *out)
{
    memcpy(out, number_pairs + n / 1000000 * 2, 2);
    memcpy(out + 2, number_pairs + n / 10000 % 100 * 2, 2);
    memcpy(out + 4, number_pairs + n / 100 % 100 * 2, 2);
    memcpy(out + 6, number_pairs + n % 100 * 2, 2);
}

/* Seventeen digits. */
static void write_digits(uint64_t digits, char *out)
{
    out[0] = (char)('0' + digits / DIGITS_LEAST);
    write_eight((uint32_t)(digits / 100000000 % 100000000), out + 1);
    write_eight((uint32_t)(digits % 100000000), out + 9);
}

/* Puts the point behind so many of the digits, or zeros between it and them. */
static size_t write_plain(uint64_t digits, int whole, char *out)
{
    size_t len = DIGITS + 1;

    if (whole > 0) {
        write_digits(digits, out + 1);
        for (int i = 0; i < whole; i++)
            out[i] = out[i + 1];
        out[whole] = '.';
    } else {
        memcpy(out, "0.00000", 7);
        write_digits(digits, out + 2 - whole);
        len += (size_t)(1 - whole);
    }
    while (out[len - 1] == '0')
        len--;
    return len;
}

size_t number_middle(double value, char out[NUMBER_MIDDLE_BYTES])
{
    uint64_t bits, mantissa, digits;
    unsigned p, n;

    memcpy(&bits, &value, sizeof bits);
    mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    if (mantissa == 0)
        return 0;
    p = EXPONENT_OF_ONE - (unsigned)(bits >> MANTISSA_BITS);
    n = (p * 1262611 >> 22) + 1; /* p log10(2), rounded up */
    digits = find_digits(mantissa | UINT64_C(1) << MANTISSA_BITS, p, &n);
    for (; digits < DIGITS_LEAST; n++)
        digits *= 10;
    return write_plain(digits, DIGITS - (int)n, out);
}
