#include "promql/lex.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/number.h"
#include "model/duration.h"

enum { RUNE_BYTES_MAX = 4, RUNE_MAX = 0x10ffff };

void lexer_init(struct lexer *l, struct str text)
{
    *l = (struct lexer){ .text = text };
}

enum err lex_error(struct diag *diag, struct str whole_text, size_t at, const char *format, ...)
{
    char message[DIAG_MESSAGE_BYTES];
    int line = 1, column = 1;
    va_list args;

    for (size_t i = 0; i < at && i < whole_text.len; i++) {
        column++;
        if (whole_text.ptr[i] == '\n') {
            line++;
            column = 1;
        }
    }
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (diag && !diag->code)
        diag->position_bytes = at;
    return diag_set_at(diag, ERR_INVALID, line, column, "%d:%d: parse error: %s", line, column,
                       message);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char peek(const struct lexer *l, size_t ahead)
{
    return l->at + ahead < l->text.len ? l->text.ptr[l->at + ahead] : '\0';
}

/* Spaces, and comments to the end of their line. */
static void skip_blanks(struct lexer *l)
{
    while (l->at < l->text.len) {
        char c = l->text.ptr[l->at];

        if (c == '#')
            while (l->at < l->text.len && l->text.ptr[l->at] != '\n')
                l->at++;
        else if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            l->at++;
        else
            break;
    }
}

static void end_token(struct lexer *l, size_t start, enum token_kind kind, struct token *ret)
{
    ret->kind = kind;
    ret->place = (struct promql_place){ (uint32_t)start, (uint32_t)l->at };
    ret->text = (struct str){ l->text.ptr + start, l->at - start };
}

/* --- numbers and durations --- */

static void take_digits(struct lexer *l, bool hex)
{
    while (is_digit(peek(l, 0)) || (hex && strchr("abcdefABCDEF", peek(l, 0)) && peek(l, 0)))
        l->at++;
}

/* 1, 1.5, .5, 1e-3, 0x1F. */
static void take_number(struct lexer *l)
{
    bool hex = peek(l, 0) == '0' && (peek(l, 1) == 'x' || peek(l, 1) == 'X');

    if (hex)
        l->at += 2;
    take_digits(l, hex);
    if (hex)
        return;
    if (peek(l, 0) == '.') {
        l->at++;
        take_digits(l, false);
    }
    if (peek(l, 0) == 'e' || peek(l, 0) == 'E') {
        size_t sign = peek(l, 1) == '+' || peek(l, 1) == '-';

        if (is_digit(peek(l, 1 + sign))) {
            l->at += 1 + sign;
            take_digits(l, false);
        }
    }
}

/* A whole number in base 16 (0x) or 8 (a leading 0); false: it is neither, or too large. */
static bool parse_based(struct str text, double *ret)
{
    bool hex = text.len > 2 && (text.ptr[1] == 'x' || text.ptr[1] == 'X');
    uint64_t value = 0;

    if (text.len < 2 || text.ptr[0] != '0')
        return false;
    for (size_t i = hex ? 2 : 1; i < text.len; i++) {
        char c = text.ptr[i];
        unsigned digit = is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;

        if ((!hex && digit > 7) || value > (UINT64_C(1) << 59) - 1)
            return false;
        value = value * (hex ? 16 : 8) + digit;
    }
    *ret = (double)value;
    return true;
}

static enum err number_or_duration(struct lexer *l, struct token *ret, struct diag *diag)
{
    size_t start = l->at;

    take_number(l);
    if (!is_letter(peek(l, 0)) && !is_digit(peek(l, 0)) && peek(l, 0) != '.') {
        end_token(l, start, TOKEN_NUMBER, ret);
        if (parse_based(ret->text, &ret->number) || number_parse(ret->text, &ret->number))
            return ERR_OK;
    }
    while (is_letter(peek(l, 0)) || is_digit(peek(l, 0)))
        l->at++;
    end_token(l, start, TOKEN_DURATION, ret);
    if (duration_parse(ret->text, &ret->duration_ms)) {
        if (ret->duration_ms <= PROMQL_DURATION_MAX_MS)
            return ERR_OK;
        return lex_error(diag, l->text, start, "duration out of range");
    }
    return lex_error(diag, l->text, start, "bad number or duration syntax: \"%.*s\"",
                     STR_ARG(ret->text));
}

/* --- words, strings, symbols --- */

static void word(struct lexer *l, struct token *ret)
{
    size_t start = l->at;

    while (is_letter(peek(l, 0)) || is_digit(peek(l, 0)) ||
           (!l->in_brackets && !l->in_braces && peek(l, 0) == ':'))
        l->at++;
    end_token(l, start, TOKEN_WORD, ret);
    if (l->in_braces || l->in_brackets)
        return;
    if (str_equals_nocase(ret->text, STR("inf")))
        ret->kind = number_parse(STR("+Inf"), &ret->number) ? TOKEN_NUMBER : TOKEN_WORD;
    else if (str_equals_nocase(ret->text, STR("nan")))
        ret->kind = number_parse(STR("NaN"), &ret->number) ? TOKEN_NUMBER : TOKEN_WORD;
}

static enum err string(struct lexer *l, struct token *ret, struct diag *diag)
{
    size_t start = l->at;
    char quote = l->text.ptr[l->at++];

    while (l->at < l->text.len && l->text.ptr[l->at] != quote) {
        if (quote != '`' && l->text.ptr[l->at] == '\n')
            break;
        if (quote != '`' && l->text.ptr[l->at] == '\\')
            l->at++;
        l->at++;
    }
    if (l->at >= l->text.len || l->text.ptr[l->at] != quote)
        return lex_error(diag, l->text, start, "unterminated %s string",
                         quote == '`' ? "raw" : "quoted");
    l->at++;
    end_token(l, start, TOKEN_STRING, ret);
    return ERR_OK;
}

static enum err symbol(struct lexer *l, struct token *ret, struct diag *diag)
{
    static const char *const doubles[] = { "==", "!=", "=~", "!~", "<=", ">=" };
    size_t start = l->at;
    char c = peek(l, 0);

    for (size_t i = 0; i < ARRAY_LEN(doubles); i++)
        if (c == doubles[i][0] && peek(l, 1) == doubles[i][1])
            l->at = start + 2;
    if (l->at == start) {
        if (!strchr("(){}[],:@+-*/%^=<>", c) || !c)
            return lex_error(diag, l->text, start, "unexpected character: '%c'",
                             c > ' ' && c < 127 ? c : '?');
        l->at++;
    }
    l->in_braces = (l->in_braces || c == '{') && c != '}';
    l->in_brackets = (l->in_brackets || c == '[') && c != ']';
    end_token(l, start, TOKEN_SYMBOL, ret);
    return ERR_OK;
}

enum err lexer_next(struct lexer *l, struct token *ret, struct diag *diag)
{
    char c;

    *ret = (struct token){ 0 };
    skip_blanks(l);
    if (l->at == l->text.len) {
        end_token(l, l->at, TOKEN_END, ret);
        return ERR_OK;
    }
    c = peek(l, 0);
    if (is_letter(c) || (c == ':' && !l->in_brackets && !l->in_braces)) {
        word(l, ret);
        return ERR_OK;
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(l, 1))))
        return number_or_duration(l, ret, diag);
    if (c == '"' || c == '\'' || c == '`')
        return string(l, ret, diag);
    return symbol(l, ret, diag);
}

bool token_is_symbol(const struct token *t, const char *symbol)
{
    return t->kind == TOKEN_SYMBOL && str_equals(t->text, str_of(symbol));
}

bool token_is_word(const struct token *t, const char *lower_case)
{
    return t->kind == TOKEN_WORD && str_equals_nocase(t->text, str_of(lower_case));
}

/* --- the value of a string --- */

struct unquoting {
    struct str in; /* without the quotes */
    size_t at;
    char *out;
    size_t len;
};

/* So many digits of a base; false: there are others. */
static bool take_code(struct unquoting *u, size_t digits, unsigned base, uint32_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < digits; i++) {
        char c = u->at < u->in.len ? u->in.ptr[u->at++] : '?';
        unsigned digit = is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;

        if ((!is_digit(c) && !is_letter(c)) || c == '_' || digit >= base)
            return false;
        *ret = *ret * base + digit;
    }
    return true;
}

/* Behind a backslash. */
static bool take_escape(struct unquoting *u, char quote)
{
    static const char names[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
    char c = u->at < u->in.len ? u->in.ptr[u->at++] : '\0';
    const char *known = c ? strchr(names, c) : NULL;
    uint32_t code;

    if (known || c == quote) {
        u->out[u->len++] = known ? values[known - names] : quote;
        return true;
    }
    if (is_digit(c)) {
        u->at--;
        if (!take_code(u, 3, 8, &code) || code > 255)
            return false;
        u->out[u->len++] = (char)code;
        return true;
    }
    if (c == 'x') {
        if (!take_code(u, 2, 16, &code))
            return false;
        u->out[u->len++] = (char)code;
        return true;
    }
    if ((c != 'u' && c != 'U') || !take_code(u, c == 'u' ? 4 : 8, 16, &code))
        return false;
    if (code > RUNE_MAX || (code >= 0xd800 && code < 0xe000))
        return false;
    u->len += str_put_utf8(u->out + u->len, code);
    return true;
}

enum err lex_unquote(const struct token *t, struct str whole_text, struct arena *arena,
                     struct str *ret, struct diag *diag)
{
    char quote = t->text.ptr[0];
    struct unquoting u = { .in = { t->text.ptr + 1, t->text.len - 2 } };

    if (quote == '`') {
        *ret = u.in;
        return ERR_OK;
    }
    u.out = arena_alloc(arena, u.in.len + RUNE_BYTES_MAX);
    if (!u.out)
        return arena_error(arena);
    while (u.at < u.in.len) {
        char c = u.in.ptr[u.at++];

        if (c != '\\')
            u.out[u.len++] = c;
        else if (!take_escape(&u, quote))
            return lex_error(diag, whole_text, t->place.start + u.at,
                             "unknown escape sequence in a string");
    }
    *ret = (struct str){ u.out, u.len };
    return ERR_OK;
}
