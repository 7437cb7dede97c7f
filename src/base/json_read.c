#include "base/json_read.h"

#include "base/number.h"

struct cursor {
    const char *at, *end;
    int depth;
};

static bool skip_value(struct cursor *c, enum json_kind *ret_kind);

static void skip_space(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

static bool take(struct cursor *c, char byte)
{
    if (c->at == c->end || *c->at != byte)
        return false;
    c->at++;
    return true;
}

static bool take_word(struct cursor *c, struct str word)
{
    struct str rest = { c->at, (size_t)(c->end - c->at) };

    if (!str_has_prefix(rest, word))
        return false;
    c->at += word.len;
    return true;
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* The four digits behind \u; -1: they are not. */
static int32_t take_hex4(struct cursor *c)
{
    int32_t code = 0;

    if (c->end - c->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(c->at[i]);

        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    c->at += 4;
    return code;
}

/* Behind the backslash. A NUL is refused, and half of a surrogate pair. */
static bool take_escape(struct cursor *c, uint32_t *ret_code)
{
    static const char letters[] = "\"\\/bfnrt", codes[] = "\"\\/\b\f\n\r\t";
    const char *found = c->at < c->end && *c->at ? strchr(letters, *c->at) : NULL;
    int32_t code, low;

    if (found) {
        c->at++;
        *ret_code = (uint32_t)codes[found - letters];
        return true;
    }
    if (!take(c, 'u'))
        return false;
    code = take_hex4(c);
    if (code <= 0 || (code & 0xFC00) == 0xDC00)
        return false;
    if ((code & 0xFC00) == 0xD800) {
        low = take_word(c, STR("\\u")) ? take_hex4(c) : -1;
        if ((low & ~0x3FF) != 0xDC00)
            return false;
        code = 0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FF);
    }
    *ret_code = (uint32_t)code;
    return true;
}

static bool skip_string(struct cursor *c)
{
    uint32_t unused;

    if (!take(c, '"'))
        return false;
    while (c->at < c->end && *c->at != '"') {
        if ((unsigned char)*c->at < 0x20)
            return false;
        if (*c->at++ == '\\' && !take_escape(c, &unused))
            return false;
    }
    return take(c, '"');
}

static bool skip_digits(struct cursor *c)
{
    const char *from = c->at;

    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        c->at++;
    return c->at > from;
}

static bool skip_number(struct cursor *c)
{
    bool begins_with_zero;

    (void)take(c, '-');
    begins_with_zero = c->at < c->end && *c->at == '0';
    if (begins_with_zero ? !take(c, '0') : !skip_digits(c))
        return false;
    if (take(c, '.') && !skip_digits(c))
        return false;
    if (!take(c, 'e') && !take(c, 'E'))
        return true;
    if (!take(c, '+'))
        (void)take(c, '-');
    return skip_digits(c);
}

static bool skip_item(struct cursor *c, char closing)
{
    enum json_kind unused;

    skip_space(c);
    if (closing == '}') {
        if (!skip_string(c))
            return false;
        skip_space(c);
        if (!take(c, ':'))
            return false;
    }
    if (!skip_value(c, &unused))
        return false;
    skip_space(c);
    return true;
}

/* Items with commas between them, up to the closing bracket. */
static bool skip_items(struct cursor *c, char closing)
{
    bool good = ++c->depth <= JSON_READ_DEPTH_MAX;

    skip_space(c);
    if (good && !take(c, closing)) {
        do
            good = skip_item(c, closing);
        while (good && take(c, ','));
        good = good && take(c, closing);
    }
    c->depth--;
    return good;
}

static bool skip_value(struct cursor *c, enum json_kind *ret_kind)
{
    skip_space(c);
    if (c->at == c->end)
        return false;
    switch (*c->at) {
    case '{':
        c->at++;
        *ret_kind = JSON_OBJECT;
        return skip_items(c, '}');
    case '[':
        c->at++;
        *ret_kind = JSON_ARRAY;
        return skip_items(c, ']');
    case '"':
        *ret_kind = JSON_STRING;
        return skip_string(c);
    case 'n':
        *ret_kind = JSON_NULL;
        return take_word(c, STR("null"));
    case 't':
        *ret_kind = JSON_BOOL;
        return take_word(c, STR("true"));
    case 'f':
        *ret_kind = JSON_BOOL;
        return take_word(c, STR("false"));
    default:
        *ret_kind = JSON_NUMBER;
        return skip_number(c);
    }
}

static enum err refuse(struct str text, const char *at, struct diag *diag)
{
    int line = 1, column = 1;

    for (const char *p = text.ptr; p < at; p++) {
        column = *p == '\n' ? 1 : column + 1;
        line += *p == '\n';
    }
    return diag_set_at(diag, ERR_INVALID, line, column,
                       "this is not JSON from line %d, column %d on", line, column);
}

enum err json_read(struct str text, struct json_value *ret, struct diag *diag)
{
    struct cursor c = { text.ptr, text.ptr + text.len, 0 };
    struct json_value root = { 0 };

    if (!str_is_utf8(text))
        return diag_set(diag, ERR_INVALID, "this is not UTF-8");
    skip_space(&c);
    root.text.ptr = c.at;
    if (!skip_value(&c, &root.kind))
        return refuse(text, c.at, diag);
    root.text.len = (size_t)(c.at - root.text.ptr);
    skip_space(&c);
    if (c.at < c.end)
        return refuse(text, c.at, diag);
    *ret = root;
    return ERR_OK;
}

bool json_read_next(struct json_value parent, struct json_value *item)
{
    struct cursor c = { parent.text.ptr, parent.text.ptr + parent.text.len, 0 };
    struct json_value next = { 0 };

    if (parent.kind != JSON_ARRAY && parent.kind != JSON_OBJECT)
        return false;
    c.at = item->text.ptr ? item->text.ptr + item->text.len : c.at + 1;
    skip_space(&c);
    (void)take(&c, ',');
    skip_space(&c);
    if (parent.kind == JSON_OBJECT) {
        next.key.ptr = c.at + 1;
        if (!skip_string(&c))
            return false;
        next.key.len = (size_t)(c.at - next.key.ptr) - 1;
        skip_space(&c);
        (void)take(&c, ':');
        skip_space(&c);
    }
    next.text.ptr = c.at;
    if (!skip_value(&c, &next.kind))
        return false;
    next.text.len = (size_t)(c.at - next.text.ptr);
    *item = next;
    return true;
}

static struct json_value member(struct json_value object, struct str key)
{
    struct json_value item = { 0 };

    while (object.kind == JSON_OBJECT && json_read_next(object, &item))
        if (str_equals(item.key, key))
            return item;
    return (struct json_value){ 0 };
}

struct json_value json_read_at(struct json_value value, const char *path)
{
    struct str rest = str_of(path), key;

    while (rest.len) {
        rest = str_cut(rest, '.', &key);
        value = member(value, key);
    }
    return value;
}

bool json_read_str(struct json_value value, struct arena *arena, struct str *ret)
{
    struct cursor c = { 0 };
    size_t len = 0;
    char *text;

    if (value.kind != JSON_STRING)
        return false;
    text = arena_alloc(arena, value.text.len); /* an escape is longer than what it stands for */
    if (!text)
        return false;
    c.at = value.text.ptr + 1;
    c.end = value.text.ptr + value.text.len - 1;
    while (c.at < c.end) {
        uint32_t code;

        if (*c.at != '\\') {
            text[len++] = *c.at++;
            continue;
        }
        c.at++;
        if (!take_escape(&c, &code))
            return false;
        len += str_put_utf8(text + len, code);
    }
    text[len] = '\0';
    *ret = (struct str){ text, len };
    return true;
}

int64_t json_read_i64(struct json_value value, int64_t otherwise)
{
    int64_t number;

    return value.kind == JSON_NUMBER && str_parse_i64(value.text, &number) ? number : otherwise;
}

double json_read_double(struct json_value value, double otherwise)
{
    double number;

    return value.kind == JSON_NUMBER && number_parse(value.text, &number) ? number : otherwise;
}

bool json_read_bool(struct json_value value, bool otherwise)
{
    return value.kind == JSON_BOOL ? value.text.len == 4 : otherwise;
}
