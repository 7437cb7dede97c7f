/*
 * The shortest decimal that reads back as the same double, for those of everyday size: what
 * base/number_shortest.h gives, several times as fast. Only base/number.c includes it.
 */
#ifndef FUSEBOX_BASE_NUMBER_MIDDLE_H
#define FUSEBOX_BASE_NUMBER_MIDDLE_H

#include <stddef.h>

enum { NUMBER_MIDDLE_BYTES = 24 };

/* Plain "ddd.ddd" of a value from 1e-6 to 2^53 that is no whole number, without a NUL; gives the
 * length. 0: of a power of two, whose neighbours are not equally far, it knows nothing. */
size_t number_middle(double value, char out[NUMBER_MIDDLE_BYTES]);

extern const char number_pairs[]; /* "00" to "99" */

#endif
