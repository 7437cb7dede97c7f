#include "wire/cursor.h"

#include <math.h>

#include "base/number.h"

enum { DIGITS_FAST_MAX = 15 }; /* a double holds them exactly */

bool cursor_take_line(struct str *rest, int line, struct cursor *ret, bool *ret_fed)
{
    const char *from = rest->ptr, *feed;
    size_t len = rest->len;

    if (!len)
        return false;
    feed = memchr(from, '\n', len);
    if (feed)
        len = (size_t)(feed - from);
    rest->ptr += len + (feed != NULL);
    rest->len -= len + (feed != NULL);
    *ret = (struct cursor){ .start = from, .at = from, .end = from + len, .line = line };
    *ret_fed = feed != NULL;
    return true;
}

struct str cursor_take_name(struct cursor *c, bool colons)
{
    const char *from = c->at;

    while (c->at < c->end) {
        enum char_class class = char_classify(*c->at);

        if (class == CHAR_OTHER || (class == CHAR_DIGIT && c->at == from) ||
            (class == CHAR_COLON && !colons))
            break;
        c->at++;
    }
    return (struct str){ from, (size_t)(c->at - from) };
}

enum err cursor_refuse(const struct cursor *c, struct diag *diag, const char *what)
{
    size_t left = (size_t)(c->end - c->at);

    if (!left)
        return diag_set_at(diag, ERR_INVALID, c->line, cursor_column(c), "%s, but the line ends",
                           what);
    if ((unsigned char)*c->at < 0x20 || (unsigned char)*c->at >= 0x7f)
        return diag_set_at(diag, ERR_INVALID, c->line, cursor_column(c), "%s, not the byte 0x%02x",
                           what, (unsigned char)*c->at);
    return diag_set_at(diag, ERR_INVALID, c->line, cursor_column(c), "%s, not \"%c\"", what,
                       *c->at);
}

/*
 * Digits with at most one point, the bulk of all values. Both the digits and the
 * power of ten are exact as doubles, so that their quotient is rounded once, as it
 * should be.
 *
 * Source  W. D. Clinger, How to Read Floating Point Numbers Accurately, 1990.
 */
static bool parse_digits(struct str text, double *ret)
{
    static const double powers[DIGITS_FAST_MAX + 1] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
    };
    size_t digits = 0, point = text.len;
    int64_t value = 0;

    if (text.len > DIGITS_FAST_MAX + 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.ptr[i] - '0';

        if (digit <= 9) {
            value = value * 10 + digit;
            digits++;
        } else if (text.ptr[i] == '.' && point == text.len) {
            point = i;
        } else {
            return false;
        }
    }
    if (!digits || digits > DIGITS_FAST_MAX)
        return false;
    *ret = point == text.len ? (double)value : (double)value / powers[digits - point];
    return true;
}

bool cursor_parse_value(struct str text, double *ret)
{
    double value;

    if (parse_digits(text, ret))
        return true;
    if (memchr(text.ptr, 'x', text.len) || memchr(text.ptr, 'X', text.len) ||
        !number_parse(text, &value))
        return false;
    if (isinf(value) && char_classify(text.ptr[text.len - 1]) != CHAR_LETTER &&
        text.ptr[text.len - 1] != '.')
        return false;
    if (isnan(value) && text.len != 3)
        return false;
    *ret = value;
    return true;
}
