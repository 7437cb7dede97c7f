#include "promql/plain_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 17 };

/* d.ddde+xx with the fewest digits that are read back as the value. */
static void shortest(double value, char text[40])
{
    for (int digits = 0; digits < DIGITS_MAX; digits++) {
        snprintf(text, 40, "%.*e", digits, value);
        if (strtod(text, NULL) == value)
            return;
    }
}

void plain_number(double value, char out[PLAIN_NUMBER_BYTES])
{
    char text[40], digits[DIGITS_MAX + 1];
    size_t count = 0, len = 0;
    int exponent;

    if (!isfinite(value)) {
        snprintf(out, PLAIN_NUMBER_BYTES, "%s", isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    shortest(fabs(value), text);
    exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    for (const char *c = text; *c != 'e'; c++)
        if (*c != '.')
            digits[count++] = *c;
    if (signbit(value))
        out[len++] = '-';
    if (exponent < 0) {
        out[len++] = '0';
        out[len++] = '.';
        for (int i = -1; i > exponent; i--)
            out[len++] = '0';
    }
    for (size_t i = 0; i < count || (int)i <= exponent; i++) {
        if (exponent >= 0 && (int)i == exponent + 1)
            out[len++] = '.';
        out[len++] = i < count ? digits[i] : '0';
    }
    out[len] = '\0';
}
