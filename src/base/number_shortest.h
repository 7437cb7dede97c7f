/*
 * The shortest decimal that reads back as the same double, by C++'s library: C has nothing like it.
 * Only base/number.c includes it, and its test.
 */
#ifndef FUSEBOX_BASE_NUMBER_SHORTEST_H
#define FUSEBOX_BASE_NUMBER_SHORTEST_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { NUMBER_SHORTEST_BYTES = 32 };

/* "d.ddde±xx", or plain "ddd.ddd" of a value from 1e-6 to 2^53, without a NUL; gives the length. */
size_t number_shortest(double value, bool scientific, char out[NUMBER_SHORTEST_BYTES]);

#ifdef __cplusplus
}
#endif

#endif
