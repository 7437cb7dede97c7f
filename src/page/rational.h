/*
 * Rational: doubles that are the quotient of two whole numbers, such as a share
 * of calls or a rate over a minute, as those numbers.
 *
 * 2/3 has 53 significant bits and no short decimal, but the division (double)p / q
 * gives it back with every bit. The smallest q is found by continued fractions.
 *
 * Threads   Pure.
 * Source    Hardy and Wright, An Introduction to the Theory of Numbers, chapter X.
 */
#ifndef FUSEBOX_PAGE_RATIONAL_H
#define FUSEBOX_PAGE_RATIONAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RATIONAL_DENOMINATOR_MAX = 1 << 20 }; /* larger ones save nothing over the double's bits */

/* False: no such numbers; the results are not written then. *ret_q is greater than 0. */
bool rational_fits(double value, int64_t *ret_p, int64_t *ret_q);

/* Brings all to one denominator when it is at most RATIONAL_DENOMINATOR_MAX, else changes nothing.
 */
void rational_unify(int64_t *p, int64_t *q, size_t count);

/* q may be anything; it is the reader's to be surprised by infinities of damaged input. */
void rational_values(const int64_t *p, const int64_t *q, size_t count, double *ret_values);

#endif
