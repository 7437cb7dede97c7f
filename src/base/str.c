#include "base/str.h"

int str_compare(struct str a, struct str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;

    if (order)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool str_has_prefix(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_equals((struct str){ s.ptr, prefix.len }, prefix);
}

bool str_has_suffix(struct str s, struct str suffix)
{
    if (s.len < suffix.len)
        return false;
    return !suffix.len || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0;
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Not strncasecmp: it ends at a NUL and asks the locale. */
bool str_equals_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (to_lower(a.ptr[i]) != to_lower(b.ptr[i]))
            return false;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.len && is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

size_t str_find(struct str s, char byte)
{
    const char *found = s.len ? memchr(s.ptr, byte, s.len) : NULL;

    return found ? (size_t)(found - s.ptr) : s.len;
}

struct str str_cut(struct str s, char separator, struct str *head)
{
    size_t at = str_find(s, separator);

    *head = (struct str){ s.ptr, at };
    if (at == s.len)
        return (struct str){ s.ptr + s.len, 0 };
    return (struct str){ s.ptr + at + 1, s.len - at - 1 };
}

/* Length of the well-formed sequence at p (Unicode 15, table 3-7), or 0. */
static size_t utf8_sequence_len(const unsigned char *p, size_t left)
{
    unsigned lead = p[0];

    if (lead < 0x80)
        return lead != 0;
    if (lead >= 0xC2 && lead <= 0xDF)
        return left >= 2 && (p[1] & 0xC0) == 0x80 ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        unsigned low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;

        return left >= 3 && p[1] >= low && p[1] <= high && (p[2] & 0xC0) == 0x80 ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        unsigned low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;

        return left >= 4 && p[1] >= low && p[1] <= high && (p[2] & 0xC0) == 0x80 &&
                       (p[3] & 0xC0) == 0x80
                   ? 4
                   : 0;
    }
    return 0;
}

bool str_is_utf8(struct str s)
{
    size_t i = 0;

    while (i < s.len) {
        size_t len = utf8_sequence_len((const unsigned char *)s.ptr + i, s.len - i);

        if (!len)
            return false;
        i += len;
    }
    return true;
}

static char continuation(uint32_t code, int shift)
{
    return (char)(0x80 | (code >> shift & 0x3F));
}

size_t str_put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = continuation(code, 0);
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = continuation(code, 6);
        out[2] = continuation(code, 0);
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = continuation(code, 12);
    out[2] = continuation(code, 6);
    out[3] = continuation(code, 0);
    return 4;
}

bool str_parse_i64(struct str s, int64_t *ret)
{
    bool negative = s.len && s.ptr[0] == '-';
    size_t i = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+') ? 1 : 0;
    int64_t value = 0;

    if (i == s.len)
        return false;
    for (; i < s.len; i++) {
        int digit = s.ptr[i] - '0';

        if (digit < 0 || digit > 9)
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *ret = value;
    return true;
}

size_t str_distance(struct str a, struct str b)
{
    size_t row[65];

    if (a.len > 64 || b.len > 64)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);

            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b.len];
}
