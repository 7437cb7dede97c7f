#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/number.h"

enum { JSON_ROUNDED_BYTES = 352 };

struct json json_to(struct buf *out)
{
    return (struct json){ .out = out };
}

static void before_value(struct json *j)
{
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    if (j->after_value)
        buf_append_byte(j->out, ',');
    j->after_value = true;
}

static void open(struct json *j, char bracket)
{
    before_value(j);
    buf_append_byte(j->out, bracket);
    j->depth++;
    j->after_value = false;
}

static void close(struct json *j, char bracket)
{
    assert(j->depth > 0 && !j->after_key);
    j->depth--;
    j->after_value = true;
    buf_append_byte(j->out, bracket);
}

void json_open_object(struct json *j)
{
    open(j, '{');
}

void json_close_object(struct json *j)
{
    close(j, '}');
}

void json_open_array(struct json *j)
{
    open(j, '[');
}

void json_close_array(struct json *j)
{
    close(j, ']');
}

void json_key(struct json *j, const char *key)
{
    before_value(j);
    buf_append_byte(j->out, '"');
    buf_append_cstr(j->out, key);
    buf_append(j->out, "\":", 2);
    j->after_key = true;
}

/* Bytes of the UTF-8 sequence at s, or 0 when it is malformed. */
static size_t sequence_len(struct str s)
{
    unsigned char lead = (unsigned char)s.ptr[0];
    size_t len = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;

    if (len > s.len)
        return 0;
    if (len > 1 && !str_is_utf8((struct str){ s.ptr, len }))
        return 0;
    return len;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

static void append_escaped_char(struct buf *out, struct str s, size_t len)
{
    unsigned char c = (unsigned char)s.ptr[0];

    if (len == 0)
        buf_append_cstr(out, "\\ufffd");
    else if (len == 3 && memcmp(s.ptr, "\xE2\x80\xA8", 3) == 0)
        buf_append_cstr(out, "\\u2028");
    else if (len == 3 && memcmp(s.ptr, "\xE2\x80\xA9", 3) == 0)
        buf_append_cstr(out, "\\u2029");
    else if (len > 1)
        buf_append(out, s.ptr, len);
    else if (c == '"' || c == '\\')
        buf_printf(out, "\\%c", c);
    else if (c == '\n')
        buf_append_cstr(out, "\\n");
    else
        buf_printf(out, "\\u%04x", c);
}

static void append_quoted(struct buf *out, struct str s)
{
    buf_append_byte(out, '"');
    while (s.len) {
        size_t run = 0, len;

        while (run < s.len && is_plain((unsigned char)s.ptr[run]))
            run++;
        buf_append(out, s.ptr, run);
        s = (struct str){ s.ptr + run, s.len - run };
        if (!s.len)
            break;
        len = sequence_len(s);
        append_escaped_char(out, s, len);
        len = len ? len : 1;
        s = (struct str){ s.ptr + len, s.len - len };
    }
    buf_append_byte(out, '"');
}

void json_key_str(struct json *j, struct str key)
{
    before_value(j);
    append_quoted(j->out, key);
    buf_append_byte(j->out, ':');
    j->after_key = true;
}

void json_string(struct json *j, struct str s)
{
    before_value(j);
    append_quoted(j->out, s);
}

void json_cstr(struct json *j, const char *s)
{
    if (s)
        json_string(j, str_of(s));
    else
        json_null(j);
}

void json_int(struct json *j, int64_t value)
{
    char text[NUMBER_TEXT_BYTES];

    before_value(j);
    buf_append(j->out, text, number_format_i64(value, text));
}

void json_number(struct json *j, double value)
{
    char text[NUMBER_TEXT_BYTES];

    if (!isfinite(value)) {
        json_null(j);
        return;
    }
    before_value(j);
    buf_append(j->out, text, number_format(value, text));
}

/*
 * value x 10^decimals as the whole number that printf rounds to. False where that is not sure: the
 * product is off by less than 0.001 below 10^12, so what lies as near to the middle between two
 * whole numbers is left to printf.
 */
static bool round_quickly(double value, int decimals, uint64_t *ret)
{
    static const double powers[] = { 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };
    double scaled = fabs(value) * powers[decimals], below = floor(scaled);

    if (!(scaled < 1e12) || fabs(scaled - below - 0.5) < 0.001)
        return false;
    *ret = (uint64_t)below + (scaled - below > 0.5);
    return true;
}

static size_t print_rounded(double value, int decimals, char text[JSON_ROUNDED_BYTES])
{
    size_t len = (size_t)snprintf(text, JSON_ROUNDED_BYTES, "%.*f", decimals, value);

    while (decimals && len && text[len - 1] == '0')
        len--;
    if (len && text[len - 1] == '.')
        len--;
    if (len == 2 && text[0] == '-' && text[1] == '0') {
        text[0] = '0';
        len = 1;
    }
    return len;
}

void json_rounded(struct json *j, double value, int decimals)
{
    char text[JSON_ROUNDED_BYTES], *begin = text;
    size_t len;
    uint64_t n;

    if (!isfinite(value)) {
        json_null(j);
        return;
    }
    before_value(j);
    if (round_quickly(value, decimals, &n)) {
        begin = number_write_digits(n, decimals, text + sizeof text);
        if (value < 0 && n)
            *--begin = '-';
        len = (size_t)(text + sizeof text - begin);
    } else {
        len = print_rounded(value, decimals, text);
    }
    buf_append(j->out, begin, len);
}

void json_bool(struct json *j, bool value)
{
    before_value(j);
    buf_append_cstr(j->out, value ? "true" : "false");
}

void json_null(struct json *j)
{
    before_value(j);
    buf_append_cstr(j->out, "null");
}

void json_time(struct json *j, int64_t wall_ms)
{
    char text[CLOCK_RFC3339_BYTES];

    if (wall_ms < 0)
        json_null(j);
    else
        json_cstr(j, clock_format_rfc3339(wall_ms, text));
}

void json_raw(struct json *j, struct str text)
{
    before_value(j);
    buf_append_str(j->out, text);
}

char *json_raw_room(struct json *j, size_t max_bytes)
{
    before_value(j);
    return buf_reserve(j->out, max_bytes) ? j->out->data + j->out->len : NULL;
}

void json_raw_end(struct json *j, size_t len)
{
    j->out->len += len;
}
