#include "page/decimal.h"

#include <math.h>
#include <string.h>

enum {
    MISFITS_FEW = 4,    /* finite values that fit at no exponent: so many in a short column */
    MISFITS_ONE_IN = 8, /* and at most this share of a long one */
};

#define WHOLE_MAX   0x1p62 /* a whole number beyond is no int64_t, or its differences are not */
#define INTEGER_MAX 0x1p53 /* a scaled one beyond is not exact */

static const double powers_of_ten[DECIMAL_EXPONENT_MAX + 1] = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
};

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

bool decimal_fits(double value, unsigned exponent, int64_t *ret_integer)
{
    double scaled = value * powers_of_ten[exponent];
    int64_t integer;

    if (!(fabs(scaled) <= (exponent ? INTEGER_MAX : WHOLE_MAX)))
        return false;
    integer = (int64_t)(scaled + (exponent ? copysign(0.5, scaled) : 0));
    if (!same_bits((double)integer / powers_of_ten[exponent], value))
        return false;
    *ret_integer = integer;
    return true;
}

/* The smallest exponent from `from` on that fits, or DECIMAL_EXPONENT_MAX + 1. */
static unsigned exponent_of(double value, unsigned from)
{
    int64_t integer;

    while (from <= DECIMAL_EXPONENT_MAX && !decimal_fits(value, from, &integer))
        from++;
    return from;
}

bool decimal_exponent(const double *values, size_t count, unsigned *ret_exponent)
{
    unsigned exponent = 0;
    size_t fitting = 0, misfits = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned own = isfinite(values[i]) ? exponent_of(values[i], exponent) : exponent;

        if (own <= DECIMAL_EXPONENT_MAX)
            exponent = own;
        else if (++misfits > MISFITS_FEW + i / MISFITS_ONE_IN)
            return false;
        fitting += own <= DECIMAL_EXPONENT_MAX && isfinite(values[i]);
    }
    *ret_exponent = exponent;
    return fitting > 0;
}

void decimal_values(const int64_t *integers, size_t count, unsigned exponent, double *ret_values)
{
    double power = powers_of_ten[exponent];

    if (exponent == 0)
        for (size_t i = 0; i < count; i++)
            ret_values[i] = (double)integers[i];
    else
        for (size_t i = 0; i < count; i++)
            ret_values[i] = (double)integers[i] / power;
}
