#include "cli/query_print.h"

#include <math.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/human.h"
#include "base/number.h"
#include "cli/ask.h"
#include "cli/colour.h"

static const double WHOLE_MAX = 1e15; /* beyond, a double's neighbours are no tenths */

char *query_number(double value, char out[QUERY_NUMBER_BYTES])
{
    double size = fabs(value), tenths = round(size * 10);
    const char *sign = value < 0 ? "-" : "";
    char whole[HUMAN_TEXT_BYTES];

    if (!isfinite(value))
        number_format(value, out);
    else if (size >= WHOLE_MAX || (size < 1000 && size != floor(size)))
        snprintf(out, QUERY_NUMBER_BYTES, "%.4g", value);
    else if (size == floor(size))
        snprintf(out, QUERY_NUMBER_BYTES, "%s%s", sign, human_count((uint64_t)size, whole));
    else
        snprintf(out, QUERY_NUMBER_BYTES, "%s%s.%d", sign,
                 human_count((uint64_t)(tenths / 10), whole), (int)fmod(tenths, 10));
    return out;
}

/* Characters, of which each is taken to fill one place. */
static int width_of(struct str text)
{
    int width = 0;

    for (size_t i = 0; i < text.len; i++)
        width += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return width;
}

static void print_spaces(FILE *out, int count)
{
    for (; count > 0; count--)
        fputc(' ', out);
}

static struct str title_of(struct str column)
{
    return query_is_metric_name(column) ? STR("METRIC") : column;
}

struct widths {
    int columns[QUERY_COLUMNS_MAX];
    int value;
};

static void widen(int *width, int to)
{
    *width = to > *width ? to : *width;
}

static void measure(const struct query_answer *a, struct widths *w)
{
    char number[QUERY_NUMBER_BYTES];

    w->value = (int)strlen("VALUE");
    for (size_t i = 0; i < a->name_count; i++)
        w->columns[i] = width_of(title_of(a->names[i]));
    for (size_t r = 0; r < a->row_count; r++) {
        const struct query_row *row = &a->rows[r];

        for (size_t i = 0; i < a->name_count; i++)
            widen(&w->columns[i], width_of(row->values[i]));
        for (size_t i = 0; i < row->point_count; i++)
            widen(&w->value, (int)strlen(query_number(row->points[i].value, number)));
    }
}

static void print_cells(FILE *out, const struct query_answer *a, const struct widths *w,
                        const struct str *values)
{
    for (size_t i = 0; i < a->name_count; i++) {
        struct str text = values ? values[i] : title_of(a->names[i]);

        ask_print_text(out, text);
        print_spaces(out, w->columns[i] - width_of(text) + 2);
    }
}

static void print_row(FILE *out, const struct query_answer *a, const struct widths *w,
                      const struct query_row *row)
{
    char number[QUERY_NUMBER_BYTES], time[CLOCK_RFC3339_BYTES];

    for (size_t i = 0; i < row->point_count; i++) {
        print_cells(out, a, w, row->values);
        if (a->is_matrix)
            fprintf(out, "%s  ", clock_format_rfc3339(row->points[i].ts_ms, time));
        fprintf(out, "%*s\n", w->value, query_number(row->points[i].value, number));
    }
}

void query_print_table(FILE *out, const struct query_answer *a)
{
    char number[QUERY_NUMBER_BYTES];
    struct widths w;

    if (a->is_text) {
        ask_print_text(out, a->text);
        fputc('\n', out);
    } else if (a->is_scalar) {
        fprintf(out, "%s\n", query_number(a->rows[0].points[0].value, number));
    } else if (a->row_count == 0) {
        fputs("no series has a value there\n", out);
    } else {
        measure(a, &w);
        fputs(colour_on(out, COLOUR_STRONG), out);
        print_cells(out, a, &w, NULL);
        if (a->is_matrix)
            fprintf(out, "%-24s  ", "TIME");
        fprintf(out, "%*s%s\n", w.value, "VALUE", colour_off(out));
        for (size_t i = 0; i < a->row_count; i++)
            print_row(out, a, &w, &a->rows[i]);
    }
}

static void write_csv_row(struct csv *c, const struct query_answer *a, const struct query_row *row)
{
    for (size_t i = 0; i < row->point_count; i++) {
        for (size_t n = 0; n < a->name_count; n++)
            csv_text(c, row->values[n]);
        csv_time(c, row->points[i].ts_ms);
        csv_number(c, row->points[i].value);
        csv_end_row(c);
    }
}

void query_print_csv(struct buf *out, const struct query_answer *a)
{
    struct csv c = csv_to(out);

    for (size_t i = 0; i < a->name_count; i++)
        csv_text(&c, a->names[i]);
    if (!a->is_text)
        csv_cstr(&c, "timestamp");
    csv_cstr(&c, "value");
    csv_end_row(&c);
    if (a->is_text) {
        csv_text(&c, a->text);
        csv_end_row(&c);
    }
    for (size_t i = 0; i < a->row_count; i++)
        write_csv_row(&c, a, &a->rows[i]);
}

void query_print_caret(FILE *out, struct str expression, int line, int column)
{
    struct str text = STR_NONE, rest = expression;
    size_t before = column > 0 ? (size_t)column - 1 : 0;

    for (int i = 0; i < line; i++)
        rest = str_cut(rest, '\n', &text);
    if (before > text.len)
        before = text.len;
    fputs("  ", out);
    ask_print_text(out, text);
    fputs("\n  ", out);
    print_spaces(out, width_of((struct str){ text.ptr, before }));
    fprintf(out, "%s^%s\n", colour_on(out, COLOUR_BAD), colour_off(out));
}
