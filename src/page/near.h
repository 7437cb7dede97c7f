/*
 * Near decimal: sums of decimals, which rounding has moved off the decimal by some
 * units in the last place.
 *
 * 0.1 + 0.2 is 0.3 and one unit more. A value is coded as the integer of the
 * nearest decimal at a common exponent and how many units the double lies above
 * it; both change little from sample to sample where the bits of the double
 * change all over.
 *
 *   near_exponent -> near_fits ... near_values
 *
 * Threads   Pure.
 */
#ifndef FUSEBOX_PAGE_NEAR_H
#define FUSEBOX_PAGE_NEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NEAR_EXPONENT_MAX = 9 }; /* nanoseconds */

/* False: not finite, or the integer would not be exact. */
bool near_fits(double value, unsigned exponent, int64_t *ret_integer, int64_t *ret_units);

/* The exponent, from 1, that promises most; false: none does. */
bool near_exponent(const double *values, size_t count, unsigned *ret_exponent);

void near_values(const int64_t *integers, const int64_t *units, size_t count, unsigned exponent,
                 double *ret_values);

#endif
