#include "json_check.h"

#include "unit.h"

#include <ctype.h>
#include <stdio.h>

enum { DEPTH_MAX = 40 };

/* `found` gets the value whose path is wanted; `path` is what is left of it here, NULL off the way.
 */
struct reader {
    const char *at, *end;
    struct str found;
    size_t found_count;
};

static void read_value(struct reader *r, const char *path, int depth);

static void must(struct reader *r, bool ok, const char *what)
{
    if (!ok)
        fail_msg("JSON: %s before \"%.*s\"", what, (int)(r->end - r->at < 60 ? r->end - r->at : 60),
                 r->at);
}

static char peek(struct reader *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at))
        r->at++;
    return r->at < r->end ? *r->at : '\0';
}

static void take(struct reader *r, char c)
{
    must(r, peek(r) == c, "another character expected");
    r->at++;
}

static void read_escape(struct reader *r)
{
    r->at++;
    must(r, r->at < r->end && strchr("\"\\/bfnrtu", *r->at), "bad escape");
    if (*r->at++ != 'u')
        return;
    for (int i = 0; i < 4; i++, r->at++)
        must(r, r->at < r->end && isxdigit((unsigned char)*r->at), "bad \\u escape");
}

static struct str read_string(struct reader *r)
{
    const char *begin;

    take(r, '"');
    begin = r->at;
    while (r->at < r->end && *r->at != '"') {
        must(r, (unsigned char)*r->at >= 0x20, "control character in a string");
        if (*r->at == '\\')
            read_escape(r);
        else
            r->at++;
    }
    must(r, r->at < r->end, "string without an end");
    must(r, str_is_utf8((struct str){ begin, (size_t)(r->at - begin) }), "not UTF-8");
    r->at++;
    return (struct str){ begin, (size_t)(r->at - 1 - begin) };
}

static size_t read_digits(struct reader *r)
{
    const char *begin = r->at;

    while (r->at < r->end && isdigit((unsigned char)*r->at))
        r->at++;
    return (size_t)(r->at - begin);
}

static void read_number(struct reader *r)
{
    size_t digits;
    bool zero;

    if (*r->at == '-')
        r->at++;
    zero = r->at < r->end && *r->at == '0';
    digits = read_digits(r);
    must(r, digits > 0 && (!zero || digits == 1), "bad number");
    if (r->at < r->end && *r->at == '.') {
        r->at++;
        must(r, read_digits(r) > 0, "no digit behind the point");
    }
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        r->at++;
        if (*r->at == '+' || *r->at == '-')
            r->at++;
        must(r, read_digits(r) > 0, "no digit in the exponent");
    }
}

/* The rest of the path behind `key` (\"\" at its end), or NULL when this is not the way. */
static const char *rest_of(const char *path, struct str key)
{
    if (!path || strncmp(path, key.ptr, key.len) != 0)
        return NULL;
    if (path[key.len] == '.')
        return path + key.len + 1;
    return path[key.len] == '\0' && key.len ? path + key.len : NULL;
}

static size_t read_object(struct reader *r, const char *path, int depth)
{
    size_t count = 0;

    take(r, '{');
    if (peek(r) == '}') {
        r->at++;
        return 0;
    }
    for (;; take(r, ',')) {
        struct str key = read_string(r);

        take(r, ':');
        read_value(r, rest_of(path, key), depth + 1);
        count++;
        if (peek(r) == '}')
            break;
    }
    take(r, '}');
    return count;
}

static size_t read_array(struct reader *r, const char *path, int depth)
{
    size_t count = 0;

    take(r, '[');
    if (peek(r) == ']') {
        r->at++;
        return 0;
    }
    for (;; take(r, ',')) {
        char number[24];
        int len = snprintf(number, sizeof number, "%zu", count);

        read_value(r, rest_of(path, (struct str){ number, (size_t)len }), depth + 1);
        count++;
        if (peek(r) == ']')
            break;
    }
    take(r, ']');
    return count;
}

static void read_word(struct reader *r)
{
    static const char *const words[] = { "true", "false", "null" };

    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(words[i]);

        if ((size_t)(r->end - r->at) >= len && memcmp(r->at, words[i], len) == 0) {
            r->at += len;
            return;
        }
    }
    must(r, false, "no value");
}

static void read_value(struct reader *r, const char *path, int depth)
{
    char first = peek(r);
    const char *begin = r->at;
    size_t count = 0;

    must(r, depth < DEPTH_MAX, "too deep");
    if (first == '{')
        count = read_object(r, path && *path ? path : NULL, depth);
    else if (first == '[')
        count = read_array(r, path && *path ? path : NULL, depth);
    else if (first == '"')
        (void)read_string(r);
    else if (first == '-' || isdigit((unsigned char)first))
        read_number(r);
    else
        read_word(r);
    if (path && *path == '\0') {
        must(r, !r->found.len, "a member that stands twice");
        r->found = (struct str){ begin, (size_t)(r->at - begin) };
        r->found_count = count;
    }
}

static struct reader read_all(struct str text, const char *path)
{
    struct reader r = { .at = text.ptr, .end = text.ptr + text.len };

    assert_true(text.len > 0);
    read_value(&r, path, 0);
    must(&r, peek(&r) == '\0' && r.at == r.end, "something behind the document");
    return r;
}

void json_check(struct str text)
{
    (void)read_all(text, NULL);
}

struct str json_at(struct str text, const char *path)
{
    return read_all(text, path).found;
}

bool json_has(struct str text, const char *path)
{
    return json_at(text, path).len > 0;
}

void json_expect(struct str text, const char *path, const char *expected)
{
    struct str found = json_at(text, path);

    if (!str_equals(found, str_of(expected)))
        fail_msg("%s is %.*s, not %s", path, STR_ARG(found), expected);
}

size_t json_count(struct str text, const char *path)
{
    return read_all(text, path).found_count;
}
