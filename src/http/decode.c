/* Percent-encoding, RFC 3986 section 2.1: "%41%2f" is "A/". Decoding is one pass; what it yields is
 * never decoded again. */
#include <string.h>

#include "http/server.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte that "%xy" at text[at] stands for, or -1. */
static int escaped_byte(struct str text, size_t at)
{
    int high, low;

    if (text.len - at < 3)
        return -1;
    high = hex_digit(text.ptr[at + 1]);
    low = hex_digit(text.ptr[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool needs_work(struct str text, bool plus_is_space)
{
    if (text.len == 0)
        return false;
    return memchr(text.ptr, '%', text.len) || memchr(text.ptr, '\0', text.len) ||
           (plus_is_space && memchr(text.ptr, '+', text.len));
}

bool http_decode(struct arena *arena, struct str text, bool plus_is_space, struct str *ret)
{
    char *out;
    size_t len = 0;

    if (!needs_work(text, plus_is_space)) {
        *ret = text;
        return true;
    }
    out = arena_alloc(arena, text.len + 1);
    if (!out)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int byte = (unsigned char)text.ptr[i];

        if (byte == '%') {
            byte = escaped_byte(text, i);
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        if (byte <= 0)
            return false;
        out[len++] = (char)byte;
    }
    out[len] = '\0';
    *ret = (struct str){ out, len };
    return true;
}

/* Unreserved, RFC 3986 section 2.3. */
static bool stays(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

const char *http_encode(struct arena *arena, struct str text)
{
    char *out = arena_alloc(arena, 3 * text.len + 1), *at = out;

    if (!out)
        return NULL;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];

        if (stays(text.ptr[i])) {
            *at++ = text.ptr[i];
        } else {
            *at++ = '%';
            *at++ = "0123456789ABCDEF"[byte >> 4];
            *at++ = "0123456789ABCDEF"[byte & 15];
        }
    }
    *at = '\0';
    return out;
}
