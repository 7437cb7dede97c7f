/*
 * Doubles as text, both ways.
 *
 * Output is the shortest decimal that reads back as the same double, in plain
 * notation unless the magnitude is below 1e-6 or from 1e21 on (as Prometheus'
 * JSON). Input takes what Go's ParseFloat takes and the exposition format
 * allows: decimal, exponent, hexadecimal float, Inf, Infinity and NaN in any
 * case, with a sign.
 */
#ifndef FUSEBOX_BASE_NUMBER_H
#define FUSEBOX_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { NUMBER_TEXT_BYTES = 40, NUMBER_PLAIN_BYTES = 360 };

/* Writes text with a NUL and returns its length. "NaN", "+Inf", "-Inf" for those. */
size_t number_format(double value, char out[NUMBER_TEXT_BYTES]);
/* With an exponent already below 1e-4 and from 1e6 on, as Go prints numbers. */
size_t number_format_brief(double value, char out[NUMBER_TEXT_BYTES]);
/* Without an exponent, however long that is. */
size_t number_format_plain(double value, char out[NUMBER_PLAIN_BYTES]);

/* Writes n / 10^decimals backwards from `end`, 30 characters at most, without zeros at its end or a
 * NUL; gives the first character. */
char *number_write_digits(uint64_t n, int decimals, char *end);
/* Of a whole number. */
size_t number_format_i64(int64_t value, char out[NUMBER_TEXT_BYTES]);

/* The whole text must be a number; false leaves *ret alone. NaN gives the quiet 0x7ff8000000000001.
 */
bool number_parse(struct str text, double *ret);

#endif
