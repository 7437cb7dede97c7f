/*
 * A number without an exponent, in the fewest digits that give it back: 100000,
 * 0.00025, +Inf, NaN. As labels of count_values have it.
 */
#ifndef FUSEBOX_PROMQL_PLAIN_NUMBER_H
#define FUSEBOX_PROMQL_PLAIN_NUMBER_H

enum { PLAIN_NUMBER_BYTES = 360 };

void plain_number(double value, char out[PLAIN_NUMBER_BYTES]);

#endif
