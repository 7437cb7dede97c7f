#include "wire/event_text.h"

#include "wire/event.h"

static bool refuse(struct event_cursor *c, const char *why)
{
    if (!c->why)
        c->why = why;
    return false;
}

void event_skip_space(struct event_cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
        c->at++;
}

bool event_take(struct event_cursor *c, char byte)
{
    event_skip_space(c);
    if (c->at == c->end || *c->at != byte)
        return false;
    c->at++;
    return true;
}

/* --- strings --- */

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* Four digits at `at`; -1: they are not. */
static int32_t hex4(const char *at, const char *end)
{
    int32_t code = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);

        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return code;
}

/* What stands behind a backslash at `at`: its length, 0 when it is no escape. NUL and half of a
 * pair of surrogates are none. */
static size_t read_escape(const char *at, const char *end, uint32_t *ret_code)
{
    static const char letters[] = "\"\\/bfnrt", codes[] = "\"\\/\b\f\n\r\t";
    const char *found = at < end && *at ? strchr(letters, *at) : NULL;
    int32_t code, low;

    if (found) {
        *ret_code = (uint32_t)codes[found - letters];
        return 1;
    }
    if (at == end || *at != 'u')
        return 0;
    code = hex4(at + 1, end);
    if (code <= 0 || (code & 0xFC00) == 0xDC00)
        return 0;
    *ret_code = (uint32_t)code;
    if ((code & 0xFC00) != 0xD800)
        return 5;
    low = end - at > 7 && at[5] == '\\' && at[6] == 'u' ? hex4(at + 7, end) : -1;
    if (low < 0 || (low & 0xFC00) != 0xDC00)
        return 0;
    *ret_code = 0x10000 + (((uint32_t)code & 0x3FF) << 10) + ((uint32_t)low & 0x3FF);
    return 11;
}

/* Behind the opening quote. */
static bool take_inside(struct event_cursor *c, struct str *ret)
{
    const char *from = c->at;
    uint32_t unused;

    for (; c->at < c->end && *c->at != '"'; c->at++) {
        size_t len = 0;

        if ((unsigned char)*c->at < 0x20)
            return refuse(c, "a string holds a control character");
        if (*c->at != '\\')
            continue;
        len = read_escape(c->at + 1, c->end, &unused);
        if (!len)
            return refuse(c, "a string holds a bad escape");
        c->at += len;
    }
    *ret = (struct str){ from, (size_t)(c->at - from) };
    if (c->at == c->end)
        return refuse(c, "a string does not end");
    c->at++;
    return true;
}

bool event_take_string(struct event_cursor *c, size_t max_bytes, struct str *ret)
{
    if (!event_take(c, '"'))
        return refuse(c, "a string is expected");
    if (!take_inside(c, ret))
        return false;
    return ret->len <= max_bytes || refuse(c, "a name or string is too long");
}

bool event_unescape(struct str raw, struct arena *arena, struct str *ret)
{
    const char *end = raw.ptr + raw.len;
    char *out, *to;

    if (!raw.len || !memchr(raw.ptr, '\\', raw.len)) {
        *ret = raw;
        return true;
    }
    out = to = arena_alloc(arena, raw.len);
    if (!out)
        return false;
    for (const char *at = raw.ptr; at < end; at++) {
        uint32_t code;

        if (*at != '\\') {
            *to++ = *at;
            continue;
        }
        at += read_escape(at + 1, end, &code);
        to += str_put_utf8(to, code);
    }
    *ret = (struct str){ out, (size_t)(to - out) };
    return true;
}

/* --- other values --- */

static bool skip_digits(struct event_cursor *c)
{
    const char *from = c->at;

    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        c->at++;
    return c->at > from;
}

static bool is_at(const struct event_cursor *c, char byte)
{
    return c->at < c->end && *c->at == byte;
}

static bool skip_number(struct event_cursor *c)
{
    c->at += is_at(c, '-');
    if (is_at(c, '0'))
        c->at++;
    else if (!skip_digits(c))
        return refuse(c, "a value is expected");
    if (is_at(c, '.')) {
        c->at++;
        if (!skip_digits(c))
            return refuse(c, "a number has no digits behind its point");
    }
    if (!is_at(c, 'e') && !is_at(c, 'E'))
        return true;
    c->at++;
    c->at += is_at(c, '+') || is_at(c, '-');
    return skip_digits(c) || refuse(c, "a number has no digits in its exponent");
}

static bool skip_word(struct event_cursor *c, struct str word)
{
    if (!str_has_prefix((struct str){ c->at, (size_t)(c->end - c->at) }, word))
        return refuse(c, "a value is expected");
    c->at += word.len;
    return true;
}

static bool skip_items(struct event_cursor *c, int depth_max, char closing)
{
    enum event_token token;
    struct str unused;

    c->at++;
    if (depth_max < 0)
        return refuse(c, "it is nested too deeply");
    if (event_take(c, closing))
        return true;
    do {
        if (closing == '}' && (!event_take_string(c, EVENT_KEY_MAX_BYTES, &unused) ||
                               (!event_take(c, ':') && !refuse(c, "a colon is expected"))))
            return false;
        if (!event_take_value(c, depth_max, &token, &unused))
            return false;
    } while (event_take(c, ','));
    return event_take(c, closing) || refuse(c, "a comma or a closing bracket is expected");
}

static bool skip_value(struct event_cursor *c, int depth_max, enum event_token *ret_token)
{
    switch (*c->at) {
    case '{':
        *ret_token = TOKEN_OBJECT;
        return skip_items(c, depth_max - 1, '}');
    case '[':
        *ret_token = TOKEN_ARRAY;
        return skip_items(c, depth_max - 1, ']');
    case 't':
        *ret_token = TOKEN_TRUE;
        return skip_word(c, STR("true"));
    case 'f':
        *ret_token = TOKEN_FALSE;
        return skip_word(c, STR("false"));
    case 'n':
        *ret_token = TOKEN_NULL;
        return skip_word(c, STR("null"));
    default:
        *ret_token = TOKEN_NUMBER;
        return skip_number(c);
    }
}

bool event_take_value(struct event_cursor *c, int depth_max, enum event_token *ret_token,
                      struct str *ret)
{
    const char *from;

    event_skip_space(c);
    if (c->at == c->end)
        return refuse(c, "a value is expected");
    if (*c->at == '"') {
        *ret_token = TOKEN_STRING;
        return event_take_string(c, EVENT_STRING_MAX_BYTES, ret);
    }
    from = c->at;
    if (!skip_value(c, depth_max, ret_token))
        return false;
    *ret = (struct str){ from, (size_t)(c->at - from) };
    return true;
}
