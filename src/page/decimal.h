/*
 * Decimal: doubles that were written as decimal numbers, as integers with a
 * common exponent, and back bit for bit.
 *
 * The value of an integer m at exponent e is (double)m / 10^e, correctly rounded,
 * which is the double that reading the text of the decimal gives. A value that
 * does not come back with all its bits (NaN, infinity, negative zero, too many
 * digits) does not fit.
 *
 *   decimal_exponent -> decimal_fits ... decimal_value
 *
 * Threads   Pure.
 */
#ifndef FUSEBOX_PAGE_DECIMAL_H
#define FUSEBOX_PAGE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DECIMAL_EXPONENT_MAX = 15 };

/* *ret_integer is written only when the value fits. */
bool decimal_fits(double value, unsigned exponent, int64_t *ret_integer);

/*
 * The smallest exponent at which all values fit that fit at any. False when so
 * many fit at none that the column is not of decimals.
 */
bool decimal_exponent(const double *values, size_t count, unsigned *ret_exponent);

void decimal_values(const int64_t *integers, size_t count, unsigned exponent, double *ret_values);

#endif
