#include "config/option_value.h"

#include <math.h>

#include "base/number.h"
#include "config/report.h"
#include "model/duration.h"

const char *option_type_name(enum option_type type)
{
    static const char *const names[] = { "integer", "number",   "true or false", "text",
                                         "choice",  "duration", "size",          "secret" };

    return names[type];
}

/* A buffer over bytes of the caller, never grown and never released. */
static struct buf buf_over(char *bytes, size_t len)
{
    return (struct buf){ .data = bytes, .capacity_bytes = len, .limit_bytes = len };
}

/* --- bounds --- */

static void print_amount(const struct option_row *row, double amount, struct buf *out)
{
    char text[DURATION_TEXT_BYTES];

    if (row->type == OPTION_DURATION)
        buf_append_cstr(out, duration_format((int64_t)amount, text));
    else if (row->type == OPTION_SIZE)
        buf_append_cstr(out, size_format((int64_t)amount, text));
    else if (number_format(amount, text))
        buf_append_cstr(out, text);
}

static void print_choices(const char *choices, struct buf *out)
{
    buf_append_cstr(out, "one of ");
    for (; *choices; choices++) {
        if (*choices == ' ')
            buf_append_cstr(out, ", ");
        else
            buf_append_byte(out, *choices);
    }
}

static bool has_bounds(const struct option_row *row)
{
    return row->min < row->max;
}

void option_bounds_print(const struct option_row *row, struct buf *out)
{
    if (row->type == OPTION_ENUM) {
        print_choices(row->choices, out);
        return;
    }
    if (!has_bounds(row))
        return;
    if (isinf(row->max))
        buf_append_cstr(out, "at least ");
    print_amount(row, row->min, out);
    if (!isinf(row->max)) {
        buf_append_cstr(out, " to ");
        print_amount(row, row->max, out);
    }
    if (row->zero && row->min > 0)
        buf_append_cstr(out, ", or 0");
}

/* --- parsing --- */

static bool refuse(struct diag *diag, struct str text, const char *why)
{
    char shown[SHOWN_BYTES];

    (void)diag_set(diag, ERR_INVALID, "\"%s\" %s", report_shown(text, shown), why);
    return false;
}

static bool check_bounds(const struct option_row *row, double amount, struct str text,
                         struct diag *diag)
{
    char bounds_bytes[DIAG_MESSAGE_BYTES], shown[SHOWN_BYTES];
    struct buf bounds = buf_over(bounds_bytes, sizeof bounds_bytes);

    if (!has_bounds(row) || (amount >= row->min && amount <= row->max))
        return true;
    if (row->zero && amount == 0)
        return true;
    option_bounds_print(row, &bounds);
    (void)diag_set(diag, ERR_INVALID, "%s is out of bounds: %.*s%s%s", report_shown(text, shown),
                   STR_ARG(buf_str(&bounds)), row->unit && row->unit[0] ? " " : "",
                   row->unit ? row->unit : "");
    return false;
}

static bool parse_integer(const struct option_row *row, struct str text, int64_t *ret,
                          struct diag *diag)
{
    if (!str_parse_i64(text, ret))
        return refuse(diag, text, "is not a whole number, or too large");
    return check_bounds(row, (double)*ret, text, diag);
}

static bool parse_real(const struct option_row *row, struct str text, double *ret,
                       struct diag *diag)
{
    if (!number_parse(text, ret) || !isfinite(*ret)) {
        char shown[SHOWN_BYTES];

        (void)diag_set(diag, ERR_INVALID, "\"%s\" is not a number%s%s", report_shown(text, shown),
                       row->unit ? "; it is in " : "", row->unit ? row->unit : "");
        return false;
    }
    return check_bounds(row, *ret, text, diag);
}

static bool is_bare_number(struct str text)
{
    double ignored;

    return number_parse(text, &ignored);
}

static bool parse_duration(const struct option_row *row, struct str text, int64_t *ret,
                           struct diag *diag)
{
    if (!duration_parse(text, ret))
        return refuse(diag, text,
                      is_bare_number(text)
                          ? "needs a unit: ms, s, m, h, d, w or y, as in 30s or 1h30m"
                          : "is not a duration; write it like 30s or 1h30m (ms, s, m, h, d, w, y)");
    return check_bounds(row, (double)*ret, text, diag);
}

static bool parse_size(const struct option_row *row, struct str text, int64_t *ret,
                       struct diag *diag)
{
    if (!str_equals(text, STR("0")) && is_bare_number(text))
        return refuse(diag, text, "needs a unit: B, KiB, MiB, GiB or TiB, as in 64MiB");
    if (!size_parse(text, ret))
        return refuse(diag, text,
                      "is not a size; write it like 64MiB (B, KiB, MiB, GiB, TiB, KB, MB, GB, TB)");
    return check_bounds(row, (double)*ret, text, diag);
}

static bool parse_flag(struct str text, bool *ret, struct diag *diag)
{
    static const char *const words[] = { "true", "false", "yes", "no", "on", "off" };

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!str_equals_nocase(text, str_of(words[i])))
            continue;
        *ret = i % 2 == 0;
        return true;
    }
    return refuse(diag, text, "is neither true nor false");
}

static bool parse_choice(const struct option_row *row, struct str text, struct str *ret,
                         struct diag *diag)
{
    struct str left = str_of(row->choices);
    char list_bytes[DIAG_MESSAGE_BYTES], shown[SHOWN_BYTES];
    struct buf list = buf_over(list_bytes, sizeof list_bytes);

    while (left.len) {
        left = str_cut(left, ' ', ret);
        if (str_equals(*ret, text))
            return true;
    }
    print_choices(row->choices, &list);
    (void)diag_set(diag, ERR_INVALID, "\"%s\" is not %.*s", report_shown(text, shown),
                   STR_ARG(buf_str(&list)));
    return false;
}

static bool parse_text(struct str text, struct str *ret, struct diag *diag)
{
    if (text.len > OPTION_TEXT_MAX_BYTES) {
        (void)diag_set(diag, ERR_INVALID, "is longer than %d bytes", OPTION_TEXT_MAX_BYTES);
        return false;
    }
    if (!str_is_utf8(text)) {
        (void)diag_set(diag, ERR_INVALID, "is not UTF-8");
        return false;
    }
    *ret = text;
    return true;
}

bool option_value_parse(const struct option_row *row, struct str text, struct option_value *ret,
                        struct diag *diag)
{
    struct option_value value = { 0 };
    bool good = false;

    switch (row->type) {
    case OPTION_INT:
        good = parse_integer(row, text, &value.integer, diag);
        break;
    case OPTION_DOUBLE:
        good = parse_real(row, text, &value.real, diag);
        break;
    case OPTION_BOOL:
        good = parse_flag(text, &value.flag, diag);
        break;
    case OPTION_ENUM:
        good = parse_choice(row, text, &value.text, diag);
        break;
    case OPTION_DURATION:
        good = parse_duration(row, text, &value.integer, diag);
        break;
    case OPTION_SIZE:
        good = parse_size(row, text, &value.integer, diag);
        break;
    case OPTION_STRING:
    case OPTION_SECRET:
        good = parse_text(text, &value.text, diag);
        break;
    }
    if (good)
        *ret = value;
    return good;
}

void option_value_print(const struct option_row *row, const struct option_value *value,
                        struct buf *out)
{
    switch (row->type) {
    case OPTION_INT:
        buf_printf(out, "%lld", (long long)value->integer);
        break;
    case OPTION_DURATION:
    case OPTION_SIZE:
        print_amount(row, (double)value->integer, out);
        break;
    case OPTION_DOUBLE:
        print_amount(row, value->real, out);
        break;
    case OPTION_BOOL:
        buf_append_cstr(out, value->flag ? "true" : "false");
        break;
    case OPTION_STRING:
    case OPTION_ENUM:
        buf_append_str(out, value->text);
        break;
    case OPTION_SECRET:
        buf_append_cstr(out, value->text.len ? "<secret>" : "");
        break;
    }
}
