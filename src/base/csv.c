#include "base/csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"

enum { ROUNDED_TEXT_BYTES = 352 };

struct csv csv_to(struct buf *out)
{
    return (struct csv){ .out = out };
}

static void begin_cell(struct csv *c)
{
    if (c->has_cell)
        buf_append_byte(c->out, ',');
    c->has_cell = true;
}

/* Text of ours that needs no quotes. */
static void append_plain(struct csv *c, const char *text, size_t len)
{
    begin_cell(c);
    buf_append(c->out, text, len);
}

static bool needs_quotes(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr(",\"\r\n", text.ptr[i]))
            return true;
    return text.len && (text.ptr[0] == ' ' || text.ptr[text.len - 1] == ' ');
}

void csv_text(struct csv *c, struct str text)
{
    bool quotes = needs_quotes(text);

    begin_cell(c);
    if (quotes)
        buf_append_byte(c->out, '"');
    if (text.len && strchr("=+-@\t\r", text.ptr[0]))
        buf_append_byte(c->out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            buf_append_byte(c->out, '"');
        buf_append_byte(c->out, text.ptr[i]);
    }
    if (quotes)
        buf_append_byte(c->out, '"');
}

void csv_cstr(struct csv *c, const char *text)
{
    csv_text(c, str_of(text));
}

void csv_number(struct csv *c, double value)
{
    char text[NUMBER_TEXT_BYTES];

    append_plain(c, text, isnan(value) ? 0 : number_format(value, text));
}

void csv_rounded(struct csv *c, double value, int decimals)
{
    char text[ROUNDED_TEXT_BYTES];
    size_t len;

    if (!isfinite(value)) {
        csv_number(c, value);
        return;
    }
    len = (size_t)snprintf(text, sizeof text, "%.*f", decimals, value);
    while (decimals && len && text[len - 1] == '0')
        len--;
    if (len && text[len - 1] == '.')
        len--;
    if (len == 2 && memcmp(text, "-0", 2) == 0)
        append_plain(c, "0", 1);
    else
        append_plain(c, text, len);
}

void csv_int(struct csv *c, int64_t value)
{
    char text[24];

    append_plain(c, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)value));
}

void csv_time(struct csv *c, int64_t wall_ms)
{
    char text[CLOCK_RFC3339_BYTES];

    csv_cstr(c, wall_ms < 0 ? NULL : clock_format_rfc3339(wall_ms, text));
}

void csv_end_row(struct csv *c)
{
    buf_append_cstr(c->out, "\r\n");
    c->has_cell = false;
}
