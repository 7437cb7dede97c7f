#include "page/rational.h"

#include <math.h>
#include <string.h>

enum { STEPS_MAX = 32 };

static const int64_t NUMERATOR_MAX = INT64_C(1) << 53;

#define NEAR_RATIO  0x1p-50 /* what rounding can make of a product */
#define PRODUCT_MAX 0x1p42  /* of p and q: two numbers that are longer together save nothing */

static bool is_quotient(double value, double p, double q)
{
    double quotient;

    if (fabs(value * q - p) > fabs(p) * NEAR_RATIO)
        return false; /* without the division, which is slow */
    quotient = p / q;
    return memcmp(&quotient, &value, sizeof value) == 0;
}

/*
 * value = a0 + 1/(a1 + 1/(a2 + ...)); the convergents p/q follow from
 * p[n] = a[n] p[n-1] + p[n-2], and so do the q.
 */
bool rational_fits(double value, int64_t *ret_p, int64_t *ret_q)
{
    double rest = value, whole = floor(rest);
    double p = whole, p_before = 1;
    double q = 1, q_before = 0;

    if (!(fabs(value) < PRODUCT_MAX))
        return false;
    for (int step = 0; step < STEPS_MAX && !is_quotient(value, p, q); step++) {
        double p_last = p, q_last = q;

        if (!(rest - whole > 0))
            return false;
        rest = 1 / (rest - whole);
        if (!(rest <= RATIONAL_DENOMINATOR_MAX))
            return false;
        whole = (double)(int64_t)rest;
        p = whole * p + p_before;
        q = whole * q + q_before;
        p_before = p_last;
        q_before = q_last;
        if (!(q <= RATIONAL_DENOMINATOR_MAX && fabs(p) * q <= PRODUCT_MAX))
            return false;
    }
    if (!is_quotient(value, (double)(int64_t)p, q))
        return false; /* also a negative zero, whose sign an integer does not keep */
    *ret_p = (int64_t)p;
    *ret_q = (int64_t)q;
    return true;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* The least common denominator; 0: too large, or it makes a numerator inexact as a double. */
static int64_t denominator_of(const int64_t *p, const int64_t *q, size_t count)
{
    int64_t common = 1;
    int64_t longest = 0;

    for (size_t i = 0; i < count; i++) {
        int64_t length = p[i] < 0 ? -p[i] : p[i];

        if (common % q[i])
            common *= q[i] / common_divisor(common, q[i]);
        if (length > longest)
            longest = length;
        if (common > RATIONAL_DENOMINATOR_MAX || longest > NUMERATOR_MAX / common)
            return 0;
    }
    return common;
}

void rational_unify(int64_t *p, int64_t *q, size_t count)
{
    int64_t common = denominator_of(p, q, count);

    for (size_t i = 0; i < count && common; i++) {
        p[i] *= common / q[i];
        q[i] = common;
    }
}

void rational_values(const int64_t *p, const int64_t *q, size_t count, double *ret_values)
{
    for (size_t i = 0; i < count; i++)
        ret_values[i] = (double)p[i] / (double)q[i];
}
