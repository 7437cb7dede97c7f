#include "base/number.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number_middle.h"
#include "base/number_shortest.h"

/* Exact powers of ten: a decimal with at most 15 digits scaled by one of these rounds once (Clinger
 * 1990). */
static const double exact_powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

/* Backwards, two digits at a time; gives the first character. */
static char *write_whole(uint64_t n, char *end)
{
    for (; n >= 100; n /= 100) {
        end -= 2;
        memcpy(end, number_pairs + n % 100 * 2, 2);
    }
    if (n < 10) {
        *--end = (char)('0' + n);
        return end;
    }
    end -= 2;
    memcpy(end, number_pairs + n * 2, 2);
    return end;
}

char *number_write_digits(uint64_t n, int decimals, char *end)
{
    for (; decimals && n % 10 == 0; decimals--)
        n /= 10;
    for (int i = 0; i < decimals; i++, n /= 10)
        *--end = (char)('0' + n % 10);
    if (decimals)
        *--end = '.';
    return write_whole(n, end);
}

enum { MILLION = 1000000 };

static size_t count_digits(uint64_t n)
{
    size_t estimate = (size_t)(64 - __builtin_clzll(n | 1)) * 1233 >> 12; /* log10(2) per bit */

    return estimate + (n >= (uint64_t)exact_powers[estimate]);
}

static size_t put_whole(uint64_t n, char *out)
{
    size_t len = n ? count_digits(n) : 1;

    write_whole(n, out + len);
    return len;
}

/* The point and what is behind it, without zeros at its end; n is not 0. */
static size_t put_millionths(uint32_t n, char *out)
{
    size_t len = 7;

    out[0] = '.';
    memcpy(out + 1, number_pairs + n / 10000 * 2, 2);
    memcpy(out + 3, number_pairs + n / 100 % 100 * 2, 2);
    memcpy(out + 5, number_pairs + n % 100 * 2, 2);
    while (out[len - 1] == '0')
        len--;
    return len;
}

size_t number_format_i64(int64_t value, char out[NUMBER_TEXT_BYTES])
{
    size_t len = value < 0;

    out[0] = '-';
    len += put_whole(value < 0 ? -(uint64_t)value : (uint64_t)value, out + len);
    out[len] = '\0';
    return len;
}

/* d.ddd times 10 to the exponent. */
struct decimal {
    char digits[24];
    size_t len;
    int exponent;
};

/* Digits of a large number, filled up with zeros; or of one below 1e-6. */
static size_t write_plain(char *out, bool negative, const struct decimal *d)
{
    char *at = out;

    if (negative)
        *at++ = '-';
    if (d->exponent < 0) {
        *at++ = '0';
        *at++ = '.';
        for (int i = -1; i > d->exponent; i--)
            *at++ = '0';
        memcpy(at, d->digits, d->len);
        at += d->len;
    }
    for (int i = 0; i <= d->exponent; i++)
        *at++ = (size_t)i < d->len ? d->digits[i] : '0';
    *at = '\0';
    return (size_t)(at - out);
}

static struct decimal decimal_of(double magnitude)
{
    char text[NUMBER_SHORTEST_BYTES];
    size_t len = number_shortest(magnitude, true, text), at = 0;
    struct decimal d = { .len = 0 };
    bool negative;

    for (; text[at] != 'e'; at++)
        if (text[at] != '.')
            d.digits[d.len++] = text[at];
    negative = text[++at] == '-';
    while (++at < len)
        d.exponent = d.exponent * 10 + (text[at] - '0');
    if (negative)
        d.exponent = -d.exponent;
    return d;
}

static bool needs_exponent(double magnitude)
{
    return magnitude < 1e-6 || magnitude >= 1e21;
}

static size_t format_scientific(bool negative, double magnitude, char out[NUMBER_TEXT_BYTES])
{
    size_t len = 0;

    if (negative)
        out[len++] = '-';
    len += number_shortest(magnitude, true, out + len);
    out[len] = '\0';
    return len;
}

/*
 * Below 2^53. What six decimals say exactly has at most 15 digits below 1e9, and of texts that
 * short no two read back as the same double: it is the shortest.
 */
static size_t format_middle(bool negative, double magnitude, char out[NUMBER_TEXT_BYTES])
{
    uint64_t whole = (uint64_t)magnitude, millionths;
    size_t len = negative;

    out[0] = '-';
    millionths = magnitude < 1e9 ? (uint64_t)(magnitude * MILLION + 0.5) : 0;
    if ((double)whole == magnitude) {
        len += put_whole(whole, out + len);
    } else if (millionths && (double)millionths / MILLION == magnitude) {
        len += put_whole(millionths / MILLION, out + len);
        len += put_millionths((uint32_t)(millionths % MILLION), out + len);
    } else {
        size_t more = number_middle(magnitude, out + len);

        len += more ? more : number_shortest(magnitude, false, out + len);
    }
    out[len] = '\0';
    return len;
}

size_t number_format(double value, char out[NUMBER_TEXT_BYTES])
{
    double magnitude = fabs(value);
    bool negative = signbit(value) != 0;
    struct decimal d;

    if (isnan(value))
        return (size_t)snprintf(out, NUMBER_TEXT_BYTES, "NaN");
    if (isinf(value))
        return (size_t)snprintf(out, NUMBER_TEXT_BYTES, negative ? "-Inf" : "+Inf");
    if (magnitude == 0 || (magnitude >= 1e-6 && magnitude < 0x1p53))
        return format_middle(negative, magnitude, out);
    if (needs_exponent(magnitude))
        return format_scientific(negative, magnitude, out);
    d = decimal_of(magnitude);
    return write_plain(out, negative, &d);
}

size_t number_format_brief(double value, char out[NUMBER_TEXT_BYTES])
{
    double magnitude = fabs(value);

    if (!isfinite(value) || magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e6))
        return number_format(value, out);
    return format_scientific(value < 0, magnitude, out);
}

size_t number_format_plain(double value, char out[NUMBER_PLAIN_BYTES])
{
    double magnitude = fabs(value);
    struct decimal d;

    if (!isfinite(value) || value == 0 || !needs_exponent(magnitude))
        return number_format(value, out);
    d = decimal_of(magnitude);
    return write_plain(out, value < 0, &d);
}

/* Decimal digits with an optional point, at most 15 of them: exact and fast. */
static bool parse_short_decimal(struct str text, double *ret)
{
    bool negative = text.len && text.ptr[0] == '-';
    size_t i = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+') ? 1 : 0;
    int64_t mantissa = 0;
    size_t digits = 0, behind_point = 0;
    bool point = false;

    if (text.len > 18)
        return false;
    for (; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9')
            return false;
        mantissa = mantissa * 10 + (c - '0');
        digits++;
        behind_point += point;
    }
    if (!digits || digits > 15)
        return false;
    *ret = (double)mantissa / exact_powers[behind_point];
    if (negative)
        *ret = -*ret;
    return true;
}

static bool parse_word(struct str text, double *ret)
{
    bool negative = text.len && text.ptr[0] == '-';
    size_t sign = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+') ? 1 : 0;
    struct str word = { text.ptr + sign, text.len - sign };
    static const uint64_t quiet_nan = 0x7ff8000000000001;

    if (str_equals_nocase(word, STR("inf")) || str_equals_nocase(word, STR("infinity"))) {
        *ret = negative ? -INFINITY : INFINITY;
        return true;
    }
    if (!str_equals_nocase(word, STR("nan")) || negative)
        return false;
    memcpy(ret, &quiet_nan, sizeof quiet_nan);
    return true;
}

/* 0x10 is no number to ParseFloat, 0x10p0 is. */
static bool is_hex_without_exponent(const char *text)
{
    return strpbrk(text, "xX") && !strpbrk(text, "pP");
}

bool number_parse(struct str text, double *ret)
{
    char copy[400], *end;
    double value;

    if (parse_short_decimal(text, ret))
        return true;
    if (!text.len || text.len >= sizeof copy || isspace((unsigned char)text.ptr[0]))
        return false;
    if (isalpha((unsigned char)text.ptr[text.len - 1]) && parse_word(text, ret))
        return true;
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("0123456789+-.eExXpPabcdfABCDF", text.ptr[i]) || !text.ptr[i])
            return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (is_hex_without_exponent(copy))
        return false;
    value = strtod(copy, &end);
    if (*end || end == copy)
        return false;
    *ret = value;
    return true;
}
