/*
 * Prometheus text exposition 0.0.4.
 *
 *   sample   = name [ "{" [ label { "," label } [ "," ] ] "}" ] number [ timestamp ]
 *   label    = label_name "=" '"' text '"'           text escapes: \\ \" \n
 *   metadata = "# HELP" name text  |  "# TYPE" name word
 *
 * Tokens are separated by spaces and tabs; a line ends with LF, the last one may
 * do without. Any other line that begins with "#" is a comment.
 *
 * A line is split from behind: number and timestamp hold no "}", so the last one
 * of the line closes the labels, and nothing before it is looked at. What stands
 * there is judged by exposition_parse_series when it is first seen; a series that
 * is known byte by byte needs no second look.
 *
 * What is taken and what is refused follows Prometheus 2.42's own parser (the
 * golden files were held against it), but for this: blanks before a name are taken
 * here, as the format says; a raw line feed inside a label value, and a NUL
 * anywhere, are refused here. An escape other than the three stays as written.
 */
#include "wire/exposition.h"

#include <math.h>

#include "base/number.h"

enum {
    SHOWN_MAX_BYTES = 40, /* of a foreign text inside a message */
    TS_DIGITS_MAX = 18,   /* more would not fit into 64 bits */
};

enum char_class { CHAR_OTHER, CHAR_LETTER, CHAR_COLON, CHAR_DIGIT };

static enum char_class classify(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
        return CHAR_LETTER;
    if (c >= '0' && c <= '9')
        return CHAR_DIGIT;
    return c == ':' ? CHAR_COLON : CHAR_OTHER;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A place inside one line. */
struct cursor {
    const char *start;
    const char *at;
    const char *end;
    int line;
};

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && is_blank(*c->at))
        c->at++;
}

static int column(const struct cursor *c)
{
    return (int)(c->at - c->start) + 1;
}

static enum err refuse(const struct cursor *c, struct diag *diag, const char *what)
{
    size_t left = (size_t)(c->end - c->at);

    if (!left)
        return diag_set_at(diag, ERR_INVALID, c->line, column(c), "%s, but the line ends", what);
    if ((unsigned char)*c->at < 0x20 || (unsigned char)*c->at >= 0x7f)
        return diag_set_at(diag, ERR_INVALID, c->line, column(c), "%s, not the byte 0x%02x", what,
                           (unsigned char)*c->at);
    return diag_set_at(diag, ERR_INVALID, c->line, column(c), "%s, not \"%c\"", what, *c->at);
}

/* A metric's or a label's name; empty when none stands here. */
static struct str take_name(struct cursor *c, bool colons)
{
    const char *from = c->at;

    while (c->at < c->end) {
        enum char_class class = classify(*c->at);

        if (class == CHAR_OTHER || (class == CHAR_DIGIT && c->at == from) ||
            (class == CHAR_COLON && !colons))
            break;
        c->at++;
    }
    return (struct str){ from, (size_t)(c->at - from) };
}

static struct str take_word(struct cursor *c)
{
    const char *from = c->at;

    while (c->at < c->end && !is_blank(*c->at))
        c->at++;
    return (struct str){ from, (size_t)(c->at - from) };
}

/* --- metadata --- */

static bool type_is_known(struct str word)
{
    return str_equals(word, STR("counter")) || str_equals(word, STR("gauge")) ||
           str_equals(word, STR("histogram")) || str_equals(word, STR("summary")) ||
           str_equals(word, STR("untyped"));
}

static enum err check_text(const struct cursor *c, enum exposition_kind kind, struct str text,
                           struct diag *diag)
{
    if (kind == EXPOSITION_TYPE && !type_is_known(text))
        return diag_set_at(diag, ERR_INVALID, c->line, column(c),
                           "\"%.*s\" is not counter, gauge, histogram, summary or untyped",
                           text.len < SHOWN_MAX_BYTES ? (int)text.len : SHOWN_MAX_BYTES, text.ptr);
    if (!str_is_utf8(text))
        return diag_set_at(diag, ERR_INVALID, c->line, column(c), "the help is not UTF-8 text");
    return ERR_OK;
}

/* Behind "# HELP " or "# TYPE ": the metric's name, one blank, the text. */
static enum err parse_metadata(struct cursor *c, enum exposition_kind kind,
                               struct exposition_line *ret, struct diag *diag)
{
    struct str name = take_name(c, true);
    struct str text;
    enum err err;

    if (!name.len)
        return refuse(c, diag, "a metric name is expected");
    if (c->at < c->end && !is_blank(*c->at))
        return refuse(c, diag, "a blank is expected behind the metric name");
    if (c->at < c->end)
        c->at++;
    text = (struct str){ c->at, (size_t)(c->end - c->at) };
    err = check_text(c, kind, text, diag);
    if (err)
        return err;
    *ret = (struct exposition_line){ .kind = kind, .series = name, .text = text };
    return ERR_OK;
}

/* Moves behind `word` and its blanks; false when something else stands here. */
static bool take_keyword(struct cursor *c, struct str word)
{
    if ((size_t)(c->end - c->at) <= word.len || memcmp(c->at, word.ptr, word.len) != 0 ||
        !is_blank(c->at[word.len]))
        return false;
    c->at += word.len;
    skip_blanks(c);
    return true;
}

/* A line that begins with "#". *ret_passed: a comment, nothing to report. */
static enum err parse_hash(struct cursor *c, struct exposition_line *ret, bool *ret_passed,
                           struct diag *diag)
{
    const char *nul = memchr(c->at, '\0', (size_t)(c->end - c->at));

    *ret_passed = false;
    if (nul) {
        c->at = nul;
        return refuse(c, diag, "text is expected");
    }
    c->at++;
    if (c->at < c->end && is_blank(*c->at)) {
        skip_blanks(c);
        if (take_keyword(c, STR("HELP")))
            return parse_metadata(c, EXPOSITION_HELP, ret, diag);
        if (take_keyword(c, STR("TYPE")))
            return parse_metadata(c, EXPOSITION_TYPE, ret, diag);
    }
    *ret_passed = true;
    return ERR_OK;
}

/* --- samples --- */

/* Where name and labels end: behind the last "}", or behind the name when there is none. */
static const char *series_end(struct cursor *c)
{
    const char *brace = memrchr(c->at, '}', (size_t)(c->end - c->at));

    if (brace)
        return brace + 1;
    take_name(c, true);
    return c->at;
}

/* Non-negative whole numbers of few digits, the bulk of all values. */
static bool parse_digits(struct str text, double *ret)
{
    int64_t value = 0;

    if (!text.len || text.len > 15)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.ptr[i] - '0';

        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    *ret = (double)value;
    return true;
}

/* As Go before 1.13: no hexadecimal floats; and as strconv, nothing that overflows, no sign before
 * NaN. */
static bool parse_value(struct str text, double *ret)
{
    double value;

    if (parse_digits(text, ret))
        return true;
    if (memchr(text.ptr, 'x', text.len) || memchr(text.ptr, 'X', text.len) ||
        !number_parse(text, &value))
        return false;
    if (isinf(value) && classify(text.ptr[text.len - 1]) != CHAR_LETTER &&
        text.ptr[text.len - 1] != '.')
        return false;
    if (isnan(value) && text.len != 3)
        return false;
    *ret = value;
    return true;
}

static bool parse_ts(struct str text, int64_t *ret)
{
    return text.len <= TS_DIGITS_MAX && classify(text.ptr[0]) == CHAR_DIGIT &&
           str_parse_i64(text, ret);
}

static enum err parse_tail(struct cursor *c, struct exposition_line *ret, struct diag *diag)
{
    struct str word;

    skip_blanks(c);
    word = take_word(c);
    if (word.len && word.ptr[0] == '{') {
        c->at = c->end;
        return refuse(c, diag, "the \"}\" behind the labels is expected");
    }
    if (!parse_value(word, &ret->value)) {
        c->at = word.ptr;
        return refuse(c, diag, "a number is expected");
    }
    skip_blanks(c);
    if (c->at == c->end)
        return ERR_OK;
    word = take_word(c);
    if (!parse_ts(word, &ret->ts_ms)) {
        c->at = word.ptr;
        return refuse(c, diag, "a timestamp in milliseconds or the end of the line is expected");
    }
    ret->has_ts = true;
    skip_blanks(c);
    return c->at == c->end ? ERR_OK : refuse(c, diag, "the end of the line is expected");
}

static enum err parse_sample(struct cursor *c, struct exposition_line *ret, struct diag *diag)
{
    const char *from = c->at;

    if (classify(*from) != CHAR_LETTER && *from != ':')
        return refuse(c, diag, "a metric name is expected");
    c->at = series_end(c);
    *ret = (struct exposition_line){ .kind = EXPOSITION_SAMPLE,
                                     .series = { from, (size_t)(c->at - from) } };
    return parse_tail(c, ret, diag);
}

/* --- lines --- */

void exposition_init(struct exposition_reader *r, struct str body)
{
    *r = (struct exposition_reader){ .rest = body };
}

/* Cuts the next line; false at the end of the body. */
static bool take_line(struct exposition_reader *r, struct cursor *ret)
{
    const char *line = r->rest.ptr, *feed;
    size_t len = r->rest.len;

    if (!len)
        return false;
    feed = memchr(line, '\n', len);
    if (feed)
        len = (size_t)(feed - line);
    r->rest.ptr += len + (feed != NULL);
    r->rest.len -= len + (feed != NULL);
    r->line++;
    *ret = (struct cursor){ .start = line, .at = line, .end = line + len, .line = r->line };
    return true;
}

enum err exposition_next(struct exposition_reader *r, struct exposition_line *ret,
                         struct diag *diag)
{
    struct cursor c;

    while (take_line(r, &c)) {
        bool passed;
        enum err err;

        if (c.end - c.start > EXPOSITION_LINE_MAX_BYTES)
            return diag_set_at(diag, ERR_LIMIT, c.line, 0, "the line is longer than %d bytes",
                               EXPOSITION_LINE_MAX_BYTES);
        skip_blanks(&c);
        if (c.at == c.end)
            continue;
        if (*c.at != '#')
            return parse_sample(&c, ret, diag);
        err = parse_hash(&c, ret, &passed, diag);
        if (err || !passed)
            return err;
    }
    *ret = (struct exposition_line){ .kind = EXPOSITION_END };
    return ERR_OK;
}

/* --- the series part --- */

/* Resolves escapes; an unknown one stays as it was written. */
static bool unescape(struct str raw, struct arena *arena, struct str *ret)
{
    char *out = arena_alloc(arena, raw.len ? raw.len : 1);
    size_t len = 0;

    if (!out)
        return false;
    for (size_t i = 0; i < raw.len; i++) {
        char next = raw.ptr[i] == '\\' && i + 1 < raw.len ? raw.ptr[i + 1] : '\0';

        if (next != '\\' && next != '"' && next != 'n') {
            out[len++] = raw.ptr[i];
            continue;
        }
        out[len++] = next == 'n' ? '\n' : next;
        i++;
    }
    *ret = (struct str){ out, len };
    return true;
}

/* From behind the opening quote to behind the closing one. *ret_raw is what stands between. */
static bool take_quoted(struct cursor *c, struct str *ret_raw, bool *ret_escaped)
{
    const char *from = c->at;

    *ret_escaped = false;
    for (; c->at < c->end; c->at++) {
        if (*c->at == '"') {
            *ret_raw = (struct str){ from, (size_t)(c->at - from) };
            c->at++;
            return true;
        }
        if (*c->at == '\\') {
            *ret_escaped = true;
            c->at++;
        }
    }
    c->at = c->end;
    return false;
}

static enum err parse_label_value(struct cursor *c, struct arena *arena, struct str *ret,
                                  struct diag *diag)
{
    const char *from = c->at;
    bool escaped;
    struct str raw;

    if (c->at == c->end || *c->at != '"')
        return refuse(c, diag, "a quoted label value is expected");
    c->at++;
    if (!take_quoted(c, &raw, &escaped))
        return refuse(c, diag, "the closing quote of a label value is expected");
    if (!str_is_utf8(raw)) {
        c->at = from;
        return diag_set_at(diag, ERR_INVALID, 0, column(c), "the label value is not UTF-8 text");
    }
    *ret = raw;
    if (escaped && !unescape(raw, arena, ret))
        return diag_set(diag, arena_error(arena), "a label value needs more memory than allowed");
    return ERR_OK;
}

static enum err parse_label(struct cursor *c, struct labels_builder *builder, struct diag *diag)
{
    struct str name = take_name(c, false);
    struct str value;
    enum err err;

    if (!name.len)
        return refuse(c, diag, "a label name or \"}\" is expected");
    skip_blanks(c);
    if (c->at == c->end || *c->at != '=')
        return refuse(c, diag, "\"=\" is expected");
    c->at++;
    skip_blanks(c);
    err = parse_label_value(c, builder->arena, &value, diag);
    if (!err)
        labels_builder_add(builder, name, value);
    return err;
}

static enum err parse_braces(struct cursor *c, struct labels_builder *builder, struct diag *diag)
{
    skip_blanks(c);
    while (c->at < c->end && *c->at != '}') {
        enum err err = parse_label(c, builder, diag);

        if (err)
            return err;
        skip_blanks(c);
        if (c->at < c->end && *c->at == ',') {
            c->at++;
            skip_blanks(c);
        }
    }
    if (c->at == c->end)
        return refuse(c, diag, "\"}\" is expected");
    c->at++;
    return ERR_OK;
}

enum err exposition_parse_series(struct str series, struct labels_builder *builder,
                                 struct diag *diag)
{
    struct cursor c = { .start = series.ptr, .at = series.ptr, .end = series.ptr + series.len };
    struct str name = take_name(&c, true);
    enum err err;

    if (!name.len)
        return refuse(&c, diag, "a metric name is expected");
    labels_builder_add(builder, LABEL_METRIC_NAME, name);
    skip_blanks(&c);
    if (c.at == c.end)
        return ERR_OK;
    if (*c.at != '{')
        return refuse(&c, diag, "\"{\" or a number is expected");
    c.at++;
    err = parse_braces(&c, builder, diag);
    if (err)
        return err;
    return c.at == c.end ? ERR_OK : refuse(&c, diag, "the end of the labels is expected");
}
