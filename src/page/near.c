#include "page/near.h"

#include <math.h>
#include <string.h>

#include "page/bytes.h"

enum {
    SAMPLED_MAX = 16,
    DIGIT_BITS_X100 = 332, /* log2 of 10 */
    GAIN_MIN_BITS = 4,     /* per value, before it is worth a try */
};

#define INTEGER_MAX 0x1p53

static const double powers_of_ten[NEAR_EXPONENT_MAX + 1] = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
};

static uint64_t bits_of(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

bool near_fits(double value, unsigned exponent, int64_t *ret_integer, int64_t *ret_units)
{
    double scaled = value * powers_of_ten[exponent];
    int64_t integer;

    if (!(fabs(scaled) <= INTEGER_MAX))
        return false;
    integer = (int64_t)(scaled + copysign(0.5, scaled));
    *ret_integer = integer;
    *ret_units = (int64_t)(bits_of(value) - bits_of((double)integer / powers_of_ten[exponent]));
    return true;
}

static unsigned long units_length(double value, unsigned exponent)
{
    int64_t integer, units;
    uint64_t folded;

    if (!near_fits(value, exponent, &integer, &units))
        return 64;
    folded = bytes_zigzag((uint64_t)units);
    return folded ? 64 - (unsigned long)__builtin_clzll(folded) : 0;
}

/* A digit more lengthens the integer by log2(10) bits; where it is a real one it shortens the
 * units by more. */
bool near_exponent(const double *values, size_t count, unsigned *ret_exponent)
{
    size_t sampled = count < SAMPLED_MAX ? count : SAMPLED_MAX;
    unsigned long best = 0, worst = 0;

    for (unsigned exponent = 1; exponent <= NEAR_EXPONENT_MAX; exponent++) {
        unsigned long cost = sampled * exponent * DIGIT_BITS_X100;

        for (size_t i = 0; i < sampled; i++)
            cost += 100 * units_length(values[i * count / sampled], exponent);
        if (exponent == 1 || cost < best) {
            best = cost;
            *ret_exponent = exponent;
        }
        worst = cost > worst ? cost : worst;
    }
    return worst - best >= sampled * 100 * GAIN_MIN_BITS && sampled > 1;
}

void near_values(const int64_t *integers, const int64_t *units, size_t count, unsigned exponent,
                 double *ret_values)
{
    for (size_t i = 0; i < count; i++) {
        double value = (double)integers[i] / powers_of_ten[exponent];
        uint64_t bits = bits_of(value) + (uint64_t)units[i];

        memcpy(&ret_values[i], &bits, sizeof bits);
    }
}
