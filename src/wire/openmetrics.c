/*
 * OpenMetrics 1.0 text. Every blank is one space, every line ends with LF.
 *
 *   body     = { sample | metadata } "# EOF" [ LF ]
 *   sample   = name [ braces ] " " number [ " " seconds ] [ exemplar ] LF
 *   exemplar = " # " braces " " number [ " " seconds ]
 *   braces   = "{" [ label { "," label } ] "}"
 *   label    = label_name "=" '"' text '"'           text escapes: \\ \" \n
 *   metadata = "# " ( "TYPE" | "HELP" | "UNIT" ) " " name " " text LF
 *
 *   h_bucket{le="0.1"} 8 # {trace_id="KOO5"} 0.067 1520879607.789
 *
 * A line without "#" is split from behind, as in wire/exposition.c. One with "#"
 * may have an exemplar, whose "}" would be found instead: there the labels are
 * walked from the front.
 */
#include "wire/openmetrics.h"

#include <math.h>

#include "base/attr.h"
#include "wire/cursor.h"

enum { SHOWN_MAX_BYTES = 40 }; /* of a foreign text inside a message */

#define EXEMPLAR_MARK STR(" # {")

static bool take_text(struct cursor *c, struct str text)
{
    if (!str_has_prefix(cursor_rest(c), text))
        return false;
    c->at += text.len;
    return true;
}

/* What stands before the next space, or before the end. */
static struct str take_word(struct cursor *c)
{
    struct str rest = cursor_rest(c), word;

    if (!rest.len)
        return rest;
    word = (struct str){ rest.ptr, str_find(rest, ' ') };
    c->at += word.len;
    return word;
}

/* --- metadata --- */

static bool type_is_known(struct str word)
{
    static const char *const types[] = { "counter", "gauge", "histogram", "gaugehistogram",
                                         "summary", "info",  "stateset",  "unknown" };

    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (str_equals(word, str_of(types[i])))
            return true;
    return false;
}

static bool unit_fits(struct str name, struct str unit)
{
    return !unit.len || (name.len > unit.len && str_has_suffix(name, unit) &&
                         name.ptr[name.len - unit.len - 1] == '_');
}

static enum err check_text(const struct cursor *c, const struct exposition_line *l,
                           struct diag *diag)
{
    int shown = l->text.len < SHOWN_MAX_BYTES ? (int)l->text.len : SHOWN_MAX_BYTES;

    if (l->kind == EXPOSITION_TYPE && !type_is_known(l->text))
        return diag_set_at(diag, ERR_INVALID, c->line, cursor_column(c),
                           "\"%.*s\" is not counter, gauge, histogram, gaugehistogram, summary, "
                           "info, stateset or unknown",
                           shown, l->text.ptr);
    if (l->kind == EXPOSITION_UNIT && !unit_fits(l->series, l->text))
        return diag_set_at(diag, ERR_INVALID, c->line, cursor_column(c),
                           "the metric name does not end with \"_%.*s\", its unit", shown,
                           l->text.ptr);
    if (!str_is_utf8(l->text))
        return diag_set_at(diag, ERR_INVALID, c->line, cursor_column(c),
                           "the help is not UTF-8 text");
    return ERR_OK;
}

/* Behind "# TYPE " and its kin. */
static enum err parse_metadata(struct cursor *c, enum exposition_kind kind,
                               struct exposition_line *ret, struct diag *diag)
{
    struct exposition_line l = { .kind = kind, .series = cursor_take_name(c, true) };
    enum err err;

    if (!l.series.len)
        return cursor_refuse(c, diag, "a metric name is expected");
    if (!cursor_is_at(c, ' '))
        return cursor_refuse(c, diag, "a space is expected behind the metric name");
    c->at++;
    l.text = cursor_rest(c);
    err = check_text(c, &l, diag);
    if (!err)
        *ret = l;
    return err;
}

static enum err parse_hash(struct cursor *c, struct exposition_line *ret, struct diag *diag)
{
    if (take_text(c, STR("# TYPE ")))
        return parse_metadata(c, EXPOSITION_TYPE, ret, diag);
    if (take_text(c, STR("# HELP ")))
        return parse_metadata(c, EXPOSITION_HELP, ret, diag);
    if (take_text(c, STR("# UNIT ")))
        return parse_metadata(c, EXPOSITION_UNIT, ret, diag);
    return diag_set_at(diag, ERR_INVALID, c->line, cursor_column(c),
                       "behind \"#\" only TYPE, HELP, UNIT or EOF may stand, with one space");
}

/* --- labels --- */

/* An odd number of backslashes before a quote makes it part of the text. */
static bool is_escaped(const char *from, const char *quote)
{
    const char *at = quote;

    while (at > from && at[-1] == '\\')
        at--;
    return (quote - at) % 2 != 0;
}

/* From the opening quote to behind the closing one. */
static bool pass_quoted(struct cursor *c)
{
    const char *from = c->at + 1, *quote = c->at;

    do {
        quote = memchr(quote + 1, '"', (size_t)(c->end - quote - 1));
    } while (quote && is_escaped(from, quote));
    c->at = quote ? quote + 1 : c->end;
    return quote != NULL;
}

static enum err pass_label(struct cursor *c, struct diag *diag)
{
    if (!cursor_take_name(c, false).len)
        return cursor_refuse(c, diag, "a label name is expected");
    if (!cursor_is_at(c, '='))
        return cursor_refuse(c, diag, "\"=\" is expected");
    c->at++;
    if (!cursor_is_at(c, '"'))
        return cursor_refuse(c, diag, "a quoted label value is expected");
    return pass_quoted(c)
               ? ERR_OK
               : cursor_refuse(c, diag, "the closing quote of a label value is expected");
}

/* From "{" to behind "}". */
static enum err pass_braces(struct cursor *c, struct diag *diag)
{
    bool more = c->at + 1 < c->end && c->at[1] != '}';

    c->at++;
    while (more) {
        enum err err = pass_label(c, diag);

        if (err)
            return err;
        more = cursor_is_at(c, ',');
        c->at += more;
    }
    if (!cursor_is_at(c, '}'))
        return cursor_refuse(c, diag, "\",\" or \"}\" is expected");
    c->at++;
    return ERR_OK;
}

/* --- numbers --- */

static enum err take_value(struct cursor *c, double *ret, struct diag *diag)
{
    struct str word;

    if (!cursor_is_at(c, ' '))
        return cursor_refuse(c, diag, "one space and a number are expected");
    c->at++;
    word = take_word(c);
    if (cursor_parse_value(word, ret))
        return ERR_OK;
    c->at = word.ptr;
    return cursor_refuse(c, diag, "a number is expected");
}

static int64_t ms_of(double seconds)
{
    double ms = seconds * 1000;

    if (ms > (double)OPENMETRICS_TS_MAX_MS)
        return OPENMETRICS_TS_MAX_MS;
    return ms < -(double)OPENMETRICS_TS_MAX_MS ? -OPENMETRICS_TS_MAX_MS : (int64_t)ms;
}

static enum err take_ts(struct cursor *c, int64_t *ret_ms, struct diag *diag)
{
    struct str word;
    double seconds;

    c->at++;
    word = take_word(c);
    if (cursor_parse_value(word, &seconds) && isfinite(seconds)) {
        *ret_ms = ms_of(seconds);
        return ERR_OK;
    }
    c->at = word.ptr;
    return cursor_refuse(c, diag, "a timestamp in seconds or the end of the line is expected");
}

/* --- samples --- */

static bool may_have_exemplar(struct str series)
{
    struct str name = { series.ptr, str_find(series, '{') };

    return str_has_suffix(name, STR("_bucket")) || str_has_suffix(name, STR("_total"));
}

/* At " # {". */
static enum err parse_exemplar(struct cursor *c, struct openmetrics_line *ret, struct diag *diag)
{
    struct openmetrics_exemplar e = { .has_ts = false };
    enum err err;

    c->at += EXEMPLAR_MARK.len - 1;
    if (!may_have_exemplar(ret->line.series))
        return diag_set_at(diag, ERR_INVALID, c->line, cursor_column(c),
                           "only a metric that ends with _bucket or _total may have an exemplar");
    e.labels.ptr = c->at;
    err = pass_braces(c, diag);
    if (err)
        return err;
    e.labels.len = (size_t)(c->at - e.labels.ptr);
    if (!str_is_utf8(e.labels))
        return diag_set_at(diag, ERR_INVALID, c->line, (int)(e.labels.ptr - c->start) + 1,
                           "the exemplar's labels are not UTF-8 text");
    err = take_value(c, &e.value, diag);
    e.has_ts = !err && cursor_is_at(c, ' ');
    if (e.has_ts)
        err = take_ts(c, &e.ts_ms, diag);
    if (err)
        return err;
    ret->exemplar = e;
    ret->has_exemplar = true;
    return c->at == c->end ? ERR_OK : cursor_refuse(c, diag, "the end of the line is expected");
}

static enum err parse_tail(struct cursor *c, struct openmetrics_line *ret, struct diag *diag)
{
    enum err err = take_value(c, &ret->line.value, diag);

    if (err || c->at == c->end)
        return err;
    if (!str_has_prefix(cursor_rest(c), EXEMPLAR_MARK)) {
        err = take_ts(c, &ret->line.ts_ms, diag);
        if (err)
            return err;
        ret->line.has_ts = true;
    }
    if (c->at == c->end)
        return ERR_OK;
    if (!str_has_prefix(cursor_rest(c), EXEMPLAR_MARK))
        return cursor_refuse(c, diag, "an exemplar or the end of the line is expected");
    return parse_exemplar(c, ret, diag);
}

/* Moves behind name and labels. */
static enum err pass_series(struct cursor *c, struct diag *diag)
{
    size_t len = (size_t)(c->end - c->at);
    const char *brace;

    if (memchr(c->at, '#', len)) {
        cursor_take_name(c, true);
        return cursor_is_at(c, '{') ? pass_braces(c, diag) : ERR_OK;
    }
    brace = memrchr(c->at, '}', len);
    if (brace)
        c->at = brace + 1;
    else
        cursor_take_name(c, true);
    return ERR_OK;
}

static enum err parse_sample(struct cursor *c, struct openmetrics_line *ret, struct diag *diag)
{
    const char *from = c->at;
    enum err err;

    if (c->at == c->end || (char_classify(*from) != CHAR_LETTER && *from != ':'))
        return cursor_refuse(c, diag, "a metric name is expected");
    err = pass_series(c, diag);
    if (err)
        return err;
    ret->line = (struct exposition_line){ .kind = EXPOSITION_SAMPLE,
                                          .series = { from, (size_t)(c->at - from) } };
    return parse_tail(c, ret, diag);
}

/* --- lines --- */

void openmetrics_init(struct openmetrics_reader *r, struct str body)
{
    *r = (struct openmetrics_reader){ .rest = body };
}

static enum err check_end(const struct openmetrics_reader *r, struct diag *diag)
{
    if (!r->ended)
        return diag_set_at(diag, ERR_INVALID, r->line + 1, 1,
                           "\"# EOF\" is expected, but the body ends: it did not come whole");
    if (r->rest.len)
        return diag_set_at(diag, ERR_INVALID, r->line + 1, 1, "nothing may stand behind \"# EOF\"");
    return ERR_OK;
}

enum err openmetrics_next(struct openmetrics_reader *r, struct openmetrics_line *ret,
                          struct diag *diag)
{
    struct cursor c;
    bool fed;

    ret->has_exemplar = false;
    if (r->ended || !cursor_take_line(&r->rest, r->line + 1, &c, &fed)) {
        ret->line = (struct exposition_line){ .kind = EXPOSITION_END };
        return check_end(r, diag);
    }
    r->line++;
    if (c.end - c.start > EXPOSITION_LINE_MAX_BYTES)
        return diag_set_at(diag, ERR_LIMIT, c.line, 0, "the line is longer than %d bytes",
                           EXPOSITION_LINE_MAX_BYTES);
    if (str_equals(cursor_rest(&c), STR("# EOF"))) {
        r->ended = true;
        return openmetrics_next(r, ret, diag);
    }
    if (!fed)
        return diag_set_at(diag, ERR_INVALID, c.line, (int)(c.end - c.start) + 1,
                           "the body ends inside a line");
    return cursor_is_at(&c, '#') ? parse_hash(&c, &ret->line, diag) : parse_sample(&c, ret, diag);
}

/* --- the series part --- */

enum err openmetrics_parse_series(struct str series, struct labels_builder *builder,
                                  struct diag *diag)
{
    struct cursor c = { .start = series.ptr, .at = series.ptr, .end = series.ptr + series.len };
    enum err err = ERR_OK;

    cursor_take_name(&c, true);
    if (cursor_is_at(&c, '{'))
        err = pass_braces(&c, diag);
    if (err)
        return err;
    if (c.at < c.end)
        return cursor_refuse(&c, diag, "labels or one space and a number are expected");
    return exposition_parse_series(series, builder, diag);
}
