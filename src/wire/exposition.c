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

#include "wire/cursor.h"

enum {
    SHOWN_MAX_BYTES = 40, /* of a foreign text inside a message */
    TS_DIGITS_MAX = 18,   /* more would not fit into 64 bits */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && is_blank(*c->at))
        c->at++;
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
        return diag_set_at(diag, ERR_INVALID, c->line, cursor_column(c),
                           "\"%.*s\" is not counter, gauge, histogram, summary or untyped",
                           text.len < SHOWN_MAX_BYTES ? (int)text.len : SHOWN_MAX_BYTES, text.ptr);
    if (!str_is_utf8(text))
        return diag_set_at(diag, ERR_INVALID, c->line, cursor_column(c),
                           "the help is not UTF-8 text");
    return ERR_OK;
}

/* Behind "# HELP " or "# TYPE ": the metric's name, one blank, the text. */
static enum err parse_metadata(struct cursor *c, enum exposition_kind kind,
                               struct exposition_line *ret, struct diag *diag)
{
    struct str name = cursor_take_name(c, true);
    struct str text;
    enum err err;

    if (!name.len)
        return cursor_refuse(c, diag, "a metric name is expected");
    if (c->at < c->end && !is_blank(*c->at))
        return cursor_refuse(c, diag, "a blank is expected behind the metric name");
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
        return cursor_refuse(c, diag, "text is expected");
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
    cursor_take_name(c, true);
    return c->at;
}

static bool parse_ts(struct str text, int64_t *ret)
{
    return text.len <= TS_DIGITS_MAX && char_classify(text.ptr[0]) == CHAR_DIGIT &&
           str_parse_i64(text, ret);
}

static enum err parse_tail(struct cursor *c, struct exposition_line *ret, struct diag *diag)
{
    struct str word;

    skip_blanks(c);
    word = take_word(c);
    if (word.len && word.ptr[0] == '{') {
        c->at = c->end;
        return cursor_refuse(c, diag, "the \"}\" behind the labels is expected");
    }
    if (!cursor_parse_value(word, &ret->value)) {
        c->at = word.ptr;
        return cursor_refuse(c, diag, "a number is expected");
    }
    skip_blanks(c);
    if (c->at == c->end)
        return ERR_OK;
    word = take_word(c);
    if (!parse_ts(word, &ret->ts_ms)) {
        c->at = word.ptr;
        return cursor_refuse(c, diag,
                             "a timestamp in milliseconds or the end of the line is expected");
    }
    ret->has_ts = true;
    skip_blanks(c);
    return c->at == c->end ? ERR_OK : cursor_refuse(c, diag, "the end of the line is expected");
}

static enum err parse_sample(struct cursor *c, struct exposition_line *ret, struct diag *diag)
{
    const char *from = c->at;

    if (char_classify(*from) != CHAR_LETTER && *from != ':')
        return cursor_refuse(c, diag, "a metric name is expected");
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

enum err exposition_next(struct exposition_reader *r, struct exposition_line *ret,
                         struct diag *diag)
{
    struct cursor c;
    bool fed;

    while (cursor_take_line(&r->rest, r->line + 1, &c, &fed)) {
        bool passed;
        enum err err;

        r->line++;
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
        return cursor_refuse(c, diag, "a quoted label value is expected");
    c->at++;
    if (!take_quoted(c, &raw, &escaped))
        return cursor_refuse(c, diag, "the closing quote of a label value is expected");
    if (!str_is_utf8(raw)) {
        c->at = from;
        return diag_set_at(diag, ERR_INVALID, 0, cursor_column(c),
                           "the label value is not UTF-8 text");
    }
    *ret = raw;
    if (escaped && !unescape(raw, arena, ret))
        return diag_set(diag, arena_error(arena), "a label value needs more memory than allowed");
    return ERR_OK;
}

static enum err parse_label(struct cursor *c, struct labels_builder *builder, struct diag *diag)
{
    struct str name = cursor_take_name(c, false);
    struct str value;
    enum err err;

    if (!name.len)
        return cursor_refuse(c, diag, "a label name or \"}\" is expected");
    skip_blanks(c);
    if (c->at == c->end || *c->at != '=')
        return cursor_refuse(c, diag, "\"=\" is expected");
    c->at++;
    skip_blanks(c);
    err = parse_label_value(c, builder->arena, &value, diag);
    if (!err)
        labels_builder_add(builder, name, value);
    return err;
}

/* From "{" to the end, which must stand right behind "}". */
static enum err parse_braces(struct cursor *c, struct labels_builder *builder, struct diag *diag)
{
    if (!cursor_is_at(c, '{'))
        return cursor_refuse(c, diag, "\"{\" or a number is expected");
    c->at++;
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
        return cursor_refuse(c, diag, "\"}\" is expected");
    c->at++;
    return c->at == c->end ? ERR_OK : cursor_refuse(c, diag, "the end of the labels is expected");
}

enum err exposition_parse_series(struct str series, struct labels_builder *builder,
                                 struct diag *diag)
{
    struct cursor c = { .start = series.ptr, .at = series.ptr, .end = series.ptr + series.len };
    struct str name = cursor_take_name(&c, true);

    if (!name.len)
        return cursor_refuse(&c, diag, "a metric name is expected");
    labels_builder_add(builder, LABEL_METRIC_NAME, name);
    skip_blanks(&c);
    return c.at == c.end ? ERR_OK : parse_braces(&c, builder, diag);
}

enum err exposition_parse_labels(struct str braces, struct labels_builder *builder,
                                 struct diag *diag)
{
    struct cursor c = { .start = braces.ptr, .at = braces.ptr, .end = braces.ptr + braces.len };

    return parse_braces(&c, builder, diag);
}
