#include "base/regex.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/regex_re2.h"
#include "base/vec.h"

/* What a pattern turned out to be. */
enum shape {
    SHAPE_ALTERNATIVES, /* one of `texts` */
    SHAPE_ANY,          /* .* or .+ */
    SHAPE_PREFIX,       /* text.* or text.+ */
    SHAPE_SUFFIX,       /* .*text or .+text */
    SHAPE_RE2,
};

struct regex {
    enum shape shape;
    bool one_more; /* the free part has at least one character: .+ */
    struct vec texts;
    char *plain; /* where the texts point into */
    void *re2;   /* always there: label_replace needs the groups */
};

static bool is_special(char c)
{
    return c != '\0' && strchr("\\.+*?()|[]{}^$", c) != NULL;
}

/* Copies the plain text that stands at *at, escapes undone, up to the first special character. */
static struct str take_plain(struct str pattern, size_t *at, char *out)
{
    struct str text = { out, 0 };

    while (*at < pattern.len) {
        char c = pattern.ptr[*at];

        if (c == '\\' && *at + 1 < pattern.len && is_special(pattern.ptr[*at + 1]))
            c = pattern.ptr[++*at];
        else if (is_special(c) || (unsigned char)c >= 0x80)
            break;
        out[text.len++] = c;
        ++*at;
    }
    return text;
}

/* .* or .+ at *at. */
static bool take_free(struct str pattern, size_t *at, bool *ret_one_more)
{
    if (*at + 2 > pattern.len || pattern.ptr[*at] != '.' ||
        (pattern.ptr[*at + 1] != '*' && pattern.ptr[*at + 1] != '+'))
        return false;
    *ret_one_more = pattern.ptr[*at + 1] == '+';
    *at += 2;
    return true;
}

static bool push_text(struct regex *r, struct str text)
{
    struct str *place = vec_push(&r->texts);

    if (place)
        *place = text;
    return place != NULL;
}

/* a|b|c: false when it is something else. */
static bool read_alternatives(struct regex *r, struct str pattern)
{
    char *out = r->plain;
    size_t at = 0;

    for (;;) {
        struct str text = take_plain(pattern, &at, out);

        if (!push_text(r, text))
            return false;
        out += text.len;
        if (at == pattern.len)
            return true;
        if (pattern.ptr[at++] != '|')
            return false;
    }
}

static bool read_with_free_part(struct regex *r, struct str pattern)
{
    size_t at = 0;
    bool before = take_free(pattern, &at, &r->one_more);
    struct str text = take_plain(pattern, &at, r->plain);

    r->texts.count = 0;
    if (!before && !take_free(pattern, &at, &r->one_more))
        return false;
    if (at < pattern.len || !push_text(r, text))
        return false;
    r->shape = text.len == 0 ? SHAPE_ANY : before ? SHAPE_SUFFIX : SHAPE_PREFIX;
    return true;
}

static void find_shape(struct regex *r, struct str pattern)
{
    r->shape = SHAPE_ALTERNATIVES;
    if (read_alternatives(r, pattern) || read_with_free_part(r, pattern))
        return;
    r->shape = SHAPE_RE2;
    r->texts.count = 0;
}

static enum err compile(struct regex *r, struct str pattern, struct diag *diag)
{
    char message[128];
    bool too_large;

    r->re2 = re2_shim_new(pattern.ptr, pattern.len, message, sizeof message, &too_large);
    if (r->re2)
        return ERR_OK;
    return diag_set(diag, too_large ? ERR_LIMIT : ERR_INVALID,
                    "the regular expression is not understood: %s", message);
}

enum err regex_new(struct str pattern, struct regex **ret, struct diag *diag)
{
    struct regex *r;
    enum err err;

    if (pattern.len > REGEX_MAX_BYTES)
        return diag_set(diag, ERR_LIMIT, "a regular expression is longer than %d bytes",
                        REGEX_MAX_BYTES);
    r = mem_alloc_zero(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    r->texts = vec_of(sizeof(struct str), REGEX_ALTERNATIVES_MAX);
    r->plain = mem_alloc(pattern.len + 1);
    err = r->plain ? compile(r, pattern, diag) : ERR_NOMEM;
    if (err) {
        regex_free(r);
        return err;
    }
    find_shape(r, pattern);
    *ret = r;
    return ERR_OK;
}

void regex_free(struct regex *r)
{
    if (!r)
        return;
    if (r->re2)
        re2_shim_free(r->re2);
    vec_release(&r->texts);
    mem_free(r->plain);
    mem_free(r);
}

/* What .* or .+ stands for: anything but a newline. */
static bool is_free(const struct regex *r, const char *ptr, size_t len)
{
    return len >= (size_t)r->one_more && (len == 0 || !memchr(ptr, '\n', len));
}

static bool is_alternative(const struct regex *r, struct str text)
{
    for (size_t i = 0; i < r->texts.count; i++)
        if (str_equals(*(const struct str *)vec_at(&r->texts, i), text))
            return true;
    return false;
}

bool regex_matches(const struct regex *r, struct str text)
{
    struct str plain = { 0 };

    if (!text.len)
        text = STR(""); /* an address to count from */
    if (r->shape == SHAPE_RE2)
        return re2_shim_matches(r->re2, text.ptr, text.len);
    if (r->shape == SHAPE_ALTERNATIVES)
        return is_alternative(r, text);
    plain = *(const struct str *)vec_at(&r->texts, 0);
    if (text.len < plain.len)
        return false;
    if (r->shape == SHAPE_SUFFIX)
        return memcmp(text.ptr + (text.len - plain.len), plain.ptr, plain.len) == 0 &&
               is_free(r, text.ptr, text.len - plain.len);
    return (plain.len == 0 || memcmp(text.ptr, plain.ptr, plain.len) == 0) &&
           is_free(r, text.ptr + plain.len, text.len - plain.len);
}

const struct str *regex_alternatives(const struct regex *r, size_t *ret_count)
{
    *ret_count = r->shape == SHAPE_ALTERNATIVES ? r->texts.count : 0;
    return *ret_count ? vec_at(&r->texts, 0) : NULL;
}

/* --- templates --- */

static bool is_name_byte(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The name behind a $, and how many bytes it takes with its braces; 0: none stands there. */
static size_t take_group_name(struct str rest, struct str *ret)
{
    bool braces = rest.len > 0 && rest.ptr[0] == '{';
    size_t start = braces, end = start;

    while (end < rest.len && is_name_byte(rest.ptr[end]))
        end++;
    *ret = (struct str){ rest.ptr + start, end - start };
    if (end == start || (braces && (end == rest.len || rest.ptr[end] != '}')))
        return 0;
    return end + braces;
}

static int group_of(const struct regex *r, struct str name)
{
    int64_t number;

    if (str_parse_i64(name, &number))
        return number >= 0 && number < RE2_GROUPS_MAX ? (int)number : -1;
    return re2_shim_group(r->re2, name.ptr, name.len);
}

static void expand_into(const struct regex *r, struct str t, const struct re2_span *spans,
                        int span_count, struct buf *out)
{
    for (size_t i = 0; i < t.len; i++) {
        struct str name;
        size_t taken;
        int group;

        if (t.ptr[i] != '$' || i + 1 == t.len) {
            buf_append_byte(out, t.ptr[i]);
            continue;
        }
        if (t.ptr[i + 1] == '$') {
            buf_append_byte(out, t.ptr[++i]);
            continue;
        }
        taken = take_group_name((struct str){ t.ptr + i + 1, t.len - i - 1 }, &name);
        if (!taken) {
            buf_append_byte(out, '$');
            continue;
        }
        i += taken;
        group = group_of(r, name);
        if (group >= 0 && group < span_count && spans[group].ptr)
            buf_append(out, spans[group].ptr, spans[group].len);
    }
}

bool regex_expand(const struct regex *r, struct str text, struct str template_text,
                  struct arena *arena, struct str *ret, enum err *ret_err)
{
    struct buf out = buf_limited(1 << 20);
    struct re2_span spans[RE2_GROUPS_MAX];
    int count;

    *ret_err = ERR_OK;
    if (!re2_shim_groups(r->re2, text.ptr, text.len, spans, &count))
        return false;
    expand_into(r, template_text, spans, count, &out);
    *ret_err = buf_error(&out);
    if (!*ret_err && !arena_copy_str(arena, buf_str(&out), ret))
        *ret_err = arena_error(arena);
    buf_release(&out);
    return true;
}
